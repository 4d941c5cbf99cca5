"""The simulated venue: one matching and money model for backtest, paper desk, shadow books and look-alike.

A bar comes in two halves. `open_bar` is its first tick: swap of the nights since, then stops and targets, expiries and
resting orders that the open has jumped, all filled at the open, then the margin. Orders decided on the bar before are
sent now and execute at that quote. `play_bar` is the rest: positions first, then resting orders, each by ticket; where
a bar reached both stop and target the stop counts (`fills.touched`, and for the bar of a fill `fills.touched_after`);
the margin is looked at once more at the close. An order's expiry inside a bar counts from the next quote. `at` is in
milliseconds, by the server's own clock, at whose midnight nights begin, or UTC: then `zone` says what that clock shows.
"""

from collections.abc import Mapping
from typing import Self

import msgspec

from brokers.book import Book, book_of, units_of
from brokers.costs import Costs
from brokers.desk import work
from brokers.facts import Answer, DealMade, OrderGone
from brokers.fills import shift
from brokers.ledger import Ledger, deposit, flow, keep, take_late_news
from brokers.margins import bind
from brokers.matching import jump, play
from brokers.requests import AnyRequest
from brokers.rollover import day_of, expire, next_end, roll
from brokers.statement import Statement
from brokers.stopout import STOP_OUT_LEVEL, call_margin
from brokers.swap import swap_of
from market.types import Deal, Flow, Symbol


class VenueError(ValueError):
    """The venue was asked for what it cannot be."""


