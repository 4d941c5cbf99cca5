"""Overfitting of a choice: as published of trials without skill and with it, and as a plain reckoning finds it."""

import math

from itertools import combinations
from statistics import fmean

import numpy as np

from hypothesis import given, settings
from hypothesis import strategies as st

from backtests.overfit import Array, Overfit, even_stretches, overfitting, sums_of


def judged(returns: Array, stretches: int = 16) -> Overfit:
    """Return the judgement on trials (N, T)."""
    parts = even_stretches(returns.shape[1], stretches)
    found = overfitting([sums_of(row, parts, stretches) for row in returns])
    assert found is not None
    return found


def by_hand(returns: Array, stretches: int) -> float:
    """Return the probability by its definition, split by split, from the returns themselves."""
    parts = even_stretches(returns.shape[1], stretches)
    below = []
    for half in combinations(range(stretches), stretches // 2):
        inside = np.isin(parts, half)
        seen, unseen = (r.mean(axis=1) / r.std(axis=1, ddof=1) for r in (returns[:, inside], returns[:, ~inside]))
        rank = int((unseen <= unseen[seen.argmax()]).sum())
        w = rank / (len(returns) + 1)
        below.append(math.log(w / (1.0 - w)) <= 0.0)
    return fmean(below)


def test_the_best_without_skill_is_as_often_below_the_middle_as_published() -> None:
    """Two hundred trials of a thousand days: 0.476 ± 0.137 (pbo.marketmaker.cc)."""
    found = [judged(np.random.default_rng(seed).standard_normal((200, 1000))).probability for seed in range(6)]

    assert math.isclose(0.476, fmean(found), abs_tol=0.137)


def test_the_best_with_skill_stays_above_the_middle() -> None:
    """Where twenty of the two hundred have an edge of 0.15: 0.001 (pbo.marketmaker.cc)."""
    returns = np.random.default_rng(1).standard_normal((200, 1000))
    returns[:20] += 0.15

    assert judged(returns).probability < 0.005


def test_one_that_is_always_the_best_is_not_overfitted() -> None:
    """Exactly 0, and it never loses; of its mirror everybody loses, it as well."""
    returns = np.random.default_rng(1).standard_normal((10, 320))
    returns[3] += 5.0

    found = judged(returns)

    assert (0.0, 0.0, 10, 12_870) == (found.probability, found.loss, found.trials, found.splits)
    assert 1.0 == judged(returns - 9.0).loss


@given(st.integers(0, 10_000), st.integers(2, 8), st.sampled_from([2, 4, 6]))
@settings(max_examples=20)
def test_sums_judge_as_the_returns_themselves_do(seed: int, trials: int, stretches: int) -> None:
    """Blocks of sums are a quicker way to the same number."""
    returns = np.random.default_rng(seed).standard_normal((trials, 48))

    assert math.isclose(by_hand(returns, stretches), judged(returns, stretches).probability)


def test_trials_that_are_all_the_same_are_in_the_middle() -> None:
    """Equal ratios share a rank: nobody is better, so the choice was worth nothing."""
    returns = np.tile(np.random.default_rng(1).standard_normal(64), (4, 1))

    assert 1.0 == judged(returns, 8).probability


def test_a_best_trial_that_stood_still_made_nothing() -> None:
    """Chosen by the stretch in which it earns, it makes nothing in the other: that counts as no better than a loss."""
    returns = np.zeros((2, 8))
    returns[0, :4] = 0.02, 0.01, 0.02, 0.01

    assert 0.5 == judged(returns, 2).loss


def test_a_single_trial_was_not_chosen() -> None:
    """There is nothing to judge."""
    assert None is overfitting([sums_of(np.ones(4), even_stretches(4, 2), 2)])
