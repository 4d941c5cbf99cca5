"""Where days and hours end: by a clock of one's own, whatever the broker's says, not before the last of their bars."""

import datetime

import pytest

from brokers.hours import Hours
from brokers.made import DayRule, FrameRule, longer_of
from brokers.mt5.zone import NEW_YORK_CLOSE
from market.bars import Bars, bars_of
from market.calendar import Calendar, Day
from market.types import DAY_MS

HOUR = 3_600_000
EMPTY: Day = ()


def utc(*date: int) -> int:
    """Return a moment in UTC as milliseconds."""
    return int(datetime.datetime(*date, tzinfo=datetime.UTC).timestamp()) * 1000  # type: ignore[misc, arg-type]


def hours(first: int, last: int) -> Bars:
    """Return hour bars that opened from one moment up to another; each closes at its own number."""
    return bars_of("X", "H1", [(t, n, n, n, n, 0.0, 0.0) for n, t in enumerate(range(first, last, HOUR), 1)])


@pytest.mark.parametrize(
    ("month", "hour"), [(1, 22), (7, 21)], ids=["winter", "summer"]
)  # fmt: skip
def test_a_day_ends_at_five_in_new_york(month: int, hour: int) -> None:
    """22:00 UTC in winter, 21:00 in summer; its bar is stamped when it began."""
    bars = hours(utc(2025, month, 14, hour), utc(2025, month, 16, hour))
    days = longer_of(bars, DayRule(NEW_YORK_CLOSE, "H1"), None)

    assert [utc(2025, month, 14, hour), utc(2025, month, 15, hour)] == list(days.time)
    assert ([1.0, 25.0], [24.0, 48.0]) == (list(days.open), list(days.close))


@pytest.mark.parametrize(("first", "last", "bars"), [((2025, 3, 8, 22), (2025, 3, 9, 21), 23),
                                                     ((2025, 11, 1, 21), (2025, 11, 2, 22), 25)])  # fmt: skip
def test_a_day_on_which_the_clock_is_changed_is_shorter_or_longer(
    first: tuple[int, ...], last: tuple[int, ...], bars: int
) -> None:
    """23 hours in spring, 25 in autumn."""
    (day,) = longer_of(hours(utc(*first), utc(*last)), DayRule(NEW_YORK_CLOSE, "H1"), None)

    assert (float(bars), utc(*first)) == (day.close, day.time)
    assert float(bars) == day.parts


def test_the_same_bars_make_other_days_by_another_clock() -> None:
    """That is why it has to be said."""
    bars = hours(utc(2025, 1, 14), utc(2025, 1, 18))
    times = [list(longer_of(bars, DayRule(zone, "H1"), None).time) for zone in ("UTC", "UTC+2")]

    assert [utc(2025, 1, 14), utc(2025, 1, 15), utc(2025, 1, 16), utc(2025, 1, 17)] == times[0]
    assert [utc(2025, 1, 14, 22), utc(2025, 1, 15, 22), utc(2025, 1, 16, 22)] == times[1]


def test_a_calendar_ends_the_day_with_its_last_session() -> None:
    """Without one a market that shuts at 21:00 ends its day with the first bar of the next."""
    session: Day = ((8 * HOUR, 21 * HOUR),)
    calendar = Hours(Calendar(week=(session, session, session, session, session, EMPTY, EMPTY)), "UTC")
    before = hours(utc(2025, 1, 13), utc(2025, 1, 13, 21))

    assert [1, 0] == [len(longer_of(before, DayRule("UTC", "H1"), known)) for known in (calendar, None)]


def test_a_day_is_never_told_before_all_its_bars() -> None:
    """At every prefix the days told are those whose last bar has closed."""
    bars = hours(utc(2025, 1, 13), utc(2025, 1, 17))
    rule = DayRule("UTC", "H1")

    assert [n // 24 for n in range(97)] == [len(longer_of(bars.part(0, n), rule, None)) for n in range(97)]
    assert DAY_MS == longer_of(bars, rule, None).frame


def minutes(first: int, last: int, *, silent: range = range(0)) -> Bars:
    """Return minute bars that opened from one moment up to another; some of them were never told."""
    times = range(first, last, HOUR // 60)
    return bars_of("X", "M1", [(t, n, n, n, n, 0.0, 0.0) for n, t in enumerate(times) if n not in silent])


@pytest.mark.parametrize(("timeframe", "length"), [("H1", 60), ("M15", 15), ("M2", 2)])
def test_hours_and_parts_of_them_are_over_with_their_last_minute(timeframe: str, length: int) -> None:
    """At every prefix those are told whose last minute has closed, and no other."""
    bars = minutes(utc(2025, 1, 14, 7), utc(2025, 1, 14, 9))
    rule = FrameRule(timeframe, "M1")
    made = longer_of(bars, rule, None)

    assert [n // length for n in range(121)] == [len(longer_of(bars.part(0, n), rule, None)) for n in range(121)]
    assert [utc(2025, 1, 14, 7) + i * made.frame for i in range(120 // length)] == list(made.time)
    assert {(timeframe, float(length))} == {(bar.timeframe, bar.parts) for bar in made}


def test_an_hour_whose_last_minute_is_missing_is_over_with_the_first_of_another() -> None:
    """Not by the clock: who is told bars cannot know that none will come. It says how many it was made of."""
    bars = minutes(utc(2025, 1, 14, 7), utc(2025, 1, 14, 8, 5), silent=range(50, 60))
    rule = FrameRule("H1", "M1")

    assert [0, 1] == [len(longer_of(bars.part(0, n), rule, None)) for n in (50, 51)]
    assert [(49.0, 50.0)] == [(bar.close, bar.parts) for bar in longer_of(bars, rule, None)]


def test_a_change_of_clocks_moves_no_hour() -> None:
    """On the Sundays on which New York changes its clock, days are shorter or longer and hours are hours."""
    for first in (utc(2025, 3, 9), utc(2025, 11, 2)):
        made = longer_of(minutes(first, first + 24 * HOUR), FrameRule("H1", "M1"), None)

        assert ([first + n * HOUR for n in range(24)], {60.0}) == (list(made.time), set(made.parts))


def test_a_calendar_ends_the_hour_in_which_a_session_ends() -> None:
    """At 16:30 the market shuts: the hour of 16:00 is over with that minute, not with the first of the next day."""
    session: Day = ((8 * HOUR, 16 * HOUR + HOUR // 2),)
    calendar = Hours(Calendar(week=(session, session, session, session, session, EMPTY, EMPTY)), "UTC")
    bars = minutes(utc(2025, 1, 13, 16), utc(2025, 1, 13, 16, 30))

    assert [1, 0] == [len(longer_of(bars, FrameRule("H1", "M1"), known)) for known in (calendar, None)]
