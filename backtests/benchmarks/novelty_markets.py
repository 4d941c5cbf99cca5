"""The markets that novelty is judged on: Hardy's, one like the DAX, Student-t ones, and ones drawn at random."""

from typing import NamedTuple

import numpy as np

from backtests.benchmarks.simulated import Array, daily
from regimes.weights import Parameters


class Market(NamedTuple):
    """A market and how it was found."""

    name: str
    truth: Parameters


def _market(means: Array, sds: Array, transitions: Array, dof: tuple[float, ...] = (), turn: float = 0.0) -> Parameters:
    """Return a market of K states: means and deviations (K, d), features correlated by `turn`."""
    transitions = transitions / transitions.sum(axis=1, keepdims=True)
    ahead = np.linalg.matrix_power(transitions, 1 << 20)[0]
    size = means.shape[1]
    tied = np.eye(size) * (1.0 - turn) + turn
    return Parameters(
        centre=(0.0,) * size,
        scale=(0.01,) * size,
        start=tuple((ahead / ahead.sum()).tolist()),
        transitions=tuple(map(tuple, transitions.tolist())),
        means=tuple(map(tuple, means.tolist())),
        covariances=tuple(tuple(map(tuple, (np.outer(sd, sd) * tied).tolist())) for sd in sds),
        full=turn != 0.0,
        dof=dof,
    )


def hardy(states: int, dof: float = 0.0) -> Parameters:
    """Return Hardy's market of a day; of Student's t with so many degrees of freedom if any are given."""
    market = daily(states)
    sds = market.sds[:, None] * 100.0 * (np.sqrt((dof - 2.0) / dof) if dof else 1.0)
    return _market(market.means[:, None] * 100.0, sds, market.transitions, (dof,) * states if dof else ())


def drawn(seed: int, states: int, size: int, *, heavy: bool = False) -> Parameters:
    """Return a persistent market drawn at random: stays of 40 to 120 bars, each state 1.5 to 2.2 times as wild."""
    dice = np.random.default_rng(seed)
    sds = np.cumprod(dice.uniform(1.5, 2.2, (states, 1)), axis=0) * dice.uniform(0.8, 1.25, (states, size)) * 0.4
    leave = 1.0 / dice.uniform(40.0, 120.0, states)
    transitions = np.diag(1.0 - leave)
    for k in range(states):
        others = [j for j in range(states) if j != k]
        transitions[k, others] = leave[k] * dice.dirichlet(np.full(states - 1, 3.0))
    means = 0.15 * dice.standard_normal((states, size)) * sds
    dof = tuple(dice.uniform(4.0, 9.0, states).tolist()) if heavy else ()
    return _market(means, sds, transitions, dof, 0.4 if size > 1 else 0.0)


MARKETS = (
    Market("Hardy, 2 states (also chosen by)", hardy(2)),
    Market("Hardy, 3 states (also chosen by)", hardy(3)),
    Market("Hardy, 2 states, t(5)", hardy(2, 5.0)),
    Market(
        "like the DAX, 3 states",
        _market(np.array([[0.1], [-0.01], [-0.2]]), np.array([[0.68], [1.35], [2.7]]),
                np.array([[0.987, 0.012, 0.001], [0.014, 0.976, 0.01], [0.002, 0.03, 0.968]])),
    ),
    Market("drawn, 2 states", drawn(41, 2, 1)),
    Market("drawn, 3 states", drawn(42, 3, 1)),
    Market("drawn, 3 states, t", drawn(43, 3, 1, heavy=True)),
    Market("drawn, 2 states, 2 features", drawn(44, 2, 2)),
    Market("drawn, 3 states, 3 features", drawn(45, 3, 3)),
    Market("drawn, 2 states, 4 features", drawn(46, 2, 4)),
)  # fmt: skip
