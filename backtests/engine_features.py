"""The loop of a compiled drive that folds bars into features, regime and gate, made for the features of one plan.

numba's cache sees a change of the file in which a function stands, and of no other; so the hash of all kernels that are
called from here is part of what the kept loop closes over (as in `regimes/calibrate_read.py`). It calls its features by
slots, of which there are twelve: a slot is a name, and a name that is closed over costs nothing to call.
"""

import functools
import math

from collections.abc import Callable, Sequence
from typing import Any

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
from backtests.engine_reading import heed, take_in
from market.halts import halt_step
from market.kernel import Params, State, compile_all, fingerprint, kernel
from regimes.filter import PARTS, filter_step
from regimes.filter_shaped import Shape
from regimes.layout import ENSEMBLE
from runtime.core.feeds import Feed

Kernel = Callable[..., Any]
LEAN: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False}
"""How loops are compiled. Nothing is allocated in them, so that numba need not count who holds an array: counting took
four fifths of the time. Kernels guard their divisions, which are not asked about once more: that took half of the rest.
"""
OF_PRICES, OF_VOLUME = 10, 2
"""Slots for features of each sort, those of prices first."""
SLOTS = OF_PRICES + OF_VOLUME


@kernel
def nothing(s: State, p: Params, o: float, h: float, l: float, c: float, t: float) -> float:  # noqa: ARG001, E741 - as features
    """Return 0.0: the feature of a slot without one."""
    return 0.0


Slot = tuple[Kernel, Sequence[float], Params]
"""A feature's step, its state and its parameters."""


def slots_of(feed: Feed) -> tuple[list[Slot], list[int]]:
    """Return what stands in each slot, and for each of a feed's features its slot."""
    spare: Slot = (nothing, [], ())
    slots, places = [spare] * SLOTS, []
    free = {"prices": 0, "volume": OF_PRICES}
    for (step, params, of), state in zip(feed.folds, feed.states, strict=True):
        slots[free[of]] = (step, state, params)
        places.append(free[of])
        free[of] += 1
    return slots, places


def reading_loop(steps: Sequence[Kernel], shape: Shape | None) -> Any:  # noqa: ANN401 - numba's
    """Return the compiled loop that folds bars into features, a regime and its gate; None: into no regime."""
    compile_all()
    regime = (halt_step, take_in, filter_step, heed) if shape else ()
    return _reading(fingerprint([*steps, *regime]), *steps, shape=shape)


@functools.cache
def _reading(called: str, *steps: Kernel, shape: Shape | None) -> Any:  # noqa: ANN401
    import numba  # noqa: PLC0415 - slow to import, and only a drive needs it

    f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11 = steps
    reads, (states, size, kind), (look, update) = shape is not None, shape or (0, 0, 0), PARTS

    def loop(bars: Any, span: Any, folds: Any, regime: Any, out: Any) -> None:  # noqa: ANN401 - numba's tuples of arrays
        times, opens, highs, lows, closes, volumes = bars
        begin, end = span
        s, p, values, halt = folds
        m, q, x, places, rows, old, alike, marks, state, w, z, v, rule, gate, limits, mask, weights = regime
        (
            picks,
            features,
            alerts,
            ordinals,
            posteriors,
            densities,
            novelties,
            is_open,
            reasons,
            abouts,
            masses,
            shares,
        ) = out
        if not called:
            return
        for i in range(begin, end):
            t, o, h, l, c, u = times[i] / 1000.0, opens[i], highs[i], lows[i], closes[i], volumes[i]  # noqa: E741 - as features call it
            values[0] = f0(s[0], p[0], o, h, l, c, t)
            values[1] = f1(s[1], p[1], o, h, l, c, t)
            values[2] = f2(s[2], p[2], o, h, l, c, t)
            values[3] = f3(s[3], p[3], o, h, l, c, t)
            values[4] = f4(s[4], p[4], o, h, l, c, t)
            values[5] = f5(s[5], p[5], o, h, l, c, t)
            values[6] = f6(s[6], p[6], o, h, l, c, t)
            values[7] = f7(s[7], p[7], o, h, l, c, t)
            values[8] = f8(s[8], p[8], o, h, l, c, t)
            values[9] = f9(s[9], p[9], o, h, l, c, t)
            values[10] = f10(s[10], p[10], u, u, u, u, t)
            values[11] = f11(s[11], p[11], u, u, u, u, t)
            for k in range(len(picks)):
                features[i, k] = values[picks[k]]
            if not reads:
                continue
            for k in range(len(places)):
                x[k] = values[places[k]]
            m[ALERTS] = 0.0
            take_in(m, q, x, rows, old, alike, marks, float(times[i]), halt_step(halt, c))
            if kind == ENSEMBLE:
                m[DENSITY] = filter_step(state, w, x)
            elif look(state, 0, w, 0, x, states, size, kind):  # of a known shape its loops are written out
                m[DENSITY] = update(state, 0, w, 0, states, size, kind)
            else:
                m[DENSITY] = math.nan
            heed(m, q, state, w, z, v, rule, gate, limits, mask, weights)
            for k in range(posteriors.shape[1]):
                posteriors[i, k] = state[k]
            alerts[i], ordinals[i], densities[i], novelties[i] = int(m[ALERTS]), int(m[ORDINAL]), m[DENSITY], m[NOVELTY]
            is_open[i], reasons[i], abouts[i] = int(m[IS_OPEN]), int(m[REASON]), int(m[ABOUT])
            masses[i], shares[i] = m[ALLOWED], m[EXPOSED]

    return numba.njit(**LEAN)(loop)
