"""What a terminal says: facts in the past tense, about the link, the market, and what became of requests.

Everything that crosses from a venue to the rest of the house is one of these frozen values, whether the venue is a real
MetaTrader 5, the look-alike, the paper desk or the backtest. `at` is server time in UTC milliseconds.
"""

from typing import Literal

import msgspec

from market.types import Account, Bar, Deal, Order, Position, Symbol


class Fact(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Something that happened, at server time `at`."""

    at: int


# --- the link -------------------------------------------------------------------------------------------------------


class LinkUp(Fact, frozen=True, kw_only=True):
    """The terminal answers, is logged in as configured, and the broker is connected."""

    account: Account
    forbidden: str = ""
    """Why nothing can be traded all the same, and what to do about it; empty: it can."""


class LinkDown(Fact, frozen=True, kw_only=True):
    """The terminal or its broker is out of reach; nothing is known until a reconcile."""

    reason: str
    given_up: bool = False
    """The link will not be tried again by itself: a person must look."""
    away_s: float = 0.0
    """Still tried, but away for so long of an open market that a person should look; 0.0: not for so long."""


class WrongTerminal(Fact, frozen=True, kw_only=True):
    """A frame came from another account than configured: nothing in it may be believed."""

    expected: str
    found: str


class SymbolSeen(Fact, frozen=True, kw_only=True):
    """The broker's specification of a symbol, as told at connect."""

    symbol: Symbol


class TradingForbidden(Fact, frozen=True, kw_only=True):
    """The terminal answers, but it or the account may not trade: AutoTrading off, an investor's password."""

    reason: str


class TradingAllowed(Fact, frozen=True, kw_only=True):
    """Terminal and account may trade again."""


# --- the market -----------------------------------------------------------------------------------------------------

BarPhase = Literal["live", "warm", "missed"]


class BarClosed(Fact, frozen=True, kw_only=True):
    """A bar is finished; `at`, `bid` and `ask` are of the tick that showed it (the first of the next bar)."""

    bar: Bar
    bid: float
    ask: float
    phase: BarPhase = "live"
    """warm: history before the run. missed: it closed while we were away; decided, never traded."""


class HistoryTold(Fact, frozen=True, kw_only=True):
    """All bars that there are of before were told: what is not warm by now is so only bars later."""


class HistoryGrown(Fact, frozen=True, kw_only=True):
    """The terminal has more history of a feed by now than it had when that was told: all of it is told anew."""

    symbol: str
    timeframe: str


class BarRevised(Fact, frozen=True, kw_only=True):
    """The terminal now tells another story of a bar it has already told."""

    bar: Bar


class FeedBroken(Fact, frozen=True, kw_only=True):
    """A bar or tick that fails the data contract; it was not folded in."""

    symbol: str
    problem: str


class FeedStale(Fact, frozen=True, kw_only=True):
    """A symbol whose market is open is silent or its quotes stand still: what it says now is old."""

    symbol: str
    problem: str


class FeedFresh(Fact, frozen=True, kw_only=True):
    """A symbol that was stale is quoted again."""

    symbol: str


class ClockDoubted(Fact, frozen=True, kw_only=True):
    """The server's clock contradicts the zone configured for it, or does so no more: then `problem` is empty."""

    problem: str


class WorthSeen(Fact, frozen=True, kw_only=True):
    """What the account is worth between two bars, told where it matters to a limit: a loss nears it, or a day began."""

    worth: float
    """Balance and open profit, credit left out; account money."""
    highest: float
    """The most that was seen since it was told last."""
    quotes: dict[str, tuple[float, float]] = {}
    """(bid, ask) by symbol, of the same moment."""


class DataEnded(Fact, frozen=True, kw_only=True):
    """Recorded data is over: the next bar of each feed is the last one."""


# --- answers: exactly one for each request --------------------------------------------------------------------------


class Accepted(Fact, frozen=True, kw_only=True):
    """The venue did what it was asked: executed (`deal` > 0 where it says so) or placed."""

    id: int
    order: int = 0
    deal: int = 0
    volume: float = 0.0
    price: float = 0.0
    bid: float = 0.0
    """With `ask`, the quote at which it was sent; zeros: nobody told."""
    ask: float = 0.0


class Rejected(Fact, frozen=True, kw_only=True):
    """The venue clearly refused: nothing was done."""

    id: int
    code: int
    reason: str


class Refused(Fact, frozen=True, kw_only=True):
    """The gateway refused before anything was sent; `code` is from `brokers.limits.GATES`."""

    id: int
    code: int
    reason: str


class InDoubt(Fact, frozen=True, kw_only=True):
    """Nobody knows whether it was done. Never resent: only a reconcile can tell."""

    id: int
    code: int
    reason: str


Answer = Accepted | Rejected | Refused | InDoubt


# --- news nobody asked for ------------------------------------------------------------------------------------------


class DealMade(Fact, frozen=True, kw_only=True):
    """A deal became visible in the venue's history."""

    deal: Deal


OrderEnd = Literal["filled", "cancelled", "expired", "rejected"]


class OrderGone(Fact, frozen=True, kw_only=True):
    """A resting order rests no more."""

    order: int
    magic: int
    end: OrderEnd
    comment: str = ""
    """What the venue wrote in place of the order's comment, if it did."""


class Reconciled(Fact, frozen=True, kw_only=True):
    """All the venue holds, read at one moment, after every deal it knows was told."""

    id: int = 0
    account: Account
    positions: tuple[Position, ...]
    orders: tuple[Order, ...]
    last_deal: int = 0
    """Highest deal ticket in the venue's history at that moment."""
    settled: bool = False
    """The settle window has passed: what is not found now is missing."""
    counted: bool = True
    """The balance holds the money of all deals told so far and of no others, as far as anybody can tell."""


BrokerFact = (
    LinkUp | LinkDown | WrongTerminal | TradingForbidden | TradingAllowed | SymbolSeen | BarClosed | BarRevised
    | HistoryTold | HistoryGrown | FeedBroken | FeedStale | FeedFresh | ClockDoubted | WorthSeen | DataEnded | Accepted
    | Rejected | Refused | InDoubt | DealMade | OrderGone | Reconciled
)  # fmt: skip
