"""Overfitting of a choice among trials: how often the best in one half of the time is below the middle in the other.

Source: Bailey, Borwein, López de Prado and Zhu, The Probability of Backtest Overfitting (2017): combinatorially
symmetric cross-validation (CSCV).
"""

import math

from itertools import combinations

import msgspec
import numpy as np

from numpy.typing import NDArray

Array = NDArray[np.float64]

STRETCHES = 16
"""Of time, even in number: 12,870 ways to make two halves of them."""
AT_ONCE = 15_000
"""Ratios that are looked at together: they bound the memory, fit the cache, and start no threads of a big product."""


class Sums(msgspec.Struct, frozen=True):
    """What a trial's returns come to in one stretch of time: all that a Sharpe ratio over several of them needs."""

    count: int
    total: float
    squares: float


class Overfit(msgspec.Struct, frozen=True, kw_only=True):
    """What choosing the best trial by its Sharpe ratio is worth."""

    probability: float
    """How often the best trial of one half was not above the middle of all trials in the other (PBO)."""
    loss: float
    """How often it made nothing, or lost, in the other half."""
    trials: int
    splits: int


def sums_of(returns: Array, stretches: NDArray[np.int64], count: int = STRETCHES) -> tuple[Sums, ...]:
    """Return the sums of returns (n,) in each stretch; `stretches` (n,) says in which one each of them lies."""
    counts = np.bincount(stretches, minlength=count)
    totals = np.bincount(stretches, returns, minlength=count)
    squares = np.bincount(stretches, returns * returns, minlength=count)
    return tuple(Sums(int(n), float(t), float(q)) for n, t, q in zip(counts, totals, squares, strict=True))


def even_stretches(size: int, count: int = STRETCHES) -> NDArray[np.int64]:
    """Return in which of `count` stretches, as long as each other, each of so many returns lies.

    >>> even_stretches(6, 2).tolist()
    [0, 0, 0, 1, 1, 1]
    """
    return np.arange(size) * count // max(1, size)


def overfitting(trials: list[tuple[Sums, ...]]) -> Overfit | None:
    """Return how overfitted the best of these trials is; None for fewer than two.

    Every trial has as many stretches, an even number of them, and the same ones. Trials with equal ratios share a rank.
    """
    if len(trials) < 2:
        return None
    counts, totals, squares = (
        np.array([[getattr(s, name) for s in trial] for trial in trials], dtype=float).T
        for name in ("count", "total", "squares")
    )
    stretches = len(counts)
    below = lost = 0
    halves = [list(half) for half in combinations(range(stretches), stretches // 2)]
    some = max(1, AT_ONCE // len(trials))
    for first in range(0, len(halves), some):
        inside = np.zeros((len(halves[first : first + some]), stretches))
        np.put_along_axis(inside, np.array(halves[first : first + some]), 1.0, axis=1)
        seen, unseen = (_ratios(half @ counts, half @ totals, half @ squares) for half in (inside, 1.0 - inside))
        best = np.take_along_axis(unseen, seen.argmax(axis=1)[:, None], axis=1)
        ranks = (unseen < best).sum(axis=1) + ((unseen == best).sum(axis=1) + 1) / 2
        below += int((ranks / (len(trials) + 1) <= 0.5).sum())
        lost += int((best <= 0.0).sum())
    found = math.comb(stretches, stretches // 2)
    return Overfit(probability=below / found, loss=lost / found, trials=len(trials), splits=found)


def _ratios(counts: Array, totals: Array, squares: Array) -> Array:
    """Return Sharpe ratios of a period from sums; 0 where nothing moved."""
    known = np.maximum(counts, 2.0)
    spread = (squares - totals * totals / known) / (known - 1.0)
    moved = spread > 1e-12 * squares / known
    found: Array = np.where(moved, totals / known / np.sqrt(np.where(moved, spread, 1.0)), 0.0)
    return found
