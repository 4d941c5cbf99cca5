"""Words of the operator: status, halt, close-only, flatten, resume."""

from typing import Annotated

import typer

from config.errors import UsageError
from tidegate.words import Account, Json, Reason

Foreign = Annotated[bool, typer.Option("--all", help="Foreign positions too: those no strategy of ours opened.")]
Force = Annotated[bool, typer.Option("--force", help="Also where an order is in doubt.")]


def add(app: typer.Typer) -> None:
    """Add the words to the command line."""
    app.command()(status)
    app.command()(halt)
    app.command("close-only")(close_only)
    app.command()(flatten)
    app.command()(resume)


def status(account: Account, as_json: Json = False) -> None:
    """Show level, holds, positions and link of an account."""
    from config.places import find  # noqa: PLC0415 - rooms are imported when they are entered
    from runtime.operator.client import status as ask  # noqa: PLC0415
    from tidegate.output import show  # noqa: PLC0415

    found = ask(state=find(account).state)
    rows = [{"what": name, "is": value} for name, value in found.items()]
    show([found] if as_json else rows, ("what", "is"), as_json=as_json)


def halt(account: Account, reason: Reason) -> None:
    """Let nothing new leave.

    Resting entries are taken back; open positions keep their stops at the broker.
    """
    _change(account, "halt", reason)


def close_only(account: Account, reason: Reason) -> None:
    """Allow exits, but no new entries."""
    _change(account, "close-only", reason)


def flatten(account: Account, reason: Reason, *, foreign: Foreign = False, force: Force = False) -> None:
    """Close our positions at the market, then halt."""
    _change(account, "flatten", reason, foreign=foreign, force=force)


def resume(account: Account, reason: Reason) -> None:
    """Let an account trade again.

    Only its running daemon can grant it.
    """
    _change(account, "run", reason)


def _change(account: str, level: str, reason: str, *, foreign: bool = False, force: bool = False) -> None:
    if not reason.strip():
        raise UsageError("a reason is needed: it is the first thing asked for afterwards")

    from config.places import find  # noqa: PLC0415
    from runtime.operator.client import change_level  # noqa: PLC0415
    from tidegate.output import say  # noqa: PLC0415

    say(change_level(state=find(account).state, level=level, reason=reason.strip(), foreign=foreign, force=force))
