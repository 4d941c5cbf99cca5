"""Words about many accounts at once: up; and what status, halt, close-only and flatten do for a whole folder."""

import os
import sys

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from config.errors import Negative, UsageError

if TYPE_CHECKING:
    from brokers.latch import Level
    from runtime.fleet_folder import Entry

Folder = Annotated[Path, typer.Argument(metavar="ACCOUNTS_DIR", help="Folder of the accounts' TOML files.")]
Logins = Annotated[list[int] | None, typer.Option("--login", help="A login that may trade real money; repeat it.")]
NoGuard = Annotated[bool, typer.Option("--no-guard", help="Start no guardian: it is started otherwise, or not wanted.")]
Gap = Annotated[float, typer.Option("--gap", min=0.0, help="Seconds between two starts.")]

T = TypeVar("T")

COLUMNS = (
    *("account", "life", "level", "link", "held", "unguarded", "open_risk", "day_pnl", "positions", "equity"),
    *("bar_age_s", "alerts", "restarts", "pid", "why"),
)  # fmt: skip


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
    from tidegate.reports import for_people, tight  # noqa: PLC0415

    found = _some(status_all(folder.absolute()), folder)
    show(found if as_json else map(for_people, found), COLUMNS, as_json=as_json)
    stopped = [(one["account"], said) for one in found if "latched" in one for said in tight(one["latched"])]
    for account, said in stopped if not as_json else ():
        say(f"{account}: {cell('latched', said)}")
    away = [one["account"] for one in found if not one.get("running") and one["life"] != "ended"]
    if away:
        raise Negative(f"no daemon answers for {', '.join(away)}: the level shown is the latch's")


def change_folder(
    folder: Path, level: "Level", reason: str, *, user: str, scope: str, force: bool, as_json: bool
) -> None:
    """Latch a level of every account of a folder and print what came of each; Negative where one did not surely."""
    from runtime.fleet_all import change_all  # noqa: PLC0415
    from tidegate.output import lines, say  # noqa: PLC0415
    from tidegate.reports import row, told  # noqa: PLC0415

    found = _some(change_all(folder.absolute(), level, reason, user=user, scope=scope, force=force), folder, user)
    if as_json:
        lines(row(one.account, one.outcome, one.problem) for one in found)
    refused = "NOT HALTED" if level == "halt" else f"NOT AT {level.upper()}"
    for one in found if not as_json else ():
        say(f"{one.account}: {told(one.outcome) if one.outcome else f'{refused}: {one.problem}'}")
    failed = [one.account for one in found if not one.ok]
    if failed:
        raise Negative(f"not at {level}: {', '.join(failed)}: latch each by its state folder, or stop its daemon")
    if scope and all(one.outcome is not None and one.outcome.concerned == 0 for one in found):
        raise Negative(f"latched, but no strategy of any is in {scope}: look at its name")
    open_ = [one.account for one in found if one.outcome is not None and not one.outcome.confirmed]
    if level == "flatten" and open_:
        raise Negative(f"latched, but nobody has confirmed that the positions are closed: {', '.join(open_)}")


def _some(found: list[T], folder: Path, user: str = "") -> list[T]:
    """Return what was found, if anything: who names the wrong folder must not believe that all is well, or halted."""
    if not found and user:
        raise UsageError(f"no account of {user} in {folder}: name whom the accounts' TOML files name as user")
    if not found:
        raise UsageError(f"no account in {folder}: name the folder that the accounts' TOML files lie in")
    return found
