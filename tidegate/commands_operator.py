"""Words of the operator: status, halt, close-only, flatten, resume."""

from typing import TYPE_CHECKING, Annotated

import typer

from config.errors import Negative, NotRunning, UsageError
from tidegate.words import Account, Json, Reason

if TYPE_CHECKING:
    from brokers.latch import Level
    from runtime.operator.client import Report


def add(app: typer.Typer) -> None:
    """Add the words to the command line."""
    app.command()(status)
    app.command()(halt)
    app.command("close-only")(close_only)
    app.command()(flatten)
    app.command()(resume)


def status(account: Account, as_json: Json = False) -> None:
    """Show level, holds, positions and link of an account.

    Exit code 9 where no daemon runs: then the level is all there is to show.
    """
    from config.places import find  # noqa: PLC0415 - rooms are imported when they are entered
    from runtime.operator.client import status as ask  # noqa: PLC0415
    from tidegate.output import facts  # noqa: PLC0415

    found = ask(find(account).state)
    facts(found, as_json=as_json)
    if found.get("stuck"):
        raise NotRunning(f"the daemon of {account} is there, but does not answer: the level shown is the latch's")
    if not found.get("running"):
        raise NotRunning(f"no daemon runs {account}: the level shown is the latch's")


def halt(account: Account, reason: Reason) -> None:
    """Let nothing new leave.

    Resting entries are taken back; open positions keep their stops at the broker.
    """
    _change(account, "halt", reason)


def close_only(account: Account, reason: Reason) -> None:
    """Allow exits, but no new entries."""
    _change(account, "close-only", reason)


def flatten(
    account: Account,
    reason: Reason,
    force: Annotated[bool, typer.Option("--force", help="Close also what is in doubt or broken.")] = False,
) -> None:
    """Close our positions at the market, then halt.

    Exit code 11 where the daemon has not confirmed in time that they are closed.
    """
    _change(account, "flatten", reason, force=force)


def resume(account: Account, reason: Reason) -> None:
    """Let an account trade again.

    Only its running daemon can grant it.
    """
    _change(account, "run", reason)


def _change(account: str, level: "Level", reason: str, *, force: bool = False) -> None:
    if not reason.strip():
        raise UsageError("a reason is needed: it is the first thing asked for afterwards")

    from config.places import find  # noqa: PLC0415
    from runtime.operator.client import change_level  # noqa: PLC0415
    from tidegate.output import say  # noqa: PLC0415

    report = change_level(find(account).state, level, reason.strip(), force=force)
    say(_told(report))
    if level == "flatten" and not report.confirmed:
        raise Negative(f"latched, but nobody has confirmed that the positions are closed: {report.note}")


def _told(report: "Report") -> str:
    """Return a report as a sentence, the first thing first: what the level is now."""
    parts = [f"{report.level} (generation {report.generation}, {report.path})"]
    if report.in_flight:
        parts.append(f"order {report.in_flight} was on its way already")
    if report.confirmed:
        parts.append("confirmed by the daemon")
    if report.note:
        parts.append(report.note)
    if report.resting or report.positions:
        parts.append(f"resting entries: {report.resting}, open positions: {report.positions}")
    return "; ".join(parts)
