"""The frames between daemon and worker, and the only place where server time becomes UTC.

One request in flight, a fixed list of verbs, length-prefixed msgpack. Every reply carries who spoke: login, server and
terminal path, read in the same breath as what it tells.
"""

import struct

from typing import Any

import msgspec

from brokers.limits import Limits
from brokers.mt5.contracts import contract_of
from brokers.mt5.zone import fixed_offset_ms, to_server, to_utc
from brokers.port import Answer, AnyRequest, DealMade, OrderGone
from market.types import Account, Bar, Deal, DealEntry, DealReason, Flow, Order, OrderKind, Position, Symbol

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


class Symbols(Ask, frozen=True, kw_only=True):
    """Name the symbols the terminal has, whether we trade them or not."""

    group: str = ""
    """Comma-separated masks, as the package takes them; empty: all."""


AnyAsk = Connect | Poll | Past | Send | Look | Symbols


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
    late: tuple[tuple[str, str], ...] = ()
    """Feeds whose history does not reach back to the cursor yet: of these nothing is told."""
    ticks: dict[str, int] = {}
    """When each symbol's last tick was."""
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


AnyTell = Connected | Polled | History | Sent | Looked | SymbolInfos | Lost

encode = msgspec.msgpack.Encoder().encode
decode_ask = msgspec.msgpack.Decoder(AnyAsk).decode
decode_tell = msgspec.msgpack.Decoder(AnyTell).decode


def framed(value: object) -> bytes:
    """Return a value as one frame: its length, then its msgpack."""
    body = encode(value)
    return LENGTH.pack(len(body)) + body


# --- the package's structures become ours ---------------------------------------------------------------------------

_ENTRIES: dict[int, DealEntry] = {0: "in", 1: "out", 2: "inout", 3: "out_by"}
_FLOWS: dict[int, Flow] = {
    2: "balance", 3: "credit", 4: "charge", 5: "correction", 6: "bonus", 7: "commission", 8: "commission",
    9: "commission", 10: "commission", 11: "commission", 12: "interest", 15: "dividend", 16: "dividend", 17: "tax",
}  # fmt: skip
_REASONS: dict[int, DealReason] = {
    0: "client", 1: "mobile", 2: "web", 3: "expert", 4: "stop", 5: "target", 6: "stop_out", 7: "rollover",
    8: "variation", 9: "split",
}  # fmt: skip
_KINDS: dict[int, OrderKind] = {2: "limit", 3: "limit", 4: "stop", 5: "stop"}


class Translator:
    """Turns what the package returns into our values, for one account: names, times, sides."""

    __slots__ = ("canonical", "fixed", "zone")

    def __init__(self, zone: str, symbols: dict[str, str]) -> None:
        """Know the server's clock and the broker's names."""
        self.zone, self.fixed = zone, fixed_offset_ms(zone)
        self.canonical = {broker: name for name, broker in symbols.items()}

    def utc(self, server_ms: int) -> int:
        """Return UTC milliseconds of a server time in milliseconds; 0 stays 0 (never)."""
        if not server_ms:
            return 0
        return server_ms - self.fixed if self.fixed is not None else to_utc(self.zone, server_ms)

    def dial(self, utc_ms: int) -> int:
        """Return the server's clock in milliseconds at a moment."""
        return to_server(self.zone, utc_ms)

    def server(self, utc_ms: int) -> int:
        """Return the server's clock in whole seconds at a moment; 0 stays 0."""
        return to_server(self.zone, utc_ms) // 1000 if utc_ms else 0

    def name(self, broker: str) -> str:
        """Return the canonical name; a symbol we do not trade keeps the broker's."""
        return self.canonical.get(broker, broker)

    def account(self, info: Any) -> Account:  # noqa: ANN401 - a structure of the package
        """Translate AccountInfo."""
        return Account(
            login=info.login, server=info.server, currency=info.currency, leverage=info.leverage,
            hedging=info.margin_mode == 2, demo=info.trade_mode != 2,
            trade_allowed=bool(info.trade_allowed and info.trade_expert), balance=info.balance, equity=info.equity,
            margin=info.margin, credit=info.credit, name=info.name, company=info.company,
        )  # fmt: skip

    def symbol(self, info: Any) -> Symbol:  # noqa: ANN401 - a structure of the package
        """Translate SymbolInfo, under our name."""
        return contract_of(info, self.name(info.name), self.utc)

    def deal(self, d: Any) -> Deal:  # noqa: ANN401 - a structure of the package
        """Translate TradeDeal; anything but buy and sell is a balance operation."""
        trades = d.type in {0, 1}
        reason: DealReason = _REASONS.get(d.reason, "client") if trades else "balance"
        return Deal(
            ticket=d.ticket, order=d.order, position=d.position_id, at=self.utc(d.time_msc),
            symbol=self.name(d.symbol), side=-1 if d.type == 1 else 1,
            entry=_ENTRIES.get(d.entry, "out") if trades else "none", volume=d.volume, price=d.price,
            profit=d.profit, commission=d.commission, swap=d.swap, fee=d.fee, magic=d.magic, reason=reason,
            comment=d.comment, flow="" if trades else _FLOWS.get(d.type, "other"),
        )  # fmt: skip

    def position(self, p: Any) -> Position:  # noqa: ANN401 - a structure of the package
        """Translate TradePosition."""
        return Position(
            ticket=p.ticket, at=self.utc(p.time_msc), symbol=self.name(p.symbol), side=-1 if p.type == 1 else 1,
            volume=p.volume, price=p.price_open, stop=p.sl, target=p.tp, swap=p.swap, profit=p.profit, magic=p.magic,
            comment=p.comment, identifier=p.identifier,
        )  # fmt: skip

    def order(self, o: Any) -> Order:  # noqa: ANN401 - a structure of the package
        """Translate TradeOrder."""
        return Order(
            ticket=o.ticket, at=self.utc(o.time_setup_msc), symbol=self.name(o.symbol),
            side=-1 if o.type in {1, 3, 5, 7} else 1, kind=_KINDS.get(o.type, "market"), volume=o.volume_current,
            price=o.price_open, stop=o.sl, target=o.tp, expiry=self.utc(o.time_expiration * 1000), magic=o.magic,
            comment=o.comment,
        )  # fmt: skip
