"""A history of bars as columns: half a million of them are some tens of megabytes, not a gigabyte."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from market.types import TIMEFRAMES, Bar


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
        )

    def part(self, start: int, stop: int) -> "Bars":
        """Return bars start to stop (not included), as a slice would."""
        columns = {name: getattr(self, name)[start:stop] for name in COLUMNS}
        return Bars(symbol=self.symbol, timeframe=self.timeframe, **columns)

    def between(self, start: int, stop: int) -> "Bars":
        """Return the bars that opened at `start` or later and before `stop`, UTC milliseconds."""
        return self.part(bisect_left(self.time, start), bisect_left(self.time, stop))


COLUMNS = ("time", "open", "high", "low", "close", "volume", "spread")


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
    return Bars(symbol=symbol, timeframe=timeframe, time=time, **dict(zip(COLUMNS[1:], prices, strict=True)))
