"""Bars of a longer timeframe, made of a symbol's recorded ones; the forming bar holds what has been of it so far."""

import datetime as dt

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import Protocol

from brokers.mt5.lookalike.barrow import ROW, BarRow
from market.types import DAY_MS, TIMEFRAMES

_EPOCH_TO_SUNDAY = 3 * DAY_MS
"""From 1970-01-01, a Thursday, to the Sunday after it, on which the package's weeks begin."""
_WEEK = 7 * DAY_MS


class Recorded(Protocol):
    """What a longer timeframe is made of."""

    time: list[int]
    index: int

    def bar(self, i: int) -> BarRow:
        """Return a bar that exists, as far as it has come."""
        ...


def length_of(name: str) -> int:
    """Return a timeframe's length in seconds, that of a month at least."""
    return 28 * 86_400 if name == "MN1" else TIMEFRAMES[name]


def opening(name: str) -> Callable[[int], int]:
    """Return what tells when the bar opened to which a moment belongs, on the server's clock in milliseconds."""
    if name == "MN1":
        return _month
    if name == "W1":
        return lambda at: (at - _EPOCH_TO_SUNDAY) // _WEEK * _WEEK + _EPOCH_TO_SUNDAY
    step = TIMEFRAMES[name] * 1000
    return lambda at: at // step * step


def _month(at: int) -> int:
    day = dt.datetime.fromtimestamp(at // 1000, tz=dt.UTC)
    return int(dt.datetime(day.year, day.month, 1, tzinfo=dt.UTC).timestamp()) * 1000


class Frame:
    """The bars of one longer timeframe; it changes with the series that it is made of."""

    __slots__ = ("_first", "_packed", "_series", "time")

    def __init__(self, series: Recorded, name: str) -> None:
        """Find out which recorded bars belong to which longer one."""
        self._series = series
        self.time: list[int] = []
        self._first: list[int] = []
        self._packed: dict[int, bytes] = {}
        opened = opening(name)
        for i, at in enumerate(series.time):
            begins = opened(at)
            if not self.time or begins != self.time[-1]:
                self.time.append(begins)
                self._first.append(i)

    @property
    def index(self) -> int:
        """The forming bar."""
        return bisect_right(self._first, self._series.index) - 1

    def rates(self, first: int, last: int) -> bytes:
        """Return bars `first` to `last` (indices, both included, cut to what exists), packed, oldest first."""
        return b"".join(self._row(i) for i in range(max(first, 0), min(last, self.index) + 1))

    def before(self, seconds: int) -> int:
        """Return the index of the last existing bar that opened at or before a time, -1 for none."""
        return bisect_right(self.time, seconds * 1000, hi=self.index + 1) - 1

    def since(self, seconds: int) -> int:
        """Return the index of the first existing bar that opened at or after a time."""
        return bisect_left(self.time, seconds * 1000, hi=self.index + 1)

    def _row(self, i: int) -> bytes:
        """Return a bar; one that is closed is made only once."""
        if i < self.index:
            if i not in self._packed:
                self._packed[i] = self._made(self._first[i], self._first[i + 1], self.time[i])
            return self._packed[i]
        return self._made(self._first[i], self._series.index + 1, self.time[i])

    def _made(self, first: int, end: int, at: int) -> bytes:
        bars = [self._series.bar(i) for i in range(first, end)]
        high, low = max(b.high for b in bars), min(b.low for b in bars)
        volume, spread = sum(b.volume for b in bars), bars[0].spread
        return ROW.pack(at // 1000, bars[0].open, high, low, bars[-1].close, volume, spread, 0)
