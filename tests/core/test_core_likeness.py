"""A feed that cannot be of the kind a model learnt from: nothing is known of its regime, and nobody enters."""

import math

from typing import Any

import msgspec
import pytest

from brokers.facts import Accepted, BarClosed, DealMade
from market.types import Bar
from regimes.bundle import RegimeModel, seal, texts_of
from runtime.core.core import Core
from runtime.core.facts import ModelActivated
from runtime.core.instructions import Alert, Asker, Reply
from runtime.core.plan import Plan, RegimePlan
from runtime.core.readings import REMEMBERED
from tests.cores import a_gate, a_lane, a_plan, buy, closed, hour, up_model
from tests.told import Told, kinds, of_kind, only

STILL = 251
"""A bar before it 250 returns are known, of a market that has hardly moved."""
WHY = "these are not the bars that the model learnt from: log_return hardly moves, and did in training"


def kept(*quantiles: float) -> RegimeModel:
    """Return the model with these quantiles of the return over its training."""
    return seal(msgspec.structs.replace(up_model(), quantiles=(quantiles,)))


MOVED = kept(-0.03, -0.001, 0.001, 0.03)
CALM = kept(-0.03, 0.001, 0.002, 0.03)


def watched(script: Any = None, mode: str = "enforce", model: RegimeModel = MOVED, **gate: Any) -> Plan:  # noqa: ANN401
    """Return a plan behind a gate that every regime opens."""
    regime = RegimePlan(name="up", symbol="XAUUSD", timeframe="H1", model=model)
    always = {"allow": (0, 1), "enter": 0.0, "leave": 0.0} | gate
    return a_plan(a_lane(script or {}, gate=a_gate(mode, **always), regime="up"), regimes=(regime,))


def hardly(n: int) -> float:
    """Return the close of a bar of a market that moves by a ten thousandth: one that stood still would be halted."""
    return 100.0 + n % 2 / 100.0


def told_until(last: int, plan: Plan) -> Told:
    """Return a core that was told all bars before one, of a market that hardly moves."""
    told = Told(plan)
    for n in range(3, last):
        told.tell(closed(n, hardly(n)))
    return told


@pytest.mark.parametrize(("mode", "outcome"), [("enforce", "vetoed_by_regime"), ("advise", "traded")])
def test_bars_of_another_kind_shut_entries_out_under_enforce_only(mode: str, outcome: str) -> None:
    """From the bar on at which so many are known; one before it, all is well."""
    told = told_until(STILL - 2, watched({STILL: buy()}, mode))
    before, between, d = (told.decide(n, hardly(n)) for n in range(STILL - 2, STILL + 1))

    assert (True, "regime allowed") == (before.gate_open, before.gate_reason)
    assert (False, WHY, outcome, True) == (between.gate_open, d.gate_reason, d.outcome, math.isnan(d.allowed))


def test_an_open_trade_is_left_to_its_own_plan() -> None:
    """Nothing is known of the market, so the gate's policy is not carried out."""
    told = told_until(STILL - 10, watched({STILL - 10: buy()}, on_shut="reduce"))
    wish = told.submit(STILL - 10, hardly(STILL - 10))
    deal = told.deal(wish, "in", 100.1)
    told.tell(Accepted(at=hour(4), id=wish.id, order=deal.order, deal=deal.ticket, volume=deal.volume))
    told.tell(DealMade(at=hour(4), deal=deal))
    steps = [told.tell(closed(n, hardly(n))) for n in range(STILL - 9, STILL + 20)]

    assert ["Alert"] == kinds(steps)


def test_a_feed_that_is_mended_is_believed_again() -> None:
    """When too few of the rows that are remembered are of another kind."""
    told = told_until(STILL, watched())
    shut = told.decide(STILL, hardly(STILL)).gate_open
    stood = [told.decide(n, 100.0 + n % 2).gate_open for n in range(STILL + 1, STILL + 40)]

    assert (False, False, True) == (shut, stood[0], stood[-1])


def test_rows_that_are_forgotten_count_no_more() -> None:
    """However long a daemon runs, it is the newest that are held against the training."""
    told = Told(watched())
    for n in range(3, 2 * REMEMBERED):
        told.tell(closed(n, 100.0 + (n % 2 if n < REMEMBERED else 0)))
    reading = told.core.readings[0]
    counts = list(reading.alike)
    reading.count_again()

    assert (WHY, REMEMBERED) == (told.core.lanes[0].gate_reason, counts[0])
    assert counts == reading.alike


