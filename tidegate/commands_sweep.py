"""Words that try an account's strategies many times: sweep."""

import os

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.words import Config, Json, Since, Until

if TYPE_CHECKING:
    from backtests.sweep_told import Sweep

Grid = Annotated[
    list[str],
    typer.Option("--grid", metavar="KEY=V,V", help="A key and its values, like strategies.trend.params.fast=10,20."),
]
Random = Annotated[int | None, typer.Option("--random", min=1, help="Play so many points of the grid, drawn by dice.")]
Seed = Annotated[int, typer.Option("--seed", help="Of the dice.")]
Processes = Annotated[int | None, typer.Option("--processes", min=1, help="Side by side; by default one a core.")]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Where points are kept; a sweep goes on there.")
]
Report = Annotated[Path | None, typer.Option("--report", metavar="FILE", help="Draw a heat map: one HTML file.")]
Bars = Annotated[int | None, typer.Option("--bars", min=1, help="How many bars to trade.")]
Best = Annotated[int, typer.Option("--best", min=1, help="How many points to show.")]


def add(app: typer.Typer) -> None:
    """Add the word to the command line."""
    app.command()(sweep)


def sweep(  # noqa: PLR0913, PLR0917 - typer's, each an option of the command
    config: Config,
    grid: Grid,
    random: Random = None,
    seed: Seed = 1,
    processes: Processes = None,
    out: Out = None,
    first: Since = None,
    last: Until = None,
    bars: Bars = None,
    report: Report = None,
    best: Best = 20,
    as_json: Json = False,
) -> None:
    """Play an account at every point of a grid.

    And say what the best of them is worth: its Sharpe ratio is deflated by the number of points. Points are kept as
    they are played: interrupted, the same command goes on. What a regime model learns from is not turned.
    """
    from backtests.screen import Watch  # noqa: PLC0415 - rooms are imported when they are entered
    from backtests.sweep_told import counted  # noqa: PLC0415
    from backtests.swept import Asked, swept  # noqa: PLC0415
    from tidegate.accounts import account_of  # noqa: PLC0415
    from tidegate.commands_run import days_of  # noqa: PLC0415
    from tidegate.output import lines, say  # noqa: PLC0415

    from_, to = days_of(first, last)
    account = account_of(config)
    file = out or Path(f"{config.stem}.sweep.jsonl")
    asked = Asked(
        grid=grid, random_points=random, seed=seed, processes=processes or os.cpu_count() or 1, first=from_, last=to,
        bars=bars,
    )  # fmt: skip
    with Watch() as watch:
        done = swept(account, asked, file.absolute(), report, watch)
    if as_json:
        import msgspec  # noqa: PLC0415

        lines([msgspec.to_builtins(done.found)])
    else:
        _show(done.found, best)
    if done.interrupted:
        if not as_json:
            say(f"interrupted: {counted(done.found.done)} kept; the same command goes on from there")
        raise KeyboardInterrupt


def _show(found: "Sweep", best: int) -> None:
    from backtests.sweep_page import columns_of, row_of  # noqa: PLC0415
    from tidegate.output import say, table  # noqa: PLC0415

    columns = columns_of(found)
    table([dict(zip(columns, row_of(line), strict=True)) for line in found.lines[:best]], columns)
    for sentence in found.sentences:
        say(f"\n{sentence}")
    say(f"\npoints: {found.file}" + (f"\nreport: {found.report}" if found.report else ""))
