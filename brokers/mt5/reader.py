"""Reading a terminal: accounts, bars, deals and orders as our values; None is a failure, never flat."""

import os

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from brokers.facts import DealMade, OrderGone
from brokers.mt5.frames import Closed, FeedCursor, Identity, Look, Poll
from brokers.mt5.retcodes import LOST
from brokers.mt5.translator import Translator
from market.types import TIMEFRAMES, Account, Bar

_DAY_S = 86_400
_LATEST = 2**31 - 1
"""The last second the package can be asked about."""
_LATE_S = 27 * 3_600
"""Deals are asked for from so long before the cursor: they show late, in autumn the clock shows an hour twice, and one
that was wrong may have told the last deal for a later one, by as much as two clocks of the world can differ."""
_UNSEEN_S = 7 * _DAY_S
"""An order in doubt is looked for so long before the cursor: it may have ended before the last deal was made."""
_DUST = 0.005
"""Half a cent."""
_GONE_STATES = {2: "cancelled", 4: "filled", 5: "rejected", 6: "expired"}


class TerminalLostError(Exception):
    """A call that must answer did not: the connection has to be made anew; `fatal` where that cannot help."""

    def __init__(self, reason: str, *, fatal: bool = False) -> None:
        """Say what did not answer."""
        super().__init__(reason)
        self.fatal = fatal


class StrangerError(Exception):
    """Another account or terminal answers than the one configured: nothing that it says is ours."""

    def __init__(self, who: Identity) -> None:
        """Say who it is."""
        super().__init__("another account or terminal answers")
        self.who = who


