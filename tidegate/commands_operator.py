"""Words of the operator: status, halt, close-only, flatten, resume."""

import sys

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from config.errors import Negative, NotRunning, UsageError
from tidegate.changing import changed, elsewhere
from tidegate.commands_fleet import change_folder, show_status
from tidegate.commands_night import show_dry
from tidegate.words import (
    Account,
    AccountOrAll,
    All,
    Json,
    OfModel,
    OfStrategy,
    OfSymbol,
    Reason,
    User,
    Via,
    name_of,
    reason_of,
    scope_of,
)

if TYPE_CHECKING:
    from brokers.latch import Level


def add(app: typer.Typer) -> None:
    """Add the words to the command line."""
    app.command()(status)
    app.command()(halt)
    app.command("close-only")(close_only)
    app.command()(flatten)
    app.command()(resume)


def status(account: AccountOrAll = None, folder: All = None, via: Via = None, as_json: Json = False) -> None:
    """Show level, holds, positions and link of an account.

    And who set the level, when and why. Exit code 9 where no daemon runs: then the level is all there is to show. With
    --all, of every account of a folder; exit code 11 where one has no daemon that answers. Over the bus, what its
    daemon has signed of it.
    """
    name = _one(account, folder, via)
    if folder is not None:
        show_status(folder, as_json=as_json)
        return
    if elsewhere(name, via):
        _status_elsewhere(name, as_json=as_json)
        return
    from config.meant import account_at  # noqa: PLC0415 - rooms are imported when they are entered
    from runtime.operator.client import status as ask  # noqa: PLC0415
    from tidegate.output import facts  # noqa: PLC0415
    from tidegate.reports import for_people  # noqa: PLC0415

    found = ask(account_at(name))
    facts(found if as_json else for_people(found), as_json=as_json)
    if found.get("stuck"):
        raise NotRunning(f"the daemon of {name} is there, but does not answer: the level shown is the latch's")
    if not found.get("running"):
        raise NotRunning(f"no daemon runs {name}: the level shown is the latch's; tidegate run starts one")


def halt(
    reason: Reason, account: AccountOrAll = None, folder: All = None, user: User = None, strategy: OfStrategy = None,
    symbol: OfSymbol = None, model: OfModel = None, via: Via = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Let nothing new leave.

    Resting entries are taken back; open positions keep their stops at the broker. With --all, of every account of a
    folder; exit code 11 where one is not surely halted. Over the bus, only a signed answer counts: exit code 9 without.
    """
    _change("halt", reason, scope_of(strategy, symbol, model), _who(account, folder, user, via), as_json=as_json)


def close_only(
    reason: Reason, account: AccountOrAll = None, folder: All = None, user: User = None, strategy: OfStrategy = None,
    symbol: OfSymbol = None, model: OfModel = None, via: Via = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Allow exits, but no new entries."""
    _change("close-only", reason, scope_of(strategy, symbol, model), _who(account, folder, user, via), as_json=as_json)


def flatten(  # noqa: PLR0913, PLR0917 - a command has as many parameters as options
    reason: Reason, account: AccountOrAll = None, folder: All = None, user: User = None, strategy: OfStrategy = None,
    symbol: OfSymbol = None, model: OfModel = None,
    force: Annotated[bool, typer.Option("--force", help="Close also what is in doubt or broken.")] = False,
    foreign: Annotated[bool, typer.Option("--foreign", help="Positions and orders too that are not ours.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --foreign: do not ask whether they are meant.")] = False,
    via: Via = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Close our positions at the market, then halt.

    With --foreign also what a person, another program or an old bot holds there. Exit code 11 where the daemon has not
    confirmed in time that they are closed.
    """
    who = _who(account, folder, user, via)
    scope = scope_of(strategy, symbol, model)
    if foreign:
        _foreign_meant(who, scope, yes=yes)
    _change("flatten", reason, scope, who, force=force, foreign=foreign, as_json=as_json)


def resume(
    account: Account,
    reason: Reason = "",
    dry: Annotated[bool, typer.Option("--dry", help="Only tell what is in its way, and what has changed.")] = False,
    strategy: OfStrategy = None, symbol: OfSymbol = None, model: OfModel = None, via: Via = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Let an account, or a part of it, trade again.

    Only its running daemon can grant it. Over the bus, exit code 11 where it refuses; with --dry where something is in
    its way.
    """
    scope = scope_of(strategy, symbol, model)
    if dry:
        if via == "mqtt":
            raise UsageError("what is in its way is told on the account's own machine only: leave --via or --dry out")
        show_dry(account, scope, as_json=as_json)
        return
    _change("run", reason, scope, _who(account, None, None, via), as_json=as_json)


def _foreign_meant(who: "_Who", scope: str, *, yes: bool) -> None:
    """Have a person confirm that what is not ours is meant; UsageError where nobody can, or none of it can be."""
    if who.folder is not None or scope.partition(":")[0] in {"strategy", "model"}:
        raise UsageError("--foreign is of one account or a symbol of it: no strategy or model holds what is not ours")
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("--foreign closes what is not ours: say --yes, or ask from a terminal")
    about = f"on {scope.partition(':')[2]} of {who.account}" if scope else f"of {who.account}"
    if not typer.confirm(f"Close positions and take back orders {about} that are NOT OURS?"):
        raise Negative("not confirmed: nothing was changed")


def _one(account: str | None, folder: Path | None, via: str | None) -> str:
    """Return the account that is meant, empty for all of a folder."""
    if (account is None) == (folder is None):
        raise UsageError("name one account, or with --all the folder of many")
    if folder is not None and via == "mqtt":
        raise UsageError("over the bus one account is commanded at a time: leave --all or --via out")
    return account or ""


def _status_elsewhere(account: str, *, as_json: bool) -> None:
    from config.remote import load_remote  # noqa: PLC0415
    from runtime.bus.caller import called  # noqa: PLC0415
    from tidegate.output import facts  # noqa: PLC0415

    with called(load_remote(account)) as caller:
        seen = caller.look()
    counted = {"resting": seen.resting, "in_doubt": seen.in_doubt, "positions": seen.positions}
    stands = {"level": seen.level, "generation": seen.generation}
    facts({"ok": True, "running": True, "path": "mqtt"} | stands | counted, as_json=as_json)


class _Who(NamedTuple):
    """Whose level is changed: one account's, by a path; or those of all in a folder, perhaps of one user."""

    account: str
    folder: Path | None
    user: str
    via: str | None


def _who(account: str | None, folder: Path | None, user: str | None, via: str | None) -> _Who:
    if user is not None and folder is None:
        raise UsageError("--user picks among the accounts of a folder: name that with --all")
    return _Who(_one(account, folder, via), folder, "" if user is None else name_of("user", user), via)


def _change(
    level: "Level", reason: str, scope: str, who: _Who, *, as_json: bool, force: bool = False, foreign: bool = False
) -> None:
    reason = reason_of(reason)
    if who.folder is not None:
        change_folder(who.folder, level, reason, user=who.user, scope=scope, force=force, as_json=as_json)
        return
    changed(who.account, level, reason, who.via, scope, force=force, foreign=foreign, as_json=as_json)
