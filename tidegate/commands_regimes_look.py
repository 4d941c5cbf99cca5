"""Words that look at regime models and judge nothing: regimes show, regimes compare."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from config.errors import UsageError
from tidegate.words import Config, Json, RegimeName

if TYPE_CHECKING:
    from backtests.regime_compare import Comparison, Likelihood
    from market.bars import Bars
    from regimes.bundle import RegimeModel

Html = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Draw it over the bars: one HTML file.")]
ModelA = Annotated[Path, typer.Argument(metavar="MODEL_A", help="Folder of a bundle or of a store, or an alias.")]
ModelB = Annotated[Path, typer.Argument(metavar="MODEL_B", help="Likewise.")]
Over = Annotated[
    Path | None, typer.Option("--config", metavar="CONFIG", help="Take the bars of this account's regime.")
]
Of = Annotated[str | None, typer.Option("--regime", metavar="NAME", help="Which regime of CONFIG, if it has several.")]
Data = Annotated[str | None, typer.Option("--data", metavar="FILE", help="Or these bars; sp500: those of arch.")]
Frame = Annotated[str | None, typer.Option("--timeframe", help="Of the bars in FILE; without it: as they are.")]

SIDES = ("state", "model", "occupancy", "volatility a bar", "dwell, bars", "efficiency", "autocorrelation")


def add(group: typer.Typer) -> None:
    """Add the words to the group."""
    for word in (show, compare):
        group.command()(word)


def show(config: Config, name: RegimeName = None, html: Html = None, as_json: Json = False) -> None:
    """Show a regime model: its states, descent and training.

    With --html, a page that opens without a network: the price shaded by the filtered regime, the posterior, how
    surprising each bar was, and how long each stay lasted, over all recorded bars of the regime.
    """
    from backtests.metrics import CHOICE, CHOSEN_BY, choice_rows  # noqa: PLC0415
    from backtests.regime_asked import asked  # noqa: PLC0415 - rooms are imported when they are entered
    from backtests.regime_facts import STATES, facts_of, plain, state_rows  # noqa: PLC0415
    from backtests.training_told import order_told  # noqa: PLC0415
    from tidegate.accounts import account_of  # noqa: PLC0415
    from tidegate.output import facts, lines, say, table  # noqa: PLC0415

    chosen = asked(account_of(config), name)
    model = chosen.model()
    page = None
    if html is not None:
        from backtests.regime_page import write_regime_page  # noqa: PLC0415
        from backtests.screen import Watch  # noqa: PLC0415

        with Watch() as watch:
            watch.stage("reading bars")
            page = write_regime_page(html, model, chosen.bars(), watch.progress)
    if as_json:
        lines([{**plain(model), "regime": chosen.name, "page": str(page or "")}])
        return
    facts({"regime": chosen.name, **facts_of(model)}, as_json=False)
    say("")
    table([dict(zip(STATES, row, strict=True)) for row in state_rows(model.profiles)], STATES)
    say(f"\n{order_told([profile.volatility for profile in model.profiles])}")
    if choice := choice_rows(model.metrics):
        bars = model.metrics.get(CHOSEN_BY, 0.0)
        say(f"\nChosen over {bars:,.0f} bars not learnt from; what was against the others, training told.")
        table([dict(zip(CHOICE, row, strict=True)) for row in choice], CHOICE)
    if page is not None:
        say(f"page: {page}")


def compare(
    model_a: ModelA,
    model_b: ModelB,
    config: Over = None,
    regime: Of = None,
    data: Data = None,
    timeframe: Frame = None,
    as_json: Json = False,
) -> None:
    """Hold two regime models against each other.

    Their states side by side and which is the refit of which; with bars (--config or --data) also how far their
    filtered posteriors overlap and which state stands for which, on how many bars the likeliest state is the same, and
    how likely each finds the same bars, those that neither has learnt from apart.
    """
    import msgspec  # noqa: PLC0415

    from backtests.regime_compare import compare as held  # noqa: PLC0415
    from backtests.regime_facts import plain  # noqa: PLC0415
    from backtests.screen import Watch  # noqa: PLC0415
    from runtime.assemble import bundle_path  # noqa: PLC0415
    from runtime.bundles import read_bundle  # noqa: PLC0415
    from tidegate.output import lines  # noqa: PLC0415

    for path in (model_a, model_b):
        if path.suffix == ".toml" and path.is_file():
            raise UsageError(
                f"{path.name} is the TOML of an account, and no model: name the folder that its regime calls `model`; "
                f"bars of the account are taken by --config {path}"
            )
    bars = _bars(config, regime, data, timeframe)
    a, b = (read_bundle(bundle_path(path)) for path in (model_a, model_b))
    with Watch() as watch:
        watch.stage("reading bars")
        found = held(a, b, bars, watch.progress)
    if as_json:
        lines([{"a": plain(a), "b": plain(b), **msgspec.to_builtins(found)}])
    else:
        _tell(a, b, found)


def _bars(config: Path | None, regime: str | None, data: str | None, timeframe: str | None) -> "Bars | None":
    from backtests.regime_asked import asked  # noqa: PLC0415
    from market.barfile import read_bars  # noqa: PLC0415
    from market.sp500 import read_sp500  # noqa: PLC0415
    from market.types import TIMEFRAMES  # noqa: PLC0415
    from tidegate.accounts import account_of  # noqa: PLC0415

    if config is not None and data is not None:
        raise UsageError("--config and --data: expected one of them")
    if (regime is not None and config is None) or (timeframe is not None and data is None):
        raise UsageError("--regime goes with --config, and --timeframe with --data")
    if timeframe is not None and timeframe not in TIMEFRAMES:
        raise UsageError(f"expected a timeframe of {', '.join(TIMEFRAMES)}, got {timeframe!r}")
    if config is not None:
        return asked(account_of(config), regime).bars()
    if data is None:
        return None
    if data == "sp500" and timeframe not in {None, "D1"}:
        raise UsageError(
            f"--data sp500: these are days: leave --timeframe {timeframe} out, or name a file of such bars"
        )
    return read_sp500() if data == "sp500" else read_bars(data, Path(data).stem, timeframe)[0]


def _tell(a: "RegimeModel", b: "RegimeModel", found: "Comparison") -> None:
    from backtests.regime_compare import judged  # noqa: PLC0415
    from backtests.regime_facts import facts_of, state_rows  # noqa: PLC0415
    from tidegate.output import say, table  # noqa: PLC0415

    left, right = facts_of(a), facts_of(b)
    names = dict.fromkeys((*left, *right))
    rows = [{"what": name, "A": left.get(name, "-"), "B": right.get(name, "-")} for name in names]
    table(rows, ("what", "A", "B"))
    say(f"\n{found.kinship}\n")
    sides = [(letter, row) for letter, model in (("A", a), ("B", b)) for row in state_rows(model.profiles)]
    sides.sort(key=lambda side: side[1][0])
    table([dict(zip(SIDES, (row[0], letter, *row[1:]), strict=True)) for letter, row in sides], SIDES)
    if not found.bars:
        why = "".join(f"; {note}" for note in found.notes) or ": name some by --config or --data"
        say(f"\nOn bars they were not held against each other{why}.")
        return
    say(f"\nOver {found.bars:,} bars on which both are warm, by the filtered posterior:")
    columns = ("A's state", *(f"B's {k}" for k in range(b.states)))
    shares = [(str(k), *(f"{share:.1%}" for share in row)) for k, row in enumerate(found.shared)]
    table([dict(zip(columns, row, strict=True)) for row in shares], columns)
    say(f"\n{judged(found)}")
    if found.agreement is not None:
        say(f"The likeliest state is the same on {found.agreement:.1%} of the bars.")
    if found.likelihood is None:
        say("Their features differ: how likely each finds the bars cannot be compared.")
    for name, part in (("", found.likelihood), (" that neither has learnt from", found.unseen)):
        if part is not None:
            say(_likely(name, part))
    for note in found.notes:
        say(f"note: {note}")


def _likely(name: str, part: "Likelihood") -> str:
    sure = f", standard error {part.error:.4f}" if part.error is not None else ""
    return (
        f"Log density of a bar, over {part.bars:,} bars{name}: A {part.a:.4f}, B {part.b:.4f} nats, "
        f"B - A {part.b - part.a:+.4f}{sure}."
    )
