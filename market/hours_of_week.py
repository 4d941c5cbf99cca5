"""The hour of the week on a server's clock, Monday's first being 0, and numbers that are known by it."""

from array import array
from collections.abc import Callable, Sequence

import msgspec

from market.bars import Bars
from market.types import HOUR_MS

HOURS = 168
MONDAY = 72
"""Hours from Monday's midnight to that of the first day of 1970, a Thursday."""

Dial = Callable[[int], int]
"""What the server's clock shows at a moment, both in milliseconds."""


def hour_of_week(shown_ms: int) -> int:
    """Return the hour of the week, 0 to 167, at what a clock shows.

    >>> hour_of_week(0), hour_of_week(4 * 24 * 3_600_000)
    (72, 0)
    """
    return (shown_ms // HOUR_MS + MONDAY) % HOURS


def with_spreads(bars: Bars, by_hour: Sequence[float], dial: Dial) -> Bars:
    """Return the bars with the spread of their hour, in points, where they have none of their own."""
    spread = array(
        "d", (own or by_hour[hour_of_week(dial(time))] for own, time in zip(bars.spread, bars.time, strict=True))
    )
    return msgspec.structs.replace(bars, spread=spread)
