"""The filter as a compiled loop over rows of features: the same kernels that a daemon calls bar by bar."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from numpy.typing import NDArray

from regimes.filter import filter_init
from regimes.filter_shaped import Shape, shape_of, shaped_step
from regimes.weights import Vector

Array = NDArray[np.float64]


def filtered_compiled(weights: Vector, rows: Array) -> tuple[Array, Array]:
    """Return posteriors (n, K) and log densities (n,) of rows of features (n, d)."""
    shape = shape_of(weights)
    posteriors = np.empty((len(rows), shape[0]))
    densities = np.empty(len(rows))
    _loop(shape)(np.array(filter_init(weights)), np.array(weights), rows, posteriors, densities)
    return posteriors, densities


@cache
def _loop(shape: Shape) -> Callable[..., None]:
    import numba  # noqa: PLC0415 - slow to import, and only a check needs it

    step = shaped_step(shape)

    def run(state: Any, weights: Any, rows: Any, posteriors: Any, densities: Any) -> None:  # noqa: ANN401 - numba's
        for i in range(len(rows)):
            densities[i] = step(state, weights, rows[i])
            for k in range(posteriors.shape[1]):
                posteriors[i, k] = state[k]

    compiled: Callable[..., None] = numba.njit(run)
    return compiled
