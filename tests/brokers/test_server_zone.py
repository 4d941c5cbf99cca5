"""A server's wall clock against the time zone database."""

import datetime
import zoneinfo

import pytest

from hypothesis import example, given
from hypothesis import strategies as st

from brokers.mt5.zone import NEW_YORK_CLOSE, fixed_offset_ms, is_zone, offset_seconds, to_server, to_utc

HOUR = 3600
NEW_YORK = zoneinfo.ZoneInfo("America/New_York")


def ms(*date: int) -> int:
    """Return a moment in UTC as milliseconds."""
    return int(datetime.datetime(*date, tzinfo=datetime.UTC).timestamp()) * 1000  # type: ignore[misc, arg-type]


SINCE_1987 = st.integers(ms(1987, 1, 1), ms(2037, 12, 31))
MOMENTS = st.integers(ms(1900, 1, 1), ms(2200, 1, 1))


@given(at=SINCE_1987)
@example(ms(2024, 3, 10, 6, 59, 59))
@example(ms(2024, 3, 10, 7))
@example(ms(2024, 11, 3, 5, 59, 59))
@example(ms(2024, 11, 3, 6))
@example(ms(2006, 4, 2, 7))
@example(ms(2006, 10, 29, 6))
@example(ms(2007, 3, 11, 7))
def test_new_york_close_is_seven_hours_ahead_of_new_york(at: int) -> None:
    """The server's midnight is 17:00 in New York at every moment since 1987."""
    there = datetime.datetime.fromtimestamp(at // 1000, NEW_YORK).utcoffset()

    assert there is not None
    assert there.total_seconds() + 7 * HOUR == offset_seconds(NEW_YORK_CLOSE, at)


@pytest.mark.parametrize(
    ("rule", "hours"), [("UTC", 0), ("UTC+2", 2), ("UTC-5", -5), ("UTC+05:30", 5.5), ("UTC+14", 14), ("UTC-0", 0)]
)
def test_a_fixed_offset_is_what_it_says(rule: str, hours: float) -> None:
    """The offset is the same in summer and winter, and one can go there and back."""
    for at in (ms(2024, 1, 1), ms(2024, 7, 1)):
        assert hours * HOUR == offset_seconds(rule, at)
        assert at == to_utc(rule, to_server(rule, at))


@pytest.mark.parametrize(
    ("rule", "place", "since"),
    [
        ("UTC+2 EU", "Europe/Athens", 1996), ("UTC EU", "Europe/London", 1996), ("UTC+1 EU", "Europe/Berlin", 1981),
        ("UTC-5 US", "America/New_York", 1987),
    ],
)  # fmt: skip
@given(days=st.integers(0, 365 * 40), seconds=st.sampled_from((0, HOUR - 1, HOUR, 6 * HOUR, 7 * HOUR, 12 * HOUR)))
def test_summer_time_is_kept_by_either_law(rule: str, place: str, since: int, days: int, seconds: int) -> None:
    """The clocks of Athens, London and Berlin go by one law, New York's by another."""
    at = ms(since, 1, 1) // 1000 + days * 24 * HOUR + seconds
    there = datetime.datetime.fromtimestamp(at, zoneinfo.ZoneInfo(place)).utcoffset()

    assert there is not None
    assert there.total_seconds() == offset_seconds(rule, at * 1000)


@pytest.mark.parametrize("rule", ["UTC+2 EU", "UTC-5 US", NEW_YORK_CLOSE])
def test_a_rule_with_summer_time_has_no_one_offset(rule: str) -> None:
    """Whoever would add the same number all year is told that there is none."""
    assert fixed_offset_ms(rule) is None
    assert fixed_offset_ms("UTC-5") == -5 * HOUR * 1000


@given(at=MOMENTS)
def test_the_new_york_close_is_an_american_clock(at: int) -> None:
    """It is the same rule by another name."""
    assert offset_seconds("UTC+2 US", at) == offset_seconds(NEW_YORK_CLOSE, at)


@given(at=MOMENTS)
def test_there_and_back_is_the_same_moment_but_for_the_hour_told_twice(at: int) -> None:
    """Only in the hour after the clock was put back is a server time the earlier of two moments."""
    back = to_utc(NEW_YORK_CLOSE, to_server(NEW_YORK_CLOSE, at))

    assert back in (at, at - HOUR * 1000)
    assert to_server(NEW_YORK_CLOSE, at) == to_server(NEW_YORK_CLOSE, back)


def test_the_hour_told_twice_is_taken_the_first_time() -> None:
    """06:30 UTC on a night in November shows what 05:30 showed."""
    assert ms(2024, 11, 3, 5, 30) == to_utc(NEW_YORK_CLOSE, to_server(NEW_YORK_CLOSE, ms(2024, 11, 3, 6, 30)))


@given(a=MOMENTS, b=MOMENTS)
def test_offsets_are_two_hours_or_three(a: int, b: int) -> None:
    """The server is never anywhere else, in the farthest years too."""
    assert {offset_seconds(NEW_YORK_CLOSE, at) for at in (a, b)} <= {2 * HOUR, 3 * HOUR}


@pytest.mark.parametrize(
    "rule",
    ["", "utc", "UTC+15", "UTC+2:70", "GMT", "UTC 2", "New york close", "UTC+", "UTC+2\n", "UTC+2EU", "UTC+2 UK", "EU"],
)
def test_other_words_are_no_rule(rule: str) -> None:
    """A rule nobody knows is said to be none, and is refused where it is used."""
    assert not is_zone(rule)
    with pytest.raises(ValueError, match="expected"):
        offset_seconds(rule, 0)
