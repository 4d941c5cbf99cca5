"""What went on within a bar, where shorter bars or ticks tell it: the way of its prices, in order of time.

A bar tells four prices, and not in which order they came. Who has the way has it played moment by moment, as the venue
would have been fed; only where the way makes up the very bar: of another one it tells nothing.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple, Protocol, assert_never

from brokers.venue import Venue
from market.bars import Bars
from market.ticks import Ticks


class Span(NamedTuple):
    """A bar that is to be played: its first and last millisecond, its bid prices, and its spread in points."""

    opened: int
    ends: int
    open: float
    high: float
    low: float
    close: float
    spread: float


class Quoted(NamedTuple):
    """A tick."""

    at: int
    bid: float
    ask: float


class Opened(NamedTuple):
    """The first tick of a bar; its spread in points, 0.0 where it has none."""

    at: int
    bid: float
    spread: float


class Ran(NamedTuple):
    """What followed the first tick of a bar, which ended then."""

    at: int
    high: float
    low: float
    close: float


Moment = Quoted | Opened | Ran


class Within(Protocol):
    """Something that tells what went on within longer bars of one symbol."""

    @property
    def said(self) -> str:
        """What it is, in words."""
        ...

    @property
    def quotes(self) -> bool:
        """Whether it tells every quote, so that a moment between two bars' opens has a price of its own."""
        ...

    def begun(self, at: int) -> int:
        """Return when the first quote came from a moment on: that of a bar that opened then, as far as it is known."""
        ...

    def way(self, bar: Span) -> Sequence[Moment]:
        """Return the way of a bar's prices; nothing where another bar would come of it."""
        ...


class OfTicks:
    """Ticks tell it: all of it."""

    __slots__ = ("ticks",)
    said = "ticks"
    quotes = True

    def __init__(self, ticks: Ticks) -> None:
        """Take all ticks of a symbol."""
        self.ticks = ticks

    def begun(self, at: int) -> int:
        """Return when the next tick came; the moment itself where none is left."""
        place = bisect_left(self.ticks.time, at)
        return self.ticks.time[place] if place < len(self.ticks) else at

    def way(self, bar: Span) -> Sequence[Moment]:
        """Return the ticks of a bar."""
        ticks = self.ticks
        first, after = bisect_left(ticks.time, bar.opened), bisect_right(ticks.time, bar.ends)
        bids = ticks.bid[first:after]
        if not len(bids) or _prices(bar) != (bids[0], max(bids), min(bids), bids[-1]):
            return ()
        rows = zip(ticks.time[first:after], bids, ticks.ask[first:after], strict=True)
        return [Quoted(*row) for row in rows]


class OfBars:
    """Shorter bars tell it: what was in which of them, and not what was first within one."""

    __slots__ = ("bars",)
    quotes = False

    def __init__(self, bars: Bars) -> None:
        """Take all shorter bars of a symbol."""
        self.bars = bars

    @property
    def said(self) -> str:
        """What it is, in words."""
        return f"{self.bars.timeframe} bars"

    def begun(self, at: int) -> int:
        """Return the moment itself: bars do not tell."""
        return at

    def way(self, bar: Span) -> Sequence[Moment]:
        """Return the shorter bars of a bar; one that has no spread of its own has the longer one's."""
        b = self.bars
        first, after = bisect_left(b.time, bar.opened), bisect_right(b.time, bar.ends)
        if first == after:
            return ()
        whole = b.open[first], max(b.high[first:after]), min(b.low[first:after]), b.close[after - 1]
        if _prices(bar) != whole or b.time[after - 1] + b.frame - 1 > bar.ends:
            return ()
        moments: list[Moment] = []
        for i in range(first, after):
            ends = b.time[i] + b.frame - 1
            moments += [
                Opened(b.time[i], b.open[i], b.spread[i] or bar.spread), Ran(ends, b.high[i], b.low[i], b.close[i])
            ]  # fmt: skip
        return moments


def _prices(bar: Span) -> tuple[float, float, float, float]:
    return bar.open, bar.high, bar.low, bar.close


def happen(venue: Venue, symbol: str, moment: Moment) -> None:
    """Let one moment of a way happen at a venue."""
    match moment:
        case Quoted():
            venue.tick(symbol, moment.at, moment.bid, moment.ask)
        case Opened():
            venue.open_bar(symbol, moment.at, moment.bid, moment.spread)
        case Ran():
            venue.play_bar(symbol, moment.at, moment.high, moment.low, moment.close)
        case _:
            assert_never(moment)


def closing(bar: Span, way: Sequence[Moment]) -> Ran:
    """Return what is left of a bar when its way was gone: its close; all of it where there is no way."""
    return Ran(bar.ends, bar.close, bar.close, bar.close) if way else Ran(bar.ends, bar.high, bar.low, bar.close)