class Venue(Statement):
    """An account at a simulated broker."""

    __slots__ = ()

    def __init__(  # noqa: PLR0913 - the account's rules, each by its name
        self,
        symbols: Mapping[str, Symbol],
        costs: Mapping[str, Costs],
        *,
        currency: str,
        balance: float,
        leverage: int,
        first_ticket: int = 1,
        at: int,
        stop_out: float = STOP_OUT_LEVEL,
        hedging: bool = True,
        limit_orders: int = 0,
        visible_after_ms: int = 0,
        seed: int = 0,
        stop_out_money: float | None = None,
        margin_call: float = 1.0,
        zone: str = "UTC",
    ) -> None:
        """Open the account with a balance deal; a margin level below `stop_out` closes positions, the worst first.

        limit_orders: how many may rest, 0 any number. visible_after_ms: how long a deal does not show. seed: where in
        the draws of slippage the account begins. stop_out_money: equity that closes positions, in place of the level.
        margin_call: level, or equity, below which `called` is true. zone: the rule of the server's clock
        (`brokers/mt5/zone.py`), at whose midnight nights begin, where the moments that are told are UTC.
        """
        books: dict[str, Book] = {}
        for name, symbol in symbols.items():
            c = costs.get(name, Costs())
            book = book_of(symbol, currency, c.spread, c.slippage, c.commission, swap_of(symbol, c.swap), symbols)
            if book is None:
                raise VenueError(f"{name}: use an account in {symbol.currency_profit}; no pairs lead to {currency}")
            book.depth, book.slips = c.depth, c.slips
            books[name] = book
        self._a = Ledger(
            at=at, ticket=first_ticket, currency=currency, leverage=leverage, stop_out=stop_out, books=books,
            hedging=hedging, limit_orders=limit_orders, ends=next_end(books),
            visible_after=visible_after_ms, seed=seed, stop_out_money=stop_out_money, margin_call=margin_call,
            zone=zone,
        )  # fmt: skip
        deposit(self._a, balance)

    # --- the market moves -------------------------------------------------------------------------------------------

    def open_bar(self, symbol: str, at: int, open: float, spread: float) -> None:  # noqa: A002 - the bar's own word
        """Quote a bar's first tick; `spread` in points, 0.0 where the bar has none."""
        book = self._a.books[symbol]
        book.spread = spread if spread > 0.0 else book.usual_spread
        self._quote(book, at, open, shift(open, book.spread, book.scale))

    def tick(self, symbol: str, at: int, bid: float, ask: float) -> None:
        """Quote live prices; a tick that arrives late is taken at the venue's time."""
        book = self._a.books[symbol]
        book.spread = (ask - bid) * book.scale
        self._quote(book, max(at, self._a.at), bid, ask)

    def play_bar(self, symbol: str, at: int, high: float, low: float, close: float) -> None:
        """Play what followed the bar's open, and quote its close at `at`, the bar's last millisecond."""
        a = self._a
        book = a.books[symbol]
        if not a.at <= at < a.ends:
            self._not_just_later(at)
        a.at = at
        if book.positions or book.orders:
            play(a, book, high, low, close)
        book.bid = close
        book.ask = shift(close, book.spread, book.scale)
        if a.watched:
            call_margin(a)

    def offer(self, symbol: str, depth: float) -> None:
        """Let a quote fill no more than `depth` lots from now on; 0.0: any."""
        self._a.books[symbol].depth = depth

    def _quote(self, book: Book, at: int, bid: float, ask: float) -> None:
        a = self._a
        if not a.at <= at < a.ends:
            self._not_just_later(at)
        a.at = at
        day = day_of(a, at)
        if day != book.day:
            roll(a, book, day)
        book.bid = bid
        book.ask = ask
        if book.positions or book.orders:
            jump(a, book)
        if a.watched:
            call_margin(a)

    def _not_just_later(self, at: int) -> None:
        """Refuse to go back; else end the contracts that end by then."""
        if at < self._a.at:
            raise VenueError(f"bars must come in order of time: {at} follows {self._a.at}")
        expire(self._a, at)

    # --- the desk ---------------------------------------------------------------------------------------------------

    def send(self, request: AnyRequest) -> Answer:
        """Work one request at the current quote; codes are MetaTrader's return codes."""
        return work(self._a, request)

    def flow(self, kind: Flow, amount: float, comment: str = "") -> Deal:
        """Let money of any kind come or go: credit, charge, bonus, dividend …; negative where it goes."""
        return flow(self._a, kind, amount, comment)

    def respecify(self, symbol: Symbol) -> None:
        """Trade a symbol by another contract from now on, what is open in it too."""
        book = self._a.books[symbol.name]
        book.symbol, book.scale, book.tick = symbol, symbol.scale, symbol.tick_points
        book.contract = units_of(symbol, self._a.currency)
        book.value = book.contract / symbol.scale
        self._a.ends = next_end(self._a.books)

    def news(self) -> list[DealMade | OrderGone]:
        """Tell what has become visible since the last call, in the venue's order."""
        a = self._a
        if a.visible_after:
            return take_late_news(a)
        news, a.news = a.news, []
        return news

    def keep(self, newest: int) -> None:
        """Let go of all deals but the newest, at least one; news not told yet are told all the same.

        Whoever lives long, and has heard of a deal, needs it no more. VenueError where deals show late: the balance
        that can be seen is their sum.
        """
        if self._a.visible_after or newest < 1:
            raise VenueError(f"{newest} deals cannot be kept: one is the least, and none goes where they show late")
        keep(self._a, newest)

    # --- kept and made again ------------------------------------------------------------------------------------------

    def live_by(self, zone: str) -> None:
        """Have nights begin by a server's clock from now on: what was kept by an older version knows of none."""
        self._a.zone = zone

    def trial(self) -> Self:
        """Return a copy without a past, to try a request on."""
        without = msgspec.structs.replace(self._a, deals=[], news=[], visible_after=0)
        return self.restore(msgspec.msgpack.encode(without))

    def snapshot(self) -> bytes:
        """Return everything the venue knows; what `restore` makes of it behaves the same ever after."""
        return msgspec.msgpack.encode(self._a)

    @classmethod
    def restore(cls, snapshot: bytes) -> Self:
        """Return the venue that wrote the snapshot."""
        venue = cls.__new__(cls)
        venue._a = msgspec.msgpack.decode(snapshot, type=Ledger)  # noqa: SLF001 - its own
        bind(venue._a)  # noqa: SLF001
        return venue
