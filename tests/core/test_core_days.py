"""A regime whose days are made of the strategy's own bars: read when a day is over, by the clock that is named."""

import pytest

from brokers.facts import Accepted
from brokers.made import DayRule
from runtime.core.gates import NOTHING_READ
from runtime.core.instructions import Cancel
from runtime.core.plan import Plan, RegimePlan
from tests.cores import a_gate, a_lane, a_plan, buy, buy_limit, closed, hour, up_model
from tests.told import Rested, Told, only


def by_days(zone: str = "UTC+2", **lane: object) -> Plan:
    """Return a plan of a strategy on hours behind a gate of days that end at midnight of a clock."""
    regime = RegimePlan(name="up", symbol="XAUUSD", timeframe="D1", model=up_model(), made=DayRule(zone, "H1"))
    script = lane.pop("script", {})
    return a_plan(a_lane(script, gate=a_gate(), regime="up", **lane), regimes=(regime,))  # type: ignore[arg-type]  # a script


def rising(first: int, last: int, *, fall: tuple[int, ...] = ()) -> list[float]:
    """Return closes by hour that stand still within a day of UTC+2 and rise, or fall, from one to the next."""
    level, closes = 100.0, []
    for n in range(first, last):
        if (n + 2) % 24 == 0:
            level += -1.0 if n in fall else 1.0
        closes.append(level)
    return closes


def test_a_day_is_read_with_the_bar_that_ends_it() -> None:
    """Hours 22 to 45 are the first whole day at UTC+2, and 46 to 69 the second, which rose: on hour 69 it is known."""
    told = Told(by_days())
    decisions = {n: told.decide(n, close) for n, close in enumerate(rising(3, 94), 3)}

    assert 45 == min(n for n, d in decisions.items() if d.regime >= 0)
    assert ("no regime bar yet", NOTHING_READ) == (decisions[44].gate_reason, decisions[45].gate_reason)
    assert (68, 69) == (
        max(n for n, d in decisions.items() if not d.gate_open), min(n for n, d in decisions.items() if d.gate_open)
    )  # fmt: skip


def test_the_clock_that_is_named_decides_when_a_day_is_over() -> None:
    """The same bars, told to two cores: by UTC the day ends two hours later."""
    opened = []
    for zone in ("UTC", "UTC+2"):
        told = Told(by_days(zone))
        opened.append(next(n for n, close in enumerate(rising(3, 94), 3) if told.decide(n, close).regime >= 0))

    assert [23, 45] == opened  # the first day of UTC began with the bars, that of UTC+2 two hours before: it is half


def test_entries_are_held_until_the_days_are_warm() -> None:
    """A feature of days needs so many days."""
    told = Told(by_days(script={n: buy() for n in range(3, 94)}))
    decisions = [told.decide(n, close) for n, close in enumerate(rising(3, 80), 3)]

    assert ("WARMING:XAUUSD",) == decisions[40].holds
    assert "traded" == next(d.outcome for d in decisions if not d.holds)


def test_a_resting_entry_is_taken_back_with_the_bar_that_ends_the_day() -> None:
    """The gate shuts in the same moment in which the day is over."""
    plan = by_days(script={71: buy_limit(102.5)})
    told = Told(plan)
    closes = dict(enumerate(rising(3, 120, fall=(94,)), 3))
    for n in range(3, 71):
        told.decide(n, closes[n])
    wish = told.submit(71, closes[71])
    told.tell(Accepted(at=hour(72), id=wish.id, order=55))
    cancels = {n: told.tell(closed(n, closes[n])) for n in range(72, 118)}

    assert [117] == [n for n, step in cancels.items() if any(isinstance(w, Cancel) for w in step.instructions)]
    assert 55 == only(cancels[117], Cancel).order


@pytest.mark.parametrize("cut", [30, 45, 46, 69, 70, 90])
def test_a_core_put_to_rest_within_a_day_goes_on_with_it(cut: int) -> None:
    """What is under way of a day, and what was told of it, is part of the core at rest; shadows read the host's."""
    plan = by_days(script={n: buy() for n in range(3, 120)})
    facts = [closed(n, close) for n, close in enumerate(rising(3, 120, fall=(94,)), 3)]
    rested = Rested(Told(plan).core, facts, cut)

    assert rested.steps == rested.again
    first, woken = rested.at_rest
    assert first == woken
