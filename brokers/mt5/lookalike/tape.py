"""Recorded ticks of one symbol on the server's clock, and how far the clock has come among them.

Flags are kept as they were recorded: beside the documented bits most ticks of a real terminal carry 0x80.
"""

import struct

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from itertools import islice

import msgspec

from brokers.mt5.lookalike import constants as c

TICK_ROW = struct.Struct("<qdddQqId")
"""A tick as the package packs it: 60 bytes."""
_WANTED = {
    c.COPY_TICKS_INFO: c.TICK_FLAG_BID | c.TICK_FLAG_ASK,
    c.COPY_TICKS_TRADE: c.TICK_FLAG_LAST | c.TICK_FLAG_VOLUME,
}


class TickColumns(msgspec.Struct, kw_only=True):
    """Recorded ticks, oldest first; `time` in UTC milliseconds, `flags` TICK_FLAG_* and whatever else was recorded."""

    time: list[int]
    bid: list[float]
    ask: list[float]
    last: list[float]
    volume: list[float]
    flags: list[int]


class Tape:
    """Ticks and the place of the clock in them: `index` is the last one that has come, -1 before the first."""

    __slots__ = ("columns", "index", "time")

    def __init__(self, columns: TickColumns, start: int, dial: Callable[[int], int]) -> None:
        """Stand before the first tick from `start` (UTC) on; `dial` tells what the server's clock shows."""
        self.columns = columns
        self.time = [dial(time) for time in columns.time]
        for i in range(1, len(self.time)):  # the hour that autumn shows twice: its second pass stands still
            self.time[i] = max(self.time[i], self.time[i - 1])
        self.index = bisect_left(columns.time, start) - 1

    @property
    def left(self) -> list[int]:
        """Moments at which ticks are still to come."""
        return self.time[self.index + 1 :]

    def go_on(self, at: int) -> bool:
        """Let the next tick of this moment come, if there is one."""
        after = self.index + 1
        if after >= len(self.time) or self.time[after] != at:
            return False
        self.index = after
        return True

    def row(self, i: int) -> tuple[int, float, float, float, int, int, int, float]:
        """Return a tick in the order of the package's Tick."""
        k = self.columns
        return (
            self.time[i] // 1000,
            k.bid[i],
            k.ask[i],
            k.last[i],
            int(k.volume[i]),
            self.time[i],
            k.flags[i],
            k.volume[i],
        )

    # --- what a terminal shows --------------------------------------------------------------------------------------

    def since(self, seconds: int, count: int, flags: int) -> bytes:
        """Return the first `count` ticks from a time on, of the kind COPY_TICKS_* asks for, packed."""
        found = self._wanted(bisect_left(self.time, seconds * 1000, hi=self.index + 1), self.index + 1, flags)
        return b"".join(TICK_ROW.pack(*self.row(i)) for i in islice(found, count))

    def between(self, first: int, last: int, flags: int) -> bytes:
        """Return the ticks between two times in seconds, both included to the millisecond, packed."""
        begin, end = (
            bisect(self.time, seconds * 1000, hi=self.index + 1)
            for bisect, seconds in ((bisect_left, first), (bisect_right, last))
        )
        return b"".join(TICK_ROW.pack(*self.row(i)) for i in self._wanted(begin, end, flags))

    def _wanted(self, begin: int, end: int, flags: int) -> Iterator[int]:
        bits = _WANTED.get(flags)
        return (i for i in range(begin, end) if bits is None or self.columns.flags[i] & bits)
