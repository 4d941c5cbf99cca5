"""The hours of a symbol in UTC, by the rule of the server's clock."""

import datetime

import pytest

from hypothesis import given
from hypothesis import strategies as st

from brokers.hours import Hours
from brokers.mt5.zone import NEW_YORK_CLOSE
from market.calendar import Calendar, Day
from market.types import DAY_MS

MINUTE = 60_000
HOUR = 60 * MINUTE
FX: Day = ((5 * MINUTE, DAY_MS),)
EMPTY: Day = ()
WEEK = Calendar(week=(FX, FX, FX, FX, ((5 * MINUTE, 23 * HOUR),), EMPTY, EMPTY))
HOURS = Hours(WEEK, NEW_YORK_CLOSE)


def utc(*date: int) -> int:
    """Return a moment in UTC as milliseconds."""
    return int(datetime.datetime(*date, tzinfo=datetime.UTC).timestamp()) * 1000  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("friday", "opens"), [((2025, 1, 10, 22), (2025, 1, 12, 22, 5)), ((2025, 7, 11, 22), (2025, 7, 13, 21, 5))]
)
def test_a_week_opens_an_hour_earlier_in_summer(friday: tuple[int, ...], opens: tuple[int, ...]) -> None:
    """Monday 00:05 on a clock with the New York close is Sunday 22:05 in winter and 21:05 in summer."""
    assert utc(*opens) == HOURS.next_open(utc(*friday))


def test_the_last_close_is_fridays() -> None:
    """All through the weekend it is 23:00 of Friday on the server's clock."""
    assert utc(2025, 7, 11, 20) == HOURS.last_close(utc(2025, 7, 13, 12))
    assert utc(2025, 7, 11, 20) == HOURS.next_close(utc(2025, 7, 11))
    assert FX == HOURS.today(utc(2025, 7, 8))


@given(
    a=st.integers(utc(2025, 2, 20), utc(2025, 11, 20)),
    b=st.integers(utc(2025, 2, 20), utc(2025, 11, 20)),
)
def test_a_market_that_never_shuts_is_open_for_as_long_as_it_takes(a: int, b: int) -> None:
    """An hour told twice counts twice and an hour left out not at all: time is counted, not the dial."""
    always = Hours(Calendar(), NEW_YORK_CLOSE)

    assert max(0, b - a) == always.open_ms(a, b)


def test_a_weekend_is_no_open_time() -> None:
    """From an hour before Friday's close to an hour after Monday's opening two hours count."""
    assert 2 * HOUR == HOURS.open_ms(utc(2025, 3, 7, 20), utc(2025, 3, 9, 22, 5))


@pytest.mark.parametrize(
    ("at", "length", "expected"),
    [
        (utc(2025, 7, 7, 21), DAY_MS, True),
        (utc(2025, 7, 7, 21), MINUTE, False),
        (utc(2025, 7, 7, 21, 1), HOUR, False),
        (utc(2025, 7, 7, 21, 1), MINUTE, False),
        (utc(2025, 7, 7, 21, 5), DAY_MS, True),
        (utc(2025, 7, 11, 21), DAY_MS, False),
        (utc(2025, 7, 12, 21), 7 * DAY_MS, True),
    ],
)
def test_a_bars_stamp_stands_for_its_first_tick(at: int, length: int, *, expected: bool) -> None:
    """A day's bar that is stamped midnight opens with the session; a tick at any other time is taken as it is."""
    assert expected == HOURS.opens_within(at, length)


# --- bars that should have come ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "until", "length", "expected"),
    [
        ((2025, 1, 9, 22), (2025, 1, 10, 22), DAY_MS, 0),  # Friday's bar, just over
        ((2025, 1, 9, 22), (2025, 1, 12, 23), DAY_MS, 0),  # and over the weekend none is missed
        ((2025, 1, 9, 22), (2025, 1, 13, 21, 59), DAY_MS, 0),
        ((2025, 1, 9, 22), (2025, 1, 13, 22), DAY_MS, 1),  # Monday's bar is over
        ((2025, 1, 9, 22), (2025, 1, 17, 22), DAY_MS, 5),
        ((2025, 1, 9, 22), (2025, 1, 20, 21), DAY_MS, 5),  # and another weekend
        ((2025, 3, 6, 22), (2025, 3, 10, 20, 59), DAY_MS, 0),  # the clock is put forward in the weekend
        ((2025, 3, 6, 22), (2025, 3, 10, 21), DAY_MS, 1),
        ((2025, 1, 10, 18), (2025, 1, 10, 21), 4 * HOUR, 0),  # Friday's last bar of four hours ends with the market
        ((2025, 1, 10, 14), (2025, 1, 10, 22), 4 * HOUR, 1),
        ((2025, 1, 10, 14), (2025, 1, 13, 2), 4 * HOUR, 2),
    ],
)
def test_only_bars_of_an_open_market_are_missed(
    last: tuple[int, ...], until: tuple[int, ...], length: int, expected: int
) -> None:
    """Weekends have no bars, whatever the clock does in them; a bar is missed when it is over."""
    assert expected == HOURS.bars_missed(utc(*last), utc(*until), length, 99)


def test_no_more_bars_are_counted_than_are_asked_for() -> None:
    """Whether four are missed or four thousand is the same to who asks for four."""
    assert 4 == HOURS.bars_missed(utc(2025, 1, 9, 22), utc(2025, 12, 9), HOUR, 4)


def test_a_market_that_has_ended_misses_nothing() -> None:
    """There is no session to come."""
    over = Hours(Calendar(week=(EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY)), "UTC")

    assert 0 == over.bars_missed(utc(2025, 1, 9), utc(2025, 12, 9), DAY_MS, 4)


@pytest.mark.parametrize("length", [HOUR, 4 * HOUR, DAY_MS])
@pytest.mark.parametrize("bars", [1, 5, 40])
def test_so_many_bars_close_when_so_many_have_been_missed(length: int, bars: int) -> None:
    """What is to come is counted as what has not come is, weekends, holidays and a clock put forward among it."""
    last = utc(2025, 2, 27, 22)
    at = HOURS.closes_after(last, length, bars)

    assert at is not None
    assert [bars - 1, bars] == [HOURS.bars_missed(last, until, length, 99) for until in (at - 1, at)]


def test_in_a_market_that_has_ended_no_bar_closes() -> None:
    """Never is told as such."""
    over = Hours(Calendar(week=(EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY)), "UTC")

    assert over.closes_after(utc(2025, 1, 9), DAY_MS, 1) is None
