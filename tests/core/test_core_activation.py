"""Another model in the middle of a run: it judges from the next bar on, as if it had read all that was remembered."""

import math

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from hypothesis import given
from hypothesis import strategies as st

from brokers.facts import Accepted
from brokers.made import DayRule
from market.features import FeatureRef, feature_list_fingerprint
from regimes.bundle import RegimeModel, seal, texts_of
from regimes.filter import filter_rows
from regimes.gate import ByPosterior
from regimes.labels import reordered
from regimes.novelty import battery
from runtime.core.facts import AnyFact, ModelActivated
from runtime.core.instructions import Asker, Cancel, Reply
from runtime.core.plan import Plan, RegimePlan
from runtime.core.readings import REMEMBERED, reading_snapshot
from runtime.outcomes.books import Books
from tests.chaos_world import COSTS
from tests.cores import a_gate, a_lane, a_plan, buy, buy_limit, closed, hour, up_model
from tests.models import refitted
from tests.told import Rested, Told, kinds, only

ANN = Asker(id="ann-1", who="ann", why="refitted", wall=0)
OLD = up_model()
LATE = 60
"""By then a filter has settled."""


NEW = refitted(OLD, transitions=((0.9, 0.1), (0.2, 0.8)), means=((0.8,), (-0.4,)), covariances=(((0.3,),), ((0.5,),)))
CONTRARY = reordered(OLD, (1, 0))
"""Sees in every bar the opposite of what the old model does."""


def activated(model: RegimeModel, at: int = hour(LATE), **fields: Any) -> ModelActivated:  # noqa: ANN401 - of any field
    """Return the wish to have the regime read by a model."""
    given_ = ModelActivated(at=at, asker=ANN, regime="up", fingerprint=model.fingerprint, bundle=texts_of(model))
    return msgspec.structs.replace(given_, **fields)


def gated(script: Any = None, model: RegimeModel = OLD, mode: str = "enforce", **gate: Any) -> Plan:  # noqa: ANN401
    """Return a plan of one strategy behind a gate on gold hours that are read by a model, its limits too."""
    regime = RegimePlan(name="up", symbol="XAUUSD", timeframe="H1", model=model, novelty=model.novelty)
    return a_plan(a_lane(script or {}, gate=a_gate(mode, **gate), regime="up"), regimes=(regime,))


def closes_of(steps: Sequence[float]) -> list[float]:
    """Return closes that move by these shares of a percent."""
    closes = [100.0]
    for step in steps:
        closes.append(round(closes[-1] * math.exp(step / 100.0), 2))
    return closes


MOVES = st.floats(-3.0, -0.05) | st.floats(0.05, 3.0)
"""Of a market that stands still nothing is read, and no model can begin with that."""
WAVES = closes_of([(1.2, -0.7, 0.9, -1.1, 0.2)[n * n % 5] for n in range(200)])


def told_until(last: int, plan: Plan, closes: Sequence[float] = WAVES) -> Told:
    """Return a core that was told all bars before one."""
    told = Told(plan)
    for n in range(3, last):
        told.tell(closed(n, closes[n]))
    return told


def at_rest(told: Told) -> bytes:
    """Return all that moves in a core's one reading, as bytes."""
    return msgspec.msgpack.encode(reading_snapshot(told.core.readings[0]))


def answer(told: Told, fact: ModelActivated) -> tuple[bool, str]:
    """Return what the one who asked was told."""
    reply = only(told.tell(fact), Reply)
    return reply.ok, reply.text


# --- the reading ------------------------------------------------------------------------------------------------------


