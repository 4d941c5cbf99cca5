"""How much of its risk a strategy takes: the posterior's share under `enforce`, all of it otherwise, 0 being a veto."""

import pytest

from regimes.gate import ByCost, ByPosterior
from runtime.core.instructions import Cancel
from tests.cores import a_gated_plan, a_lane, a_plan, buy, buy_limit, closed
from tests.told import Told, kinds, only, with_resting_entry

HALF = ByPosterior(weights=(0.5, 0.5))
NONE_BELOW = ByPosterior(weights=(1.0, 0.0))


@pytest.mark.parametrize(
    ("mode", "volume", "exposure"), [("enforce", 0.5, 0.5), ("advise", 1.0, 0.5), ("off", 1.0, 1.0)]
)
def test_an_enforced_exposure_shrinks_the_entry(mode: str, volume: float, exposure: float) -> None:
    """Half the risk is half the lots; advice is journaled only, and a gate that is off weighs nothing."""
    told = Told(a_gated_plan({3: buy()}, mode, exposure=HALF))
    d = told.decide(3, 101.0)

    assert ("traded", volume) == (d.outcome, d.volume)
    assert pytest.approx((100.0 * volume, exposure)) == (d.risk, d.exposure)


def test_a_strategy_whose_gate_does_not_weigh_takes_all_of_its_risk() -> None:
    """Without weights the exposure is whole, with a gate or without."""
    gated, free = Told(a_gated_plan({3: buy()})), Told(a_plan(a_lane({3: buy()})))

    assert {(1.0, 1.0)} == {(d.exposure, d.volume) for d in (gated.decide(3, 101.0), free.decide(3, 101.0))}


def test_no_exposure_is_a_veto() -> None:
    """The gate allows both states, but the one it is in has no weight."""
    plan = a_gated_plan({3: buy()}, allow=(0, 1), exposure=ByPosterior(weights=(1e-300, 0.0)))
    d = Told(a_gated_plan({3: buy()}, allow=(0, 1), exposure=NONE_BELOW)).decide(3, 50.0)
    tiny = Told(plan).decide(3, 101.0)

    assert ("vetoed_by_regime", True, "regime allowed, at no exposure") == (d.outcome, d.gate_open, d.gate_reason)
    assert ("refused_by_risk", ("size below the minimum volume",)) == (tiny.outcome, tiny.reasons)


def test_no_exposure_takes_a_resting_entry_back() -> None:
    """As a shut gate does."""
    plan = a_gated_plan({3: buy_limit(100.5)}, allow=(0, 1), exposure=NONE_BELOW)
    told, _ = with_resting_entry(plan, close=101.0)

    assert 55 == only(told.tell(closed(4, 50.0)), Cancel).order


def test_advice_of_no_exposure_vetoes_nothing() -> None:
    """The entry is made whole; what would have been is in the journal."""
    told = Told(a_gated_plan({3: buy()}, "advise", allow=(0, 1), exposure=NONE_BELOW))
    step = told.tell(closed(3, 50.0))

    assert (["Submit"], "traded") == (kinds(step), step.decisions[0].outcome)
    assert pytest.approx(0.0, abs=1e-9) == step.decisions[0].exposure


def test_without_a_reading_nobody_knows_the_exposure() -> None:
    """It is not a number then, and the entry is vetoed."""
    d = Told(a_gated_plan({3: buy()}, timeframe="D1", exposure=HALF)).decide(3, 101.0)

    assert "vetoed_by_regime" == d.outcome
    assert d.exposure != d.exposure


def test_a_gate_by_costs_opens_at_what_they_make() -> None:
    """A missed trade being far dearer than a false alarm, a posterior of a half is enough."""
    cheap = ByCost(false_alarm=1.0, miss=9.0, width=0.0)
    dear = ByCost(false_alarm=9.0, miss=1.0, width=0.0)
    plans = [a_gated_plan({3: buy()}, enter=None, leave=None, threshold=costs) for costs in (cheap, dear)]
    decisions = [Told(plan).decide(3, 100.0) for plan in plans]  # no move tells nothing: both states are as likely

    assert [pytest.approx(0.5), pytest.approx(0.5)] == [d.allowed for d in decisions]
    assert ["traded", "vetoed_by_regime"] == [d.outcome for d in decisions]
