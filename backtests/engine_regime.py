"""The loop of a compiled drive that folds features into a regime and its gate, made for the shape of one model."""

import functools

from typing import Any

from backtests.engine_apart import LEAN, pointer, tell_numba
from backtests.engine_features import Kernel
from backtests.engine_layout import (
    ABOUT,
    ALERTS,
    ALLOWED,
    DENSITY,
    EXPOSED,
    IS_OPEN,
    NOVELTY,
    ORDINAL,
    REASON,
)
from backtests.engine_reading import (
    fold_members,
    judge,
    look_at,
    notice_nothing,
    notice_novelty,
    take_in,
)
from market.halts import halt_step
from market.kernel import compile_all, fingerprint
from regimes.filter import fold_shaped
from regimes.filter_shaped import Shape
from regimes.layout import ENSEMBLE


@functools.cache
def regime_loop(shape: Shape, *, rule: bool) -> Any:  # noqa: ANN401 - numba's
    """Return the compiled loop that folds rows of features into a regime of a shape and its gate.

    rule: whether novelty is judged, which is the most of what there is to compile.
    """
    compile_all()
    tell_numba()
    fold = fold_members if shape[2] == ENSEMBLE else fold_shaped
    notice = notice_novelty if rule else notice_nothing
    return _regime(fingerprint((halt_step, take_in, fold, look_at, notice, judge)), fold, notice, shape)


@functools.cache
def _regime(called: str, fold: Kernel, notice: Kernel, shape: Shape) -> Any:  # noqa: ANN401
    import numba  # noqa: PLC0415 - slow to import, and only a drive needs it

    states, size, kind = shape

    def loop(times: Any, closes: Any, span: Any, taken: Any, regime: Any, out: Any) -> None:  # noqa: ANN401 - numba's tuples of arrays
        begin, end = span
        alerts, ordinals, posteriors, densities, novelties, is_open, reasons, abouts, masses, shares = out
        if not called:
            return
        halt, m, q, x = pointer(regime[0]), pointer(regime[1]), pointer(regime[2]), pointer(regime[3])
        rows, old, alike, marks = pointer(regime[4]), pointer(regime[5]), pointer(regime[6]), pointer(regime[7])
        state, w, z, v = pointer(regime[8]), pointer(regime[9]), pointer(regime[10]), pointer(regime[11])
        rule, gate, limits, mask = pointer(regime[12]), pointer(regime[13]), pointer(regime[14]), pointer(regime[15])
        weights = pointer(regime[16])
        for i in range(begin, end):
            for k in range(size):
                x[k] = taken[i - begin, k]
            m[ALERTS] = 0.0
            take_in(m, q, x, rows, old, alike, marks, float(times[i]), halt_step(halt, closes[i]))
            m[DENSITY] = fold(state, w, x, states, size, kind)
            look_at(m, state, states)
            notice(m, state, w, z, v, rule)
            judge(m, q, state, gate, limits, mask, weights)
            for k in range(states):
                posteriors[i, k] = state[k]
            alerts[i], ordinals[i], densities[i], novelties[i] = int(m[ALERTS]), int(m[ORDINAL]), m[DENSITY], m[NOVELTY]
            is_open[i], reasons[i], abouts[i] = int(m[IS_OPEN]), int(m[REASON]), int(m[ABOUT])
            masses[i], shares[i] = m[ALLOWED], m[EXPOSED]

    return numba.njit(**LEAN)(loop)
