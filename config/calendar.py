"""The calendar file of a broker: session hours, holidays and swap factors, which no terminal tells its programs.

All times are the server's wall clock. A table under `sessions` or `swap` is named after a symbol (by our name or the
broker's), after a group, or DEFAULT, and the nearest one alone counts: a symbol's own, else its group's, else DEFAULT.

What a file does not say: without a table, a symbol has sessions all day, every day, and its contract's swap factors; a
weekday that a table under `sessions` does not name has no session; one that a table under `swap` does not name counts
1, Saturday and Sunday 0, so the night that counts three must be named. Brokers move nights around holidays: a date
under a swap table's `dates` takes the place of its weekday. A holiday takes the place of the server's whole day, and
one for some symbols goes before one for all.
"""

import datetime
import fnmatch
import re

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from brokers.mt5.zone import FORMS, is_zone
from config.calendar_file import CalendarFile, Holiday, SwapTable, WeekTable
from config.sessions import FORM, joined, span_of
from config.shape import join, problems
from market.calendar import Calendar, Day, Span, SwapDates, Week
from market.types import DAY_MS

DEFAULT = "DEFAULT"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_EPOCH = datetime.date(1970, 1, 1)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Calendars(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a calendar file means for the symbols of one account."""

    symbols: dict[str, Calendar]
    """By our names."""
    holidays_to: datetime.date | None = None
    """The last day up to which holidays are known; None: none are."""


def read_calendar(document: Mapping[str, Any], brokers: Mapping[str, str], zone: str) -> tuple[Calendars, list[str]]:
    """Return what a document means for symbols (our name -> the broker's), and everything that is wrong with it."""
    wrong = list(problems(document, CalendarFile))
    if wrong:
        return Calendars(symbols={}), wrong
    file = msgspec.convert(document, CalendarFile)
    wrong = [*_contradictions(file, zone)]
    if wrong:
        return Calendars(symbols={}), wrong
    symbols = {}
    for name, broker in brokers.items():
        names = (name, broker)
        wrong += _ambiguous(file, names)
        symbols[name] = _calendar(file, names)
    last = max((holiday.date for holiday in file.holidays), default=None)
    return Calendars(symbols=symbols, holidays_to=file.holidays_to or last), wrong


# --- what is wrong with it ------------------------------------------------------------------------------------------


def _contradictions(file: CalendarFile, zone: str) -> Iterator[str]:
    if file.zone and not is_zone(file.zone):
        yield f'zone: expected {FORMS}, got "{file.zone}"'
    elif file.zone and file.zone != zone:
        yield f'zone: expected "{zone}", as account.zone says, got "{file.zone}"'
    for what, tables in (("sessions", file.sessions), ("swap", file.swap)):
        for name in tables:
            if any(sign in name for sign in "*?["):
                yield f"{join(what, name)}: expected a symbol, a group or {DEFAULT}; patterns stand under `groups`"
    if DEFAULT in file.groups:
        yield f"groups.{DEFAULT}: expected another name: {DEFAULT} is what no other table is for"
    for name, table in file.sessions.items():
        yield from _week_problems(table, join("sessions", name))
    for name, swap in file.swap.items():
        yield from _undated(swap, join(join("swap", name), "dates"))
    for index, holiday in enumerate(file.holidays):
        yield from _holiday_problems(holiday, f"holidays[{index}]", file)


def _week_problems(table: WeekTable, path: str) -> Iterator[str]:
    unread = list(_unread(table, path))
    yield from unread
    if not unread and _week(table) is None:
        yield f"{path}: expected sessions that do not overlap, those past midnight into the next day among them"


def _unread(table: WeekTable, path: str) -> Iterator[str]:
    for name in WEEKDAYS:
        for index, text in enumerate(getattr(table, name)):
            if span_of(text) is None:
                yield f'{path}.{name}[{index}]: expected {FORM}, got "{text}"'


def _undated(table: SwapTable, path: str) -> Iterator[str]:
    for text in table.dates:
        if _day_of(text) is None:
            yield f"{join(path, text)}: expected a date like 1999-01-04, and its factor"


def _holiday_problems(holiday: Holiday, path: str, file: CalendarFile) -> Iterator[str]:
    if holiday.closed == bool(holiday.hours):
        yield f"{path}: expected either closed = true or hours, got {'both' if holiday.closed else 'neither'}"
    spans = [span_of(text) for text in holiday.hours]
    for index, (span, text) in enumerate(zip(spans, holiday.hours, strict=True)):
        if span is None or span[1] > DAY_MS:
            yield f'{path}.hours[{index}]: expected {FORM}, within the day, got "{text}"'
    if None not in spans and joined([span for span in spans if span is not None]) is None:
        yield f"{path}.hours: expected hours that do not overlap"
    twin = next((n for n, other in enumerate(file.holidays) if other is not holiday and _same(other, holiday)), None)
    if twin is not None:
        yield f"{path}: expected one entry for a day and its symbols, holidays[{twin}] is for {holiday.date} too"
    if file.holidays_to is not None and holiday.date > file.holidays_to:
        yield f"{path}.date: expected a date up to holidays_to ({file.holidays_to}), got {holiday.date}"


def _same(one: Holiday, other: Holiday) -> bool:
    return one.date == other.date and (
        bool(set(one.symbols) & set(other.symbols)) or not (one.symbols or other.symbols)
    )


def _ambiguous(file: CalendarFile, names: tuple[str, str]) -> Iterator[str]:
    """Yield the tables between which a symbol stands: two of its groups have one, and it has none of its own."""
    mine = _groups(file, names)
    for what, tables in (("sessions", file.sessions), ("swap", file.swap)):
        found = [group for group in mine if group in tables]
        if len(found) > 1 and not any(name in tables for name in names):
            yield f"{what}: {names[0]} is in the groups {' and '.join(found)}, give it a table of its own"
    dates = Counter(holiday.date for holiday in file.holidays if set(holiday.symbols) & {*names, *mine})
    for date, count in dates.items():
        if count > 1:
            yield f"holidays: {date} has {count} entries for {names[0]}, expected one"


# --- what it means --------------------------------------------------------------------------------------------------


def _calendar(file: CalendarFile, names: tuple[str, str]) -> Calendar:
    table, swap = _nearest(file.sessions, file, names), _nearest(file.swap, file, names)
    week = None if table is None else _week(table)
    days: dict[str, Any] = {} if week is None else {"week": week}
    if swap is not None:
        days |= {"swap_days": swap.days, "swap_dates": _swap_dates(swap)}
    return Calendar(holidays=_holidays(file, names), **days)


def _swap_dates(table: SwapTable) -> SwapDates:
    found = ((_day_of(text), factor) for text, factor in table.dates.items())
    return tuple(sorted((day, factor) for day, factor in found if day is not None))


def _nearest(tables: Mapping[str, Any], file: CalendarFile, names: tuple[str, str]) -> Any:  # noqa: ANN401 - a table
    """Return the table that counts for a symbol, None where there is none."""
    for name in (*names, *_groups(file, names), DEFAULT):
        if name in tables:
            return tables[name]
    return None


def _groups(file: CalendarFile, names: tuple[str, str]) -> list[str]:
    """Return the groups a symbol is in."""
    return [
        group
        for group, patterns in file.groups.items()
        if any(fnmatch.fnmatchcase(name, pattern) for name in names for pattern in patterns)
    ]


def _week(table: WeekTable) -> Week | None:
    """Return a week's sessions, what lies past midnight on the day after; None where two overlap."""
    days: list[list[Span]] = [[] for _ in WEEKDAYS]
    for index, name in enumerate(WEEKDAYS):
        for first, end in filter(None, map(span_of, getattr(table, name))):
            days[index].append((first, min(end, DAY_MS)))
            if end > DAY_MS:
                days[(index + 1) % 7].append((0, end - DAY_MS))
    week = [joined(day) for day in days]
    return None if None in week else tuple(week)  # type: ignore[return-value]  # seven days, none of them None


def _day(date: datetime.date) -> int:
    return (date - _EPOCH).days


def _day_of(text: str) -> int | None:
    """Return the days since 1970 of a date written like 1999-01-04; None for any other text."""
    if not _DATE.fullmatch(text):
        return None
    try:
        return _day(datetime.date.fromisoformat(text))
    except ValueError:
        return None


def _holidays(file: CalendarFile, names: tuple[str, str]) -> dict[int, Day]:
    """Return a symbol's holidays: those for all, then in their place those that name it or a group of its."""
    mine = {*names, *_groups(file, names)}
    ranked = sorted(file.holidays, key=lambda holiday: bool(holiday.symbols))
    return {
        _day(holiday.date): joined([s for s in map(span_of, holiday.hours) if s is not None]) or ()
        for holiday in ranked
        if not holiday.symbols or mine & set(holiday.symbols)
    }
