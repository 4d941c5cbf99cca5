"""Words for keys: new, list, rotate, revoke; a private key goes into a file and is shown nowhere."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from config.errors import UsageError
from tidegate.words import Json

if TYPE_CHECKING:
    from runtime.operator.signing import Pinned

Who = Annotated[str, typer.Argument(metavar="WHO", help="A person; of a daemon, the account's name.")]
AsRole = Annotated[
    Literal["viewer", "phone", "operator", "risk", "daemon"],
    typer.Option("--role", help="What its owner may do; daemon: it signs answers."),
]
RingOption = Annotated[Path, typer.Option("--ring", metavar="FILE", help="The public keys that are trusted.")]
RingPlace = Annotated[Path, typer.Argument(metavar="RING", help="The public keys that are trusted.")]
KeyOption = Annotated[Path, typer.Option("--key", metavar="FILE", help="Where the private key is to be kept.")]
Kid = Annotated[str, typer.Argument(metavar="KID", help="A key's name, or how it begins.")]
Days = Annotated[float, typer.Option("--days", min=0.0, max=3650.0, help="So long the old key is trusted yet.")]

COLUMNS = ("who", "role", "kid", "until", "trusted")

keys = typer.Typer(name="keys", help="Keys that sign commands and answers.", no_args_is_help=True)


def add(app: typer.Typer) -> None:
    """Add the words to the command line."""
    keys.command("new")(new)
    keys.command("list")(listed)
    keys.command("rotate")(rotate)
    keys.command("revoke")(revoke)
    app.add_typer(keys)


def new(who: Who, role: AsRole, ring: RingOption, key: KeyOption, as_json: Json = False) -> None:
    """Make a key: the private half into a file, the public half into the ring.

    The ring is then brought to every machine that has to know the key; it holds no secret.
    """
    from runtime.operator.keyfiles import new_key  # noqa: PLC0415 - rooms are imported when they are entered

    if not who.strip() or len(who) > 64:  # noqa: PLR2004 - as long as an account's name
        raise UsageError("name whose key it is, in no more than 64 characters")
    _show([new_key(who.strip(), role, ring, key)], as_json=as_json)


def listed(ring: RingPlace, as_json: Json = False) -> None:
    """List the keys of a ring, revoked ones too."""
    from runtime.operator.keyfiles import read_ring  # noqa: PLC0415

    _show(list(read_ring(ring).keys), as_json=as_json)


def rotate(kid: Kid, ring: RingOption, key: KeyOption, days: Days = 7.0, as_json: Json = False) -> None:
    """Make another key for the owner of one.

    The old one is trusted for some days yet: bring the ring to every machine meanwhile.
    """
    from runtime.operator.keyfiles import rotate_key  # noqa: PLC0415

    _show([rotate_key(kid, ring, key, _now() + int(days * 86_400_000))], as_json=as_json)


def revoke(kid: Kid, ring: RingOption, as_json: Json = False) -> None:
    """Have a key trusted no more, from now on.

    A daemon that reads the ring knows at its next command.
    """
    from runtime.operator.keyfiles import revoke_key  # noqa: PLC0415

    _show([revoke_key(kid, ring, _now())], as_json=as_json)


def _now() -> int:
    from runtime.clock import Clock  # noqa: PLC0415

    return Clock().wall_ms()


def _show(found: "list[Pinned]", *, as_json: bool) -> None:
    from tidegate.output import show  # noqa: PLC0415

    now = _now()
    rows: list[dict[str, Any]] = [
        {"who": k.who, "role": k.role, "kid": k.kid, "until": k.until, "trusted": not k.problem(now)} for k in found
    ]
    show(rows, COLUMNS, as_json=as_json)
