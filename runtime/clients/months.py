"""Months and days as a client's calendar has them: from midnight to midnight by the rule of his clock."""

import datetime

from typing import NamedTuple

from brokers.mt5.zone import midnights, to_server, to_utc
from market.types import DAY_MS
from runtime.clients.high_water import Period

_EPOCH = datetime.date(1970, 1, 1)
_LAST = datetime.date(9000, 1, 1)
"""Beyond it no clock is asked."""
MONTHS: dict[Period, int] = {"month": 1, "quarter": 3, "year": 12}
"""How many make a period; periods end with the calendar's year."""
NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


class Month(NamedTuple):
    """A month of the calendar."""

    year: int
    month: int

    def __str__(self) -> str:
        """Return it as it is typed."""
        return f"{self.year:04}-{self.month:02}"

    @property
    def name(self) -> str:
        """As people say it."""
        return f"{NAMES[self.month - 1]} {self.year}"

    @property
    def after(self) -> "Month":
        """The month after."""
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    def begins(self, zone: str) -> int:
        """Return when it begins by a clock, UTC milliseconds."""
        return to_utc(zone, (datetime.date(self.year, self.month, 1) - _EPOCH).days * DAY_MS)

    def ends(self, zone: str) -> int:
        """Return when the next one begins."""
        return self.after.begins(zone)

    def days(self, zone: str) -> list[int]:
        """Return when each of its days begins."""
        return midnights(zone, self.begins(zone), self.ends(zone) - 1)

    def closes(self, period: Period) -> bool:
        """Return whether a period ends with it."""
        return self.month % MONTHS[period] == 0


def month_of(text: str) -> Month | None:
    """Return the month that was typed; None where it is none.

    >>> month_of("2026-03"), month_of("2026-13"), month_of("March")
    (Month(year=2026, month=3), None, None)
    """
    try:
        day = datetime.date.fromisoformat(f"{text.strip()}-01")
    except ValueError:
        return None
    return Month(day.year, day.month) if _EPOCH <= day < _LAST else None


def month_at(zone: str, at: int) -> Month:
    """Return the month in which a moment lies.

    >>> month_at("UTC", 0), month_at("UTC-5", 0)
    (Month(year=1970, month=1), Month(year=1969, month=12))
    """
    day = date_at(zone, at)
    return Month(day.year, day.month)


def date_at(zone: str, at: int) -> datetime.date:
    """Return the day of a moment by a clock."""
    return _EPOCH + datetime.timedelta(days=to_server(zone, at) // DAY_MS)


def closings(zone: str, first: int, last: int, period: Period) -> list[int]:
    """Return when each period ends, after `first` and up to `last`.

    >>> day = 86_400_000
    >>> [at // day for at in closings("UTC", 0, 365 * day, "quarter")]
    [90, 181, 273, 365]
    """
    found, month = [], month_at(zone, first)
    while (end := month.ends(zone)) <= last:
        if month.closes(period):
            found.append(end)
        month = month.after
    return found
