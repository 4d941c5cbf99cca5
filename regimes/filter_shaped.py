"""The filter's step for models of one shape, compiled: loops of known length take half the time.

Offline. The kernels are those that a daemon calls, and no bit depends on the shape being known beforehand.
"""

import functools

from typing import Any

from market.kernel import Params, compile_all
from regimes.filter import filter_step, fold_shaped
from regimes.layout import ENSEMBLE, FEATURES, KIND, STATES

Shape = tuple[int, int, int]
"""States, features, kind: what stands first in weights."""


def shape_of(w: Params) -> Shape:
    """Return the shape of weights."""
    return int(w[STATES]), int(w[FEATURES]), int(w[KIND])


@functools.cache
def shaped_step(shape: Shape) -> Any:  # noqa: ANN401 - numba has no types
    """Return `filter_step` for weights of a shape, (state, weights, row) -> log density in nats, to call from numba.

    An ensemble has the general one.
    """
    import numba  # noqa: PLC0415 - numba must never load with the daemon

    compile_all()
    states, size, kind = shape
    if kind == ENSEMBLE:
        return numba.njit(filter_step)

    def step(s: Any, w: Any, x: Any) -> Any:  # noqa: ANN401 - numba's arrays
        return fold_shaped(s, w, x, states, size, kind)

    return numba.njit(inline="always")(step)
