"""A model that has got too old, by the bars it reads: its gates shut at a bar's close, what is open goes on."""

from typing import Any

import msgspec
import pytest

from brokers.facts import Accepted, BarClosed, DealMade
from brokers.made import DayRule
from market.types import DAY_MS
from regimes.bundle import RegimeModel, seal, texts_of
from regimes.gate import ByPosterior
from regimes.shut import OnShut
from runtime.core.core import Core
from runtime.core.facts import AnyFact, ModelActivated, RunStarted
from runtime.core.gates import OUTLIVED
from runtime.core.instructions import Alert, Asker, Cancel, ClosePosition, Reply
from runtime.core.plan import Plan
from tests.cores import LEAVE, Script, a_gated_plan, buy, buy_limit, closed, hour, opening, up_model
from tests.told import Rested, Told, kinds, of_kind, only

UP = 0.5
"""By so much every bar rises: the gate is open wherever nothing else shuts it."""


def learnt_until(n: float) -> RegimeModel:
    """Return a model whose last training bar, an hour's, closed n hours after Monday began."""
    model = up_model()
    data = msgspec.structs.replace(model.data, last=hour(n - 1))
    return seal(msgspec.structs.replace(model, data=data))


def growing_old(script: Script, ends: int, mode: str = "enforce", **gate: Any) -> Plan:  # noqa: ANN401 - of the gate
    """Return a plan whose model is a day old, and so too old, when bar number `ends` opens."""
    plan = a_gated_plan(script, mode, **gate)
    regime = msgspec.structs.replace(plan.regimes[0], model=learnt_until(ends - 24), max_age="1 day")
    return msgspec.structs.replace(plan, regimes=(regime,))


def rising(first: int, last: int) -> list[BarClosed]:
    """Return hour bars that rise."""
    return [closed(n, 100.0 + UP * n) for n in range(first, last)]


def alerts(told: Told) -> list[tuple[str, str]]:
    """Return all that people on call were told."""
    return [(w.severity, w.text) for step in told.steps for w in of_kind(step, Alert)]


@pytest.mark.parametrize(
    ("mode", "outcome"), [("enforce", "vetoed_by_regime"), ("advise", "traded"), ("off", "traded")]
)
def test_from_the_bar_on_that_closes_too_late_entries_are_shut_out_under_enforce_only(mode: str, outcome: str) -> None:
    """Bar 8 closes as bar 9 opens: the model is as old then as it may get, and no older on bar 7."""
    open_, shut = Told(growing_old({7: buy()}, 9, mode)), Told(growing_old({8: buy()}, 9, mode))
    before = open_.tell(*rising(3, 8)).decisions[-1]
    after = shut.tell(*rising(3, 9)).decisions[-1]

    assert ("traded", True, "regime allowed") == (before.outcome, before.gate_open, before.gate_reason)
    assert (outcome, False, OUTLIVED) == (after.outcome, after.gate_open, after.gate_reason)
    assert (0, shut.core.plan.regimes[0].model.fingerprint) == (after.regime, after.model)  # it still says what it saw


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("enforce", [("warn", f"up: {OUTLIVED}; no entries of lane1, exits go on")]),
     ("advise", [("warn", f"up: {OUTLIVED}; its gates only advise")]), ("off", [])],
)  # fmt: skip
def test_people_are_told_once_when_it_happens_and_once_a_run(mode: str, expected: list[tuple[str, str]]) -> None:
    """On the bar that makes it too old, on no later one, and again as another run begins."""
    told = Told(growing_old({}, 9, mode))
    told.tell(*rising(3, 8))
    young = alerts(told)
    told.tell(*rising(8, 20))
    old = alerts(told)
    told.tell(RunStarted(at=hour(20), run=2), *rising(20, 25))

    assert [[], expected, expected * 2] == [young, old, alerts(told)]


def test_a_run_that_begins_with_a_model_too_old_tells_it_by_the_first_bar() -> None:
    """The bars of history are enough: its gate is shut before any bar is traded."""
    told = Told(growing_old({3: buy()}, -200))
    d = told.decide(3, 103.0)

    assert [("warn", f"up: {OUTLIVED}; no entries of lane1, exits go on")] == alerts(told)
    assert ("vetoed_by_regime", OUTLIVED) == (d.outcome, d.gate_reason)


def test_a_model_without_a_greatest_age_serves_for_ever() -> None:
    """Nobody has said how old it may get."""
    plan = growing_old({3: buy()}, -20_000)
    regime = msgspec.structs.replace(plan.regimes[0], max_age="")
    d = Told(msgspec.structs.replace(plan, regimes=(regime,))).decide(3, 103.0)

    assert "traded" == d.outcome


