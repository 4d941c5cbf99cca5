"""The pace of a daemon's rounds: often around a close, seldom between, and never beyond the bound."""

import pytest

from hypothesis import given
from hypothesis import strategies as st

from brokers.mt5.frames import FeedCursor
from runtime.clock import Clock
from runtime.pace import RUSH_S, Pace

OFTEN, SELDOM = 0.1, 1.0
NOON = 1_704_110_400_000
MINUTE = 60_000
KEY = ("EURUSD", "M1")


class Still(Clock):
    """A clock that stands where it is put."""

    now = 100.0

    def elapsed(self) -> float:
        """Return monotonic seconds."""
        return self.now


def at_noon(clock: Still) -> Pace:
    """Return a pace that knows the server's clock: it was noon, and the first jump of it is past."""
    pace = Pace(clock, OFTEN, SELDOM)
    pace.told(NOON, bars=False)
    clock.now += RUSH_S
    return pace


def wait(pace: Pace, opened: int = NOON - MINUTE, *, unsettled: bool = False) -> float:
    """Return the wait where the last closed bar opened at a time."""
    return pace.wait_s([FeedCursor(*KEY, opened)], unsettled=unsettled)


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (20.0, SELDOM),
        (58.4, SELDOM),
        (58.6, 0.9),
        (59.3, 0.2),
        (59.6, OFTEN),
        (60.5, OFTEN),
        (62.9, OFTEN),
        (63.1, SELDOM),
    ],
)
def test_it_is_asked_often_around_the_close_alone(second: float, expected: float) -> None:
    """Half a second before, until three seconds after where no tick has come; the last wait ends when that begins."""
    clock = Still()
    pace = at_noon(clock)
    clock.now = 100.0 + second

    assert pytest.approx(expected) == wait(pace)


def test_a_bar_that_was_told_is_not_asked_for_again() -> None:
    """With the bar there, the next close is a minute away."""
    clock = Still()
    pace = at_noon(clock)
    clock.now = 160.2

    assert SELDOM == wait(pace, NOON)


def test_an_order_that_is_not_settled_is_asked_for_often() -> None:
    """Whoever has sent wants to hear of it."""
    assert OFTEN == wait(at_noon(Still()), unsettled=True)


def test_the_shortest_feed_sets_the_pace() -> None:
    """An account of days and minutes is asked by the minutes."""
    clock = Still()
    pace = at_noon(clock)
    clock.now = 160.0

    assert OFTEN == pace.wait_s([FeedCursor("SP500", "D1", NOON), FeedCursor(*KEY, NOON - MINUTE)], unsettled=False)


def test_minutes_without_a_tick_are_passed_over() -> None:
    """In a dead hour it is asked often around every full minute, at which a bar may open and show the last one."""
    clock = Still()
    pace = at_noon(clock)

    clock.now = 100.0 + 30 * 60 + 20.0
    assert SELDOM == wait(pace)
    clock.now = 100.0 + 31 * 60 + 1.9
    assert OFTEN == wait(pace)


def test_a_tick_corrects_the_idea_of_the_clock() -> None:
    """The first tick seen may be old: a later one tells better."""
    clock = Still()
    pace = Pace(clock, OFTEN, SELDOM)
    pace.told(NOON, bars=False)
    clock.now += 1.0
    pace.told(NOON + 59_000, bars=False)
    clock.now = 101.0 + 60.8

    assert OFTEN == wait(pace, NOON)


def test_a_replay_that_runs_faster_is_always_asked_often() -> None:
    """Its bars close at times no clock of ours can tell."""
    clock = Still()
    pace = Pace(clock, OFTEN, SELDOM)
    waits = []
    for n in range(20):
        clock.now += 1.0
        pace.told(NOON + n * MINUTE, bars=True)
        waits.append(wait(pace, NOON + (n - 1) * MINUTE))

    assert [OFTEN] * 20 == waits


def test_a_bound_below_the_frequent_pace_changes_nothing() -> None:
    """Who asks every second always does so."""
    clock = Still()
    pace = Pace(clock, 1.0, 0.0)
    pace.told(NOON, bars=False)
    clock.now += 20.0

    assert 1.0 == wait(pace)


def test_signs_of_life_are_kept() -> None:
    """When it came round and when it last took in a bar can be told."""
    clock = Still()
    pace = Pace(clock, OFTEN, SELDOM)
    clock.now = 105.0
    pace.turn()
    pace.told(NOON, bars=False)

    assert (105.0, 100.0) == (pace.turned, pace.heard)


@given(
    ticks=st.lists(st.tuples(st.floats(0.0, 1e5), st.integers(-(10**9), 10**9)), max_size=20),
    opened=st.integers(0, 2 * NOON),
    timeframe=st.sampled_from(["M1", "M15", "H4", "D1"]),
)
def test_no_wait_leaves_its_bounds(ticks: list[tuple[float, int]], opened: int, timeframe: str) -> None:
    """Whatever a server's clock does, a deal is heard within the bound."""
    clock = Still()
    pace = Pace(clock, OFTEN, SELDOM)
    for elapsed, at in ticks:
        clock.now += elapsed
        pace.told(NOON + at, bars=True)

    assert OFTEN <= pace.wait_s([FeedCursor("EURUSD", timeframe, opened)], unsettled=False) <= SELDOM
