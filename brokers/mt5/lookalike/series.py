"""One symbol's recorded bars on the server's clock: which are closed, which is forming, and the last quote.

Position 0 is always the current bar. Until it is played only its open exists; what comes after does not exist at all.
"""

import copy
import struct

from bisect import bisect_left, bisect_right
from typing import Self

import msgspec

from brokers.fills import shift
from brokers.mt5.lookalike.setup import Columns, SymbolSetup
from market.types import TIMEFRAMES, Symbol

ROW = struct.Struct("<qddddQiQ")
"""A bar as the package packs it: 60 bytes."""


class Series:
    """Bars of one symbol and the place of the clock in them."""

    __slots__ = ("_bars", "_packed", "ask", "at", "bid", "index", "played", "setup", "step", "time")

    def __init__(self, setup: SymbolSetup, bars: Columns, start: int, offset: int) -> None:
        """Stand before the first bar that opens at or after `start`; `offset` is added to all times (milliseconds)."""
        self.setup = setup
        self.time = [time + offset for time in bars.time]
        self.step = TIMEFRAMES[setup.timeframe] * 1000
        self._bars = bars
        rows = zip(bars.open, bars.high, bars.low, bars.close, bars.volume, bars.spread, strict=True)
        self._packed = b"".join(
            ROW.pack(at // 1000, *prices, int(volume), int(spread), 0)
            for at, (*prices, volume, spread) in zip(self.time, rows, strict=True)
        )
        self.index = bisect_left(self.time, start + offset) - 1
        self.played = True
        self.bid = self.ask = 0.0
        self.at = 0
        if self.index >= 0:
            self._quote(self.end, bars.close[self.index])

    @property
    def name(self) -> str:
        """The symbol's name."""
        return self.setup.symbol.name

    @property
    def end(self) -> int:
        """Last millisecond of the current bar."""
        end, after = self.time[self.index] + self.step, self.index + 1
        return (min(end, self.time[after]) if after < len(self.time) else end) - 1

    @property
    def spread(self) -> float:
        """The current bar's own spread in points; 0.0 where it has none."""
        return self._bars.spread[self.index]

    @property
    def open_price(self) -> float:
        """Open of the current bar."""
        return self._bars.open[self.index]

    @property
    def extremes(self) -> tuple[float, float, float]:
        """High, low and close of the current bar, to be told only when it is played."""
        return self._bars.high[self.index], self._bars.low[self.index], self._bars.close[self.index]

    def _quote(self, at: int, bid: float) -> None:
        points = self.spread if self.spread > 0.0 else self.setup.costs.spread
        self.at, self.bid, self.ask = at, bid, shift(bid, points, self.setup.symbol.scale)

    def play(self) -> None:
        """Let the current bar have its high, low and close."""
        self.played = True
        self._quote(self.end, self._bars.close[self.index])

    def open_next(self, at: int) -> bool:
        """Open the bar of this moment, if there is one."""
        after = self.index + 1
        if after >= len(self.time) or self.time[after] != at:
            return False
        self.index, self.played = after, False
        self._quote(at, self.open_price)
        return True

    def frozen(self) -> Self:
        """Return the series as it is now; its clock stands still."""
        return copy.copy(self)

    def respecify(self, symbol: Symbol) -> None:
        """Let the symbol have another contract."""
        self.setup = msgspec.structs.replace(self.setup, symbol=symbol)

    def at_time(self, time: int) -> int | None:
        """Return the index of the bar that opens at `time`, None where there is none."""
        i = bisect_left(self.time, time)
        return i if i < len(self.time) and self.time[i] == time else None

    def revise(self, time: int, prices: tuple[float, float, float, float]) -> None:
        """Tell another story of the bar that opened at `time`: open, high, low, close."""
        i, b = self.at_time(time), self._bars
        if i is None:
            return
        b.open[i], b.high[i], b.low[i], b.close[i] = prices
        row = ROW.pack(time // 1000, *prices, int(b.volume[i]), int(b.spread[i]), 0)
        self._packed = self._packed[: i * ROW.size] + row + self._packed[(i + 1) * ROW.size :]

    # --- what a terminal shows --------------------------------------------------------------------------------------

    def rates(self, first: int, last: int) -> bytes:
        """Return bars `first` to `last` (indices, both included, cut to what exists), packed, oldest first."""
        first, last = max(first, 0), min(last, self.index)
        if first > last:
            return b""
        if last < self.index or self.played:
            return self._packed[first * ROW.size : (last + 1) * ROW.size]
        o = self.open_price
        forming = ROW.pack(self.time[last] // 1000, o, o, o, o, 1, int(self.spread), 0)
        return self._packed[first * ROW.size : last * ROW.size] + forming

    def before(self, seconds: int) -> int:
        """Return the index of the last existing bar that opened at or before a time, -1 for none."""
        return bisect_right(self.time, seconds * 1000, hi=self.index + 1) - 1

    def since(self, seconds: int) -> int:
        """Return the index of the first existing bar that opened at or after a time."""
        return bisect_left(self.time, seconds * 1000, hi=self.index + 1)
