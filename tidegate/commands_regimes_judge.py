"""Words that judge regime models on a user's own bars: regimes check, tripwire, advise."""

import math

from typing import Annotated

import typer

from config.errors import Negative, UsageError
from tidegate.words import Config, Json, RegimeName

Cuts = Annotated[int, typer.Option("--cuts", min=1, help="At how many random places the bars are cut.")]
Claimed = Annotated[float | None, typer.Option("--claimed", metavar="SHARPE", help="A result from elsewhere, a year.")]
Strategy = Annotated[str, typer.Argument(metavar="STRATEGY", help="Name of one of the account's strategies.")]
Which = Annotated[str | None, typer.Option("--regime", help="Another regime than the one it listens to.")]
Every = Annotated[int | None, typer.Option("--refit", min=0, help="Bars between two refits; 0: none.")]
Seed = Annotated[int, typer.Option("--seed", help="Of the random places.")]

CUTS = 20


def add(group: typer.Typer) -> None:
    """Add the words to the group."""
    for word in (check, tripwire, advise):
        group.command()(word)


def check(config: Config, name: RegimeName = None, cuts: Cuts = CUTS, seed: Seed = 1, as_json: Json = False) -> None:
    """Ask a regime model whether it may be believed on your bars.

    At random places it is cut: nothing may follow, poison may follow, a restart may follow, and what is said before
    (after the restart: behind it) must be the same to the bit. Then: whether the daemon's fold is the compiled batch,
    the states stand in the order of training, each is seen, the printed profiles come out again; and whether bars fall
    where they are predicted (probability integral transform; a feature fails where a probability is off by more than 5
    points and p is below 0.01, Kolmogorov-Smirnov), on bars learnt from and on those after them.

    Exit code 11 where any answer is no. "-": it could not be asked.
    """
    import msgspec  # noqa: PLC0415 - rooms are imported when they are entered

    from backtests.regime_asked import asked  # noqa: PLC0415
    from backtests.regime_check import check_regime  # noqa: PLC0415
    from backtests.screen import Watch  # noqa: PLC0415
    from tidegate.accounts import account_of  # noqa: PLC0415
    from tidegate.output import show  # noqa: PLC0415

    chosen = asked(account_of(config), name)
    model = chosen.model()
    with Watch() as watch:
        watch.stage(f"cutting the bars of {chosen.name} at {cuts} places")
        findings = check_regime(model, chosen.bars(), cuts=cuts, seed=seed, progress=watch.progress)
    show([msgspec.to_builtins(f) for f in findings], ("question", "answer", "detail"), as_json=as_json)
    failed = [f.question for f in findings if f.answer == "NO"]
    if failed:
        raise Negative(f"{chosen.name}: answered with no: {', '.join(failed)}")


