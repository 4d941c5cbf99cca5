"""How an account is spoken to over a message broker: where that is, and the side of the account's daemon."""

from collections.abc import Iterator
from typing import Annotated

import msgspec

from config.bounds import Text
from config.secrets import SecretRef, ref_problem

LOOPBACK = ("localhost", "127.0.0.1", "::1")
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class BrokerSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the message broker is, and as whom we speak there."""

    host: Text
    port: Port = 8883
    tls: bool = True
    """Only a broker on this machine may be spoken to in the clear."""
    ca: str = ""
    """File of the authority that vouches for the broker; empty: those that this system trusts."""
    user: str = ""
    password: SecretRef | None = None


class BusSection(BrokerSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A daemon's side: it hears signed commands, and signs its answers."""

    key: Text
    """File of the daemon's private key, as `tidegate keys new --role daemon` makes it."""
    operators: Text
    """File of the public keys of all who may command."""
    silent_s: Annotated[float, msgspec.Meta(ge=1)] = 60.0
    """So long without our own heartbeat coming back from the broker, and entries are held (BUS_SILENT)."""
    telemetry: bool = True
    """The daemon tells over a second line how it stands, for whoever may look on."""
    two_people: bool = False
    """Whoever loosens needs a second person, who asks for the same over the bus within five minutes."""


def broker_problems(section: BrokerSection, path: str) -> Iterator[str]:
    """Yield what is wrong with where a broker is said to be."""
    if not section.tls and section.host not in LOOPBACK:
        yield f'{path}.tls: expected true, unless the broker is on this machine, got false for "{section.host}"'
    if section.password is not None and (problem := ref_problem(section.password)):
        yield f"{path}.password: expected {problem}"
