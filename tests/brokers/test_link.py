"""The life of a link: every row of its table, when it gives up, and how long it waits."""

from typing import get_args

import pytest

from hypothesis import given
from hypothesis import strategies as st

from brokers.mt5.link import CRASHES, LIFE, LONGEST_S, Event, Link, State

EVENTS: tuple[Event, ...] = get_args(Event)
STATES: tuple[State, ...] = get_args(State)


def lived(events: list[tuple[Event, float]]) -> Link:
    """Return a link that went through events, each at its moment."""
    link = Link(crashes=[])
    for event, now in events:
        link.step(event, now)
    return link


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("event", EVENTS)
def test_every_cell_of_the_table(state: State, event: Event) -> None:
    """A row leads where it says; what has no row raises and changes nothing."""
    link = Link(state=state, crashes=[])
    after = LIFE.get((state, event))
    if after is None:
        with pytest.raises(RuntimeError, match=f"a link that is {state} cannot become '{event}'"):
            link.step(event, 0.0)

    assert (after or state) == (link.step(event, 0.0) if after else link.state)


def test_the_table_is_whole() -> None:
    """A link that runs can always be lost in every way, one that is down can only be started, one given up is left."""
    losses = {"crashed", "hung", "unreachable", "refused", "wrong"}
    rows = {state: {event for s, event in LIFE if s == state} for state in STATES}

    assert {"down": {"start"}, "starting": losses | {"connected"}, "up": losses, "given_up": set()} == rows


@pytest.mark.parametrize("event", ["crashed", "hung"])
@pytest.mark.parametrize("connects", [False, True])
def test_a_crash_loop_gives_up(connects: bool, event: Event) -> None:  # noqa: FBT001 - a parameter of the test
    """The fifth death within a minute is the last, whoever killed the worker, had it come up in between or not."""
    link = Link(crashes=[])
    states = []
    for n in range(CRASHES):
        link.step("start", 10.0 * n)
        if connects:
            link.step("connected", 10.0 * n)
        states.append(link.step(event, 10.0 * n + 1.0))

    assert ["down"] * 4 + ["given_up"] == states


def test_crashes_far_between_do_not_give_up() -> None:
    """Five crashes in more than a minute are not a loop."""
    pair: tuple[Event, Event] = ("start", "crashed")
    events = [(event, 16.0 * n) for n in range(30) for event in pair]

    assert "down" == lived(events).state


@given(st.lists(st.floats(0.0, 5.0), min_size=1, max_size=60))
def test_a_broker_out_of_reach_is_waited_for_for_ever(pauses: list[float]) -> None:
    """However often and fast it is not there, it is tried again."""
    link, now = Link(crashes=[]), 0.0
    for pause in pauses:
        now += pause
        link.step("start", now)
        link.step("unreachable", now)

    assert "down" == link.state


@given(st.integers(0, 10_000), st.floats(0.0, 1.0, exclude_max=True))
def test_delays_are_bounded_and_spread(tries: int, jitter: float) -> None:
    """Each wait lies between half of its length and the whole, and none is longer than the longest."""
    delay = Link(tries=tries, crashes=[]).delay(jitter)
    whole = min(LONGEST_S, 0.25 * 2.0 ** min(tries, 10))

    assert whole / 2.0 <= delay <= whole


def test_waits_double_and_begin_anew_after_a_healthy_minute() -> None:
    """A link that held for a minute is tried again at once when it breaks."""
    link = Link(crashes=[])
    waits = []
    for now in (0.0, 1.0, 2.0):
        link.step("start", now)
        link.step("unreachable", now)
        waits.append(link.delay(1.0))
    link.step("start", 3.0)
    link.step("connected", 3.0)
    link.step("unreachable", 63.0)

    assert [0.5, 1.0, 2.0, 0.5] == [*waits, link.delay(1.0)]


# --- how long it is away ----------------------------------------------------------------------------------------------


def lost_at(now: float) -> Link:
    """Return a link that was up and is out of reach since a moment."""
    return lived([("start", 0.0), ("connected", 0.0), ("unreachable", now)])


def test_only_an_open_market_counts_and_a_person_is_called_once() -> None:
    """A weekend without a terminal calls nobody; five minutes of Monday do, one time."""
    link = lost_at(100.0)
    friday = [link.away(100.0 + 30.0 * n, 300.0, market_open=False) for n in range(1000)]
    monday = [link.away(30_100.0 + 30.0 * n, 300.0, market_open=True) for n in range(100)]

    assert (False, 1) == (any(friday), sum(monday))
    assert 9 == monday.index(True)


def test_a_link_that_was_back_is_counted_anew() -> None:
    """Each loss has its own patience, and its own call."""
    link = lost_at(100.0)
    first = link.away(500.0, 300.0, market_open=True)
    link.step("start", 501.0)
    link.step("connected", 502.0)
    up = link.away(900.0, 300.0, market_open=True)
    link.step("hung", 1000.0)

    assert (True, False) == (first, up)
    assert [False, True] == [link.away(now, 300.0, market_open=True) for now in (1200.0, 1301.0)]


def test_a_link_that_does_not_hold_is_one_loss() -> None:
    """A terminal that connects and fails at the first look is away all the same: a person is called, one time."""
    link = lost_at(100.0)
    calls = []
    for now in range(110, 1000, 20):
        link.step("start", now)
        link.count(now, market_open=True)
        link.step("connected", now)
        link.step("unreachable", now + 10.0)
        calls.append(link.away(now + 10.0, 300.0, market_open=True))

    assert (1, 29) == (sum(calls), calls.index(True))


def test_a_loss_begins_with_the_first_failure_and_lasts_over_the_tries() -> None:
    """That a try fails as well does not make the loss younger."""
    link = lost_at(100.0)
    for now in (110.0, 120.0):
        link.step("start", now)
        link.step("crashed", now + 5.0)

    assert 100.0 == link.down_since
