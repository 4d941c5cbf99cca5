"""Reading a terminal: accounts, bars, deals and orders as our values; None is a failure, never flat."""

import os
import time

from collections.abc import Callable
from typing import Any

from brokers.mt5.frames import Closed, FeedCursor, Identity, Translator
from brokers.port import DealMade, OrderGone
from market.types import TIMEFRAMES, Bar

_DAY_S = 86_400
_LATEST = 2**31 - 1
"""The last second the package can be asked about."""
_LATE_S = 7_200
"""Deals are asked for from so long before the cursor: they show late, and in autumn the clock shows an hour twice."""
_UNSEEN_S = 7 * _DAY_S
"""An order in doubt is looked for so long before the cursor: it may have ended before the last deal was made."""
_GONE_STATES = {2: "cancelled", 4: "filled", 5: "rejected", 6: "expired"}
TERMINAL_EVERY_S = 0.5
"""Seconds for which `terminal_info` is believed; login and server are read in every breath."""


class TerminalLostError(Exception):
    """A call that must answer did not: the connection has to be made anew; `fatal` where that cannot help."""

    def __init__(self, reason: str, *, fatal: bool = False) -> None:
        """Say what did not answer."""
        super().__init__(reason)
        self.fatal = fatal


class Reader:
    """What can be read of one terminal, through the package or what looks like it."""

    def __init__(self, package: Any, control: Any, elapsed: Callable[[], float] = time.monotonic) -> None:  # noqa: ANN401 - the package, and a replay's control or None
        """Begin unconnected; `elapsed` tells monotonic seconds."""
        self.mt5, self.control, self.elapsed = package, control, elapsed
        self.names: dict[str, str] = {}
        self.path = self.found = ""
        self.translate = Translator("UTC", {})
        self.timeframes = {name: getattr(package, f"TIMEFRAME_{name}") for name in TIMEFRAMES}
        self.ticks: dict[str, Any] = {}
        self.checked = -1.0

    def must(self, value: Any, what: str) -> Any:  # noqa: ANN401 - whatever the package returns
        """Return a value that may not be None."""
        if value is None:
            raise TerminalLostError(f"{what} gave nothing")
        return value

    def who(self) -> Identity:
        """Say which account this is, now; that the broker is connected is asked twice a second."""
        account = self.must(self.mt5.account_info(), "account_info")
        if self.elapsed() - self.checked > TERMINAL_EVERY_S:
            terminal = self.must(self.mt5.terminal_info(), "terminal_info")
            if not terminal.connected:
                raise TerminalLostError("the terminal has no connection to its broker")
            self.checked = self.elapsed()
            self.found = self.path if _home(terminal.path) == _home(self.path) else terminal.path
        return Identity(account.login, account.server, self.found)

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
        return state

    def closed(self, feed: FeedCursor, *, ended: bool) -> list[Closed]:
        """Return the bars that closed after the cursor, with the last tick read."""
        count = 3  # the bar of the cursor, the one that closed after it, and the forming one
        while True:
            rates = self.rates(feed.symbol, feed.timeframe, count)
            times = [self.translate.utc(row[0] * 1000) for row in rates]
            if len(rates) < count or not times or times[0] <= feed.after:
                break
            count *= 8
        tick = self.must(self.ticks[feed.symbol], feed.symbol)
        last = len(rates) if ended else len(rates) - 1
        return [
            Closed(self.bar(feed, rates[i]), tick.bid, tick.ask, times[i + 1] if i + 1 < len(times) else 0)
            for i in range(last)
            if times[i] > feed.after
        ]

    def rates(self, symbol: str, timeframe: str, count: int) -> list[Any]:
        """Return the last bars as rows, the forming one last."""
        rates = self.mt5.copy_rates_from_pos(self.names[symbol], self.timeframes[timeframe], 0, count)
        return list(self.must(rates, f"bars of {symbol} {timeframe}").tolist())

    def bar(self, feed: FeedCursor, row: Any) -> Bar:  # noqa: ANN401 - a row of the package's array
        """Translate one row."""
        at, open_, high, low, close, volume, spread, _ = row
        time_ms = self.translate.utc(at * 1000)
        return Bar(feed.symbol, feed.timeframe, time_ms, open_, high, low, close, float(volume), float(spread))

    def deals(self, since: int) -> Any:  # noqa: ANN401 - a tuple of the package's structures
        """Return the deals since a moment; the horizon is surely after every deal: server clocks run ahead of UTC."""
        start = max(0, self.translate.server(since) - _LATE_S)
        newest = max((t.time for t in self.ticks.values() if t is not None), default=0)
        horizon = min(_LATEST, max(newest, start) + 7 * _DAY_S) if newest else _LATEST
        return self.must(self.mt5.history_deals_get(start, horizon), "history_deals_get")

    def news(self, last_deal: int, since: int, watch: tuple[int, ...]) -> tuple[DealMade | OrderGone, ...]:
        """Return deals after the cursor and what became of watched orders that rest no more."""
        fresh = sorted((d for d in self.deals(since) if d.ticket > last_deal), key=lambda d: d.ticket)
        made = [DealMade(at=self.translate.utc(d.time_msc), deal=self.translate.deal(d)) for d in fresh]
        return (*made, *self._ended(watch))

    def ended(self, magics: tuple[int, ...], since: int) -> tuple[OrderGone, ...]:
        """Return the ends of orders that are known by their magic number alone: they rested and ended unseen."""
        if not magics:
            return ()
        start = max(0, self.translate.server(since) - _UNSEEN_S)
        orders = self.must(self.mt5.history_orders_get(start, _LATEST), "history_orders_get")
        return tuple(self._gone(o) for o in orders if o.magic in magics and o.state in _GONE_STATES)

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


def _home(path: str) -> str:
    """Return the folder of a terminal's program, written in one way, wherever the program or its folder is named."""
    plain = os.path.normcase(os.path.realpath(path))
    return os.path.dirname(plain) if plain.endswith(".exe") else plain  # noqa: PTH120 - ntpath under Wine
