"""A regime without a model: entries are shut out where its gate enforces, what is open goes on, and people are told."""

from typing import Any

import msgspec
import pytest

from brokers.facts import Accepted, DealMade
from brokers.made import DayRule
from regimes.bundle import texts_of
from regimes.gate import ByPosterior
from regimes.shut import OnShut
from runtime.core.core import Core
from runtime.core.facts import ModelActivated, RunStarted
from runtime.core.instructions import Alert, Asker, ClosePosition, Reply, Submit
from runtime.core.plan import NoModel, Plan
from tests.cores import LEAVE, Script, a_gated_plan, buy, closed, hour, opening, up_model
from tests.told import Rested, Told, kinds, of_kind, only

NOTHING = NoModel("nothing at models/up: train a model")
SAID = "no model: nothing at models/up: train a model"


def without(script: Script, mode: str = "enforce", **gate: Any) -> Plan:  # noqa: ANN401 - fields of the gate
    """Return a plan of one strategy behind a gate whose model is missing."""
    plan = a_gated_plan(script, mode, **gate)
    (regime,) = plan.regimes
    return msgspec.structs.replace(plan, regimes=(msgspec.structs.replace(regime, model=NOTHING),))


@pytest.mark.parametrize(
    ("mode", "outcome", "wishes"),
    [("enforce", "vetoed_by_regime", []), ("advise", "traded", ["Submit"]), ("off", "traded", ["Submit"])],
)
def test_without_a_model_entries_are_shut_out_under_enforce_only(mode: str, outcome: str, wishes: list[str]) -> None:
    """Advice says that the gate is shut, and why; a gate that is off changes nothing."""
    told = Told(without({3: buy()}, mode))
    step = told.tell(closed(3, 101.0))
    (d,) = step.decisions

    assert (outcome, wishes) == (d.outcome, kinds(step))
    assert (mode, False, SAID) == (d.gate_mode, d.gate_open, d.gate_reason)
    assert (-1, (), "") == (d.regime, d.posterior, d.model)


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("enforce", [("warn", f"up: {SAID}; no entries of lane1, exits go on")]),
        ("advise", [("warn", f"up: {SAID}; its gates only advise")]),
        ("off", []),
    ],
)
def test_people_are_told_once_a_run(mode: str, told: list[tuple[str, str]]) -> None:
    """As the run begins, and not again on every bar; the next run tells it anew."""
    core = Told(without({n: buy() for n in range(3, 9)}, mode))
    core.tell(*(closed(n, 100.0 + n) for n in range(3, 9)))
    first = [(w.severity, w.text) for step in core.steps for w in of_kind(step, Alert)]
    again = core.tell(RunStarted(at=hour(10), run=2))

    assert told == first
    assert told == [(w.severity, w.text) for w in of_kind(again, Alert)]


def test_a_regime_with_a_model_tells_nothing() -> None:
    """Nobody is called for what is as it should be."""
    core = Told(a_gated_plan({}))

    assert [] == [w for step in core.steps for w in of_kind(step, Alert)]


def test_a_regime_that_nobody_listens_to_tells_nothing() -> None:
    """A model that is missing and not asked for shuts nothing."""
    plan = without({})
    alone = msgspec.structs.replace(plan.strategies[0], gate=None, regime="")
    core = Told(msgspec.structs.replace(plan, strategies=(alone,)))

    assert [] == [w for step in core.steps for w in of_kind(step, Alert)]


def holding(script: Script, **gate: Any) -> Told:  # noqa: ANN401 - fields of the gate
    """Return a core without a model that has taken a lot over, bought at 101.10 on bar 3 while there was one."""
    before = Told(a_gated_plan({3: buy()}))
    wish = before.submit(3, 101.0)
    deal = before.deal(wish, "in", 101.1)
    before.tell(Accepted(at=hour(4), id=wish.id, order=deal.order, deal=deal.ticket, volume=1.0))
    before.tell(DealMade(at=hour(4), deal=deal))
    told = Told(without(script, **gate))
    told.core.lanes[0].trade = before.core.lanes[0].trade
    return told


@pytest.mark.parametrize("on_shut", ["keep", "breakeven", "tighten", "reduce", OnShut(close_after=1)])
def test_what_is_open_is_left_to_its_own_plan(on_shut: Any) -> None:  # noqa: ANN401 - a policy
    """Nothing is known of the market, so no policy of the gate touches it; its strategy's exit goes through."""
    told = holding({6: LEAVE}, on_shut=on_shut)
    still = [told.tell(closed(n, 101.0)) for n in (4, 5)]
    left = only(told.tell(closed(6, 101.0)), ClosePosition)

    assert [[], []] == [kinds(step) for step in still]
    assert {("in_position", "", False, SAID)} == {
        (d.outcome, d.shut, d.gate_open, d.gate_reason) for step in still for d in step.decisions
    }
    assert (1.0, "strategy") == (left.volume, left.reason)


def test_a_gate_that_weighs_its_risk_weighs_nothing_without_a_model() -> None:
    """There is no posterior: no share is told, and no entry is made."""
    plan = without({3: buy()}, exposure=ByPosterior(weights=(1.0, 0.5)))
    d = Told(plan).decide(3, 101.0)

    assert ("vetoed_by_regime", True) == (d.outcome, d.exposure != d.exposure)


def test_no_model_can_follow_one_that_is_missing() -> None:
    """Nothing was read yet: another would not know where the market is; whoever asks is told what to do."""
    told = Told(without({}))
    new = up_model()
    asker = Asker(id="7", who="somebody", why="it is newer", wall=0)
    fact = ModelActivated(at=hour(4), asker=asker, regime="up", fingerprint=new.fingerprint, bundle=texts_of(new))
    answer = only(told.tell(fact), Reply)

    assert (False, "up was begun without a model, and has read nothing: start the daemon anew") == (
        answer.ok, answer.text
    )  # fmt: skip


def test_days_that_nobody_reads_are_not_made() -> None:
    """A regime of days of its own shuts its gate like any other."""
    plan = without({3: buy()})
    day = msgspec.structs.replace(plan.regimes[0], timeframe="D1", made=DayRule("UTC", "H1"))
    told = Told(msgspec.structs.replace(plan, regimes=(day,)))
    step = told.tell(*(closed(n, 100.0 + n) for n in range(3, 60)))

    assert [] == of_kind(step, Submit)
    assert {SAID} == {d.gate_reason for d in step.decisions}


@pytest.mark.parametrize("cut", [0, 3, 7, 12])
def test_a_core_without_a_model_put_to_rest_goes_on_as_it_was(cut: int) -> None:
    """Decisions, shadows and snapshots are the same to the byte."""
    plan = without({n: buy() for n in range(3, 40)})
    facts = [*opening(), *(closed(n, 100.0 + n % 5) for n in range(3, 40))]
    rested = Rested(Core(plan), facts, cut)

    assert rested.steps == rested.again
    first, woken = rested.at_rest
    assert first == woken
    assert rested.books.shadows[0].book.held