@pytest.mark.parametrize("on_shut", ["keep", "breakeven", "tighten", "reduce", OnShut(close_after=1)])
def test_what_is_open_is_left_to_its_own_plan(on_shut: Any) -> None:  # noqa: ANN401 - a policy
    """Nothing that the model says counts: no policy touches the trade, and its strategy's exit goes through."""
    told = Told(growing_old({3: buy(), 10: LEAVE}, 6, on_shut=on_shut))
    wish = told.submit(3, 101.5)
    deal = told.deal(wish, "in", 101.6)
    told.tell(Accepted(at=hour(4), id=wish.id, order=deal.order, deal=deal.ticket, volume=1.0))
    told.tell(DealMade(at=hour(4), deal=deal))
    still = told.tell(*rising(4, 10))
    left = only(told.tell(*rising(10, 11)), ClosePosition)

    assert {"in_position"} == {d.outcome for d in still.decisions}
    assert (["Alert"], {""}) == (kinds(still), {d.shut for d in still.decisions})
    assert (1.0, "strategy") == (left.volume, left.reason)


def test_a_resting_entry_is_taken_back_at_once() -> None:
    """As wherever a gate shuts."""
    told = Told(growing_old({4: buy_limit(100.0)}, 7))
    told.tell(*rising(3, 4))
    wish = told.submit(4, 102.0)
    told.tell(Accepted(at=hour(5), id=wish.id, order=55))

    assert 55 == only(told.tell(*rising(5, 7)), Cancel).order


def test_a_gate_that_weighs_its_risk_weighs_nothing_then() -> None:
    """No share of the risk is told."""
    told = Told(growing_old({}, 6, exposure=ByPosterior(weights=(1.0, 0.5))))
    before, *_, after = told.tell(*rising(4, 8)).decisions

    assert (True, True) == (before.exposure > 0.9, after.exposure != after.exposure)


def test_days_of_its_own_age_it_as_they_close() -> None:
    """A regime of days made of hours: the hour that ends the day shuts the gate, and none before it."""
    plan = a_gated_plan({})
    model = up_model()
    data = msgspec.structs.replace(model.data, last=hour(-24))  # Sunday's, closed as Monday began
    regime = msgspec.structs.replace(
        plan.regimes[0], timeframe="D1", made=DayRule("UTC", "H1"), max_age="2 days",
        model=seal(msgspec.structs.replace(model, data=data)),
    )  # fmt: skip
    told = Told(msgspec.structs.replace(plan, regimes=(regime,)))
    decisions = {n: told.decide(n, 100.0 + UP * n) for n in range(3, 60)}

    assert hour(0) + 2 * DAY_MS == regime.ends
    assert 47 == min(n for n, d in decisions.items() if d.gate_reason == OUTLIVED)


def activated(model: RegimeModel, at: int) -> ModelActivated:
    """Return the fact that somebody wants this model."""
    asker = Asker(id="7", who="somebody", why="it is newer", wall=0)
    return ModelActivated(at=at, asker=asker, regime="up", fingerprint=model.fingerprint, bundle=texts_of(model))


def test_a_younger_model_opens_the_gate_with_its_first_bar_and_ages_by_itself() -> None:
    """The age is that of the model in use."""
    told = Told(growing_old({}, 60))
    told.tell(*rising(3, 65))
    answer = only(told.tell(activated(learnt_until(60), hour(65))), Reply)
    said = [d.gate_reason for d in told.tell(*rising(65, 86)).decisions]

    assert answer.ok, answer.text
    assert (["regime allowed"] * 18, [OUTLIVED] * 3) == (said[:18], said[18:])
    assert 2 == len(alerts(told))


def test_a_model_that_is_too_old_already_does_not_take_over() -> None:
    """It would be shut at once: whoever asks is told."""
    told = Told(growing_old({}, 90))
    told.tell(*rising(3, 65))
    answer = only(told.tell(activated(learnt_until(3), hour(65))), Reply)

    assert (False, f"model up: {OUTLIVED}") == (answer.ok, answer.text)


@pytest.mark.parametrize("cut", [0, 5, 9, 10, 14])
def test_a_core_put_to_rest_while_its_model_grows_old_goes_on_as_it_was(cut: int) -> None:
    """Nothing of it is remembered but the bars."""
    plan = growing_old({n: buy() for n in range(3, 40)}, 8)
    facts = [*opening(), *rising(3, 20)]
    core, woken = Core(plan), Core(plan)
    for n, fact in enumerate(facts):
        if n == cut:
            woken.restore(core.snapshot())
        step = core.handle(fact)
        if n >= cut:
            assert msgspec.msgpack.encode(step) == msgspec.msgpack.encode(woken.handle(fact))

    assert core.snapshot() == woken.snapshot()


def test_a_core_put_to_rest_after_an_activation_ages_by_the_model_in_use() -> None:
    """The one that it is born with, as a journaled run began, was too old long before."""
    rest, began = 68, learnt_until(60)
    facts: list[AnyFact] = [*rising(3, 65), activated(began, hour(65)), *rising(65, 86)]
    rested = Rested(Told(growing_old({n: buy() for n in range(3, 99)}, 60)).core, facts, rest)

    assert rested.steps == rested.again