@given(st.lists(MOVES, min_size=80, max_size=110), st.integers(56, 76), st.booleans())
def test_after_an_activation_a_regime_is_read_as_if_by_the_new_model_all_along(
    moves: list[float],
    cut: int,
    watched: bool,  # noqa: FBT001 - drawn
) -> None:
    """Posterior, density, novelty: to the bit those of a core that began with the new model, and all that follows."""
    new = seal(msgspec.structs.replace(NEW, novelty=battery([5.0] * 14, hold=3))) if watched else NEW
    closes = closes_of(moves)
    told, born = told_until(cut, gated(), closes), told_until(cut, gated(model=new), closes)
    told.tell(activated(new))
    pairs = [(at_rest(told), at_rest(born))]
    for n in range(cut, len(closes)):
        (d,), (e,) = told.tell(closed(n, closes[n])).decisions, born.tell(closed(n, closes[n])).decisions
        pairs.append((at_rest(told), at_rest(born)))
        seen = ("regime", "posterior", "log_density", "novelty", "allowed", "model")

        assert [repr(getattr(d, name)) for name in seen] == [repr(getattr(e, name)) for name in seen]
    assert {True} == {a == b for a, b in pairs}


def test_a_long_history_is_read_from_the_first_row_that_is_remembered() -> None:
    """What is older is forgotten, by the core at rest too: the new filter begins there."""
    moves = closes_of([(1.2, -0.7, 0.9, -1.1, 0.2)[n * n % 5] for n in range(REMEMBERED + 100)])
    told = told_until(len(moves), gated(), moves).again()
    told.tell(activated(NEW))
    reading = told.core.readings[0]
    (*_, last), (*_, density) = filter_rows(NEW.weights, reading.rows)

    assert (REMEMBERED, REMEMBERED) == (len(reading.rows), reading.bars)
    assert (last, density) == (reading.posterior, reading.log_density)


def test_days_that_are_made_of_shorter_bars_change_their_model_too() -> None:
    """Their rows are those of days."""
    plans = [
        a_plan(
            a_lane({}, gate=a_gate(), regime="up"),
            regimes=(RegimePlan(name="up", symbol="XAUUSD", timeframe="D1", model=m, made=DayRule("UTC", "H1")),),
        )
        for m in (OLD, NEW)
    ]
    closes = closes_of([(0.4, -0.3, 0.2)[n * n % 3] for n in range(24 * 60)])
    told, born = (told_until(24 * 58, plan, closes) for plan in plans)
    told.tell(activated(NEW, at=hour(24 * 58)))
    for n in range(24 * 58, 24 * 60):
        told.tell(closed(n, closes[n]))
        born.tell(closed(n, closes[n]))

    assert at_rest(born) == at_rest(told)


# --- the gate ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("last", [99.0, 101.0])
@pytest.mark.parametrize("new", [NEW, CONTRARY], ids=["refitted", "contrary"])
def test_between_two_bars_a_gate_is_open_only_by_both_models(last: float, new: RegimeModel) -> None:
    """The old one's word on the last closed bar stands where it is no, the new one's shuts at once."""
    closes = [*WAVES[: LATE - 1], WAVES[LATE - 2] * last / 100.0]
    told = told_until(LATE, gated(), closes)
    (lane,) = told.core.lanes
    before = lane.gate_open
    told.tell(activated(new))

    assert (before and lane.allowed >= 0.6) == lane.gate_open
    assert lane.gate_open == (lane.gate_state[0] > 0.0)


def test_what_the_new_model_would_let_in_waits_for_its_first_bar() -> None:
    """The old one has said no of the last closed bar; the next is judged by the new one alone."""
    told = told_until(LATE, gated(), [*WAVES[: LATE - 1], 50.0])
    told.tell(activated(CONTRARY))
    (lane,) = told.core.lanes
    said = lane.gate_open, lane.gate_reason
    d = told.decide(LATE, 49.0)

    assert (False, "shut by the model before, until the new one has read a bar") == said
    assert (True, "regime allowed", CONTRARY.fingerprint) == (d.gate_open, d.gate_reason, d.model)


def test_a_gate_that_an_activation_shuts_waits_for_its_dwell() -> None:
    """It has changed, and two changes are so many bars apart."""
    told = told_until(LATE, gated(dwell=3), [*WAVES[: LATE - 4], 120.0, 130.0, 140.0, 150.0])
    before = told.core.lanes[0].gate_open
    told.tell(activated(CONTRARY))
    stood = [told.decide(LATE + n, 149.0 - n).gate_open for n in range(4)]

    assert (True, [False, False, True, True]) == (before, stood)


