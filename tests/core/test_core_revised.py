"""A bar that its broker tells anew is folded in as it is told now, and all is as if it had been told so at once."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from hypothesis import given
from hypothesis import strategies as st

from brokers.facts import Accepted, BarRevised, FeedBroken
from brokers.made import DayRule, FrameRule, MadeRule
from market.types import Bar
from regimes.bundle import RegimeModel, seal
from regimes.novelty import battery
from runtime.core.facts import AnyFact
from runtime.core.feeds import KNOWN, feed_snapshot
from runtime.core.gates import TOLD_FIRST
from runtime.core.instructions import Alert, Cancel
from runtime.core.made import made_snapshot
from runtime.core.plan import Plan, RegimePlan
from runtime.core.readings import REMEMBERED, reading_snapshot
from tests.cores import a_gate, a_lane, a_plan, bar, buy_limit, closed, hour, up_model
from tests.told import Rested, Told, only

WATCHED = seal(msgspec.structs.replace(up_model(), novelty=battery([5.0] * 14, hold=3)))
RULES: tuple[MadeRule | None, ...] = None, DayRule("UTC", "H1"), DayRule("UTC+2", "H1")


def reads(rule: MadeRule | None, model: RegimeModel = WATCHED, script: Any = None) -> Plan:  # noqa: ANN401 - of wants
    """Return a plan whose regime reads hours of gold, or the days that they make up."""
    regime = RegimePlan(
        name="up", symbol="XAUUSD", timeframe="D1" if rule else "H1", model=model, made=rule, novelty=model.novelty
    )
    return a_plan(a_lane(script or {}, gate=a_gate(), regime="up"), regimes=(regime,))


def moved(steps: Sequence[float]) -> list[Bar]:
    """Return bars from number 3 on whose closes move by these shares of a percent."""
    close, bars = 100.0, []
    for n, step in enumerate(steps, 3):
        close = round(close * (1.0 + step / 100.0), 2)
        bars.append(bar(n, close, close + 0.5, close - 0.5))
    return bars


WAVES = moved([(1.2, -0.7, 0.9, -1.1, 0.2)[n * n % 5] for n in range(80)])


def other(told: Bar, by: float = 2.0) -> Bar:
    """Return a bar as its broker tells it later: higher throughout."""
    return msgspec.structs.replace(
        told, open=told.open + by, high=told.high + by, low=told.low + by, close=told.close + by
    )


def number(of: Bar) -> int:
    """Return a bar's number."""
    return (of.time - hour(0)) // (hour(1) - hour(0))


def tell(told: Told, bars: Sequence[Bar]) -> Told:
    """Tell bars as they close."""
    for one in bars:
        told.tell(closed(number(one), one.close, high=one.high, low=one.low, bid=one.close))
    return told


def folded(told: Told) -> bytes:
    """Return all that bars were folded into: features, longer bars and readings."""
    core = told.core
    return msgspec.msgpack.encode((
        [feed_snapshot(feed) for feed in core.feeds.values()], [made_snapshot(made) for made in core.made.values()],
        [reading_snapshot(reading) for reading in core.readings],
    ))  # fmt: skip


# --- what is folded in ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES)
@given(
    st.lists(st.floats(-3.0, 3.0), min_size=50, max_size=75), st.integers(1, KNOWN), st.floats(-3.0, 3.0),
    st.booleans(),
)  # fmt: skip
def test_after_a_revision_all_is_as_if_the_bar_had_been_told_so_at_once(
    rule: MadeRule | None,
    moves: list[float],
    ago: int,
    by: float,
    slept: bool,  # noqa: FBT001 - drawn
) -> None:
    """Features, days under way, posterior, novelty: to the bit, on all bars that follow, and after a restart too."""
    bars = moved(moves)
    late, revised = bars[:-8], other(bars[-8 - ago], by)
    told, once = tell(Told(reads(rule)), late), Told(reads(rule))
    told = told.again() if slept else told
    told.tell(BarRevised(at=hour(99), bar=revised))
    tell(once, [revised if one.time == revised.time else one for one in late])
    pairs = [(folded(told), folded(once))]
    pairs += [(folded(tell(told, [one])), folded(tell(once, [one]))) for one in bars[-8:]]

    assert {True} == {a == b for a, b in pairs}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("later", range(KNOWN))
def test_a_bar_that_was_broken_and_comes_right_later_is_folded_in_where_it_belongs(
    rule: MadeRule | None, later: int
) -> None:
    """It was none when it was told first: once it is right, all is as if it had been so from the beginning."""
    bars = WAVES[: 60 + later]
    told = tell(Told(reads(rule)), bars[:59])
    told.tell(FeedBroken(at=bars[59].time, symbol="XAUUSD", problem="high < low"))
    tell(told, bars[60:])
    told.tell(BarRevised(at=hour(99), bar=bars[59]))

    assert folded(tell(Told(reads(rule)), bars)) == folded(told)


def test_a_reading_whose_memory_is_full_remembers_what_it_forgot_for_a_bar_that_is_taken_back() -> None:
    """The thousandth row before comes back with it."""
    bars = moved([(1.2, -0.7, 0.9, -1.1, -0.3)[n * n % 5] for n in range(REMEMBERED + 10)])
    told, once = tell(Told(reads(None)), bars), tell(Told(reads(None)), [*bars[:-2], other(bars[-2]), bars[-1]])
    told.tell(BarRevised(at=hour(9999), bar=other(bars[-2])))

    assert folded(once) == folded(told)


