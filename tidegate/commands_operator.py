"""Words of the operator: status, halt, close-only, flatten, resume."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from config.errors import Negative, NotRunning, UsageError
from tidegate.commands_fleet import halt_folder, show_status
from tidegate.words import Account, AccountOrAll, All, Json, Reason

if TYPE_CHECKING:
    from brokers.latch import Level


def add(app: typer.Typer) -> None:
    """Add the words to the command line."""
    app.command()(status)
    app.command()(halt)
    app.command("close-only")(close_only)
    app.command()(flatten)
    app.command()(resume)


def status(account: AccountOrAll = None, folder: All = None, as_json: Json = False) -> None:
    """Show level, holds, positions and link of an account.

    And who set the level, when and why. Exit code 9 where no daemon runs: then the level is all there is to show. With
    --all, of every account of a folder; exit code 11 where one has no daemon that answers.
    """
    name = _one(account, folder)
    if folder is not None:
        show_status(folder, as_json=as_json)
        return
    from config.places import account_at  # noqa: PLC0415 - rooms are imported when they are entered
    from runtime.operator.client import status as ask  # noqa: PLC0415
    from tidegate.output import facts  # noqa: PLC0415
    from tidegate.reports import since  # noqa: PLC0415

    found = ask(account_at(name))
    facts(found if as_json else found | {"latched": since(found["latched"])}, as_json=as_json)
    if found.get("stuck"):
        raise NotRunning(f"the daemon of {name} is there, but does not answer: the level shown is the latch's")
    if not found.get("running"):
        raise NotRunning(f"no daemon runs {name}: the level shown is the latch's; tidegate run starts one")


def halt(reason: Reason, account: AccountOrAll = None, folder: All = None, as_json: Json = False) -> None:
    """Let nothing new leave.

    Resting entries are taken back; open positions keep their stops at the broker. With --all, of every account of a
    folder; exit code 11 where one is not surely halted.
    """
    name = _one(account, folder)
    if folder is not None:
        halt_folder(folder, reason, as_json=as_json)
    else:
        _change(name, "halt", reason, as_json=as_json)


def close_only(account: Account, reason: Reason, as_json: Json = False) -> None:
    """Allow exits, but no new entries."""
    _change(account, "close-only", reason, as_json=as_json)


def flatten(
    account: Account,
    reason: Reason,
    force: Annotated[bool, typer.Option("--force", help="Close also what is in doubt or broken.")] = False,
    as_json: Json = False,
) -> None:
    """Close our positions at the market, then halt.

    Exit code 11 where the daemon has not confirmed in time that they are closed.
    """
    _change(account, "flatten", reason, force=force, as_json=as_json)


def resume(account: Account, reason: Reason, as_json: Json = False) -> None:
    """Let an account trade again.

    Only its running daemon can grant it.
    """
    _change(account, "run", reason, as_json=as_json)


def _one(account: str | None, folder: Path | None) -> str:
    """Return the account that is meant, empty for all of a folder."""
    if (account is None) == (folder is None):
        raise UsageError("name one account, or with --all the folder of many")
    return account or ""


def _change(account: str, level: "Level", reason: str, *, as_json: bool, force: bool = False) -> None:
    if not reason.strip():
        raise UsageError("a reason is needed: it is the first thing asked for afterwards")

    from config.places import account_at  # noqa: PLC0415
    from runtime.operator.client import change_level  # noqa: PLC0415
    from tidegate.output import lines, say  # noqa: PLC0415
    from tidegate.reports import row, told  # noqa: PLC0415

    report = change_level(account_at(account), level, reason.strip(), force=force)
    if as_json:
        lines([row(account, report)])
    else:
        say(told(report))
    if level == "flatten" and not report.confirmed:
        raise Negative(f"latched, but nobody has confirmed that the positions are closed: {report.note}")
