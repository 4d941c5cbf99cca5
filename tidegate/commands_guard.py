"""Words about who watches over accounts from outside: guard, heartbeat, flatten-alone."""

import sys

from typing import Annotated

import typer

from config.errors import Negative, UsageError
from tidegate.words import Account, AccountOrAll, All, Json, Reason, reason_of

Patience = Annotated[float, typer.Option("--patience", min=0.0, help="Seconds that a running daemon has to do it.")]
Everything = Annotated[bool, typer.Option("--all", help="Foreign positions and orders too.")]
Force = Annotated[bool, typer.Option("--force", help="Send a close anew though one may be under way.")]
Parent = Annotated[int, typer.Option("--parent", hidden=True, help="The supervisor that began it.")]


def add(app: typer.Typer) -> None:
    """Add the words to the command line."""
    app.command()(guard)
    app.command()(heartbeat)
    app.command("flatten-alone")(flatten_alone)


def guard(account: AccountOrAll = None, folder: All = None, parent: Parent = 0) -> None:
    """Guard an account against a daemon that hangs.

    With --all, every account of a folder, until stopped. A daemon that does not move is halted, and at last ended;
    positions keep their stops. `tidegate up` starts one.
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
    """Say that somebody watches an account.

    Its dead man's switch waits for it. For a monitor to call again and again; from elsewhere, `tidegate status NAME
    --via mqtt` says the same.
    """
    from config.meant import account_at  # noqa: PLC0415
    from runtime.dead_man import beat  # noqa: PLC0415

    beat(account_at(account))


def flatten_alone(
    account: Account, reason: Reason, patience: Patience = 10.0, everything: Everything = False, force: Force = False,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Close our positions without the daemon.

    Through a terminal of its own (`flattener.path`). A daemon that runs has --patience seconds to do it, and is ended
    then. Exit code 11 where something is left, 7 where the terminal cannot be reached.
    """
    why = reason_of(reason)

    import msgspec  # noqa: PLC0415 - rooms are imported when they are entered

    from config.places import configured  # noqa: PLC0415
    from runtime.flatten_alone import flatten_alone as flatten  # noqa: PLC0415
    from runtime.flatten_alone import whom  # noqa: PLC0415
    from tidegate.output import show  # noqa: PLC0415

    config, state = configured(account)
    ends = flatten(config, state, why, patience_s=patience, everything=everything, force=force)
    show(
        map(msgspec.to_builtins, ends), ("what", "ticket", "symbol", "side", "lots", "outcome", "why"), as_json=as_json
    )
    left = [f"{one.what} {one.ticket}" for one in ends if one.outcome in {"left", "in doubt"}]
    if left:
        raise Negative(f"not closed: {', '.join(left)}: {whom(config)}")