def test_a_bar_that_is_too_old_stays_folded_in_and_people_are_told_so() -> None:
    """Nothing is remembered from before it: the page names the bar."""
    told = tell(Told(reads(None)), WAVES)
    before = folded(told)
    step = told.tell(BarRevised(at=hour(99), bar=other(WAVES[-1 - KNOWN])))

    assert before == folded(told)
    assert "that of 2024-01-04 07:00:00: it is too old" in only(step, Alert).text


def test_a_bar_of_many_short_ones_that_ended_several_is_taken_back_as_far_as_is_known() -> None:
    """Over a gap one bar ends the hour before and its own: quarters of an hour that are told far apart."""
    rule = FrameRule("H4", "H1")
    far = [
        msgspec.structs.replace(one, time=hour(n)) for n, one in zip((4, 8, 15, 19, 23, 27, 31), WAVES, strict=False)
    ]
    plan = reads(rule)
    told, once = tell(Told(plan), far), tell(Told(plan), [*far[:-2], other(far[-2]), far[-1]])
    told.tell(BarRevised(at=hour(99), bar=other(far[-2])))

    assert folded(once) == folded(told)


# --- what is decided --------------------------------------------------------------------------------------------------


def gated(*closes: float) -> Told:
    """Return a core whose gate is open after a bar that rose, told bars 3, 4, ... with these closes."""
    told = Told(reads(None, up_model(), {4: buy_limit(101.5)}))
    for n, close in enumerate(closes, 3):
        told.tell(closed(n, close))
    return told


def test_a_gate_is_shut_at_once_where_the_revised_bar_would_not_have_opened_it() -> None:
    """What rests behind it is taken back with the same fact."""
    told = gated(100.0, 102.0)
    (wish,) = [w for step in told.steps for w in step.instructions if hasattr(w, "approved")]
    told.tell(Accepted(at=hour(5), id=wish.id, order=55))
    step = told.tell(BarRevised(at=hour(5), bar=bar(4, 98.0)))
    lane = told.core.lanes[0]

    assert (False, "regime not allowed", 55) == (lane.gate_open, lane.gate_reason, only(step, Cancel).order)


def test_a_gate_is_not_opened_before_the_next_bar_by_one_that_was_revised() -> None:
    """Between two bars a revision only tightens; the next bar opens it."""
    told = gated(100.0, 98.0)
    told.tell(BarRevised(at=hour(5), bar=bar(4, 102.0)))
    lane = told.core.lanes[0]
    between = lane.gate_open, lane.gate_reason
    told.tell(closed(5, 104.0))

    assert (False, TOLD_FIRST) == between
    assert lane.gate_open


@pytest.mark.parametrize(
    ("closes", "told", "still"),
    [
        ((100, 102, 104, 106, 108, 108), 108.0005, True),
        ((100, 102, 104, 106, 108, 108), 107.99, False),
        ((100, 99, 98, 97, 99, 99), 99.0005, False),
    ],
)
def test_a_gate_that_was_open_before_stays_so_by_what_would_have_kept_it_open(
    closes: tuple[float, ...],
    told: float,
    still: bool,  # noqa: FBT001 - of a table
) -> None:
    """Between `leave` and `enter`, as in a backtest; one that has opened lately might have opened by what was wrong."""
    gate = gated(*closes)
    before = gate.core.lanes[0].gate_open
    gate.tell(BarRevised(at=hour(9), bar=bar(2 + len(closes), told)))

    assert (True, still) == (before, gate.core.lanes[0].gate_open)


def test_a_gate_is_shut_where_a_bar_between_would_have_shut_it() -> None:
    """The last bar alone says that it may stay: the one that was told otherwise had fallen."""
    gate = gated(100, 102, 104, 106, 108, 108)
    gate.tell(BarRevised(at=hour(9), bar=bar(7, 105.0)), BarRevised(at=hour(9), bar=bar(8, 105.0)))
    lane = gate.core.lanes[0]

    assert (0.5, False) == (lane.allowed, lane.gate_open)


def test_a_revision_that_changes_nothing_leaves_a_gate_as_it_is() -> None:
    """A bar whose open alone was another says the same to a model of closes."""
    told = gated(100.0, 102.0)
    told.tell(BarRevised(at=hour(5), bar=msgspec.structs.replace(bar(4, 102.0), open=101.0)))

    assert told.core.lanes[0].gate_open


@pytest.mark.parametrize("cut", [0, 1, 2, 3])
def test_a_core_put_to_rest_around_a_revision_goes_on_alike(cut: int) -> None:
    """What can be taken back is part of the core at rest, and a shadow book reads what its host has folded anew."""
    revised = BarRevised(at=hour(40), bar=bar(38, 90.0))
    bars = [closed(n, 100.0 + n % 3) for n in range(3, 60)]
    facts: list[AnyFact] = [*bars[:37], revised, *bars[37:]]
    rested = Rested(Told(reads(None)).core, facts, 36 + cut)

    assert rested.steps == rested.again
    first, woken = rested.at_rest
    assert first == woken
