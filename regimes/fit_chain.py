"""A model while it is being trained: arrays that an engine of training changes in place, and room to work in."""

from typing import NamedTuple

import numpy as np

from numpy.typing import NDArray

Array = NDArray[np.float64]

ROWS = 512
"""Rows of a strip that a compiled pass works on at a time."""


class Chain(NamedTuple):
    """The parameters of K states and d features that a climb reads and writes, in place."""

    start: Array
    """(K,) probability of each state at the first row; it is not trained."""
    transitions: Array
    """(K, K)"""
    means: Array
    """(K, d)"""
    covariances: Array
    """(K, d, d); Student-t: the scale matrix."""
    dof: Array
    """(K,) degrees of freedom; infinite: Gaussian."""


class Space(NamedTuple):
    """Room to work in, made once for a thread."""

    densities: Array
    """(K, n) emission densities over the largest of the row; then times what follows the row."""
    posteriors: Array
    """(K, n) what precedes the row; after a pass the smoothed posterior."""
    strips: Array
    """(4 + K, ROWS)"""
    white: Array
    """(K, d, d) inverse Cholesky factors."""
    norm: Array
    """(K,) logs of the densities' constants."""
    sums: Array
    """(K, 3 + K + d + d * d): posterior, weight, log weight less weight, transitions, first and second moments."""


class Rules(NamedTuple):
    """What all starts of one fit share."""

    prior: Array
    """(K, K) of the Dirichlet prior of the transitions from each state; 1 is none."""
    full: bool
    """The covariances are full, not diagonal."""
    floor: float
    """Added to the sum of squares of each feature in each state."""
    free: bool = False
    """Degrees of freedom are fitted, where they are finite."""


class Climbed(NamedTuple):
    """Where one start ended."""

    chain: Chain
    objective: float
    """Log likelihood and log prior, in nats; NaN: it fell apart."""
    iterations: int
    converged: bool
    fault: str = ""
    """Why it fell apart."""


def space_for(states: int, size: int, count: int) -> Space:
    """Return room for K states, d features and n rows."""
    return Space(
        densities=np.empty((states, count)),
        posteriors=np.empty((states, count)),
        strips=np.empty((3 + states, ROWS)),
        white=np.empty((states, size, size)),
        norm=np.empty(states),
        sums=np.empty((states, 3 + states + size + size * size)),
    )


def copied(chain: Chain) -> Chain:
    """Return a chain of its own arrays."""
    return Chain(*(np.array(part, dtype=np.float64, order="C") for part in chain))


def sorted_by(chain: Chain, order: NDArray[np.intp]) -> Chain:
    """Return the chain with its states in this order."""
    start, transitions, means, covariances, dof = chain
    return Chain(start[order], transitions[np.ix_(order, order)], means[order], covariances[order], dof[order])


def stationary(transitions: Array) -> Array:
    """Return the probability of each state at a bar of which nothing is known: where a live filter begins."""
    states = len(transitions)
    system = np.vstack((transitions.T - np.eye(states), np.ones(states)))
    solution = np.linalg.lstsq(system, np.append(np.zeros(states), 1.0), rcond=None)[0]
    shares = np.maximum(solution, 0.0)
    return shares / shares.sum()  # type: ignore[no-any-return] # numpy's division is Any
