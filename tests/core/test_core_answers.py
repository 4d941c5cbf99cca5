"""A strategy in a process of its own: its answers are facts, and where there is none nothing is entered."""

from typing import Any

import msgspec
import pytest

from runtime.asked import Question, questions
from runtime.core.decision import Decision
from runtime.core.facts import StrategyAnswered
from runtime.core.instructions import Alert
from runtime.core.plan import Plan
from runtime.outcomes.books import Books
from strategies.adapter import flat_of
from strategies.protocol import Exit, FeatureRef, Want
from strategies.window import WindowStrategy
from tests.chaos_world import COSTS
from tests.cores import a_gate, a_gated_plan, a_lane, a_plan, buy, closed, hour
from tests.told import Told, kinds, of_kind

SIZE = 5
APART = WindowStrategy(name="dip", function=None, use="tests.windows:dip", window=SIZE)


def plan() -> Plan:
    """Return a plan of one function in a process of its own."""
    return a_plan(a_lane({}, strategy=APART))


def asked(told: Told, n: int) -> list[tuple[int, int]]:
    """Return the positions and ages that are asked about when a bar closes."""
    return [(q.position, q.held) for q in questions(told.core, Books(told.core, {}, shadows=False), closed(n).bar)]


def answer(told: Told, n: int, want: Want = None, *, at: tuple[int, int] = (0, 0), failure: str = "") -> None:
    """Tell what was answered of bar n."""
    flat = () if failure else flat_of(want, 1.5)
    (lane,) = told.core.lanes
    told.tell(StrategyAnswered(
        at=hour(n + 1), strategy=lane.name, bar_time=hour(n), position=at[0], held=at[1], want=flat, failure=failure,
    ))  # fmt: skip


def warm() -> Told:
    """Return a core whose window is full, and whose next bar is bar 6."""
    told = Told(plan())
    for n in range(3, 6):
        answer(told, n)
        told.decide(n)
    return told


def held(decision: Decision) -> tuple[Any, ...]:
    """Return how a decision is held."""
    return decision.outcome, decision.holds, decision.reasons, decision.action


def test_it_is_asked_once_its_window_is_full_and_never_about_a_bar_that_is_known() -> None:
    """With the rows that end with the bar, which the core has not been told yet."""
    told = Told(plan())
    before, after = [], []
    for n in range(3, 7):
        found = questions(told.core, Books(told.core, {}, shadows=False), closed(n, 100.0 + n).bar)
        before.append([q.columns["close"] for q in found])
        told.tell(closed(n, 100.0 + n))
        after += asked(told, n)

    assert [[], [[100.0] * 3 + [103.0, 104.0]], [[100.0] * 2 + [103.0, 104.0, 105.0]]] == before[:3]
    assert [] == after


def test_what_is_answered_is_what_it_wants_of_that_bar() -> None:
    """Its score is journaled, and the entry is sent."""
    told = warm()
    answer(told, 6, buy())

    decision = told.decide(6)

    assert ("traded", 1.5) == (decision.outcome, decision.score)


@pytest.mark.parametrize("slept", [False, True])
def test_an_answer_survives_a_restart_before_its_bar(slept: bool) -> None:  # noqa: FBT001 - both are tried
    """It is part of a core at rest."""
    told = warm()
    answer(told, 6, buy())
    told = told.again() if slept else told

    assert "traded" == told.decide(6).outcome


def test_without_an_answer_nothing_is_entered_and_a_person_is_called_once() -> None:
    """It is held, by a hold of its own that forbids nobody else; the first answer lifts it."""
    told = warm()
    steps = []
    for n in range(6, 9):
        answer(told, n, failure="its process has ended")
        steps.append(told.tell(closed(n)))
    alerts = [wish.text for step in steps for wish in of_kind(step, Alert)]
    why = ("held", ("MODEL:lane1",), ("its process has ended",), 0.0)
    holds = told.holds
    answer(told, 9, buy())
    last = told.tell(closed(9))

    assert [why] * 3 == [held(step.decisions[0]) for step in steps]
    assert ["lane1: its process has ended: it enters nothing until it answers; what is open has its stops"] == alerts
    assert ["MODEL:lane1"] == holds
    assert ([], "traded") == (told.holds, last.decisions[0].outcome)
    assert "lane1 answers again" in [wish.text for wish in of_kind(last, Alert)]