def tripwire(config: Config, name: RegimeName = None, claimed: Claimed = None, as_json: Json = False) -> None:
    """See what your gate would be worth if it knew the future.

    The strategies that listen to the regime are played thrice over the same bars at the same costs, gates enforced:
    with the filtered regime, as a daemon has it; with the smoothed one, which knows all later bars and which nobody can
    trade; and with the filtered one a bar late. Beside them, one unit held while the gate is open, without costs.

    Smoothed minus filtered ("ahead") is what looking ahead is worth. The twin is made to win: on stock indices by 0.6
    to 0.9 of Sharpe, all of it false. It measures a leak and is none. Reported as one, with exit code 11, is what
    cannot be had honestly: a result of the same strategies from elsewhere (--claimed: a notebook, another platform)
    that is above the filtered one by more than 0.4; and a filtered result that falls by more than 0.4 ("fresh", its
    interval above 0) when it is told a bar late, for it stands on a bar seen before its close.
    """
    import msgspec  # noqa: PLC0415

    from backtests.regime_asked import asked  # noqa: PLC0415
    from backtests.screen import Watch  # noqa: PLC0415
    from backtests.tripwire import tripwire as played  # noqa: PLC0415
    from tidegate.accounts import account_of  # noqa: PLC0415
    from tidegate.output import lines, say, table  # noqa: PLC0415

    if claimed is not None and not math.isfinite(claimed):
        raise UsageError(f"--claimed: expected a Sharpe ratio, got {claimed}")
    account = account_of(config)
    chosen = asked(account, name)
    with Watch() as watch:
        found = played(
            account, chosen.name, chosen.model(), claimed=claimed, stage=watch.stage, progress=watch.progress
        )
    if as_json:
        lines([msgspec.to_builtins(found)])
    else:
        columns = ("traded", "days", "filtered", "smoothed", "late", "ahead", "95 %", "fresh", "95 % ")
        table(
            [
                dict(zip(columns, (
                    line.what, f"{line.days:,}", f"{line.filtered:.2f}", f"{line.smoothed:.2f}", f"{line.late:.2f}",
                    f"{line.ahead:+.2f}", "{:+.2f} to {:+.2f}".format(*line.ahead_interval),
                    f"{line.fresh:+.2f}", "{:+.2f} to {:+.2f}".format(*line.fresh_interval),
                ), strict=True))
                for line in found.lines
            ],
            columns,
        )  # fmt: skip
        say("\nSharpe ratios a year. Smoothed knows the future and cannot be traded: it is here to be compared with.")
        for note in found.notes:
            say(f"note: {note}")
        if found.ok:
            say(f"no leak is reported: {', '.join(found.strategies)} behind {found.regime}")
    if not found.ok:
        raise Negative("; ".join(found.leaks))


def advise(
    config: Config, strategy: Strategy, regime: Which = None, refit: Every = None, as_json: Json = False
) -> None:
    """Propose in which states a strategy should be allowed.

    It is played without its gate over the bars that its regime model has not learnt from. Each trade counts for the
    state that was the likeliest when it was entered, by a model fitted again as time goes on (five times in the time
    its training covers, or every --refit bars) whose states are matched to those of the model in use. A state is
    proposed where it has 30 trades and the interval of their mean result, in multiples of the risk taken, lies above 0
    (bootstrap, 95 % for all states together). Below 30 it is said that there are not enough trades.

    The configuration is never edited: whether to follow is yours to say, and one history is no proof.
    """
    import msgspec  # noqa: PLC0415

    from backtests.advise import advise as advised  # noqa: PLC0415
    from backtests.advise import regime_of  # noqa: PLC0415
    from backtests.regime_asked import asked  # noqa: PLC0415
    from backtests.screen import Watch  # noqa: PLC0415
    from backtests.words import number, share  # noqa: PLC0415
    from tidegate.accounts import account_of  # noqa: PLC0415
    from tidegate.output import lines, say, table  # noqa: PLC0415

    account = account_of(config)
    section = next((s for s in account.strategies if s.name == strategy), None)
    chosen = asked(account, regime or regime_of(section))
    with Watch() as watch:
        found = advised(
            account, strategy, chosen.name, chosen.model(), every=refit, stage=watch.stage, progress=watch.progress
        )
    if as_json:
        lines([msgspec.to_builtins(found)])
        return
    columns = ("state", "trades", "share", "mean R", "low", "high", "verdict")
    rows = [
        (str(s.state), str(s.trades), share(s.share), *(number(x, 3) for x in (s.mean_r, s.low, s.high)), s.verdict)
        for s in found.states
    ]
    rows.append(("all", str(found.trades), "", number(found.mean_r, 3), "", "", ""))
    table([dict(zip(columns, row, strict=True)) for row in rows], columns)
    told = f"{found.refits} refits, {found.refused} of them refused" if found.refits else "no refits"
    say(f"\n{found.sentence}")
    say(f"Walking forward with {told}; states are those of model {found.model[:12]}.")
    if found.configured is not None:
        say(f"Configured is allow = {list(found.configured)}; nothing is edited.")
