"""The frames between daemon and worker: what is asked of it, and what it tells.

One request in flight, a fixed list of verbs, length-prefixed msgpack. Every reply carries who spoke: login, server and
terminal path, read in the same breath as what it tells.
"""

import struct

import msgspec

from brokers.facts import Answer, DealMade, OrderGone
from brokers.limits import Limits
from brokers.requests import AnyRequest
from market.types import Account, Bar, Order, Position, Symbol

LENGTH = struct.Struct("<I")
LONGEST_FRAME = 64 * 1024 * 1024


class Ask(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """A request to the worker."""


class Connect(Ask, frozen=True, kw_only=True):
    """Initialize the terminal and log in; be the gateway of this account from then on."""

    path: str
    login: int
    password: str
    server: str
    zone: str
    symbols: dict[str, str]
    """Canonical name -> the broker's."""
    limits: Limits
    latch: str
    """Folder of the halt latch; empty: no gateway, nothing is ever sent."""
    timeout_ms: int

    def __repr__(self) -> str:
        """Name the terminal; never the password."""
        return f"Connect({self.login} on {self.server} at {self.path})"


class FeedCursor(msgspec.Struct, frozen=True):
    """A feed and the last bar of it that was folded in; 0: none yet."""

    symbol: str
    timeframe: str
    after: int
    known: tuple[Bar, ...] = ()
    """Bars told before that are to be read once more: which of them tells another story by now?"""


class Poll(Ask, frozen=True, kw_only=True):
    """Tell what is new; in lock-step replay, first say that everything at `done` is settled."""

    feeds: tuple[FeedCursor, ...]
    last_deal: int
    last_deal_at: int
    watch: tuple[int, ...]
    """Tickets of our resting orders."""
    done: int = 0
    heard: tuple[int, ...] = ()
    """Tickets of the deals heard last, rising: up to the first all are known. Empty: up to `last_deal`."""


class Past(Ask, frozen=True, kw_only=True):
    """Give the last `count` closed bars of a feed."""

    symbol: str
    timeframe: str
    count: int


class Send(Ask, frozen=True, kw_only=True):
    """Work one request, once."""

    request: AnyRequest


class Look(Ask, frozen=True, kw_only=True):
    """Read all the venue holds."""

    last_deal: int
    last_deal_at: int
    watch: tuple[int, ...]
    doubts: tuple[int, ...] = ()
    """Magic numbers of entries of which nobody knows: their orders may have ended before anybody saw them rest."""
    heard: tuple[int, ...] = ()
    """As in `Poll`."""


class Symbols(Ask, frozen=True, kw_only=True):
    """Name the symbols the terminal has, whether we trade them or not."""

    group: str = ""
    """Comma-separated masks, as the package takes them; empty: all."""


class Renew(Ask, frozen=True, kw_only=True):
    """Take note that the daemon lives; the terminal is asked nothing."""


AnyAsk = Connect | Poll | Past | Send | Look | Symbols | Renew


class Identity(msgspec.Struct, frozen=True):
    """Who spoke."""

    login: int
    server: str
    path: str


class Tell(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """A reply of the worker."""

    who: Identity | None = None


class Connected(Tell, frozen=True, kw_only=True):
    """The terminal is ours."""

    at: int
    account: Account
    symbols: tuple[Symbol, ...]
    lockstep: bool
    forbidden: str = ""
    """Why nothing can be traded though the terminal answers; empty: it can."""


class Closed(msgspec.Struct, frozen=True, gc=False):
    """A closed bar with the tick that was there when it was read."""

    bar: Bar
    bid: float
    ask: float
    next_open: int
    """When the bar after it opened; 0 at the end of recorded data."""


class Polled(Tell, frozen=True, kw_only=True):
    """What is new: deals, orders that ended, closed bars by feed, oldest first."""

    at: int
    news: tuple[DealMade | OrderGone, ...]
    bars: tuple[Closed, ...]
    ended: bool
    revised: tuple[Bar, ...] = ()
    """Known bars as they are told now."""
    moved: bool = False
    """Known bars are not where they were: they are told by other times, or no more."""
    late: tuple[tuple[str, str], ...] = ()
    """Feeds whose history does not reach back to the cursor yet: of these nothing is told."""
    ticks: dict[str, int] = {}
    """When each symbol's last tick was."""
    quotes: dict[str, tuple[float, float]] = {}
    """Each symbol's last bid and ask."""
    worth: float | None = None
    """Equity without credit, as the terminal has it; account money."""
    forbidden: str = ""


class History(Tell, frozen=True, kw_only=True):
    """Closed bars, oldest first."""

    bars: tuple[Bar, ...]
    whole: bool = True
    """False: fewer than asked for; a terminal that has only begun to load its history will have more soon."""


class Sent(Tell, frozen=True, kw_only=True):
    """What became of a request."""

    answer: Answer


class Looked(Tell, frozen=True, kw_only=True):
    """All the venue holds, after every deal it knows."""

    at: int
    account: Account
    positions: tuple[Position, ...]
    orders: tuple[Order, ...]
    news: tuple[DealMade | OrderGone, ...]
    last_deal: int
    symbols: tuple[Symbol, ...] = ()
    """Contracts as they are now."""
    still: bool = True
    """No deal was made or shown while it was read."""
    summed: bool = False
    """The deals told are the whole history, and make the balance."""
    magics: tuple[int, ...] = ()
    """Of a first look: the magic numbers of all past orders, also of those that made no deal."""


class Listed(msgspec.Struct, frozen=True):
    """A symbol of the terminal: its contract under the broker's name, and where the broker files it."""

    symbol: Symbol
    description: str
    path: str


class SymbolInfos(Tell, frozen=True, kw_only=True):
    """The terminal's symbols."""

    symbols: tuple[Listed, ...]


class Lost(Tell, frozen=True, kw_only=True):
    """The terminal did not answer as it must; the connection has to be made anew."""

    code: int
    reason: str
    fatal: bool = False
    """Trying again cannot help: the broker refuses the login, or lacks a symbol."""


class Renewed(Tell, frozen=True, kw_only=True):
    """It was taken note of, by the worker that was connected to this terminal."""


AnyTell = Connected | Polled | History | Sent | Looked | SymbolInfos | Renewed | Lost

encode = msgspec.msgpack.Encoder().encode
decode_ask = msgspec.msgpack.Decoder(AnyAsk).decode
decode_tell = msgspec.msgpack.Decoder(AnyTell).decode


def framed(value: object) -> bytes:
    """Return a value as one frame: its length, then its msgpack."""
    body = encode(value)
    return LENGTH.pack(len(body)) + body
