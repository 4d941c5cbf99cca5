"""What no trained regime explains: entries are shut out under `enforce`, exits are free, the decision says by what."""

import math
import random

from typing import Any

import pytest

from brokers.facts import Accepted, DealMade
from regimes.novelty import battery, e_process
from runtime.core.feeds import Feed
from runtime.core.instructions import Cancel, ClosePosition
from runtime.core.plan import Plan, RegimePlan
from runtime.core.readings import RegimeReading
from tests.cores import LEAVE, a_gate, a_lane, a_plan, bar, buy, buy_limit, closed, hour, up_model
from tests.models import a_model
from tests.told import Rested, Told, kinds, of_kind, only

STRICT = battery([5.0] * 14, hold=3)
DEAD = 8
"""By bar 8 a market that has not moved since bar 0 is deader than any trained regime, by the limits above."""


def watched(script: Any, mode: str = "enforce", rule: tuple[float, ...] = STRICT, **gate: Any) -> Plan:  # noqa: ANN401
    """Return a plan behind a gate that every regime opens, of a model that looks whether one explains the bars."""
    regime = RegimePlan(name="up", symbol="XAUUSD", timeframe="H1", model=up_model(), novelty=rule)
    always = {"allow": (0, 1), "enter": 0.0, "leave": 0.0} | gate
    return a_plan(a_lane(script, gate=a_gate(mode, **always), regime="up"), regimes=(regime,))


def moving() -> list[float]:
    """Return closes of a market that rises and falls as its model expects, by about a hundredth an hour."""
    draw, closes = random.Random(7), [100.0]
    for _ in range(80):
        step = draw.choice((0.01, -0.01)) + 0.001 * draw.gauss(0.0, 1.0)
        closes.append(closes[-1] * math.exp(step))
    return closes


ALIVE = moving()


@pytest.mark.parametrize(
    ("mode", "outcome"), [("enforce", "vetoed_by_regime"), ("advise", "traded"), ("off", "traded")]
)
def test_what_no_regime_explains_shuts_entries_out_under_enforce_only(mode: str, outcome: str) -> None:
    """A dead market is more likely than any other by every regime, and like none of them."""
    told = Told(watched({DEAD: buy()}, mode))
    *_, d = [told.decide(n) for n in range(3, DEAD + 1)]

    assert (outcome, False) == (d.outcome, d.gate_open if mode != "off" else False)
    assert "no trained regime explains this (log_return: much deader)" == d.gate_reason
    assert 1.0 <= d.novelty


def test_a_market_as_its_model_expects_is_not_novel() -> None:
    """Hours on end of the returns it was made of raise nothing."""
    told = Told(watched({}, rule=battery([20.0] * 14)))
    decisions = [told.decide(n, ALIVE[n]) for n in range(3, 60)]

    assert {True} == {d.gate_open for d in decisions}
    assert 0.0 <= max(d.novelty for d in decisions) < 1.0


def test_without_a_rule_nobody_looks() -> None:
    """A model without limits is used as before, and the decision has no number."""
    told = Told(watched({DEAD: buy()}, rule=()))
    *_, d = [told.decide(n) for n in range(3, DEAD + 1)]

    assert ("traded", True) == (d.outcome, d.gate_open)
    assert math.isnan(d.novelty)


def test_the_e_process_needs_no_limits() -> None:
    """It is raised later, and its guarantee holds at any time."""
    told = Told(watched({}, rule=e_process(1)))
    raised = next(n for n in range(3, 99) if not told.decide(n).gate_open)

    assert DEAD < raised < 40


@pytest.mark.parametrize("limit", [5.0, 1e6])
def test_a_halt_neither_raises_nor_lifts_the_alarm_of_a_model_that_reads_the_range(limit: float) -> None:
    """A bar that never moved has no range: it tells nothing, and the statistics wait, raised or not.

    To a model of returns alone a market that does not move at all is deader than any regime, as above.
    """
    reading = RegimeReading("up", a_model(), Feed(("XAUUSD", "H1")), battery([limit] * 28, hold=3))

    def read(n: int, close: float, move: float) -> None:
        reading.feed.fold(bar(n, close, close + move, close - move))
        reading.fold()

    for n in range(60):
        read(n, ALIVE[n], 0.3)
    before = reading.novel, reading.strange[:-2]
    for n in range(60, 160):
        read(n, ALIVE[59], 0.0)

    assert (limit == 5.0, before) == (reading.novel, (reading.novel, reading.strange[:-2]))


def test_a_trade_is_left_as_it_wants_while_nothing_explains_the_market() -> None:
    """Exits are free."""
    told = Told(watched({3: buy(3.0), DEAD: LEAVE}))
    wish = told.submit(3, 101.0)
    deal = told.deal(wish, "in", 100.1)
    told.tell(Accepted(at=hour(4), id=wish.id, order=deal.order, deal=deal.ticket, volume=deal.volume))
    told.tell(DealMade(at=hour(4), deal=deal))
    *_, d = [told.decide(n) for n in range(4, DEAD + 1)]

    assert ("exit", False, ("strategy",)) == (d.outcome, d.gate_open, d.reasons)


def test_the_gates_policy_is_carried_out_where_nothing_explains_the_market() -> None:
    """That it is like none of the regimes is known of it: the gate is shut on the trade."""
    told = Told(watched({3: buy(3.0)}, on_shut="reduce"))
    wish = told.submit(3, 101.0)
    deal = told.deal(wish, "in", 100.1)
    told.tell(Accepted(at=hour(4), id=wish.id, order=deal.order, deal=deal.ticket, volume=deal.volume))
    told.tell(DealMade(at=hour(4), deal=deal))
    steps = [told.tell(closed(n)) for n in range(4, DEAD + 1)]

    assert ["ClosePosition"] == [kind for step in steps for kind in kinds(step)]
    assert {("gate shut", 0.16)} == {(w.reason, w.volume) for s in steps for w in of_kind(s, ClosePosition)}


def test_a_resting_entry_is_taken_back() -> None:
    """As by any gate that shuts."""
    told = Told(watched({3: buy_limit(99.0)}))
    wish = told.submit(3, 101.0)
    told.tell(Accepted(at=hour(4), id=wish.id, order=55))
    steps = [told.tell(closed(n)) for n in range(4, DEAD + 1)]

    assert 55 == only(next(step for step in steps if step.instructions), Cancel).order


def test_the_gate_opens_again_when_the_market_is_one_of_the_trained_for_a_while() -> None:
    """The alarm is lifted after as many quiet bars as the rule says."""
    told = Told(watched({}))
    dead = [told.decide(n) for n in range(3, DEAD + 1)]
    back = [told.decide(n, ALIVE[n - DEAD]) for n in range(DEAD + 1, DEAD + 40)]

    assert (False, False, True) == (dead[-1].gate_open, back[0].gate_open, any(d.gate_open for d in back))


@pytest.mark.parametrize("cut", [4, DEAD, DEAD + 2])
def test_a_core_put_to_rest_goes_on_with_its_suspicion(cut: int) -> None:
    """Statistics and alarm are part of the core at rest; a shadow, which has no gate, goes on as well."""
    plan = watched({n: buy() for n in range(3, 40)})
    facts = [closed(n, 100.0 if n <= DEAD else ALIVE[n]) for n in range(3, 30)]
    rested = Rested(Told(plan).core, facts, cut - 3)

    assert rested.steps == rested.again
    first, woken = rested.at_rest
    assert first == woken