def test_a_stale_reading_is_not_freshened_by_another_model() -> None:
    """No bar has come."""
    plan = gated({}, max_age=2)
    regime = RegimePlan(name="up", symbol="EURUSD", timeframe="H1", model=OLD)
    told = Told(msgspec.structs.replace(plan, regimes=(regime,)))
    for n in range(3, LATE):
        told.tell(closed(n, WAVES[n], symbol="EURUSD"))
    for n in range(LATE, LATE + 9):
        told.tell(closed(n))
    (lane,) = told.core.lanes
    stale = lane.gate_open, lane.gate_reason, math.isnan(lane.allowed)
    told.tell(activated(NEW))

    assert (False, "the regime reading is stale", True) == stale
    assert stale == (lane.gate_open, lane.gate_reason, math.isnan(lane.allowed))


@pytest.mark.parametrize(("mode", "asked"), [("enforce", ["Cancel", "Reply"]), ("advise", ["Reply"])])
def test_what_rests_behind_a_gate_that_shuts_is_taken_back_at_once(mode: str, asked: list[str]) -> None:
    """As by any bar on which it shuts."""
    told = told_until(LATE, gated({LATE: buy_limit(129.5)}, mode=mode), [*WAVES[: LATE - 1], 120.0])
    wish = told.submit(LATE, 130.0)
    told.tell(Accepted(at=hour(LATE + 1), id=wish.id, order=55))
    step = told.tell(activated(CONTRARY))

    assert asked == kinds(step)
    assert all(w.order == 55 for w in step.instructions if isinstance(w, Cancel))


def test_exposure_is_the_lesser_of_both_until_the_next_bar() -> None:
    """No model alone may let in more than the other would."""
    shares = []
    for order in ((OLD, CONTRARY), (CONTRARY, OLD)):
        plan = gated(model=order[0], exposure=ByPosterior(weights=(1.0, 0.25)), enter=0.0, leave=0.0, allow=(0, 1))
        told = told_until(LATE, plan)
        told.tell(activated(order[1]))
        shares.append(told.core.lanes[0].exposure)

    assert shares[0] == shares[1] < 0.3


def test_shadows_take_the_same_model_and_the_same_gate() -> None:
    """What a missed trade is filed under is what the live account's decision says."""
    told = Told(gated({n: buy() for n in range(3, 99)}))
    books = Books(told.core, COSTS)
    bars = [closed(n, close) for n, close in enumerate([*WAVES[3:LATE], 120.0, 130.0], 3)]
    facts: tuple[AnyFact, ...] = (*bars, activated(CONTRARY), closed(LATE + 2, 131.0))
    for fact in facts:
        books.observe(fact, told.tell(fact))
        live = told.core.lanes[0]
        for shadow in books.shadows:
            lane = shadow.core.lanes[0]

            assert (live.gate_state, live.gate_open, live.allowed) == (lane.gate_state, lane.gate_open, lane.allowed)
            assert told.core.plan.regimes == shadow.core.plan.regimes


# --- refusals ---------------------------------------------------------------------------------------------------------

RANGE: tuple[FeatureRef, ...] = (("garman_klass", ()),)
KIN = {
    "lineage": seal(msgspec.structs.replace(NEW, lineage="bull-or-bear")),
    "features": seal(msgspec.structs.replace(NEW, features=RANGE, feature_list=feature_list_fingerprint(RANGE))),
    "detector": seal(msgspec.structs.replace(NEW, data=msgspec.structs.replace(NEW.data, detector="jump"))),
}


@pytest.mark.parametrize("what", KIN)
def test_a_model_that_means_something_else_is_refused(what: str) -> None:
    """With what to do about it; everything stays as it was."""
    told = told_until(LATE, gated())
    before = at_rest(told), told.core.plan
    ok, text = answer(told, activated(KIN[what]))

    assert (False, True) == (ok, f"has {what} " in text)
    assert "edit the configuration, and start the daemon anew" in text
    assert before == (at_rest(told), told.core.plan)


