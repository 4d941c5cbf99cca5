"""Words about who watches over accounts from outside: guard, heartbeat."""

import sys

from typing import Annotated

import typer

from config.errors import UsageError
from tidegate.words import Account, AccountOrAll, All

Parent = Annotated[int, typer.Option("--parent", hidden=True, help="The supervisor that began it.")]


def add(app: typer.Typer) -> None:
    """Add the words to the command line."""
    app.command()(guard)
    app.command()(heartbeat)


def guard(account: AccountOrAll = None, folder: All = None, parent: Parent = 0) -> None:
    """Guard an account, or with --all every account of a folder, until stopped.

    A daemon that does not move is halted, and at last ended; positions keep their stops. `tidegate up` starts one.
    """
    if (account is None) == (folder is None):
        raise UsageError("name one account, or with --all the folder of many")

    from runtime.fleet_log import log_events  # noqa: PLC0415 - rooms are imported when they are entered
    from runtime.guarding import Folder, guard_one  # noqa: PLC0415

    log_events(sys.stderr)
    if folder is not None:
        Folder(folder.absolute(), parent).run()
        return
    from config.places import configured  # noqa: PLC0415

    guard_one(*configured(account or ""))


def heartbeat(account: Account) -> None:
    """Say that somebody watches an account: its dead man's switch waits for it.

    For a monitor to call again and again; from elsewhere, `tidegate status NAME --via mqtt` says the same.
    """
    from config.places import account_at  # noqa: PLC0415
    from runtime.dead_man import beat  # noqa: PLC0415

    beat(account_at(account))
