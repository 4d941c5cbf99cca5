"""Words about strategies: new-strategy, check-strategy."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from config.errors import Negative, UsageError
from tidegate.words import Json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from market.types import Bar

SP500 = "sp500"

Name = Annotated[str, typer.Argument(metavar="NAME", help="What to call it; NAME.py is written.")]
Into = Annotated[Path, typer.Option("--folder", help="Where to write it: the folder of the account's TOML.")]
Use = Annotated[str, typer.Argument(metavar="STRATEGY", help='A built-in name, or "module:Class" in this folder.')]
Data = Annotated[str, typer.Option("--data", metavar="FILE", help="Bars to ask it over; sp500: those of arch.")]
Frame = Annotated[str | None, typer.Option("--timeframe", help="Of the bars in FILE; without it: as they are.")]
Param = Annotated[list[str] | None, typer.Option("--param", metavar="KEY=VALUE", help="As in the TOML; repeatable.")]


def add(app: typer.Typer) -> None:
    """Add the words to the command line."""
    app.command("new-strategy")(new_strategy)
    app.command("check-strategy")(check_strategy)


def new_strategy(name: Name, folder: Into = Path()) -> None:
    """Write the beginning of a strategy of your own."""
    from strategies.template import class_name, source_of  # noqa: PLC0415 - rooms are imported when they are entered
    from tidegate.output import say  # noqa: PLC0415

    file, text = folder / f"{name}.py", source_of(name)
    try:
        with file.open("x", encoding="utf-8", newline="\n") as opened:
            opened.write(text)
    except FileExistsError:
        raise UsageError(f"{file} exists: choose another name, or remove it first") from None
    say(f'{file}: written. In the account: use = "{name}:{class_name(name)}". Ask it the contract\'s questions: '
        f"tidegate check-strategy {name}:{class_name(name)}")  # fmt: skip


def check_strategy(
    use: Use, data: Data = SP500, timeframe: Frame = None, param: Param = None, as_json: Json = False
) -> None:
    """Ask a strategy every question of the contract.

    Whether it can be restarted in mid-trade, replayed bit for bit, and believed in a backtest; not whether it earns.
    """
    from backtests.screen import Watch  # noqa: PLC0415
    from config.making import look_in  # noqa: PLC0415
    from strategies.contract import check  # noqa: PLC0415
    from strategies.registry import called_here, resolve  # noqa: PLC0415
    from tidegate.output import show  # noqa: PLC0415

    look_in(Path.cwd())
    strategy = called_here(resolve(use, params_of(param or [])))
    bars = _bars(data, timeframe)
    with Watch() as watch:
        watch.stage(f"asking it over {len(bars):,} bars")
        findings = check(strategy, bars, watch.progress)
    rows = [{"question": f.name, "answer": "yes" if f.ok else "NO", "detail": f.detail} for f in findings]
    show(rows, ("question", "answer", "detail"), as_json=as_json)
    failed = sum(not f.ok for f in findings)
    if failed:
        raise Negative(f"{use}: {failed} of {len(findings)} questions of the contract are answered with no")


def _bars(data: str, timeframe: str | None) -> "Sequence[Bar]":
    from market.barfile import read_bars  # noqa: PLC0415
    from market.sp500 import read_sp500  # noqa: PLC0415
    from market.types import TIMEFRAMES  # noqa: PLC0415

    if timeframe is not None and timeframe not in TIMEFRAMES:
        raise UsageError(f"expected a timeframe of {', '.join(TIMEFRAMES)}, got {timeframe!r}")
    if data == SP500:
        return list(read_sp500())
    return list(read_bars(data, Path(data).stem, timeframe)[0])


def params_of(pairs: list[str]) -> dict[str, object]:
    """Read KEY=VALUE as a line of TOML."""
    import tomllib  # noqa: PLC0415

    try:
        return tomllib.loads("\n".join(pairs))
    except tomllib.TOMLDecodeError:
        raise UsageError(f"expected parameters as in TOML, like fast=20, got {' '.join(pairs)!r}") from None
