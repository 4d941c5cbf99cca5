"""The sessions of a day as people write them, "00:05-23:55", and as a calendar holds them."""

import functools
import re

from collections.abc import Sequence

from market.calendar import Day, Span
from market.types import DAY_MS

_SPAN = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_MINUTE = 60_000
FORM = 'hours like "00:05-23:55", up to "24:00"'


@functools.cache  # of each text that a configuration has: windows ask at every bar
def span_of(text: str) -> Span | None:
    """Return a span by its text, past midnight where it ends before it begins; None where it is none.

    >>> span_of("00:05-24:00"), span_of("22:00-02:00"), span_of("08:00-08:00"), span_of("24:00-01:00")
    ((300000, 86400000), (79200000, 93600000), None, None)
    """
    match = _SPAN.fullmatch(text)
    if match is None:
        return None
    h1, m1, h2, m2 = (int(group) for group in match.groups())
    first, end = (h1 * 60 + m1) * _MINUTE, (h2 * 60 + m2) * _MINUTE
    if first == end or first >= DAY_MS or end > DAY_MS:
        return None
    return first, end if end > first else end + DAY_MS


def joined(spans: Sequence[Span]) -> Day | None:
    """Return spans in their order, those that touch as one; None where two overlap."""
    day: list[Span] = []
    for first, end in sorted(spans):
        if day and first < day[-1][1]:
            return None
        if day and first == day[-1][1]:
            day[-1] = (day[-1][0], end)
        else:
            day.append((first, end))
    return tuple(day)


def text_of(day: Day) -> list[str]:
    """Return the sessions of a day as a calendar file writes them.

    >>> text_of(((300000, 86400000),)), text_of(())
    (['00:05-24:00'], [])
    """
    return [f"{_clock(first)}-{_clock(end)}" for first, end in day]


def _clock(ms: int) -> str:
    hours, minutes = divmod(ms // _MINUTE, 60)
    return f"{hours:02}:{minutes:02}"
