"""What a message broker is to us: a line to it, what arrives there, and the topics of an account."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec

from config.secrets import Secret

Connection = AbstractAsyncContextManager["Line"]


class BusError(RuntimeError):
    """The broker cannot be reached, or the line to it was lost; one line says why."""


class Broker(msgspec.Struct, frozen=True, kw_only=True):
    """Where a broker is, and as whom we speak there."""

    host: str
    port: int
    tls: bool = True
    ca: str = ""
    user: str = ""
    password: Secret | None = None


class Message(msgspec.Struct, frozen=True):
    """Something for a topic."""

    topic: str
    payload: bytes
    retain: bool = False
    qos: int = 1
    expires_s: int = 0
    """The broker forgets it after so long; 0: never."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """How a line is to be held."""

    client: str
    """Our name at the broker: two lines of one name end each other."""
    listen: tuple[str, ...]
    """Topics."""
    kept_s: int = 0
    """So long the broker keeps what is told to us while we are away; 0: it keeps nothing."""
    will: Message | None = None
    """What the broker says for us when we are lost."""


class Arrived(msgspec.Struct, frozen=True):
    """A message that has come, and is not acknowledged yet."""

    topic: str
    payload: bytes
    token: tuple[int, int] = (0, 0)
    """What the line acknowledges it by."""


class Line(Protocol):
    """An open line to a broker; everything raises BusError where it is lost."""

    def arriving(self) -> AsyncIterator[Arrived]:
        """Yield what comes, in its order, until the line is lost."""
        ...

    def acknowledge(self, arrived: Arrived) -> None:
        """Let the broker forget a message: what was not acknowledged comes again."""
        ...

    async def publish(self, message: Message) -> None:
        """Send a message; returns once the broker has it."""
        ...


class CommandBus(Protocol):
    """A broker that can be connected to."""

    def connect(self, terms: Terms) -> Connection:
        """Open a line, already listening."""
        ...


def unheard(_loop: object, _context: object) -> None:
    """Take what a loop has to complain of that nobody waits for: a client whose line is cut leaves callbacks behind.

    That the line is lost is told by the line.
    """


class Topics:
    """The topics of one account."""

    def __init__(self, account: str) -> None:
        """Name them; an account's name is one level of a topic."""
        self.root = f"tidegate/{account}"
        self.command = f"{self.root}/command"
        """Signed commands, from people to the daemon."""
        self.desired = f"{self.root}/desired"
        """The last signed command that tightened, retained: what a daemon that was away still has to obey."""
        self.state = f"{self.root}/state"
        """The daemon's signed state, retained and told anew again and again; its last will says that it is lost."""
        self.telemetry = f"{self.root}/telemetry/#"
        """All that a daemon tells of itself over its second line, signed and retained."""

    def told(self, kind: str) -> str:
        """Return where one kind of telemetry goes."""
        return f"{self.root}/telemetry/{kind}"

    def answer(self, kid: str) -> str:
        """Return where the signed answers to a key's commands go."""
        return f"{self.root}/answer/{kid}"
