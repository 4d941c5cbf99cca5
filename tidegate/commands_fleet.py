"""Words about many accounts at once: up; and what status and halt do for a whole folder."""

import os
import sys

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from config.errors import Negative, UsageError

if TYPE_CHECKING:
    from runtime.fleet_folder import Entry

Folder = Annotated[Path, typer.Argument(metavar="ACCOUNTS_DIR", help="Folder of the accounts' TOML files.")]
Logins = Annotated[list[int] | None, typer.Option("--login", help="A login that may trade real money; repeat it.")]
NoGuard = Annotated[bool, typer.Option("--no-guard", help="Start no guardian: it is started otherwise, or not wanted.")]
Gap = Annotated[float, typer.Option("--gap", min=0.0, help="Seconds between two starts.")]

T = TypeVar("T")

COLUMNS = ("account", "life", "level", "link", "holds", "positions", "equity", "bar_age_s", "restarts", "pid", "why")


def add(app: typer.Typer) -> None:
    """Add the words to the command line."""
    app.command()(up)


def up(folder: Folder, logins: Logins = None, gap: Gap = 0.5, no_guard: NoGuard = False) -> None:
    """Run the daemons of all accounts of a folder.

    And their guardian. One that dies is started again, one that is refused is named. SIGHUP looks at the folder
    anew, SIGTERM ends all.
    """
    from runtime.fleet import Supervisor  # noqa: PLC0415 - rooms are imported when they are entered
    from runtime.fleet_log import log_events  # noqa: PLC0415

    log_events(sys.stderr)
    typed = frozenset(logins or ())
    guard = () if no_guard else guard_of(folder.absolute())
    Supervisor(folder.absolute(), lambda entry: command_of(entry, typed), gap_s=gap, guard=guard).run()


def guard_of(folder: Path) -> list[str]:
    """Return the command that guards a folder's accounts."""
    return [sys.executable, "-m", "tidegate.cli", "guard", "--all", str(folder), "--parent", str(os.getpid())]


def command_of(entry: "Entry", typed: frozenset[int]) -> list[str]:
    """Return the command that runs one account's daemon, and has it log into its state folder."""
    from runtime.fleet_told import LOG_FILE  # noqa: PLC0415

    assert entry.config is not None and entry.state is not None  # noqa: S101, PT018 - only good files are started
    login = entry.config.account.login
    command = [sys.executable, "-m", "tidegate.cli", "run", str(entry.file), "--log", str(entry.state / LOG_FILE)]
    return [*command, "--login", str(login)] if login in typed else command


def show_status(folder: Path, *, as_json: bool) -> None:
    """Show every account of a folder; Negative where one is not running as it should."""
    from runtime.fleet_all import status_all  # noqa: PLC0415
    from tidegate.output import cell, say, show  # noqa: PLC0415
    from tidegate.reports import since  # noqa: PLC0415

    found = _some(status_all(folder.absolute()), folder)
    show(found, COLUMNS, as_json=as_json)
    stopped = [one for one in found if "latched" in one and one["latched"]["level"] != "run"]
    for one in stopped if not as_json else ():
        say(f"{one['account']}: {cell('latched', since(one['latched']))}")
    away = [one["account"] for one in found if not one.get("running") and one["life"] != "ended"]
    if away:
        raise Negative(f"no daemon answers for {', '.join(away)}: the level shown is the latch's")


def halt_folder(folder: Path, reason: str, *, as_json: bool) -> None:
    """Halt every account of a folder and print what came of each; Negative where one is not surely halted."""
    if not reason.strip():
        raise UsageError("a reason is needed: it is the first thing asked for afterwards")

    from runtime.fleet_all import halt_all  # noqa: PLC0415
    from tidegate.output import lines, say  # noqa: PLC0415
    from tidegate.reports import row, told  # noqa: PLC0415

    found = _some(halt_all(folder.absolute(), reason.strip()), folder)
    if as_json:
        lines(row(one.account, one.outcome, one.problem) for one in found)
    for one in found if not as_json else ():
        say(f"{one.account}: {told(one.outcome) if one.outcome else f'NOT HALTED: {one.problem}'}")
    failed = [one.account for one in found if not one.ok]
    if failed:
        raise Negative(f"not halted: {', '.join(failed)}: halt each by its state folder, or stop its daemon")


def _some(found: list[T], folder: Path) -> list[T]:
    """Return what was found, if anything: who names the wrong folder must not believe that all is well, or halted."""
    if not found:
        raise UsageError(f"no account in {folder}: name the folder that the accounts' TOML files lie in")
    return found
