"""Words that try an account's strategies many times: sweep, walkforward."""

import os

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tidegate.words import Config, Json, Since, Until

if TYPE_CHECKING:
    from backtests.sweep_told import Sweep
    from backtests.walked_forward import Walked

Grid = Annotated[
    list[str],
    typer.Option(
        "--grid", metavar="KEY=V,V", help="A key and its values, like strategies.trend.params.fast=10,20 or 10..50..5."
    ),
]
Method = Annotated[
    Literal["grid", "random", "optuna"],
    typer.Option("--method", help="Every point, some drawn by dice, or those that Optuna proposes."),
]
Points = Annotated[int | None, typer.Option("--points", min=1, help="How many are drawn or proposed.")]
Random = Annotated[int | None, typer.Option("--random", min=1, help="Short for --method random --points N.")]
Seed = Annotated[int, typer.Option("--seed", help="Of dice and proposals.")]
On = Annotated[
    str, typer.Option("--on", metavar="WHERE", help="local, ray (a cluster begun here), or ray://host:port.")
]
Processes = Annotated[int | None, typer.Option("--processes", min=1, help="Side by side; by default one a core.")]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="FILE", help="Where points are kept (a folder of Parquet if so named); a sweep goes on there."
    ),
]
Report = Annotated[Path | None, typer.Option("--report", metavar="FILE", help="Draw a heat map: one HTML file.")]
Bars = Annotated[int | None, typer.Option("--bars", min=1, help="How many bars to trade.")]
Best = Annotated[int, typer.Option("--best", min=1, help="How many points to show.")]


Some = Annotated[
    list[str] | None,
    typer.Option("--grid", metavar="KEY=V,V", help="Choose in each window: a key and its values, as in `sweep`."),
]
Learn = Annotated[str, typer.Option("--learn", metavar="SPAN", help="Of each window that is learnt from.")]
Trade = Annotated[str, typer.Option("--trade", metavar="SPAN", help="Of each stretch that is traded then.")]
Embargo = Annotated[str, typer.Option("--embargo", metavar="SPAN", help="Between the two.")]
Trials = Annotated[int, typer.Option("--trials", min=1, help="How many walks you have tried, this one among them.")]
Anchored = Annotated[bool, typer.Option("--anchored", help="Every window begins with the first bar.")]


def add(app: typer.Typer) -> None:
    """Add the words to the command line."""
    app.command()(sweep)
    app.command()(walkforward)


def sweep(  # noqa: PLR0913, PLR0917 - typer's, each an option of the command
    config: Config,
    grid: Grid,
    method: Method = "grid",
    points: Points = None,
    random: Random = None,
    seed: Seed = 1,
    processes: Processes = None,
    on: On = "local",
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
    from backtests.swept import Asked, swept  # noqa: PLC0415
    from backtests.words import many  # noqa: PLC0415
    from tidegate.accounts import account_of  # noqa: PLC0415
    from tidegate.commands_run import days_of  # noqa: PLC0415
    from tidegate.output import lines, say  # noqa: PLC0415

    from_, to = days_of(first, last)
    account = account_of(config)
    file = out or Path(f"{config.stem}.sweep.jsonl")
    asked = Asked(
        grid=grid, method="random" if random else method, points=random or points, seed=seed,
        processes=processes or os.cpu_count() or 1, on=on, first=from_, last=to, bars=bars,
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
            say(f"interrupted: {many(done.found.done, 'point')} kept; the same command goes on from there")
        raise KeyboardInterrupt


def _show(found: "Sweep", best: int) -> None:
    from backtests.sweep_page import columns_of, row_of  # noqa: PLC0415
    from tidegate.output import say, table  # noqa: PLC0415

    columns = columns_of(found)
    table([dict(zip(columns, row_of(line), strict=True)) for line in found.lines[:best]], columns)
    for sentence in found.sentences:
        say(f"\n{sentence}")
    say(f"\npoints: {found.file}" + (f"\nreport: {found.report}" if found.report else ""))


def walkforward(
    config: Config,
    learn: Learn = "60 months",
    trade: Trade = "12 months",
    embargo: Embargo = "5 days",
    anchored: Anchored = False,
    grid: Some = None,
    trials: Trials = 1,
    processes: Processes = None,
    report: Report = None,
    as_json: Json = False,
) -> None:
    """Trade an account as if it had only ever known the past.

    Fold after fold its regime models, and strategies that have a trainer, learn from a window and trade the stretch
    after it; with --grid the best point of the window is chosen, too. Nothing is written to the models' places.
    """
    from backtests.screen import Watch  # noqa: PLC0415
    from backtests.walked_forward import Asked, walked_forward  # noqa: PLC0415
    from tidegate.accounts import account_of  # noqa: PLC0415
    from tidegate.output import lines, say  # noqa: PLC0415

    asked = Asked(
        learn=learn,
        trade=trade,
        embargo=embargo,
        anchored=anchored,
        grid=grid or (),
        trials=trials,
        processes=processes or os.cpu_count() or 1,
    )
    with Watch() as watch:
        found = walked_forward(account_of(config), asked, report, watch)
    if as_json:
        import msgspec  # noqa: PLC0415

        lines([msgspec.to_builtins(found)])
    else:
        _show_walk(found)
    if len(found.folds) < found.planned:
        if not as_json:
            say(f"{len(found.folds)} of {found.planned} folds were played")
        raise KeyboardInterrupt


def _show_walk(found: "Walked") -> None:
    from backtests.screen import show_summary  # noqa: PLC0415
    from backtests.words import money, number  # noqa: PLC0415
    from tidegate.output import say, table  # noqa: PLC0415

    rows = [
        {
            "learnt from": f"{fold.learnt_first} to {fold.learnt_last}", "Sharpe": number(fold.learnt_sharpe, 2),
            "traded": f"{fold.first} to {fold.last}", "then": number(fold.sharpe, 2), "trades": fold.trades,
            "net": money(fold.net, signed=True), "models": ", ".join(fold.models.values()),
            "taught": ", ".join(fold.strategies.values()),
            "chosen": ", ".join(map(str, fold.values)),
        }
        for fold in found.folds
    ]  # fmt: skip
    table(rows, ["learnt from", "Sharpe", "traded", "then", "trades", "net", *_told(found)])
    say("")
    show_summary(found.summary)
    say(f"\n{found.sentence}")


def _told(found: "Walked") -> list[str]:
    """Return the columns that hold anything."""
    models = ["models"] if any(fold.models for fold in found.folds) else []
    taught = ["taught"] if any(fold.strategies for fold in found.folds) else []
    return [*models, *taught, *(["chosen"] if found.keys else [])]
