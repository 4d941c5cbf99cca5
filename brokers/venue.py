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
from brokers.commission import Commission
from brokers.desk import work
from brokers.facts import Answer, DealMade, OrderGone
from brokers.fills import INVERSE, shift, unit_rate
from brokers.ledger import Ledger, deposit, equity, flow, keep, seen, take_late_news
from brokers.margins import bind, required
from brokers.matching import jump, play, unsure
from brokers.requests import AnyRequest
from brokers.rollover import day_of, expire, next_end, roll
from brokers.stopout import STOP_OUT_LEVEL, call_margin, is_called
from brokers.swap import Swap, swap_of
from brokers.valuation import earned, position, rates
from market.money import cents
from market.types import Account, Deal, Flow, Order, Position, Side, Symbol


class VenueError(ValueError):
    """The venue was asked for what it cannot be."""


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """What trading one symbol costs beside its own spread."""

    spread: float = 0.0
    """Points; used where a bar has none of its own."""
    slippage: float = 0.0
    """Points, always against us, on market and stop fills."""
    commission: Commission = 0.0
    """Account money a lot and side, or another way to charge: `{per = "lot", rate = 5.0, on = "in"}`."""
    swap: Swap = True
    """Apply the symbol's swap, or another: `{by = "interest", long = -30.0, short = 0.0}`."""
    slips: tuple[float, ...] = ()
    """Points by which executions miss, over and over: positive against us, negative for us; limit orders never miss."""
    depth: float = 0.0
    """Most lots that one quote fills; 0.0: any."""
    latency_ms: float | tuple[float, ...] = 0.0
    """From a decision to the market, or draws of it; played where a backtest has ticks: bars have no quote then."""


class Venue:
    """An account at a simulated broker."""

    __slots__ = ("_a",)

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

    def unsure(self, symbol: str, high: float, low: float, close: float) -> int | None:
        """Return how many exits a bar would leave open by itself; None where nothing is there that it could move."""
        return unsure(self._a.books[symbol], high, low, close) if self.stands(symbol) else None

    def stands(self, symbol: str) -> bool:
        """Tell whether a position is open in a symbol, or an order rests there."""
        book = self._a.books[symbol]
        return bool(book.positions or book.orders)

    def quote(self, symbol: str) -> tuple[float, float]:
        """Return the last (bid, ask) of a symbol; zeros before the first."""
        book = self._a.books[symbol]
        return book.bid, book.ask

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

    # --- the account ------------------------------------------------------------------------------------------------

    @property
    def at(self) -> int:
        """Time of the last thing that happened here."""
        return self._a.at

    @property
    def balance(self) -> float:
        """Sum of the money of all deals that can be seen."""
        a = self._a
        return a.balance if not a.visible_after else cents(sum(deal.money for deal in seen(a)))

    @property
    def credit(self) -> float:
        """What the broker lends beside the balance."""
        return self._a.credit

    @property
    def deals(self) -> list[Deal]:
        """All deals that can be seen and are kept, in order."""
        return seen(self._a)

    @property
    def ambiguous(self) -> int:
        """Exits decided by the rule of stop first, because the bar does not tell what came first."""
        return self._a.ambiguous

    def equity(self) -> float:
        """Return balance, credit, floating profit and accrued swap, to the cent, deals not seen yet included."""
        return equity(self._a)

    def margin(self) -> float:
        """Return the margin in use: each position's at its opening price; see `brokers/margins.py` for hedges."""
        return self._a.margin

    def called(self) -> bool:
        """Tell whether the margin is below the call, and nothing is closed by the venue yet."""
        return is_called(self._a)

    def margin_of(self, symbol: str, side: Side, volume: float, price: float) -> float:
        """Return the margin that so many lots would bind on their own; 0.0 where a pair on the way has no quote."""
        return required(self._a, self._a.books[symbol], side, volume, price)

    def profit_of(self, symbol: str, side: Side, opened: float, closed: float, volume: float) -> float:
        """Return the profit that so many lots would make between two prices."""
        return earned(self._a.books, self._a.books[symbol], side, opened, closed, volume)

    def worth(self, symbol: str) -> tuple[float, float]:
        """Return account money for one unit of a symbol's profit currency: of a gain, and of a loss."""
        book = self._a.books[symbol]
        if book.mode == INVERSE:
            own = unit_rate(book.mode, book.bid) if book.bid > 0.0 else 0.0
            return own, own
        return rates(self._a.books, book)

    def live_by(self, zone: str) -> None:
        """Have nights begin by a server's clock from now on: what was kept by an older version knows of none."""
        self._a.zone = zone

    def trial(self) -> Self:
        """Return a copy without a past, to try a request on."""
        without = msgspec.structs.replace(self._a, deals=[], news=[], visible_after=0)
        return self.restore(msgspec.msgpack.encode(without))

    def account(self, login: int = 1, server: str = "venue", *, name: str = "", company: str = "") -> Account:
        """Return the account as a terminal reports it."""
        a = self._a
        return Account(
            login=login, server=server, currency=a.currency, leverage=a.leverage, hedging=a.hedging, demo=True,
            trade_allowed=True, balance=self.balance, equity=self.equity(), margin=a.margin, credit=a.credit, name=name,
            company=company,
        )  # fmt: skip

    def positions(self) -> tuple[Position, ...]:
        """Return what is open, by ticket."""
        shown = [position(self._a.books, book, p) for book in self._a.books.values() for p in book.positions]
        return tuple(sorted(shown, key=lambda p: p.ticket))

    def orders(self) -> tuple[Order, ...]:
        """Return what rests, by ticket."""
        resting = [r.order for book in self._a.books.values() for r in book.orders]
        return tuple(sorted(resting, key=lambda o: o.ticket))

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
