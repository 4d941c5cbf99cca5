"""The filter as a compiled loop over rows of features: the same kernel that a daemon calls bar by bar."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from numpy.typing import NDArray

from market.kernel import compile_all
from regimes.filter import filter_init, filter_step
from regimes.layout import STATES
from regimes.weights import Vector

Array = NDArray[np.float64]


def filtered_compiled(weights: Vector, rows: Array) -> tuple[Array, Array]:
    """Return posteriors (n, K) and log densities (n,) of rows of features (n, d)."""
    state = np.array(filter_init(weights))
    posteriors = np.empty((len(rows), int(weights[STATES])))
    densities = np.empty(len(rows))
    _loop()(state, np.array(weights), rows, posteriors, densities)
    return posteriors, densities


@cache
def _loop() -> Callable[..., None]:
    import numba  # noqa: PLC0415 - slow to import, and only a check needs it

    compile_all()

    def run(state: Any, weights: Any, rows: Any, posteriors: Any, densities: Any) -> None:  # noqa: ANN401 - numba's
        for i in range(len(rows)):
            densities[i] = filter_step(state, weights, rows[i])
            for k in range(posteriors.shape[1]):
                posteriors[i, k] = state[k]

    compiled: Callable[..., None] = numba.njit(run)
    return compiled
