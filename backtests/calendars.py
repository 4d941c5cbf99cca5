"""A calendar proposed from recorded quotes: the hours of each weekday, daily breaks and days that were not like others.

Quotes can only show that a market was open, never that it was shut: a symbol that is seldom quoted looks shut between
its quotes, and few weeks show few of its hours. So every line says how many weeks stand behind it.
"""

import datetime
import json

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import msgspec
import numpy as np

from numpy.typing import NDArray

from backtests.stamps import Stamps
from brokers.mt5.zone import to_server, to_utc
from config.calendar import DEFAULT, WEEKDAYS
from config.sessions import text_of
from config.shape import join
from market.calendar import Day, Span, weekday
from market.types import DAY_MS

MINUTE = 60_000
MINUTES = 1440
ENOUGH = 8
"""Weeks from which on a weekday's hours are believed."""
_BREAK = 5
"""Minutes without a quote that make a break, where they are the same on most days."""
_SHARE = 0.2
"""Share of a weekday's days on which a minute must be quoted to be counted open: one stray quote opens nothing."""
_ODD = 60
"""Minutes on end without a quote within its weekday's sessions, or with quotes outside them, that make a day odd."""

Minutes = NDArray[np.bool_]


class WeekdayHours(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen of one weekday."""

    day: Day
    weeks: int
    """Days of this weekday with a quote …"""
    of: int
    """… of so many in the file."""


class OddDay(msgspec.Struct, frozen=True, kw_only=True):
    """A day that was not like its weekday: a holiday, probably."""

    date: datetime.date
    hours: Day
    """When it was quoted; () for not at all."""
    usual: Day


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """What quotes say of a symbol's calendar, on the server's clock."""

    week: tuple[WeekdayHours, ...]
    odd: tuple[OddDay, ...]
    first: datetime.date
    last: datetime.date
    quotes: int
    frame: int
    """Milliseconds that one of them stands for: the length of a bar; 0 for ticks."""
    openings: tuple[tuple[str, int], ...]
    """At which time of day weeks opened, and how many did so: the most frequent first."""

    @property
    def two_clocks(self) -> bool:
        """Weeks open at two times of day: the market keeps a summer time that the clock does not, or otherwise."""
        return len(self.openings) > 1 and self.openings[1][1] >= max(2, self.openings[0][1] // 5)


def propose(stamps: Stamps, clock: str = "", zone: str = "") -> Proposal:
    """Return what quotes say.

    clock, zone: the rule of the file's clock and that of the server's; where one is missing, they are the same.
    """
    times = _on_dial(stamps.time, clock, zone) if clock and zone and clock != zone else stamps.time
    days = _days(times, stamps.frame)
    quoted = {day: _filled(minutes) for day, minutes in days.items()}
    week = tuple(_weekday(quoted, n) for n in range(7))
    return Proposal(
        week=week, odd=tuple(_odd(quoted, week)), first=_date(min(days)), last=_date(max(days)),
        quotes=len(times), frame=stamps.frame, openings=_openings(times),
    )  # fmt: skip


def _on_dial(times: NDArray[np.int64], clock: str, zone: str) -> NDArray[np.int64]:
    """Turn the file's clock into the server's: hour by hour, since clocks are put forward and back by whole hours."""
    hours, place = np.unique(times // 3_600_000, return_inverse=True)
    shifts = [to_server(zone, to_utc(clock, int(hour) * 3_600_000)) - int(hour) * 3_600_000 for hour in hours]
    return times + np.asarray(shifts, np.int64)[place]


def _days(times: NDArray[np.int64], frame: int) -> dict[int, Minutes]:
    """Return the minutes with a quote, by day since 1970; a bar fills all its minutes."""
    minutes = np.unique(times // MINUTE)
    long = max(1, frame // MINUTE)
    if long > 1:
        minutes = np.unique(minutes[:, None] + np.arange(long))
    found: dict[int, Minutes] = {}
    for day in np.unique(minutes // MINUTES):
        found[int(day)] = np.zeros(MINUTES, np.bool_)
        found[int(day)][minutes[minutes // MINUTES == day] - day * MINUTES] = True
    return found


def _filled(minutes: Minutes, pause: int = _BREAK) -> Minutes:
    """Return a day's minutes with pauses too short to mean anything filled."""
    filled = minutes.copy()
    at = np.flatnonzero(minutes)
    for a, b in pairwise(at.tolist()):
        if b - a <= pause:
            filled[a:b] = True
    return filled


def _weekday(quoted: dict[int, Minutes], number: int) -> WeekdayHours:
    days = [minutes for day, minutes in quoted.items() if weekday(day) == number]
    of = sum(weekday(day) == number for day in range(min(quoted), max(quoted) + 1))
    if not days:
        return WeekdayHours(day=(), weeks=0, of=of)
    least = max(2 if of > 2 else 1, _SHARE * of)
    return WeekdayHours(day=_spans(_filled(np.sum(days, axis=0) >= least)), weeks=len(days), of=of)


def _spans(minutes: Minutes) -> Day:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], minutes.astype(np.int8), [0]))))
    return tuple((int(a) * MINUTE, int(b) * MINUTE) for a, b in zip(edges[::2], edges[1::2], strict=True))


