"""The word that looks for the future in what is decided: lookahead."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from config.errors import Negative
from tidegate.words import Json

if TYPE_CHECKING:
    from config.account import AccountConfig

What = Annotated[
    str,
    typer.Argument(metavar="WHAT", help='TOML of an account, a built-in strategy, or "module:Class" in this folder.'),
]
Data = Annotated[str, typer.Option("--data", metavar="FILE", help="Bars for a strategy; sp500: those of arch.")]
Param = Annotated[list[str] | None, typer.Option("--param", metavar="KEY=VALUE", help="Of a strategy, as in the TOML.")]
Bars = Annotated[int, typer.Option("--bars", min=50, help="How many bars to play each time.")]
Cuts = Annotated[int, typer.Option("--cuts", min=1, help="How many moments to change the future of.")]

COLUMNS = ("strategy", "bar_time", "field", "was", "became", "future", "at")


def add(app: typer.Typer) -> None:
    """Add the word to the command line."""
    app.command()(lookahead)


def lookahead(
    what: What, data: Data = "sp500", param: Param = None, bars: Bars = 1000, cuts: Cuts = 16, as_json: Json = False
) -> None:
    """Look whether decisions know what comes later.

    Bars are played as they are, then cut off at several moments, then spoilt after them: whatever was decided before
    such a moment has to stay the same, traded or not. Exit code 11 where it does not.
    """
    import msgspec  # noqa: PLC0415 - `--help` must not wait for it

    from backtests.future import SAME  # noqa: PLC0415
    from backtests.looked import looked_at  # noqa: PLC0415 - rooms are imported when they are entered
    from backtests.screen import Watch  # noqa: PLC0415
    from tidegate.output import lines, say, table  # noqa: PLC0415

    with Watch() as watch:
        found = looked_at(_account(what, data, param or []), bars, cuts, watch)
    if as_json:
        lines([msgspec.to_builtins(found)])
    elif found.leaks:
        table([msgspec.to_builtins(leak) for leak in found.leaks], COLUMNS)
    else:
        say(f"{found.decisions:,} decisions are the same, whatever comes after {len(found.moments)} moments")
    if found.opened and not as_json:
        say(f"opened while it played: {', '.join(found.opened)}: what stands there may know the future, unseen here")
    if found.leaks:
        strategies = ", ".join(dict.fromkeys(leak.strategy for leak in found.leaks))
        again = all(leak.future == SAME for leak in found.leaks)
        depends = "is not the same when played again" if again else "depends on bars that came later"
        raise Negative(f"{strategies}: what is decided {depends}")


def _account(what: str, data: str, param: list[str]) -> "AccountConfig":
    if what.endswith(".toml"):
        from tidegate.accounts import account_of  # noqa: PLC0415

        return account_of(Path(what))
    from backtests.looked import account_around  # noqa: PLC0415
    from tidegate.commands_strategy import params_of  # noqa: PLC0415

    return account_around(what, params_of(param), data)
