"""Rules of a server's wall clock: how far it is ahead of UTC at any moment, and back again.

A rule is "UTC", a fixed offset ("UTC+2", "UTC-5", "UTC+5:30") or "New York close": seven hours ahead of New York, so
that the server's midnight is 17:00 there: UTC+3 while the United States keep summer time, else UTC+2. Summer time by
the law of 1987 up to 2006, and by that of 2007 since; earlier years are taken as 1987.
"""

import re

NEW_YORK_CLOSE = "New York close"
_FIXED = re.compile(r"UTC(?:([+-])(\d{1,2})(?::([0-5]\d))?)?")
_HOUR = 3600
_DAY = 86400
_FARTHEST = 14 * _HOUR
_WINTER = 2 * _HOUR
_SUMMER = 3 * _HOUR


def is_zone(rule: str) -> bool:
    """Return whether a rule is one of those above."""
    return rule == NEW_YORK_CLOSE or _fixed(rule) is not None


def offset_seconds(rule: str, utc_ms: int) -> int:
    """Return how many seconds the server's clock is ahead of UTC at a moment; ValueError for an unknown rule."""
    if rule == NEW_YORK_CLOSE:
        return _SUMMER if _is_summer(utc_ms // 1000) else _WINTER
    offset = _fixed(rule)
    if offset is None:
        problem = f'expected "UTC", an offset like "UTC+2", or "{NEW_YORK_CLOSE}", got {rule!r}'
        raise ValueError(problem)
    return offset


def fixed_offset_ms(rule: str) -> int | None:
    """Return the offset of a rule that never changes, in milliseconds; None for one with summer time."""
    return None if rule == NEW_YORK_CLOSE else offset_seconds(rule, 0) * 1000


def to_server(rule: str, utc_ms: int) -> int:
    """Return what the server's clock shows, as milliseconds since 1970 on its own dial."""
    return utc_ms + offset_seconds(rule, utc_ms) * 1000


def to_utc(rule: str, server_ms: int) -> int:
    """Return the moment at which the server's clock shows `server_ms`.

    The hour that autumn shows twice is taken the first time; a time in the hour that spring leaves out is read as if
    the clock had not been put forward yet.
    """
    if rule == NEW_YORK_CLOSE:
        early = server_ms - _SUMMER * 1000
        return early if _is_summer(early // 1000) else server_ms - _WINTER * 1000
    return server_ms - offset_seconds(rule, server_ms) * 1000


def _fixed(rule: str) -> int | None:
    match = _FIXED.fullmatch(rule)
    if match is None:
        return None
    sign, hours, minutes = match.groups()
    seconds = int(hours or 0) * _HOUR + int(minutes or 0) * 60
    if seconds > _FARTHEST:
        return None
    return -seconds if sign == "-" else seconds


def _is_summer(utc: int) -> bool:
    year = _year(utc // _DAY)
    if year >= 2007:
        start, end = _sunday(year, 3, 8), _sunday(year, 11, 1)
    else:
        start, end = _sunday(year, 4, 1), _sunday(year, 10, 25)
    # 02:00 in New York: 07:00 UTC in winter time, 06:00 in summer time.
    return start * _DAY + 7 * _HOUR <= utc < end * _DAY + 6 * _HOUR


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
