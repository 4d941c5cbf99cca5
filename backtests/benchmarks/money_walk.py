"""Walking forward: a regime model refitted on the bars before, and what it knew of each bar at that bar's close.

Beside it the look-ahead twin: the same models, but states smoothed over the bars that came later. It stands in no
decision; it shows how much money a leak would make.
"""

from typing import NamedTuple

import numpy as np

from numpy.typing import NDArray

from backtests.lookahead import smoothed
from backtests.regime_compiled import filtered_compiled
from regimes.fit import Emission, FitResult, fit
from regimes.labels import overlap_of, permuted
from regimes.weights import ModelError, Vector

Array = NDArray[np.float64]

STARTS = 12
"""Fresh starts of each refit, beside the model before."""


class Walk(NamedTuple):
    """What was known, bar by bar; NaN before the first model."""

    filtered: Array
    """(n,) posterior of all states but the wildest, given the bars up to this one."""
    smoothed: Array
    """(n,) the same given also the bars after it, up to `every` past the next refit: the twin's."""
    renewed: Array
    """(n,) as `filtered`, but every refit taken, whatever its states mean, which go by volatility."""
    refits: int
    kept: int
    """Refits that were refused, so that the model before stayed: its states would have meant something else."""


def walk(x: Array, states: int, emission: Emission | float, window: int, every: int) -> Walk:
    """Refit on the last `window` rows of x (n, d) every `every` rows; the first column is the log return."""
    filtered, twin, renewed = np.full((3, len(x)), np.nan)
    weights: Vector = ()
    last: FitResult | None = None
    refits = kept = 0
    for at in range(window, len(x), every):
        known = x[at - window : at]
        refits += 1
        last, before = _refitted(known, states, emission, last), weights
        weights = weights if last is None else _successor(weights, last.weights, known)
        kept += weights == before
        if last is None:
            continue
        seen = x[at - window : at + 2 * every]
        posteriors = _filtered(weights, seen)
        block = slice(window, min(window + every, len(seen)))
        filtered[at : at + every] = posteriors[block, :-1].sum(axis=1)
        twin[at : at + every] = smoothed(weights, posteriors)[block, :-1].sum(axis=1)
        renewed[at : at + every] = _filtered(last.weights, seen)[block, :-1].sum(axis=1)
    return Walk(filtered, twin, renewed, refits, kept)


def _refitted(known: Array, states: int, emission: Emission | float, last: FitResult | None) -> FitResult | None:
    """Return a model of these rows, begun from the last one too; the last one where they carry none."""
    warm = None if last is None else last.parameters
    try:
        return fit(
            known,
            states,
            seed=1,
            emission=emission,
            starts=STARTS,
            warm=warm,
            volatility=abs(known[:, 0]),
            engine="kernel",
        )
    except ModelError:
        return last


def _successor(old: Vector, new: Vector, known: Array) -> Vector:
    """Return the new weights with their states in the order of the old ones, or the old where they mean another."""
    if not old:
        return new
    overlap = overlap_of(_filtered(old, known), _filtered(new, known))
    return permuted(new, overlap.order) if overlap.same else old


def _filtered(weights: Vector, x: Array) -> Array:
    """Return the filtered posteriors (n, K) of rows (n, d)."""
    return filtered_compiled(weights, np.ascontiguousarray(x))[0]