def test_a_model_of_the_feeds_own_kind_takes_it_up_again() -> None:
    """With its first bar; and one that is not shuts at once."""
    asker = Asker(id="ann-1", who="ann", why="trained on this broker's bars", wall=0)
    stood = []
    for old, new in ((MOVED, CALM), (CALM, MOVED)):
        told = told_until(STILL + 5, watched(model=old))
        (lane,) = told.core.lanes
        fact = ModelActivated(
            at=hour(STILL + 5), asker=asker, regime="up", fingerprint=new.fingerprint, bundle=texts_of(new)
        )  # fmt: skip
        before = lane.gate_open
        assert only(told.tell(fact), Reply).ok
        assert WHY == lane.gate_reason
        stood.append((before, lane.gate_open, told.decide(STILL + 5, hardly(STILL + 5)).gate_open))

    assert [(False, False, True), (True, False, False)] == stood


def test_people_are_told_when_a_model_of_another_kind_takes_over() -> None:
    """As when the bars become others: its gates are shut from here on, and no bar says so to them."""
    asker = Asker(id="ann-1", who="ann", why="trained on another broker's bars", wall=0)
    said = []
    for old, new in ((CALM, MOVED), (MOVED, CALM)):
        told = told_until(STILL + 5, watched(model=old))
        fact = ModelActivated(
            at=hour(STILL + 5), asker=asker, regime="up", fingerprint=new.fingerprint, bundle=texts_of(new)
        )  # fmt: skip
        steps = told.tell(fact), told.tell(closed(STILL + 5, hardly(STILL + 5)))
        said.append([[alert.text for alert in of_kind(step, Alert)] for step in steps])

    assert [[[f"up: {WHY}"], []], [[], []]] == said


def test_people_are_told_once_when_a_doubt_begins() -> None:
    """Not with every bar on which it lasts; and again when it comes again."""
    told = told_until(STILL - 2, watched())
    steps = {n: told.tell(closed(n, hardly(n))) for n in range(STILL - 2, STILL + 10)}
    mended = [told.tell(closed(n, 100.0 + n % 2)) for n in range(STILL + 10, STILL + 60)]
    again = [told.tell(closed(n, hardly(n))) for n in range(STILL + 60, STILL + 900)]

    assert {STILL - 1: [f"up: {WHY}"]} == {
        n: [alert.text for alert in of_kind(step, Alert)] for n, step in steps.items() if of_kind(step, Alert)
    }
    assert ([], ["Alert"]) == (kinds(mended), kinds(again))


@pytest.mark.parametrize("cut", [3, STILL - 2, STILL, STILL + 3])
def test_a_core_put_to_rest_goes_on_with_what_it_has_counted(cut: int) -> None:
    """The rows are part of the core at rest, and say it all."""
    plan = watched({n: buy() for n in range(3, 400)})
    told, woken = Told(plan), Core(plan)
    steps: list[list[bytes]] = [[], []]
    for n in range(3, STILL + 10):
        if n == cut:
            woken.restore(told.core.snapshot())
        fact = closed(n, hardly(n))
        steps[0].append(msgspec.msgpack.encode(told.tell(fact)))
        if n >= cut:
            steps[1].append(msgspec.msgpack.encode(woken.handle(fact)))

    assert steps[0][cut - 3 :] == steps[1]
    assert told.core.snapshot() == woken.snapshot()
    assert told.core.readings[0].unlike == woken.readings[0].unlike


def bar_at(n: float) -> BarClosed:
    """Return the fact that an hour closed which opened so many hours after Monday began, wherever that is."""
    return BarClosed(at=hour(n + 1), bar=Bar("XAUUSD", "H1", hour(n), 100.0, 100.0, 100.0, 100.0), bid=100.0, ask=100.1)


def stood(opened: tuple[float, ...]) -> list[bool]:
    """Return how a gate stood after each of some hours, behind a model that keeps no quantiles, after forty others."""
    told = told_until(40, watched(model=up_model()))
    found = []
    for n in opened:
        told.tell(bar_at(n))
        found.append(told.core.lanes[0].gate_open)
    return found


def test_quarters_in_the_place_of_hours_are_noticed_by_their_pace() -> None:
    """At the third: whatever they look like. Once an hour follows that lasted an hour, they are believed again."""
    assert [True, True, False, False, True] == stood((40.0, 40.25, 40.5, 40.75, 41.75))


def test_one_bar_that_comes_early_is_no_other_timeframe() -> None:
    """A clock may have been put forward, or a stamp be wrong once."""
    assert [True] * 4 == stood((40.0, 40.75, 41.75, 42.5))


def test_the_reason_names_the_timeframe_that_was_asked_for() -> None:
    """In the decision, and once to people."""
    told = told_until(40, watched(model=up_model()))
    steps = [told.tell(bar_at(n)) for n in (40.0, 40.25, 40.5, 40.75)]
    why = "these are not the bars that the model learnt from: the last follow one another sooner than bars of H1 can"

    assert why == told.core.lanes[0].gate_reason
    assert [[], [], [f"up: {why}"], []] == [[alert.text for alert in of_kind(step, Alert)] for step in steps]
