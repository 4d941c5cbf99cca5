"""The loop of a compiled drive that folds bars into features, made for the features of one plan.

numba's cache sees a change of the file in which a function stands, and of no other; so the hash of all kernels that are
called from here is part of what the kept loop closes over (as in `regimes/calibrate_read.py`). It calls its features by
slots, of which there are twelve: a slot is a name, and a name that is closed over costs nothing to call.
"""

import functools

from collections.abc import Callable, Sequence
from typing import Any

from backtests.engine_apart import LEAN, pointer, tell_numba
from market.feature import Of
from market.kernel import Params, State, compile_all, fingerprint, kernel
from runtime.core.feeds import Feed

Kernel = Callable[..., Any]
OF_PRICES, OF_VOLUME = 10, 2
"""Slots for features of each sort, those of prices first."""
SLOTS = OF_PRICES + OF_VOLUME
ROOM = ((False, OF_PRICES), (True, OF_VOLUME))
TOLD: tuple[Of, ...] = ("prices", "volume")
"""Features of bars that are told as they are."""


@kernel
def nothing(s: State, p: Params, o: float, h: float, l: float, c: float, t: float) -> float:  # noqa: ARG001, E741 - as features
    """Return 0.0: the feature of a slot without one."""
    return 0.0


Slot = tuple[Kernel, Sequence[float], Params]
"""A feature's step, its state and its parameters."""


def slots_of(feed: Feed, wanted: Sequence[int], sorts: Sequence[Of] = TOLD) -> tuple[list[Slot], list[int]]:
    """Return what stands in each slot, and for each of a feed's features its slot, -1: none.

    Where there is no room for all of them, those `wanted` have slots. Features of other sorts have none; those of parts
    stand where others have those of prices.
    """
    there = [of for _, _, of in feed.folds if of in sorts]
    room = all(sum((of == "volume") == rest for of in there) <= most for rest, most in ROOM)
    spare: Slot = (nothing, [], ())
    slots, places = [spare] * SLOTS, []
    free = {"prices": 0, "parts": 0, "volume": OF_PRICES}
    for place, ((step, params, of), state) in enumerate(zip(feed.folds, feed.states, strict=True)):
        if of not in sorts or (not room and place not in wanted):
            places.append(-1)
            continue
        slots[free[of]] = (step, state, params)
        places.append(free[of])
        free[of] += 1
    return slots, places


@functools.cache
def features_loop(*steps: Kernel) -> Any:  # noqa: ANN401 - numba's
    """Return the compiled loop that folds bars into features."""
    compile_all()
    tell_numba()
    return _features(fingerprint(steps), *steps)


@functools.cache
def _features(called: str, *steps: Kernel) -> Any:  # noqa: ANN401
    import numba  # noqa: PLC0415 - slow to import, and only a drive needs it

    f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11 = steps

    def loop(bars: Any, span: Any, folds: Any, places: Any, out: Any) -> None:  # noqa: ANN401 - numba's tuples of arrays
        times, opens, highs, lows, closes, volumes = bars
        begin, end = span
        s, p, given = folds
        picked, read = places
        features, rows = out
        if not called:
            return
        v = pointer(given)
        s0, s1, s2, s3 = pointer(s[0]), pointer(s[1]), pointer(s[2]), pointer(s[3])
        s4, s5, s6, s7 = pointer(s[4]), pointer(s[5]), pointer(s[6]), pointer(s[7])
        s8, s9, s10, s11 = pointer(s[8]), pointer(s[9]), pointer(s[10]), pointer(s[11])
        p0, p1, p2, p3 = pointer(p[0]), pointer(p[1]), pointer(p[2]), pointer(p[3])
        p4, p5, p6, p7 = pointer(p[4]), pointer(p[5]), pointer(p[6]), pointer(p[7])
        p8, p9, p10, p11 = pointer(p[8]), pointer(p[9]), pointer(p[10]), pointer(p[11])
        for i in range(begin, end):
            t, o, h, l, c, u = times[i] / 1000.0, opens[i], highs[i], lows[i], closes[i], volumes[i]  # noqa: E741 - as features call it
            v[0] = f0(s0, p0, o, h, l, c, t)
            v[1] = f1(s1, p1, o, h, l, c, t)
            v[2] = f2(s2, p2, o, h, l, c, t)
            v[3] = f3(s3, p3, o, h, l, c, t)
            v[4] = f4(s4, p4, o, h, l, c, t)
            v[5] = f5(s5, p5, o, h, l, c, t)
            v[6] = f6(s6, p6, o, h, l, c, t)
            v[7] = f7(s7, p7, o, h, l, c, t)
            v[8] = f8(s8, p8, o, h, l, c, t)
            v[9] = f9(s9, p9, o, h, l, c, t)
            v[10] = f10(s10, p10, u, u, u, u, t)
            v[11] = f11(s11, p11, u, u, u, u, t)
            for k in range(len(picked)):
                features[i, k] = v[picked[k]]
            for k in range(len(read)):
                rows[i - begin, k] = v[read[k]]

    return numba.njit(**LEAN)(loop)
