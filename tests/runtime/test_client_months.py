"""Months begin at midnight by the client's clock, and periods end with the year's."""

import datetime

import pytest

from hypothesis import given
from hypothesis import strategies as st

from market.types import DAY_MS
from runtime.clients.months import Month, closings, date_at, month_at, month_of

ZONES = ["UTC", "UTC+2 EU", "UTC-5 US", "New York close", "UTC+5:30"]


def utc(text: str) -> int:
    """Return a moment of UTC in milliseconds."""
    return round(datetime.datetime.fromisoformat(f"{text}+00:00").timestamp() * 1000)


@pytest.mark.parametrize(
    ("zone", "begins", "ends"),
    [
        ("UTC", "2026-03-01T00:00", "2026-04-01T00:00"),
        ("UTC+2 EU", "2026-02-28T22:00", "2026-03-31T21:00"),
        ("UTC-5 US", "2026-03-01T05:00", "2026-04-01T04:00"),
    ],
)
def test_a_month_with_a_change_of_clocks(zone: str, begins: str, ends: str) -> None:
    """March begins by winter's clock and ends by summer's."""
    month = Month(2026, 3)

    assert (utc(begins), utc(ends)) == (month.begins(zone), month.ends(zone))
    assert 31 == len(month.days(zone))


@given(st.integers(DAY_MS, 4 * 10**12), st.sampled_from(ZONES))
def test_every_moment_lies_in_its_month_and_on_its_day(at: int, zone: str) -> None:
    """From the first midnight of both to the next."""
    month = month_at(zone, at)
    days = month.days(zone)

    assert month.begins(zone) <= at < month.ends(zone)
    assert days[0] == month.begins(zone)
    assert days[date_at(zone, at).day - 1] <= at
    assert month.ends(zone) == month.after.begins(zone)
    assert month == month_of(str(month))


@pytest.mark.parametrize("text", ["", "2026", "2026-3", "2026-13", "2026-03-01", "1969-12", "9999-12", "202603"])
def test_what_is_no_month(text: str) -> None:
    """Nor one that nobody means."""
    assert None is month_of(text)


def test_periods_end_with_their_last_month() -> None:
    """The end of the very moment counts, the beginning does not."""
    first, last = utc("2026-03-31T22:00"), utc("2026-12-31T22:00")

    assert [utc("2026-06-30T21:00"), utc("2026-09-30T21:00"), last] == closings("UTC+2 EU", first, last, "quarter")
    assert [last] == closings("UTC+2 EU", first, last, "year")
    assert 10 == len(closings("UTC+2 EU", first - DAY_MS, last, "month"))
