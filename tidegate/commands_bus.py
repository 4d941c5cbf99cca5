"""Words about the message broker: listen."""

import datetime

from typing import TYPE_CHECKING, Annotated

import typer

from config.errors import NotRunning
from tidegate.words import Account, Json

if TYPE_CHECKING:
    from runtime.bus.telemetry import Telling


def add(app: typer.Typer) -> None:
    """Add the word to the command line."""
    app.command()(listen)


def listen(
    account: Account,
    seconds: Annotated[float, typer.Option("--for", metavar="SECONDS", min=0.1, help="How long.")] = 5.0,
    as_json: Json = False,
) -> None:
    """Show what a daemon tells over the bus.

    What the broker keeps of it comes first. Only what the daemon has signed is shown; nothing is asked or commanded.
    Exit code 9 where nothing came.
    """
    from config.remote import load_remote  # noqa: PLC0415 - rooms are imported when they are entered
    from runtime.bus.onlooker import overhear  # noqa: PLC0415
    from tidegate.output import say  # noqa: PLC0415

    remote = load_remote(account)
    if not overhear(remote, seconds, lambda telling: say(_line(telling, as_json=as_json))):
        raise NotRunning(
            f"nothing came from {remote.account}: is telemetry on in its [bus], and may this user read it?"
        )


def _line(telling: "Telling", *, as_json: bool) -> str:
    import msgspec  # noqa: PLC0415

    if as_json:
        return msgspec.json.encode(telling).decode()
    at = datetime.datetime.fromtimestamp(telling.issued / 1000, datetime.UTC)
    return f"{at:%H:%M:%S} {telling.kind:9} {msgspec.json.encode(telling.told).decode()}"