class Reader:
    """What can be read of one terminal, through the package or what looks like it."""

    def __init__(self, package: Any, control: Any) -> None:  # noqa: ANN401 - the package, and a replay's control or None
        """Begin unconnected."""
        self.mt5, self.control = package, control
        self.names: dict[str, str] = {}
        self.path = ""
        self.forbidden = ""
        """Why nothing can be traded, as read with the identity; empty: it can."""
        self.worth = float("nan")
        """Equity without credit, read likewise."""
        self.translate = Translator("UTC", {})
        self.timeframes = {name: getattr(package, f"TIMEFRAME_{name}") for name in TIMEFRAMES}
        self.ticks: dict[str, Any] = {}
        self.closes: dict[str, tuple[int, float]] = {}
        self.lockstep = False
        """As the replay's clock told it last: it waits for whoever trades."""

    def must(self, value: Any, what: str) -> Any:  # noqa: ANN401 - whatever the package returns
        """Return a value that may not be None."""
        if value is None:
            raise TerminalLostError(f"{what} gave nothing")
        return value

    def who(self) -> Identity:
        """Say which account and terminal this is, now, and whether it may trade; that the broker is connected, too."""
        account = self.must(self.mt5.account_info(), "account_info")
        terminal = self.must(self.mt5.terminal_info(), "terminal_info")
        if not terminal.connected:
            raise TerminalLostError("the terminal has no connection to its broker")
        self.forbidden = forbidden_by(terminal, account)
        self.worth = account.equity - account.credit
        found = self.path if home_of(terminal.path) == home_of(self.path) else terminal.path
        return Identity(account.login, account.server, found)

    def account(self, ours: Identity) -> Account:
        """Return the account's money; StrangerError where it is another one's, whoever answers a moment later."""
        told = self.must(self.mt5.account_info(), "account_info")
        if (told.login, told.server) != (ours.login, ours.server):
            raise StrangerError(Identity(told.login, told.server, ours.path))
        return self.translate.account(told)

    def now(self) -> int:
        """Read every symbol's tick afresh; return the newest server time among them, UTC milliseconds."""
        self.ticks = {name: self.mt5.symbol_info_tick(broker) for name, broker in self.names.items()}
        return max((self.translate.utc(t.time_msc) for t in self.ticks.values() if t is not None), default=0)

    def replay(self, done: int = 0) -> dict[str, Any]:
        """Return where a recorded clock stands, letting it go on from `done` first; a real one just runs."""
        if self.control is None:
            return {"ended": False, "lockstep": False, "news": -1}
        told = self.control.done(self.translate.dial(done)) if done else self.control.state()
        state: dict[str, Any] = self.must(told, "the replay's clock")
        self.lockstep = bool(state.get("lockstep", self.lockstep))
        return state

    def since(self, feed: FeedCursor) -> list[Any] | None:
        """Return rows from the cursor's bar on, the forming one last; None while history does not reach back to it.

        A terminal that is still loading its history gives nothing, or the newest bars only: the others are to come.
        """
        count = 2 + max(len(feed.known), 1)  # the bars told already, the one that closed after them, the forming one
        while True:
            rows = self.rates(feed.symbol, feed.timeframe, count)
            if not rows:
                return None if feed.after else []
            if self.translate.utc(rows[0][0] * 1000) <= feed.after:
                return rows
            if len(rows) < count:
                return None if feed.after else rows
            count *= 8

    def closed(self, feed: FeedCursor, rows: list[Any], *, ended: bool) -> list[Closed] | None:
        """Return the bars that closed after the cursor, with the last tick read; None where there is no tick yet."""
        times = [self.translate.utc(row[0] * 1000) for row in rows]
        last = len(rows) if ended else len(rows) - 1
        fresh = [i for i in range(last) if times[i] > feed.after]
        tick = self.ticks.get(feed.symbol)
        if tick is None:
            return None if fresh else []
        after = [*times[1:], 0]
        bars = self.finished(feed, [rows[i] for i in fresh])
        return [Closed(bar, tick.bid, tick.ask, after[i]) for bar, i in zip(bars, fresh, strict=True)]

    def revised(self, feed: FeedCursor, rows: list[Any]) -> list[Bar]:
        """Return the known bars whose prices are others by now."""
        if not feed.known:
            return []
        now = {bar.time: bar for bar in (self.bar(feed, row) for row in rows)}
        return [now[old.time] for old in feed.known if old.time in now and _prices(now[old.time]) != _prices(old)]

    def moved(self, feed: FeedCursor, rows: list[Any]) -> bool:
        """Say whether known bars are not where they were, as far back as the rows go."""
        times = {self.translate.utc(row[0] * 1000) for row in rows}
        first = min(times, default=0)
        return any(old.time >= first and old.time not in times for old in feed.known)

    def rates(self, symbol: str, timeframe: str, count: int) -> list[Any]:
        """Return the last bars as rows, the forming one last; none where the terminal has no history yet."""
        rates = self.mt5.copy_rates_from_pos(self.names[symbol], self.timeframes[timeframe], 0, count)
        if rates is None and self.mt5.last_error()[0] in LOST:
            raise TerminalLostError(f"bars of {symbol} {timeframe} gave nothing")
        return [] if rates is None else list(rates.tolist())

    def finished(self, feed: FeedCursor, rows: Sequence[Any]) -> tuple[Bar, ...]:
        """Translate rows of bars that have closed, the last one last, and remember at what price that did."""
        bars = tuple(self.bar(feed, row) for row in rows)
        if bars and not self.lockstep:
            ends = bars[-1].time + TIMEFRAMES[feed.timeframe] * 1000
            self.closes[feed.symbol] = max(self.last(feed.symbol), (ends, bars[-1].close))
        return bars

    def last(self, symbol: str) -> tuple[int, float]:
        """Return when the last bar of a symbol has closed, UTC milliseconds, and at which price; zeros: nobody knows.

        In a replay of bars nobody does: it knows one price of each, which may be far from that of the last.
        """
        return self.closes.get(symbol, (0, 0.0))

    def bar(self, feed: FeedCursor, row: Any) -> Bar:  # noqa: ANN401 - a row of the package's array
        """Translate one row."""
        at, open_, high, low, close, volume, spread, _ = row
        time_ms = self.translate.utc(at * 1000)
        return Bar(feed.symbol, feed.timeframe, time_ms, open_, high, low, close, float(volume), float(spread))

    def deals(self, since: int) -> Any:  # noqa: ANN401 - a tuple of the package's structures
        """Return the deals since a moment."""
        start = max(0, self.translate.server(since) - _LATE_S)
        return self.must(self.mt5.history_deals_get(start, self._horizon(start)), "history_deals_get")

    def _horizon(self, start: int) -> int:
        """Return a server time that is surely after everything in history: server clocks run ahead of UTC."""
        newest = max((t.time for t in self.ticks.values() if t is not None), default=0)
        return min(_LATEST, max(newest, start) + 7 * _DAY_S) if newest else _LATEST

    def past_magics(self) -> tuple[int, ...]:
        """Return the magic numbers of all orders in history: one that was taken back has used its own up as well."""
        orders = self.must(self.mt5.history_orders_get(0, self._horizon(0)), "history_orders_get")
        return tuple(sorted({order.magic for order in orders}))

    def fresh(self, ask: Poll | Look) -> list[Any]:
        """Return the deals not heard yet, in the order of their tickets; late ones are lower than some that were."""
        floor, heard = min(ask.heard, default=ask.last_deal), frozenset(ask.heard)
        deals = (d for d in self.deals(ask.last_deal_at) if d.ticket > floor and d.ticket not in heard)
        return sorted(deals, key=lambda d: d.ticket)

    def news(self, ask: Poll | Look) -> tuple[DealMade | OrderGone, ...]:
        """Return deals not heard yet and what became of watched orders that rest no more."""
        made = [DealMade(at=self.translate.utc(d.time_msc), deal=self.translate.deal(d)) for d in self.fresh(ask)]
        return (*made, *self._ended(ask.watch))

    def ended(self, magics: tuple[int, ...], since: int) -> tuple[OrderGone, ...]:
        """Return the ends of orders that are known by their magic number alone: they rested and ended unseen.

        What is about a position, a close of it that was refused perhaps, has its entry's magic number and is not it.
        """
        if not magics:
            return ()
        start = max(0, self.translate.server(since) - _UNSEEN_S)
        orders = self.must(self.mt5.history_orders_get(start, _LATEST), "history_orders_get")
        own = (o for o in orders if o.magic in magics and o.position_id in {0, o.ticket})
        return tuple(self._gone(o) for o in own if o.state in _GONE_STATES)

    def _gone(self, order: Any) -> OrderGone:  # noqa: ANN401 - a structure of the package
        end: Any = _GONE_STATES[order.state]
        return OrderGone(at=self.translate.utc(order.time_done_msc), order=order.ticket, magic=order.magic, end=end)

    def _ended(self, watch: tuple[int, ...]) -> list[OrderGone]:
        gone = []
        for ticket in watch:
            if self.must(self.mt5.orders_get(ticket=ticket), "orders_get"):
                continue
            orders = self.must(self.mt5.history_orders_get(ticket=ticket), "history_orders_get")
            gone += [self._gone(order) for order in orders if order.state in _GONE_STATES]
        return gone