@pytest.mark.parametrize(
    ("n", "at"), [(5, (0, 0)), (7, (0, 0)), (6, (1, 1)), (6, (0, 1))], ids=["past", "to come", "long", "aged"]
)
def test_an_answer_to_another_question_is_none(n: int, at: tuple[int, int]) -> None:
    """Of another bar, or for a position that it has not."""
    told = warm()
    answer(told, n, buy(), at=at)

    assert ("held", ("MODEL:lane1",), ("nobody has asked it",), 0.0) == held(told.decide(6))


def test_what_is_open_goes_on_by_its_plan_while_nobody_answers() -> None:
    """Nothing is wanted of it, its time stop comes all the same; and an answer leaves it at once."""
    told = warm()
    answer(told, 6, buy(bars=2))
    told.enter(6)
    positions = [asked(told, 7)]
    answer(told, 7, failure="raised", at=(1, 1))
    first = told.decide(7)
    positions.append(asked(told, 8))
    answer(told, 8, failure="raised", at=(1, 2))
    second = told.tell(closed(8))

    assert [[(1, 1)], [(1, 2)]] == positions
    assert ("in_position", ("raised",)) == (first.outcome, first.reasons)
    assert ("exit", ("time stop",)) == (second.decisions[0].outcome, second.decisions[0].reasons)
    assert ["ClosePosition"] == kinds(second)


def test_an_exit_is_wanted_of_the_position_it_has() -> None:
    """Asked with its side and age, it leaves."""
    told = warm()
    answer(told, 6, buy())
    told.enter(6)
    answer(told, 7, Exit(), at=(1, 1))

    assert ("exit", ("strategy",)) == ((decision := told.decide(7)).outcome, decision.reasons)


def test_a_shadow_book_is_answered_for_the_position_that_it_has() -> None:
    """Behind a shut gate the live strategy is flat and its shadow is not: both are asked, and each hears its own."""
    gated = msgspec.structs.replace(a_gated_plan({}).strategies[0], strategy=APART, gate=a_gate())
    told = Told(msgspec.structs.replace(a_gated_plan({}), strategies=(gated,)))
    books = Books(told.core, COSTS)
    asked_of: list[set[tuple[int, int]]] = []

    def live(n: int, wants: dict[tuple[int, int], Want]) -> None:
        found = questions(told.core, books, closed(n).bar)
        asked_of.append({(q.position, q.held) for q in found})
        for q in found:
            want = wants.get((q.position, q.held))
            fact = StrategyAnswered(
                at=hour(n + 1), strategy=gated.name, bar_time=hour(n), position=q.position, held=q.held,
                want=flat_of(want, 0.0),
            )  # fmt: skip
            books.observe(fact, told.tell(fact))
        books.observe(closed(n), told.tell(closed(n)))

    for n in range(3, 9):
        live(n, {(0, 0): buy()})
    shadow = books.shadows[0]
    side = shadow.core.lanes[0].trade
    live(9, {(1, 5): Exit()})

    assert told.core.lanes[0].trade is None
    assert side is not None
    assert [set(), {(0, 0)}, *({(0, 0), (1, n)} for n in range(1, 6))] == asked_of
    assert shadow.core.lanes[0].trade is None


def test_it_is_shown_features_as_they_are_once_the_bar_is_folded_in() -> None:
    """And not asked before they are warm; asking folds nothing."""
    refs: dict[str, FeatureRef] = {"ema": ("ema", (3.0,)), "z": ("zscore", (6.0,))}
    told = Told(a_plan(a_lane({}, strategy=msgspec.structs.replace(APART, window=1, refs=refs))))
    asked_with, decided = [], []
    for n in range(3, 12):
        bar = closed(n, 100.0 + n * n % 7)
        found = questions(told.core, Books(told.core, {}, shadows=False), bar.bar)
        asked_with += [tuple(q.features[name] for name in refs) for q in found]
        decided += [d.features for d in told.tell(bar).decisions]

    assert [features for features in decided if features[1] == features[1]] == asked_with
    assert len(asked_with) == 7


def test_a_question_names_its_bar() -> None:
    """The last of its rows."""
    assert 7 == Question("one", "X", "H1", 0, 0, {"time": [5, 7]}, {}).bar_time
