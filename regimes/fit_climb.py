"""Compiled Baum-Welch: from a start to a maximum of likelihood and prior, by the steps that hmmlearn takes.

numba's cache sees a change of the file in which a function stands, and of no other; so the hash of the files that are
called from here is part of what the kept functions close over.
"""

import hashlib
import math

from pathlib import Path
from typing import Any

import numba

from regimes import fit_chain, fit_lanes, fit_passes
from regimes.fit_chain import Array, Chain, Rules, Space
from regimes.fit_lanes import inner
from regimes.fit_passes import MOVES, POSTERIOR, SURPLUS, WEIGHT, backward, forward

LEAST_MASS = 1e-5  # hmmlearn's: rows of a state below which a diagonal variance is not divided further
DOF = (2.1, 200.0)
"""Least and most degrees of freedom: a variance exists, and more than the most is as good as a Gaussian."""
HALVINGS = 40  # of the range of the degrees of freedom
CALLED = hashlib.sha256(
    b"".join(Path(str(m.__file__)).read_bytes() for m in (fit_chain, fit_lanes, fit_passes))
).hexdigest()


@inner
def whitened(rules: Rules, chain: Chain, space: Space) -> bool:
    """Write inverse Cholesky factors and constants; return False when a covariance is not positive definite."""
    states, size = chain.means.shape
    for k in range(states):
        white, volume = space.white[k], 0.0
        white[:] = 0.0
        for i in range(size):
            for j in range(i + 1) if rules.full else range(i, i + 1):
                rest = chain.covariances[k, i, j]
                for m in range(j):
                    rest -= white[i, m] * white[j, m]
                if i == j and not 0.0 < rest < math.inf:
                    return False
                white[i, j] = math.sqrt(rest) if i == j else rest / white[j, j]
            volume += math.log(white[i, i])
        inverted(white)
        space.norm[k] = constant(chain.dof[k], size) - volume
    return True


@inner
def inverted(factor: Array) -> None:
    """Replace a lower triangular matrix by its inverse."""
    for j in range(len(factor)):
        factor[j, j] = 1.0 / factor[j, j]
        for i in range(j + 1, len(factor)):
            rest = 0.0
            for m in range(j, i):
                rest -= factor[i, m] * factor[m, j]
            factor[i, j] = rest / factor[i, i]


@inner
def constant(dof: float, size: int) -> float:
    """Return the log of a standard density at its centre: Gaussian, or Student-t where dof is finite."""
    if dof == math.inf:
        return -0.5 * size * math.log(2.0 * math.pi)
    return math.lgamma(0.5 * (dof + size)) - math.lgamma(0.5 * dof) - 0.5 * size * math.log(dof * math.pi)


@inner
def maximised(rules: Rules, chain: Chain, space: Space) -> None:
    """Write the parameters that the sums of a pass ask for."""
    states, size = chain.means.shape
    for k in range(states):
        sums, total = space.sums[k], 0.0
        for j in range(states):
            count = max(rules.prior[k, j] - 1.0 + sums[MOVES + j], 0.0)
            chain.transitions[k, j] = count if chain.transitions[k, j] != 0.0 else 0.0
            total += chain.transitions[k, j]
        for j in range(states):
            chain.transitions[k, j] /= total
        at, mean, mass = MOVES + states, chain.means[k], sums[WEIGHT]
        for i in range(size):
            mean[i] = sums[at + i] / mass
        for i in range(size):
            for j in range(i + 1) if rules.full else range(i, i + 1):
                spread = sums[at + size + i * size + j] + mean[i] * mean[j] * mass
                spread -= mean[i] * sums[at + j] + mean[j] * sums[at + i]
                spread = (spread + (rules.floor if i == j else 0.0)) / (mass if rules.full else max(mass, LEAST_MASS))
                chain.covariances[k, i, j] = chain.covariances[k, j, i] = spread
        if rules.free and chain.dof[k] != math.inf:
            chain.dof[k] = heaviness(chain.dof[k], sums[SURPLUS] / sums[POSTERIOR], size)


@inner
def heaviness(dof: float, surplus: float, size: int) -> float:
    """Return the degrees of freedom that the weights ask for, between the least and the most that we allow.

    The root of Peel and McLachlan's equation, which falls with the degrees of freedom, by halving the range.
    """
    least, most = DOF
    rest = 1.0 + surplus + digamma(0.5 * (dof + size)) - math.log(0.5 * (dof + size))
    for _ in range(HALVINGS):
        middle = 0.5 * (least + most)
        if math.log(0.5 * middle) - digamma(0.5 * middle) + rest > 0.0:
            least = middle
        else:
            most = middle
    return 0.5 * (least + most)


@inner
def digamma(x: float) -> float:
    """Return the derivative of log gamma, x above 0: up to 8 by recurrence, then its asymptotic series."""
    below = 0.0
    while x < 8.0:
        below -= 1.0 / x
        x += 1.0
    r = 1.0 / (x * x)
    series = r * (1.0 / 12.0 - r * (1.0 / 120.0 - r * (1.0 / 252.0 - r * (1.0 / 240.0 - r / 132.0))))
    return below + math.log(x) - 0.5 / x - series


@inner
def log_prior(prior: Array, chain: Chain) -> float:
    """Return the log density of the transitions under their Dirichlet prior, up to a constant."""
    total = 0.0
    for i in range(len(prior)):
        for j in range(len(prior)):
            total += (prior[i, j] - 1.0) * math.log(max(chain.transitions[i, j], 1e-300))
    return total


def _kept(called: str) -> tuple[Any, Any]:
    """Return `climb` and `smoothed`, compiled without the GIL and kept on disk for as long as `called` is the same."""

    def climb(
        z: Array,
        rules: Rules,
        chain: Chain,
        space: Space,
        most: int,
        every: int,
        gain: float,
    ) -> tuple[int, float, bool]:
        """Take up to `most` steps; stop where the last `every` of them gained less than `gain` nats.

        Returns the steps, the log likelihood with the log prior (NaN: the model fell apart) and whether it stopped.
        """
        last = -math.inf
        for step in range(most + 1):
            if not whitened(rules, chain, space) or not called:
                return step, math.nan, False
            reached = forward(z, rules, chain, space) + log_prior(rules.prior, chain)
            if reached != reached:
                return step, math.nan, False
            if step % every == 0 and step > 0:
                if reached - last < gain:
                    return step, reached, True
                last = reached
            if step == most:
                return step, reached, False
            backward(z, rules, chain, space)
            maximised(rules, chain, space)
        return most, last, False

    def smoothed(z: Array, rules: Rules, chain: Chain, space: Space) -> float:
        """Write the posteriors of all rows, given all rows; return the log likelihood."""
        if not whitened(rules, chain, space) or not called:
            return math.nan
        likelihood: float = forward(z, rules, chain, space)
        backward(z, rules, chain, space)
        return likelihood

    keep: Any = numba.njit(cache=True, nogil=True, error_model="numpy")
    return keep(climb), keep(smoothed)


climb, smoothed = _kept(CALLED)
