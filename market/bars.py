"""A history of bars as columns: half a million of them are some tens of megabytes, not a gigabyte."""

import math

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from market.types import TIMEFRAMES, Bar


def price_problem(o: float, h: float, l: float, c: float) -> str:
    """Return why four prices cannot be a bar's, or an empty text: files, training and the live feed ask the same.

    >>> price_problem(1.0, 2.0, 0.5, 1.5), price_problem(1.0, 0.9, 0.5, 1.5)
    ('', 'open 1, high 0.9, low 0.5, close 1.5: high and low do not hold the others')
    """
    told = f"open {o:g}, high {h:g}, low {l:g}, close {c:g}"
    if not are_prices(o, h, l, c):
        return f"{told}: not all are prices"
    return "" if holds(o, h, l, c) else f"{told}: high and low do not hold the others"


def are_prices(o: float, h: float, l: float, c: float) -> bool:
    """Tell whether all four are positive and finite."""
    return 0.0 < o < math.inf and 0.0 < h < math.inf and 0.0 < l < math.inf and 0.0 < c < math.inf


def holds(o: float, h: float, l: float, c: float) -> bool:
    """Tell whether high and low hold open and close between them."""
    return l <= o <= h and l <= c <= h


class Bars(msgspec.Struct, frozen=True, kw_only=True):
    """Bars of one symbol and timeframe, oldest first, at strictly rising times; columns are equally long arrays.

    `numpy.frombuffer(bars.close)` and `numpy.asarray(bars.time)` see them without a copy (float64, int64).
    """

    symbol: str
    timeframe: str
    time: "array[int]"
    """When each bar opened, UTC milliseconds."""
    open: "array[float]"
    high: "array[float]"
    low: "array[float]"
    close: "array[float]"
    volume: "array[float]"
    spread: "array[float]"
    """Ask minus bid over the bar, in points; 0.0 where it is not known."""
    variance: "array[float]" = msgspec.field(default_factory=lambda: array("d"))
    """What went on within bars that were made of shorter ones (`Bar.variance`); empty where they were told as such."""
    parts: "array[float]" = msgspec.field(default_factory=lambda: array("d"))
    """How many shorter bars each was made of; empty likewise."""
    made: str = ""
    """Of which shorter bars, and how, in words (`brokers/made.py`); empty likewise."""

    def __len__(self) -> int:
        return len(self.time)

    def __iter__(self) -> Iterator[Bar]:
        return (self.bar(i) for i in range(len(self)))

    @property
    def frame(self) -> int:
        """Length of the timeframe in milliseconds."""
        return TIMEFRAMES[self.timeframe] * 1000

    def bar(self, i: int) -> Bar:
        """Return bar i as a value."""
        return Bar(
            self.symbol,
            self.timeframe,
            self.time[i],
            self.open[i],
            self.high[i],
            self.low[i],
            self.close[i],
            self.volume[i],
            self.spread[i],
            *((self.variance[i], self.parts[i]) if self.parts else ()),
        )

    def part(self, start: int, stop: int) -> "Bars":
        """Return bars start to stop (not included), as a slice would: columns of their own."""
        columns = {name: getattr(self, name)[start:stop] for name in (*COLUMNS, *WITHIN)}
        return Bars(symbol=self.symbol, timeframe=self.timeframe, made=self.made, **columns)

    def between(self, start: int, stop: int) -> "Bars":
        """Return the bars that opened at `start` or later and before `stop`, UTC milliseconds.

        Where that is all of them it is these, and no copy: change nothing in them.
        """
        begin, end = bisect_left(self.time, start), bisect_left(self.time, stop)
        return self if (begin, end) == (0, len(self)) else self.part(begin, end)


NO_SPREAD = 0.001
"""Points of a spread that is known to be none, where 0.0 is one that is not known: prices keep a hundredth of a point,
so that ask and bid are the same with it."""

COLUMNS = ("time", "open", "high", "low", "close", "volume", "spread")
WITHIN = ("variance", "parts")
"""What only bars have that were made of shorter ones."""


def bars_of(symbol: str, timeframe: str, rows: Iterable[Sequence[float]]) -> Bars:
    """Return rows of (time, open, high, low, close, volume, spread) as columns; they must be in order.

    >>> bars = bars_of("SP500", "D1", [(915408000000, 1229.23, 1248.81, 1219.1, 1228.1, 0.0, 0.0)])
    >>> len(bars), bars.bar(0).close, bars.frame
    (1, 1228.1, 86400000)
    """
    time: array[int] = array("q")
    prices: list[array[float]] = [array("d") for _ in COLUMNS[1:]]
    for moment, *numbers in rows:
        time.append(int(moment))
        for column, number in zip(prices, numbers, strict=True):
            column.append(number)
    columns = dict(zip(COLUMNS[1:], prices, strict=True))
    return Bars(symbol=symbol, timeframe=timeframe, time=time, made="", **columns)


def made_bars(symbol: str, timeframe: str, bars: Iterable[Bar], said: str = "") -> Bars:
    """Return bars that were made of shorter ones, as `said`, as columns in order, with what went on within them.

    >>> bars = made_bars("X", "D1", [Bar("X", "D1", 0, 1.0, 2.0, 0.5, 1.5, 9.0, 8.0, 0.25, 96.0)])
    >>> bars.bar(0).variance, bars.part(1, 1).parts
    (0.25, array('d'))
    """
    made = list(bars)
    columns = {name: array("d", (getattr(bar, name) for bar in made)) for name in (*COLUMNS[1:], *WITHIN)}
    time = array("q", (bar.time for bar in made))
    return Bars(symbol=symbol, timeframe=timeframe, time=time, made=said, **columns)
