"""When a symbol is traded: sessions of the week, holidays, and what each night's swap counts, on the server's clock.

`dial` is what the server's wall clock shows, as milliseconds since 1970 (`brokers/mt5/zone.py`); `brokers/hours.py`
asks the same of moments in UTC. A holiday takes the place of its whole day, from midnight to midnight.
"""

from collections.abc import Iterator, Mapping

import msgspec

from market.types import DAY_MS, Symbol

Span = tuple[int, int]
"""From and up to, in milliseconds of a day; the end is not part of it, and may be the midnight after: 86,400,000."""
Day = tuple[Span, ...]
"""The sessions of one day, in their order, apart from each other; () is a day without any."""
Week = tuple[Day, Day, Day, Day, Day, Day, Day]
"""Monday to Sunday."""
SwapDays = tuple[float, float, float, float, float, float, float]
"""Factor of the night that begins on Monday, Tuesday … Sunday."""
SwapDates = tuple[tuple[int, float], ...]
"""Days since 1970, in their order, and the factor of the night that begins on each in place of its weekday's."""

ALL_DAY: Day = ((0, DAY_MS),)
ALWAYS: Week = (ALL_DAY, ALL_DAY, ALL_DAY, ALL_DAY, ALL_DAY, ALL_DAY, ALL_DAY)
LONGEST_PAUSE = 400
"""Days that are looked through for a session; a market that has none in so many has ended."""

_EPOCH = 3
"""1970 began on a Thursday."""


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """The calendar of one symbol."""

    week: Week = ALWAYS
    holidays: Mapping[int, Day] = {}
    """Days since 1970 -> the sessions that take the place of the weekday's."""
    swap_days: SwapDays | None = None
    """None: not said here."""
    swap_dates: SwapDates = ()


def with_nights(symbol: Symbol, calendar: Calendar) -> Symbol:
    """Return a contract whose nights count as the calendar says; the contract as it is where that is silent."""
    if calendar.swap_days is None:
        return symbol
    return msgspec.structs.replace(symbol, swap_days=calendar.swap_days, swap_dates=calendar.swap_dates)


def weekday(day: int) -> int:
    """Return 0 for a Monday … 6 for a Sunday, of a day since 1970.

    >>> weekday(0), weekday(4)
    (3, 0)
    """
    return (day + _EPOCH) % 7


def sessions(calendar: Calendar, day: int) -> Day:
    """Return the sessions of a day since 1970."""
    special = calendar.holidays.get(day)
    return calendar.week[weekday(day)] if special is None else special


def is_open(calendar: Calendar, dial: int) -> bool:
    """Return whether a session is on."""
    day, at = divmod(dial, DAY_MS)
    return any(first <= at < end for first, end in sessions(calendar, day))


def next_open(calendar: Calendar, dial: int) -> int | None:
    """Return the first moment from `dial` on at which a session is on, `dial` itself where one is; None for never."""
    return next((max(first, dial) for first, end in _from(calendar, dial) if end > dial), None)


def closes(calendar: Calendar, dial: int, length: int) -> Iterator[int]:
    """Yield when the bar that opened at `dial` closes, `length` later, and then each one after it.

    A bar without a session in it is none; the others begin by the server's clock.
    """
    begins = dial + length
    yield begins
    while (opens := next_open(calendar, begins)) is not None:
        begins += (opens - begins) // length * length + length
        yield begins


def next_close(calendar: Calendar, dial: int) -> int | None:
    """Return when the session that is on, or else the next one, ends; None where there is none or it does not end."""
    end = None
    for first, last in _from(calendar, dial):
        if last <= dial:
            continue
        if end is not None and first != end:
            return end
        end = last
    return None


def last_close(calendar: Calendar, dial: int) -> int | None:
    """Return when the last session that had ended by `dial` ended; None where none had."""
    after = None  # where the session behind it begins
    for first, end in _back(calendar, dial):
        if end <= dial and end != after:
            return end
        after = first
    return None


def open_ms(calendar: Calendar, since: int, until: int) -> int:
    """Return for how many milliseconds sessions are on between two moments; 0 where the second is not later."""
    total = 0
    for day in range(since // DAY_MS, until // DAY_MS + 1):
        start = day * DAY_MS
        for first, end in sessions(calendar, day):
            total += max(0, min(start + end, until) - max(start + first, since))
    return total


def _from(calendar: Calendar, dial: int) -> Iterator[Span]:
    """Yield the sessions of this day and the days after, on the dial; those side by side at midnight stay two."""
    today = dial // DAY_MS
    for day in range(today, today + LONGEST_PAUSE):
        for first, end in sessions(calendar, day):
            yield day * DAY_MS + first, day * DAY_MS + end


def _back(calendar: Calendar, dial: int) -> Iterator[Span]:
    """Yield the sessions of this day and the days before, the latest first."""
    today = dial // DAY_MS
    for day in range(today, today - LONGEST_PAUSE, -1):
        for first, end in reversed(sessions(calendar, day)):
            yield day * DAY_MS + first, day * DAY_MS + end
