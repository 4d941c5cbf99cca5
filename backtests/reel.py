"""A reel: one feed's tape as it is played, with which bar opens next, which is under way and which were told."""

from bisect import bisect_left

from brokers.within import Span
from market.bars import Bars

FOREVER = 1 << 62


class Reel:
    """Attributes, not dictionaries by feed: the drive reads them many times a bar."""

    __slots__ = ("ends", "frame", "length", "next", "symbol", "tape", "told")

    def __init__(self, tape: Bars, start: int) -> None:
        """Stand at the first bar that opens at `start` or later; `told` is for the drive to set."""
        self.symbol, self.tape, self.frame, self.length = tape.symbol, tape, tape.frame, len(tape)
        self.next = self.told = bisect_left(tape.time, start)
        self.ends = FOREVER
        """Last millisecond of the bar without high and low yet."""

    @property
    def opening(self) -> int:
        """When the next bar opens."""
        return self.tape.time[self.next] if self.next < self.length else FOREVER

    def open(self) -> int:
        """Let the next bar open; return its place."""
        i, times = self.next, self.tape.time
        self.next = i + 1
        end = times[i] + self.frame
        self.ends = (min(end, times[i + 1]) if i + 1 < self.length else end) - 1
        return i

    @property
    def span(self) -> Span:
        """The bar that is under way."""
        b, i = self.tape, self.next - 1
        return Span(b.time[i], self.ends, b.open[i], b.high[i], b.low[i], b.close[i], b.spread[i])

    def closed(self, before: int) -> list["Closed"]:
        """Return the bars that opened before a moment and were not told yet; from now on they are."""
        first, times = self.told, self.tape.time
        while self.told < self.length and times[self.told] < before:
            self.told += 1
        return [(times[i] + self.frame, -self.frame, self, i) for i in range(first, self.told)]


Closed = tuple[int, int, Reel, int]
"""When a bar closed, minus its length, its reel and its place there."""
