"""A bar as the package packs it."""

import struct

from typing import NamedTuple

ROW = struct.Struct("<qddddQiQ")
"""60 bytes: time in seconds, open, high, low, close, tick volume, spread in points, real volume."""


class BarRow(NamedTuple):
    """What a bar is, without its time."""

    open: float
    high: float
    low: float
    close: float
    volume: int
    spread: int

    def packed(self, at: int) -> bytes:
        """Return the bar that opened at `at` milliseconds as 60 bytes."""
        return ROW.pack(at // 1000, *self, 0)
