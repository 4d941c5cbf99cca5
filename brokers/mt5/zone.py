"""Rules of a server's wall clock: how far it is ahead of UTC at any moment, and back again.

A rule is "UTC", an offset ("UTC+2", "UTC-5", "UTC+5:30"), or an offset with the summer time of the European Union or of
the United States (at New York's hour), one hour more while it lasts: "UTC+2 EU" is the clock of Athens, "UTC EU"
London's, "UTC-5 US" New York's. "New York close" is "UTC+2 US", seven hours ahead of New York, so that the server's
midnight is 17:00 there.
European summer time by the law of 1996, up to 1995 by that of 1981; American by the law of 1987 up to 2006, and by that
of 2007 since; earlier years are taken as 1981 and 1987.
"""

import functools
import re

from typing import Literal, NamedTuple

NEW_YORK_CLOSE = "New York close"
FORMS = f'"UTC", an offset like "UTC+2", with summer time "UTC+2 EU" or "UTC+2 US", or "{NEW_YORK_CLOSE}"'
"""What a rule may be, for people."""
_RULE = re.compile(r"UTC(?:([+-])(\d{1,2})(?::([0-5]\d))?)?(?: (EU|US))?")
_HOUR = 3600
_DAY = 86400
_FARTHEST = 14 * _HOUR

Law = Literal["", "EU", "US"]


class _Clock(NamedTuple):
    winter: int
    """Seconds ahead of UTC outside summer time."""
    law: Law
    """Whose summer time is kept; empty: none."""


def is_zone(rule: str) -> bool:
    """Return whether a rule is one of those above."""
    return _clock(rule) is not None


def offset_seconds(rule: str, utc_ms: int) -> int:
    """Return how many seconds the server's clock is ahead of UTC at a moment; ValueError for an unknown rule."""
    clock = _read(rule)
    return clock.winter + _HOUR if _is_summer(clock.law, utc_ms // 1000) else clock.winter


def fixed_offset_ms(rule: str) -> int | None:
    """Return the offset of a rule that never changes, in milliseconds; None for one with summer time."""
    clock = _read(rule)
    return None if clock.law else clock.winter * 1000


def to_server(rule: str, utc_ms: int) -> int:
    """Return what the server's clock shows, as milliseconds since 1970 on its own dial."""
    return utc_ms + offset_seconds(rule, utc_ms) * 1000


def to_utc(rule: str, server_ms: int) -> int:
    """Return the moment at which the server's clock shows `server_ms`.

    The hour that autumn shows twice is taken the first time; a time in the hour that spring leaves out is read as if
    the clock had not been put forward yet.
    """
    clock = _read(rule)
    early = server_ms - (clock.winter + _HOUR) * 1000
    return early if _is_summer(clock.law, early // 1000) else server_ms - clock.winter * 1000


def midnights(rule: str, first: int, last: int) -> list[int]:
    """Return when each day begins on which a moment from `first` to `last` lies by the server's clock; UTC ms.

    >>> midnights("UTC+2", 0, 86_400_000)
    [-7200000, 79200000]
    """
    day, fixed = _DAY * 1000, fixed_offset_ms(rule)
    days = range(to_server(rule, first) // day, to_server(rule, last) // day + 1)
    return [to_utc(rule, n * day) if fixed is None else n * day - fixed for n in days]


def _read(rule: str) -> _Clock:
    clock = _clock(rule)
    if clock is None:
        problem = f"expected {FORMS}, got {rule!r}"
        raise ValueError(problem)
    return clock


@functools.cache
def _clock(rule: str) -> _Clock | None:
    """Return what a rule says; None for one nobody knows."""
    match = _RULE.fullmatch("UTC+2 US" if rule == NEW_YORK_CLOSE else rule)
    if match is None:
        return None
    sign, hours, minutes, law = match.groups()
    seconds = int(hours or 0) * _HOUR + int(minutes or 0) * 60
    if seconds > _FARTHEST:
        return None
    return _Clock(-seconds if sign == "-" else seconds, law or "")  # type: ignore[arg-type]  # what the pattern lets in


def _is_summer(law: Law, utc: int) -> bool:
    if not law:
        return False
    start, end = (_european if law == "EU" else _american)(_year(utc // _DAY))
    return start <= utc < end


def _european(year: int) -> tuple[int, int]:
    """Return when summer time begins and ends in the European Union: at 01:00 UTC."""
    end = _sunday(year, 10, 25) if year >= 1996 else _sunday(year, 9, 24)
    return _sunday(year, 3, 25) * _DAY + _HOUR, end * _DAY + _HOUR


def _american(year: int) -> tuple[int, int]:
    """Return when summer time begins and ends in New York: at 02:00 there, 07:00 UTC in winter and 06:00 in summer."""
    if year >= 2007:
        start, end = _sunday(year, 3, 8), _sunday(year, 11, 1)
    else:
        start, end = _sunday(year, 4, 1), _sunday(year, 10, 25)
    return start * _DAY + 7 * _HOUR, end * _DAY + 6 * _HOUR


def _sunday(year: int, month: int, day: int) -> int:
    """Return the first Sunday on or after a date, in days since 1970 (a Thursday)."""
    first = _days(year, month, day)
    return first + (3 - first) % 7


def _days(year: int, month: int, day: int) -> int:
    """Return the days since 1970 of a date from March to December (years counted from March, as the calendar was)."""
    era = 365 * year + year // 4 - year // 100 + year // 400
    return era + (153 * (month - 3) + 2) // 5 + day - 1 - 719468


def _year(days: int) -> int:
    """Return the year in which a day since 1970 lies."""
    year = 1970 + days // (366 if days >= 0 else 365)
    while _days(year, 3, 1) + 306 <= days:  # 306 days from 1 March to 1 January
        year += 1
    return year
