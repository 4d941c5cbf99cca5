"""The calendar of a symbol on the server's own clock."""

import datetime

import pytest

from hypothesis import given
from hypothesis import strategies as st

from market.calendar import (
    ALL_DAY,
    ALWAYS,
    Calendar,
    Day,
    is_open,
    last_close,
    next_close,
    next_open,
    open_ms,
    sessions,
    weekday,
)
from market.types import DAY_MS

MINUTE = 60_000
HOUR = 60 * MINUTE
FX: Day = ((5 * MINUTE, DAY_MS - 5 * MINUTE),)
METAL: Day = ((HOUR, 22 * HOUR), (23 * HOUR, DAY_MS))
EMPTY: Day = ()


def dial(*date: int) -> int:
    """Return a wall clock's milliseconds."""
    return int(datetime.datetime(*date, tzinfo=datetime.UTC).timestamp()) * 1000  # type: ignore[misc, arg-type]


CHRISTMAS = dial(2025, 12, 25) // DAY_MS
CALENDAR = Calendar(week=(FX, FX, FX, FX, FX, EMPTY, EMPTY), holidays={CHRISTMAS: (), CHRISTMAS - 1: ((0, 20 * HOUR),)})
TWO_A_DAY = Calendar(week=(METAL, METAL, METAL, METAL, METAL, EMPTY, EMPTY))
NEVER = Calendar(week=(EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY))

EDGES = st.lists(st.integers(0, 1440), max_size=6, unique=True).map(sorted)
DAYS = EDGES.map(lambda e: tuple((a * MINUTE, b * MINUTE) for a, b in zip(e[::2], e[1::2], strict=False)))
WEEKS = st.tuples(DAYS, DAYS, DAYS, DAYS, DAYS, DAYS, DAYS)
MOMENTS = st.integers(dial(2025, 12, 15), dial(2026, 1, 5))
CALENDARS = st.builds(lambda week, special: Calendar(week=week, holidays={CHRISTMAS: special}), WEEKS, DAYS)


@pytest.mark.parametrize("day", [0, 1, 20_000, CHRISTMAS])
def test_a_day_since_1970_has_the_weekday_of_the_almanac(day: int) -> None:
    """Monday is 0, as in Python's datetime."""
    date = datetime.date(1970, 1, 1) + datetime.timedelta(days=day)

    assert date.weekday() == weekday(day)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (dial(2025, 12, 15, 0, 4, 59), False),
        (dial(2025, 12, 15, 0, 5), True),
        (dial(2025, 12, 15, 23, 54, 59), True),
        (dial(2025, 12, 15, 23, 55), False),
        (dial(2025, 12, 20, 12), False),
        (dial(2025, 12, 24, 0, 0), True),
        (dial(2025, 12, 24, 20), False),
        (dial(2025, 12, 25, 12), False),
    ],
)
def test_a_session_begins_with_its_first_moment_and_ends_before_its_last(at: int, *, expected: bool) -> None:
    """Weekdays, a weekend, an early close and a closed day."""
    assert expected == is_open(CALENDAR, at)


def test_the_next_opening_lies_behind_the_weekend() -> None:
    """On Friday after the close it is Monday's first session; within a session it is now."""
    assert dial(2025, 12, 22, 0, 5) == next_open(CALENDAR, dial(2025, 12, 19, 23, 55))
    assert dial(2025, 12, 22, 12) == next_open(CALENDAR, dial(2025, 12, 22, 12))


def test_a_closed_day_is_skipped() -> None:
    """After the early close of Christmas Eve the market opens on the 26th."""
    assert dial(2025, 12, 26, 0, 5) == next_open(CALENDAR, dial(2025, 12, 24, 20))
    assert dial(2025, 12, 24, 20) == last_close(CALENDAR, dial(2025, 12, 25, 12))


def test_sessions_that_touch_at_midnight_are_one() -> None:
    """A session that ends at midnight where the next begins does not close."""
    around = Calendar(week=(ALL_DAY, ALL_DAY, ALL_DAY, ALL_DAY, ((0, 22 * HOUR),), EMPTY, EMPTY))

    assert dial(2025, 12, 19, 22) == next_close(around, dial(2025, 12, 16, 12))
    assert dial(2025, 12, 12, 22) == last_close(around, dial(2025, 12, 19, 21))


def test_a_daily_break_closes_the_market() -> None:
    """Metals pause for an hour every night."""
    assert dial(2025, 12, 16, 22) == next_close(TWO_A_DAY, dial(2025, 12, 16, 1))
    assert dial(2025, 12, 16, 23) == next_open(TWO_A_DAY, dial(2025, 12, 16, 22))
    assert dial(2025, 12, 16, 22) == last_close(TWO_A_DAY, dial(2025, 12, 16, 23, 30))


def test_a_market_that_never_opens_says_never() -> None:
    """There is neither an opening nor a close; one that never shuts has an opening and no close."""
    at = dial(2025, 12, 16)

    assert (None, None, None) == (next_open(NEVER, at), next_close(NEVER, at), last_close(NEVER, at))
    assert (at, None, None) == tuple(f(Calendar(), at) for f in (next_open, next_close, last_close))


def test_a_calendar_that_says_nothing_is_always_open() -> None:
    """The default holds nothing back."""
    assert Calendar(week=ALWAYS) == Calendar()
    assert ALL_DAY == sessions(Calendar(), CHRISTMAS)


def test_open_time_leaves_nights_and_holidays_out() -> None:
    """From Tuesday's noon to Friday's noon around Christmas: half a day, the short day, nothing, half a day."""
    half = 12 * HOUR - 5 * MINUTE

    assert half + 20 * HOUR + half == open_ms(CALENDAR, dial(2025, 12, 23, 12), dial(2025, 12, 26, 12))


@given(calendar=CALENDARS, a=MOMENTS, b=MOMENTS)
def test_open_time_adds_up(calendar: Calendar, a: int, b: int) -> None:
    """Two spans side by side hold what the whole does, and a span never holds more than its length."""
    middle = (a + b) // 2
    whole = open_ms(calendar, a, b)

    assert whole == open_ms(calendar, a, middle) + open_ms(calendar, middle, b)
    assert 0 <= whole <= max(0, b - a)


@given(calendar=CALENDARS, at=MOMENTS)
def test_openings_and_closes_bound_what_is_open(calendar: Calendar, at: int) -> None:
    """Until the next opening nothing is open, and from there to the next close everything is."""
    opens, closes, closed = (f(calendar, at) for f in (next_open, next_close, last_close))

    assert (opens == at) == is_open(calendar, at)
    if opens is not None:
        assert open_ms(calendar, at, opens) == 0
    if opens is not None and closes is not None:
        assert closes - opens == open_ms(calendar, at, closes)
        assert not is_open(calendar, closes)
    if closed is not None:
        assert closed <= at
        assert not is_open(calendar, closed)
        assert is_open(calendar, closed - 1)