def _odd(quoted: dict[int, Minutes], week: Sequence[WeekdayHours]) -> list[OddDay]:
    """Return days that miss an hour of their weekday's sessions, or are quoted in an hour more; not first and last."""
    found = []
    for day in range(min(quoted) + 1, max(quoted)):
        usual = week[weekday(day)].day
        seen = _spans(_filled(quoted[day], _ODD)) if day in quoted else ()
        if any(_misses(session, seen) for session in usual) or any(_misses(session, usual) for session in seen):
            found.append(OddDay(date=_date(day), hours=seen, usual=usual))
    return found


def _misses(session: Span, seen: Day) -> bool:
    """Tell whether an hour or more on end of a session lies outside what was seen."""
    edges = [session[0], *(min(max(edge, session[0]), session[1]) for span in seen for edge in span), session[1]]
    return any(end - first >= _ODD * MINUTE for first, end in zip(edges[::2], edges[1::2], strict=True))


def _openings(times: NDArray[np.int64]) -> tuple[tuple[str, int], ...]:
    """Return at which times of day, to the quarter of an hour before, a pause of a day and more ended."""
    after = times[1:][np.diff(times) >= DAY_MS]
    quarter = 15 * MINUTE
    count = Counter(int(at % DAY_MS // quarter * quarter) for at in after)
    return tuple((f"{at // MINUTE // 60:02}:{at // MINUTE % 60:02}", n) for at, n in count.most_common())


def _date(day: int) -> datetime.date:
    return datetime.date(1970, 1, 1) + datetime.timedelta(days=int(day))


# --- as TOML --------------------------------------------------------------------------------------------------------


def toml_of(found: Proposal, symbol: str = "", zone: str = "") -> str:
    """Return a proposal as a calendar file, each line with the weeks behind it."""
    lines = [
        f"# Proposed from {found.quotes:,} quotes, {found.first} to {found.last}: to be checked against the broker's",
        "# schedule. Quotes show when a market was open, never that it was shut; swap factors they do not show at all.",
        *_remarks(found),
        *([f'zone = "{zone}"'] if zone else []),
        "",
        f"[{join('sessions', symbol or DEFAULT)}]",
        *(_line(name, seen) for name, seen in zip(WEEKDAYS, found.week, strict=True)),
    ]
    for odd in () if found.two_clocks else found.odd:
        lines += ["", *_holiday(odd, found, symbol)]
    return "\n".join(lines) + "\n"


def _line(name: str, seen: WeekdayHours) -> str:
    if not seen.day:
        return f"# {name}: " + (f"quoted on {seen.weeks} of {seen.of}, no session" if seen.weeks else "no quote on any")
    return f"{name} = {_hours(seen.day)}  # {_weeks(seen)}"


def _weeks(seen: WeekdayHours) -> str:
    weeks = f"{seen.weeks} of {seen.of} weeks"
    return weeks if seen.weeks >= ENOUGH else f"{weeks}: not enough, from {ENOUGH} on it is believed"


def _hours(day: Day) -> str:
    told = ", ".join(f'"{text}"' for text in text_of(day))
    return f"[{told}]"


def _holiday(odd: OddDay, found: Proposal, symbol: str) -> list[str]:
    name, usual = WEEKDAYS[odd.date.weekday()].capitalize(), ", ".join(text_of(odd.usual))
    return [
        "[[holidays]]",
        f"date = {odd.date}  # a {name}, usually {usual or 'not quoted'} ({_weeks(found.week[odd.date.weekday()])})",
        f"hours = {_hours(odd.hours)}" if odd.hours else "closed = true",
        *([f"symbols = [{json.dumps(symbol)}]"] if symbol else []),
    ]


def _remarks(found: Proposal) -> list[str]:
    """Return what a reader should know of the clock, and of how exact the hours are."""
    lines = [f"# Hours are known to {found.frame // MINUTE} minutes: these are bars."] if found.frame > MINUTE else []
    told = ", ".join(f"{at} ({n} weeks)" for at, n in found.openings[:4])
    lines.append(f"# Weeks opened, to the quarter of an hour: {told or 'no pause of a day is in it'}.")
    if found.two_clocks:
        lines += [
            "# TWO OPENINGS: the market keeps a summer time that this clock does not, or otherwise. Hours below are of",
            "# both together, and holidays are left out: name the file's clock and the server's (--clock, --zone).",
        ]
    return lines
