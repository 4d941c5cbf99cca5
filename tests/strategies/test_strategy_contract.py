"""The contract suite catches each kind of strategy that would be believed in a backtest and fail in life."""

import math

from collections.abc import Callable
from typing import Any

import pytest

from strategies.contract import QUESTIONS, check
from strategies.exits import ExitPlan
from strategies.protocol import Entry
from tests.planted_strategies import (
    BARS,
    Breaking,
    Changing,
    Dicing,
    Forgetting,
    Good,
    Hasty,
    Hoarding,
    Keeping,
    Kernel,
    Ornate,
    Peeking,
    Remembering,
    Sharing,
    Silent,
    Wanting,
    buying_step,
    growing_step,
    unrecorded_step,
    whole_step,
    writing_step,
)


def failed(strategy: Any) -> set[str]:  # noqa: ANN401 - good and bad ones alike
    """Return the questions that a strategy fails."""
    return {finding.name for finding in check(strategy, BARS) if not finding.ok}


def test_a_good_strategy_passes_every_question() -> None:
    """What the bad strategies are made from is itself beyond reproach."""
    findings = check(Good(), BARS)

    assert ["runs", *(question.__name__ for question in QUESTIONS)] == [finding.name for finding in findings]
    assert all(finding.ok for finding in findings)


@pytest.mark.parametrize(
    ("strategy", "question"),
    [
        (Peeking(), "deterministic"),
        (Peeking(), "prefix_invariant"),
        (Peeking(), "poison_proof"),
        (Dicing(), "deterministic"),
        (Remembering(), "stateless"),
        (Sharing(), "stateless"),
        (Changing(), "not_aliased"),
        (Keeping(), "not_aliased"),
        (Hoarding(), "bounded_memory"),
        (Ornate(), "restorable"),
        (Forgetting(), "restorable"),
        (Hasty(), "silent_until_warm"),
        (Silent(), "trades"),
        (Breaking(), "runs"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__class__.__name__,
)
def test_a_planted_fault_is_caught(strategy: Good, question: str) -> None:
    """Each bad strategy fails the question that was made for it."""
    assert question in failed(strategy)


@pytest.mark.parametrize(
    "strategy", [Remembering(), Hoarding(), Ornate(), Hasty(), Silent()], ids=lambda value: value.__class__.__name__
)
def test_a_fault_fails_its_own_question_alone(strategy: Good) -> None:
    """A finding points at what is wrong: one fault does not drown in others."""
    assert 1 == len(failed(strategy))


@pytest.mark.parametrize(
    "entry",
    [
        Entry(side=1, plan=ExitPlan(stop=0.0)),
        Entry(side=1, plan=ExitPlan(stop=-1.0)),
        Entry(side=1, plan=ExitPlan(stop=math.nan)),
        Entry(side=1, plan=ExitPlan(stop=math.inf)),
        Entry(side=1, plan=ExitPlan(stop=1.0, target=-1.0)),
        Entry(side=1, plan=ExitPlan(stop=1.0, trail=math.nan)),
        Entry(side=-1, plan=ExitPlan(stop=1.0), kind="stop", price=0.0),
        Entry(side=-1, plan=ExitPlan(stop=1.0), kind="limit", price=100.0, expiry=0),
    ],
)
def test_an_entry_that_is_not_guarded_is_caught(entry: Entry) -> None:
    """An entry without a finite stop, or with numbers no venue can work with, fails."""
    assert {"guarded"} == failed(Wanting(entry))


def test_a_strategy_that_raises_is_told_with_its_story() -> None:
    """A bug in a user's class is a finding that names the exception, not a crash of the suite."""
    findings = check(Breaking(), BARS)

    assert ["ZeroDivisionError: float division by zero"] == [finding.detail for finding in findings]


def test_a_kernel_strategy_may_be_a_users_own() -> None:
    """A recorded kernel that behaves passes every question."""
    assert set() == failed(Kernel(buying_step))


@pytest.mark.parametrize(
    ("step", "question"), [(whole_step, "flat"), (growing_step, "flat"), (writing_step, "not_aliased")]
)
def test_a_kernel_that_could_not_be_compiled_is_caught(
    monkeypatch: pytest.MonkeyPatch,
    step: Callable[..., Any],
    question: str,
) -> None:
    """Ints among the floats, a state that grows and features that are overwritten are no kernel's business."""
    monkeypatch.setattr("strategies.contract.KERNELS", [step])

    assert question in failed(Kernel(step))


def test_a_kernel_that_was_never_recorded_is_caught() -> None:
    """Without @kernel the compiled half would not know it."""
    assert {"flat"} == failed(Kernel(unrecorded_step))
