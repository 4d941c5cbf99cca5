"""Training of a jump model by the package jumpmodels: rows of features to a judged model, as `regimes/fit.py` does.

Method: coordinate descent between means and cheapest path, Nystrup, Lindström and Madsen, Learning hidden Markov models
with persistent states by penalizing jumps (2020). Training reads the whole path and so looks ahead, within the rows it
is given; what runs live is the online step of `regimes/filter.py`.
"""

import importlib.util
import math

from importlib.metadata import version

import numpy as np

from numpy.typing import NDArray

from regimes.fit import EXITS, FitResult, collapsed, likelihood_by_filter, lonely, parameters_of
from regimes.fit_chain import Array, Chain, sorted_by, stationary
from regimes.fit_rows import Rows, rows_of
from regimes.weights import ModelError, Parameters, pack

STARTS = 10
LONGEST = 1000  # iterations of one start
GAIN = 1e-8  # of the objective: below it a start has ended


def fit_jump(
    x: Array,
    states: int,
    *,
    penalty: float,
    seed: int,
    starts: int = STARTS,
    warm: Parameters | None = None,
    volatility: Array | None = None,
) -> FitResult:
    """Train a jump model with `states` states on x (n, d), one row a bar, oldest first.

    `penalty` is what a jump costs, in half squared scales: the larger, the longer a state lasts. Rows are left out,
    states sorted and models refused as in `regimes.fit.fit`, which says what the rest means. Equal arguments give
    equal results. Raises ModelError when the rows cannot carry such a model, or jumpmodels is not installed.
    """
    if importlib.util.find_spec("jumpmodels") is None:
        raise ModelError("fit: a jump model is trained by jumpmodels: install tidegate[jump]")
    if not 0.0 <= penalty < math.inf:
        raise ModelError(f"fit: penalty {penalty:g}: a jump has to cost something finite, from 0")
    rows = rows_of(x, states, volatility)
    chain, labels = _climbed(rows, states, penalty, seed, starts, warm)
    weight = np.bincount(labels, minlength=states) / len(labels)
    fault = lonely(weight) or collapsed(chain)
    if fault:
        raise ModelError(fault)
    parameters = parameters_of(chain, rows, full=False, penalty=float(penalty))
    likelihood = likelihood_by_filter(parameters, rows)
    return FitResult(
        parameters=parameters,
        weights=pack(parameters),
        log_likelihood=likelihood,
        starts=(likelihood,),
        warm=False,
        iterations=0,
        converged=_settled(rows.z, labels, chain),
        rows=len(rows.z),
        dropped=rows.missing + rows.halted + rows.wild,
        halted=rows.halted,
        wild=rows.wild,
        occupancy=tuple(weight.tolist()),
        engine=f"jumpmodels {version('jumpmodels')}",
    )


def _climbed(
    rows: Rows, states: int, penalty: float, seed: int, starts: int, warm: Parameters | None
) -> tuple[Chain, NDArray[np.intp]]:
    """Return the best model that jumpmodels finds, calmest state first, and the state of each row on its path."""
    from jumpmodels.jump import JumpModel  # noqa: PLC0415 - it takes a second to load, and matplotlib with it

    model = JumpModel(states, jump_penalty=float(penalty), random_state=seed, n_init=starts, max_iter=LONGEST, tol=GAIN)
    if warm is not None:  # jumpmodels starts from the centres it has, beside the fresh ones
        model.centers_ = (np.array(warm.means) * warm.scale + warm.centre - rows.centre) / rows.scale
    with np.errstate(invalid="ignore", divide="ignore"):  # a state that a start has left empty has no mean
        model.fit(rows.z)
    labels = np.asarray(model.labels_, dtype=np.intp)
    volatility = np.array(
        [(rows.sizes[labels == k] ** 2).mean() if (labels == k).any() else 0.0 for k in range(states)]
    )
    order = np.argsort(volatility, kind="stable")
    chain = _counted(rows.z, labels, np.asarray(model.centers_, dtype=np.float64))
    return sorted_by(chain, order), np.argsort(order)[labels]


def _counted(z: Array, labels: NDArray[np.intp], means: Array) -> Chain:
    """Return the means, with the spread and the transitions that are counted in the rows of each state."""
    states, size = means.shape
    seen = np.eye(states) + EXITS / (states - 1) * (1.0 - np.eye(states))  # none becomes absorbing
    np.add.at(seen, (labels[:-1], labels[1:]), 1.0)
    transitions = seen / seen.sum(axis=1, keepdims=True)
    covariances = np.zeros((states, size, size))
    for k in range(states):
        if (labels == k).any():
            np.fill_diagonal(covariances[k], z[labels == k].var(axis=0))
    return Chain(stationary(transitions), transitions, means, covariances, np.full(states, math.inf))


def _settled(z: Array, labels: NDArray[np.intp], chain: Chain) -> bool:
    """Return whether the means are those of the rows on the path: a further step would change nothing."""
    found = np.array([z[labels == k].mean(axis=0) for k in range(len(chain.means))])
    return bool(np.allclose(found, chain.means, rtol=0.0, atol=1e-9))
