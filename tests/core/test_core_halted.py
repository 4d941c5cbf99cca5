"""A model of returns alone, and bars that say nothing of a market: one that is halted, one that is no bar, a hole."""

import math

from typing import Any

import pytest

from brokers.facts import BarClosed, FeedBroken
from market.halts import HALTED
from runtime.core.plan import Plan, RegimePlan
from tests.cores import a_gate, a_lane, a_plan, closed, hour, up_model
from tests.models import refitted
from tests.told import Rested, Told

STICKY = refitted(up_model(), transitions=((0.95, 0.05), (0.1, 0.9)), means=((0.8,), (-0.4,)))
BEGINS = 40
"""The last bar that moves before the halt."""
ENDS = BEGINS + HALTED + 10
"""The first that moves after it."""


def reads(**gate: Any) -> Plan:  # noqa: ANN401 - of a gate
    """Return a plan behind a gate on hours of gold, read by their returns alone."""
    regime = RegimePlan(name="up", symbol="XAUUSD", timeframe="H1", model=STICKY)
    return a_plan(a_lane({}, gate=a_gate(**gate), regime="up"), regimes=(regime,))


def bars(last: int, jump: float = 9.0) -> list[BarClosed]:
    """Return bars from number 3 on that move up and down, with a halt in which the price is told again and again."""
    rest = 100.0 + BEGINS % 3
    closes = {n: rest if BEGINS < n < ENDS else 100.0 + n % 3 + jump * (n >= ENDS) for n in range(3, last)}
    return [closed(n, close) for n, close in closes.items()]


def densities(told: Told, facts: list[BarClosed]) -> dict[int, float]:
    """Return by bar what the filter said of how likely it was."""
    reading, found = told.core.readings[0], {}
    for fact in facts:
        told.tell(fact)
        found[(fact.bar.time - hour(0)) // (hour(1) - hour(0))] = reading.log_density
    return found


def test_from_the_twentieth_bar_on_a_halt_tells_nothing_nor_does_the_way_out_of_it() -> None:
    """What came before is as any bar, since nobody knows yet; the return over the halt is no bar's return."""
    found = densities(Told(reads()), bars(ENDS + 5))

    assert [*range(BEGINS + HALTED, ENDS + 1)] == [n for n, density in found.items() if math.isnan(density)]


def test_in_a_halt_the_posterior_moves_on_by_its_transitions_alone() -> None:
    """A prediction step for each bar, and for the way out, whatever its size."""
    told = Told(reads())
    densities(told, bars(BEGINS + HALTED))
    calm, wild = told.core.readings[0].posterior
    densities(told, bars(ENDS + 1, jump=-50.0)[BEGINS + HALTED - 3 :])
    for _ in range(BEGINS + HALTED, ENDS + 1):
        calm, wild = 0.95 * calm + 0.1 * wild, 0.05 * calm + 0.9 * wild

    assert (calm, wild) == pytest.approx(told.core.readings[0].posterior, abs=1e-15)


def test_a_halt_shuts_the_gate_as_bars_do_that_have_not_come() -> None:
    """After more than `max_age` of its bars."""
    told = Told(reads(max_age=3, allow=(0, 1), enter=0.0, leave=0.0))
    stood = {n: told.tell(fact).decisions[0].gate_open for n, fact in enumerate(bars(ENDS + 5), 3)}
    shut = [n for n, open_ in stood.items() if not open_ and n > BEGINS]

    assert [*range(BEGINS + HALTED + 3, ENDS + 1)] == shut


@pytest.mark.parametrize("cut", [BEGINS, BEGINS + 15, BEGINS + HALTED, ENDS - 4, ENDS - 2])
def test_a_core_put_to_rest_in_a_halt_goes_on_with_it(cut: int) -> None:
    """How long it has lasted, and what was not read for it, are part of the core at rest."""
    rested = Rested(Told(reads()).core, bars(ENDS + 5), cut)

    assert rested.steps == rested.again
    first, woken = rested.at_rest
    assert first == woken


def test_over_a_bar_that_was_none_the_next_return_goes_from_the_last_that_was() -> None:
    """As over a weekend: a return is that of two closes that follow one another, and so it was in the training."""
    told = Told(reads())
    densities(told, bars(10))
    told.tell(FeedBroken(at=hour(11), symbol="XAUUSD", problem="high < low"))
    densities(told, [closed(11, 103.0)])

    assert [math.log(103.0 / 100.0)] == told.core.readings[0].x