@pytest.mark.parametrize(
    ("bars", "other"), [({"timeframe": "M15"}, "M15"), ({"timeframe": "H1", "made": "M1"}, "H1 made of M1")]
)
def test_a_model_of_other_bars_is_refused(bars: dict[str, str], other: str) -> None:
    """Also of the same features: a filter would read them without complaint."""
    told = told_until(LATE, gated())
    new = seal(msgspec.structs.replace(NEW, data=msgspec.structs.replace(NEW.data, **bars)))
    ok, text = answer(told, activated(new))

    assert (False, OLD) == (ok, told.core.readings[0].model)
    assert f"trained on bars of {other}, not bars of H1, as up reads" in text


@pytest.mark.parametrize(("learnt", "meant", "taken"), [("EURUSD", "", False), ("EURUSD", "EURUSD", True)])
def test_a_model_of_another_symbol_is_refused_unless_the_plan_means_it(
    learnt: str,
    meant: str,
    taken: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """An activation is held to the same as a start."""
    plan = gated()
    regime = msgspec.structs.replace(plan.regimes[0], learnt_from=meant)
    told = told_until(LATE, msgspec.structs.replace(plan, regimes=(regime,)))
    new = seal(msgspec.structs.replace(NEW, data=msgspec.structs.replace(NEW.data, symbol=learnt)))
    ok, text = answer(told, activated(new))

    assert (taken, new if taken else OLD) == (ok, told.core.readings[0].model)
    assert taken or "has learnt from EURUSD, and up reads XAUUSD: train it on that" in text


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"regime": "down"}, "no regime 'down' is read here: there are up"),
        ({"fingerprint": "0" * 64}, "is not the one of 000000000000"),
        ({"bundle": texts_of(NEW) | {"model.json": texts_of(OLD)["model.json"]}}, "is not what the manifest says"),
        ({"bundle": {}}, "has no MANIFEST"),
    ],
    ids=["unknown", "another", "altered", "empty"],
)
def test_what_cannot_be_verified_is_refused(fields: dict[str, Any], problem: str) -> None:
    """A regime nobody reads, a bundle that is not what it is said to be."""
    told = told_until(LATE, gated())
    ok, text = answer(told, activated(NEW, **fields))

    assert (False, True, OLD) == (ok, problem in text, told.core.readings[0].model)


def test_before_a_filter_has_settled_no_other_model_is_begun() -> None:
    """It would tell where it began, not what the market is like."""
    answers = [answer(told_until(n, gated()), activated(NEW)) for n in (50, 51)]

    assert [False, True] == [ok for ok, _ in answers]
    assert "49 bars of up were read in full: at least 50 are needed" in answers[0][1]


def test_a_model_that_is_in_use_already_changes_nothing() -> None:
    """Whoever asks twice is told so; no bar is read twice."""
    told = told_until(LATE, gated())
    told.tell(activated(NEW))
    before = at_rest(told), list(told.core.lanes[0].gate_state)
    ok, text = answer(told, activated(NEW))

    assert (True, True) == (ok, "is in use already" in text)
    assert before == (at_rest(told), told.core.lanes[0].gate_state)


# --- rest -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cut", [LATE - 1, LATE, LATE + 1, LATE + 30])
def test_a_core_put_to_rest_before_or_after_goes_on_alike(cut: int) -> None:
    """Also one that is born with the model of before, as after a crash; and its books."""
    plan = gated({n: buy() for n in range(3, 150)})
    facts = [activated(NEW) if n == LATE else closed(n, WAVES[n]) for n in range(3, 120)]
    rested = Rested(Told(plan).core, facts, cut - 3)

    assert rested.steps == rested.again
    first, woken = rested.at_rest
    assert first == woken
    assert [NEW, NEW] == [core.plan.regimes[0].model for core in (rested.core, rested.woken)]


def test_a_core_put_to_rest_suspects_as_the_model_in_use_does() -> None:
    """What a model was learnt from says how far its numbers are trusted, and that of the one before is another."""
    thin = msgspec.structs.replace(NEW.data, rows=12)
    watchful = seal(msgspec.structs.replace(NEW, novelty=battery([1e4] * 14, hold=3), data=thin))
    facts = [activated(watchful) if n == LATE else closed(n, WAVES[n]) for n in range(3, 120)]
    rested = Rested(Told(gated()).core, facts, LATE + 1)

    assert rested.steps == rested.again
