"""A regime whose bars come and tell nothing: what its filter then says is where it began, or where it ends alone."""

from typing import Any

import pytest

from brokers.facts import Accepted, BarClosed
from market.types import Bar
from regimes.gate import ByPosterior
from runtime.core.instructions import Cancel
from runtime.core.plan import Plan, RegimePlan
from tests.cores import a_gate, a_lane, a_plan, buy, buy_limit, hour, up_model
from tests.models import refitted
from tests.told import Told, only

CALM = refitted(up_model(), start=(0.8, 0.2), transitions=((0.9, 0.1), (0.4, 0.6)))
"""Says of a market of which it knows nothing that the allowed state is likely: its gate would open."""
UNREAD = "no bar has had a value for all of its features yet"
BLIND = "its features have had no value for 3 bars"


def euro(n: int, close: float) -> BarClosed:
    """Return the fact that the euro's four hours which began n hours after Monday closed; at 0.0 it has no return."""
    bar = Bar("EURUSD", "H4", hour(n), close, close, close, close)
    return BarClosed(at=hour(n + 4), bar=bar, bid=1.1, ask=1.1)


def plan_of(script: Any, mode: str = "enforce", **gate: Any) -> Plan:  # noqa: ANN401 - a script, fields of the gate
    """Return a plan that trades gold by what the euro's bars of four hours say, at most two of them blind."""
    regime = RegimePlan(name="up", symbol="EURUSD", timeframe="H4", model=CALM)
    return a_plan(a_lane(script, gate=a_gate(mode, max_age=2, **gate), regime="up"), regimes=(regime,))


RISING = (euro(4, 1.1), euro(8, 1.11))
"""Bars that are read, and open the gate."""
NOTHING = tuple(euro(12 + 4 * n, 0.0) for n in range(8))


@pytest.mark.parametrize(("mode", "outcome"), [("enforce", "vetoed_by_regime"), ("advise", "traded")])
def test_before_a_bar_has_told_anything_no_gate_opens(mode: str, outcome: str) -> None:
    """The first bar has no return yet: what the filter says is its start, though another symbol has long been warm."""
    told = Told(plan_of({10: buy()}, mode))
    told.tell(euro(4, 1.1))
    d = told.decide(10)

    assert (outcome, False, UNREAD) == (d.outcome, d.gate_open, d.gate_reason)


@pytest.mark.parametrize(("blind", "outcome"), [(2, "traded"), (3, "vetoed_by_regime"), (8, "vetoed_by_regime")])
def test_a_regime_whose_bars_tell_nothing_for_too_long_is_stale(blind: int, outcome: str) -> None:
    """As many may pass as may be missing: then the filter has drifted to what it says of any market."""
    told = Told(plan_of({50: buy()}))
    told.tell(*RISING, *NOTHING[:blind])

    assert outcome == told.decide(50).outcome


def test_the_first_bar_that_tells_something_again_is_believed() -> None:
    """One that has a value for every feature."""
    told = Told(plan_of({}, dwell=0))
    told.tell(*RISING, *NOTHING[:3])
    (lane,) = told.core.lanes
    before = lane.gate_reason
    told.tell(euro(24, 1.2))
    between = lane.gate_open
    told.tell(euro(28, 1.21))

    assert (BLIND, False, True) == (before, between, lane.gate_open)


def test_what_rests_is_taken_back_as_the_gate_goes_blind() -> None:
    """At once, as behind any gate that shuts."""
    told = Told(plan_of({12: buy_limit(99.5)}))
    told.tell(*RISING)
    wish = told.submit(12)
    told.tell(Accepted(at=hour(13), id=wish.id, order=55), *NOTHING[:2])

    assert 55 == only(told.tell(NOTHING[2]), Cancel).order


@pytest.mark.parametrize("seen", [(), RISING])
@pytest.mark.parametrize("blind", [1, 2, 3])
def test_a_core_put_to_rest_goes_on_counting_blind_bars(blind: int, seen: tuple[BarClosed, ...]) -> None:
    """A restart is no new patience."""
    told = Told(plan_of({}))
    told.tell(*seen, *NOTHING[:blind])
    woken = told.again()
    for core in (told, woken):
        core.tell(NOTHING[blind])

    assert told.core.snapshot() == woken.core.snapshot()


def test_a_weight_of_the_risk_is_unknown_where_nothing_is_told() -> None:
    """Nothing is taken over from the last bar that told something."""
    told = Told(plan_of({}, exposure=ByPosterior(weights=(1.0, 0.0))))
    told.tell(*RISING, *NOTHING[:3])
    (lane,) = told.core.lanes

    assert lane.exposure != lane.exposure