def adds_up(news: tuple[DealMade | OrderGone, ...], balance: float) -> bool:
    """Say whether deals make a balance, money of an account: where they do not, some are old, or yet to show."""
    return abs(sum(n.deal.money for n in news if isinstance(n, DealMade)) - balance) < _DUST


def forbidden_by(terminal: Any, account: Any) -> str:  # noqa: ANN401 - structures of the package
    """Return what keeps programs from trading, and what a person can do about it; empty where nothing does."""
    if terminal.tradeapi_disabled:
        return "the terminal shuts out Python: clear the box for it in Tools, Options, Expert Advisors"
    if not terminal.trade_allowed:
        return "AutoTrading is off in the terminal: press Algo Trading in its toolbar (Ctrl+E)"
    if not account.trade_allowed:
        return "the broker does not let this account trade: an investor's password, or a closed account"
    if not account.trade_expert:
        return "the broker does not let programs trade on this account: ask it to"
    if account.currency_digits > 2:
        money = f"the account's money has {account.currency_digits} decimals"
        return f"{money}, and cents are counted here: trade an account whose money has two or none"
    return ""


def _prices(bar: Bar) -> str:
    """Return a bar's prices, to be held against others; as text, for what is not a number is not equal to itself."""
    return f"{bar.open} {bar.high} {bar.low} {bar.close}"


@lru_cache(maxsize=64)  # asked with every frame, and a link in the path costs a system call a folder
def home_of(path: str) -> str:
    """Return the folder of a terminal's program, written in one way, wherever the program or its folder is named."""
    plain = os.path.normcase(os.path.realpath(path))
    return os.path.dirname(plain) if plain.endswith(".exe") else plain  # noqa: PTH120 - ntpath under Wine
