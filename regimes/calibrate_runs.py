"""Runs of bars that a model makes, as it is or as the truth behind it may be, changed on request.

What a model was learnt from leaves its numbers open. `plausible` draws truths that could have led to them: covariances
by Wishart, means around the fitted ones, transitions by Dirichlet, each with as many bars as the state was learnt from.
"""

import functools

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from regimes.pit import FEWEST
from regimes.weights import Parameters

if TYPE_CHECKING:
    import numpy as np

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Change = Literal["wilder", "dead", "drift up", "drift down", "trending", "heavier tails"]
WILDER, DEAD = 1.7, 0.25
"""Times the standard deviation of the wildest state; of the calmest."""
TIE, HEAVY = 0.5, 2.5
"""Of a bar with the one before in the calmest state; degrees of freedom of its Student's t, scaled to its deviation."""


class Truths(NamedTuple):
    """What makes the bars of each of R runs: K states, d standardised features."""

    means: "Array"
    """(R, K, d)"""
    factors: "Array"
    """(R, K, d, d); a factor times its transpose is the covariance."""
    ladders: "Array"
    """(R, K, K) transition probabilities, added up along the row."""
    model: Parameters
    """The rest: start, degrees of freedom, units."""


def known(model: Parameters, runs: int) -> Truths:
    """Return the model itself as the truth of so many runs."""
    import numpy as np  # noqa: PLC0415 - numpy must never load with the daemon

    means, factors = np.array(model.means), np.linalg.cholesky(np.array(model.covariances))
    ladder = np.cumsum(np.array(model.transitions), axis=1)
    means, factors, ladders = (np.broadcast_to(part, (runs, *part.shape)) for part in (means, factors, ladder))
    return Truths(means, factors, ladders, model)


def plausible(model: Parameters, evidence: Sequence[float], runs: int, dice: "np.random.Generator") -> Truths:
    """Return truths, one a run, that a model whose states were learnt from so many bars each may stand for."""
    import numpy as np  # noqa: PLC0415

    states, size = len(model.start), len(model.centre)
    truths = known(model, runs)
    means, factors, ladders = np.array(truths.means), np.array(truths.factors), np.empty(truths.ladders.shape)
    for k, learnt in enumerate(evidence):
        n = max(learnt, FEWEST + size)
        root = np.zeros((runs, size, size))
        for i in range(size):  # Bartlett's factor of a Wishart matrix
            root[:, i, i] = np.sqrt(dice.chisquare(n - 1.0 - i, runs))
            for j in range(i if model.full else 0):
                root[:, i, j] = dice.standard_normal(runs)
        factors[:, k] = np.sqrt(n) * factors[:, k] @ np.linalg.inv(root).transpose(0, 2, 1)
        means[:, k] += np.einsum("rij,rj->ri", factors[:, k], dice.standard_normal((runs, size))) / np.sqrt(n)
        counted = n * np.array(model.transitions[k]) + 0.5 / (states - 1) * (np.arange(states) != k) + 1e-9
        ladders[:, k] = np.cumsum(dice.dirichlet(counted, runs), axis=1)
    return Truths(means, factors, ladders, model)


def draw(truths: Truths, bars: int, dice: "np.random.Generator") -> "Array":
    """Return rows that the truths make, in the features' own units, (R, bars, d); each run begins anew."""
    return made(truths, visited(truths, bars, dice), dice)


def visited(truths: Truths, bars: int, dice: "np.random.Generator") -> "NDArray[np.intp]":
    """Return the states that the truths go through (R, bars), each run from the start."""
    import numpy as np  # noqa: PLC0415

    start = np.cumsum(truths.model.start)
    return _paths()(truths.ladders, start, dice.random((len(truths.means), bars)))  # type: ignore[no-any-return] # numba


def made(truths: Truths, states: "NDArray[np.intp]", dice: "np.random.Generator") -> "Array":
    """Return rows that the truths make in these states, in the features' own units, (R, bars, d)."""
    import numpy as np  # noqa: PLC0415

    size = len(truths.model.centre)
    noise = dice.standard_normal((*states.shape, size))
    if truths.model.dof:
        dof = np.array(truths.model.dof)[states]
        noise = noise / np.sqrt(dice.chisquare(dof) / dof)[..., None]
    at = np.arange(len(states))[:, None], states
    return in_units(truths.means[at] + np.einsum("rtij,rtj->rti", truths.factors[at], noise), truths.model)


def changed(truths: Truths, bars: int, change: Change, dice: "np.random.Generator") -> "Array":
    """Return rows of a market that has changed, in the features' own units, (R, bars, d).

    The wildest state times 1.7, the calmest times 1/4, or the calmest with its first feature moved by a standard
    deviation; tied to the bar before, or with heavier tails. But for the last the noise is the state's own, Student's t
    where it is.
    """
    import numpy as np  # noqa: PLC0415

    runs, _, size = truths.means.shape
    k, deviation = who_changes(truths.model, change)
    noise = dice.standard_normal((runs, bars, size))
    if change == "heavier tails":
        noise = deviation * noise * np.sqrt((HEAVY - 2.0) / dice.chisquare(HEAVY, (runs, bars)))[..., None]
    elif truths.model.dof:
        noise = noise * np.sqrt(truths.model.dof[k] / dice.chisquare(truths.model.dof[k], (runs, bars)))[..., None]
    if change == "trending":
        for t in range(1, bars):
            noise[:, t] = TIE * noise[:, t - 1] + np.sqrt(1.0 - TIE * TIE) * noise[:, t]
    times = {"wilder": WILDER, "dead": DEAD}.get(change, 1.0)
    z = truths.means[:, None, k] + times * np.einsum("rij,rtj->rti", truths.factors[:, k], noise)
    if change.startswith("drift"):
        one = deviation * np.linalg.norm(truths.factors[:, k, 0], axis=1)
        z[..., 0] += (one if change == "drift up" else -one)[:, None]
    return in_units(z, truths.model)


def who_changes(model: Parameters, change: Change) -> tuple[int, float]:
    """Return the state that a change is one of, and the standard deviation of its noise before its factor.

    That of a Student's t without any is taken to be that of `HEAVY` degrees of freedom.
    """
    import numpy as np  # noqa: PLC0415

    dof = np.maximum(np.array(model.dof or (np.inf,) * len(model.start)), HEAVY)
    variance = 1.0 / (1.0 - 2.0 / dof)
    wide = np.trace(np.array(model.covariances), axis1=1, axis2=2) * variance
    k = int(wide.argmax() if change == "wilder" else wide.argmin())
    return k, float(np.sqrt(variance[k]))


def in_units(z: "Array", model: Parameters) -> "Array":
    """Return standardised rows in the features' own units."""
    import numpy as np  # noqa: PLC0415

    return z * np.array(model.scale) + np.array(model.centre)  # type: ignore[no-any-return] # numpy's is Any


@functools.cache
def _paths() -> Callable[..., Any]:
    """Return the compiled loop that draws states."""
    import numba  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    @numba.njit(cache=True, nogil=True)
    def paths(ladders: Any, start: Any, u: Any) -> Any:  # noqa: ANN401 - numba's arrays
        states = np.empty(u.shape, dtype=np.intp)
        last = len(start) - 1
        for run in range(len(u)):
            state = min(np.searchsorted(start, u[run, 0], "right"), last)
            states[run, 0] = state
            for t in range(1, u.shape[1]):
                state = min(np.searchsorted(ladders[run, state], u[run, t], "right"), last)
                states[run, t] = state
        return states

    return paths
