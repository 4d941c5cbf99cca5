"""Words that judge regime models on a user's own bars: regimes check."""

from typing import Annotated

import typer

from config.errors import Negative
from tidegate.words import Config, Json, RegimeName

Cuts = Annotated[int, typer.Option("--cuts", min=1, help="At how many random places the bars are cut.")]
Seed = Annotated[int, typer.Option("--seed", help="Of the random places.")]

CUTS = 20


def add(group: typer.Typer) -> None:
    """Add the words to the group."""
    group.command()(check)


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
