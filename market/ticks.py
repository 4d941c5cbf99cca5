"""A history of ticks as columns: best bid and ask at each moment, wherever the columns are kept."""

from bisect import bisect_left
from collections.abc import Sequence

import msgspec


class Ticks(msgspec.Struct, frozen=True, kw_only=True):
    """Ticks of one symbol, oldest first; columns are equally long, arrays in memory or views of a file.

    Several ticks may share a millisecond: they stand in the order in which they came.
    """

    symbol: str
    time: Sequence[int]
    """UTC milliseconds, never falling."""
    bid: Sequence[float]
    ask: Sequence[float]

    def __len__(self) -> int:
        return len(self.time)

    def between(self, start: int, stop: int) -> "Ticks":
        """Return the ticks from `start` on and before `stop`, UTC milliseconds; of views of a file, views."""
        first, last = bisect_left(self.time, start), bisect_left(self.time, stop)
        return Ticks(symbol=self.symbol, time=self.time[first:last], bid=self.bid[first:last], ask=self.ask[first:last])
