"""What a strategy hears of a regime that reads other bars than it does, bar by bar of its own, and how its gate stands.

A regime's bar moves the gate when it is told: with a bar of the strategy's that it is made of, or at a tick of its own,
before or after the bar that is decided then. In between a reading grows old (`runtime/core/gates.py`: `silence`).
"""

import functools

from typing import Any

from backtests.engine_apart import LEAN, pointer, tell_numba
from backtests.engine_layout import (
    ABOUT,
    ALLOWED,
    CLOSED,
    DATED,
    DUE,
    EVENT,
    EXPOSED,
    HEARD,
    IS_OPEN,
    LENGTH,
    MAX_AGE,
    MINDS,
    REASON,
    SILENT,
    STALE,
    UNAGED,
    UNTOLD,
)
from backtests.engine_reading import NAN, know_nothing, known, stand
from market.kernel import Params, State, compile_all, fingerprint, kernel, write_out
from regimes.gate import gate_step
from runtime.core.gates import HOUR_MS

WITH, BEFORE, AFTER = 0, 1, 2
"""When a regime's bar is told: as a part of the strategy's own, or by itself before or after that is decided."""
TOOK_BEFORE, TOOK_AFTER = 1, 2
"""What rests is taken back at once where the gate stood shut after such a bar; a sum of both may be."""
MOST = 127
"""People told with one bar, at most, that a column counts; the others are counted with the next."""


@kernel
def hear(
    h: State, m: State, q: Params, gate: State, limits: Params, free: State, allowed: float, share: float, why: float,
    about: float,
) -> None:  # fmt: skip
    """Take what a regime said of a bar into the gate, and into `free`, which no silence shuts."""
    m[ALLOWED], m[EXPOSED], m[REASON], m[ABOUT] = allowed, share, why, about
    stand(m, q, gate, limits)
    h[UNAGED] = gate_step(free, limits, known(m))
    h[SILENT] = 0.0


@kernel
def vetoed(m: Params) -> bool:
    """Tell whether the gate forbids an entry, if it is enforced."""
    return not (m[IS_OPEN] > 0.0 and m[EXPOSED] > 0.0)


@kernel
def mind_silence(
    h: State, m: State, q: Params, gate: State, limits: Params, frame: float, at: float, dial: float
) -> None:  # fmt: skip
    """Shut the gate at a bar of the strategy's, `frame` ms long, where too many of the regime's have not come.

    That bar is told `at` a moment (ms) at which the server's clock shows `dial`.
    """
    if h[HEARD] < 0.0 or q[MINDS] == 0.0 or at < h[CLOSED] - HOUR_MS:
        return
    h[SILENT] = h[SILENT] + frame
    stale = h[SILENT] > (q[MAX_AGE] + 1.0) * q[LENGTH]
    if q[DATED] > 0.0:
        stale = at - h[CLOSED] >= (q[MAX_AGE] + 1.0) * q[LENGTH] - HOUR_MS and dial >= h[DUE]
    if stale:
        know_nothing(m, q, STALE)
        m[ABOUT] = 0.0
        stand(m, q, gate, limits)


write_out(hear, vetoed, mind_silence, stand, known)


@functools.cache
def hearing_loop() -> Any:  # noqa: ANN401 - numba's
    """Return the compiled loop that tells a gate of a regime's bars as they come, and writes down how it stands."""
    compile_all()
    tell_numba()
    return _hearing(fingerprint([hear, vetoed, mind_silence]))


@functools.cache
def _hearing(called: str) -> Any:  # noqa: ANN401 - a loop, which numba wants whole
    import numba  # noqa: PLC0415 - slow to import, and only a drive needs it

    def loop(clock: Any, frame: float, span: Any, told: Any, said: Any, state: Any, out: Any) -> None:  # noqa: ANN401 - numba's tuples of arrays
        begin, end = span
        ats, dials = clock
        rows, when, bars = told
        known_alerts, known_ordinals, known_posteriors, known_densities, known_novelties = said[:5]
        known_reasons, known_abouts, known_masses, known_shares, closes, dues = said[5:]
        alerts, ordinals, posteriors, densities, novelties, is_open, reasons, abouts, masses, shares = out[:10]
        late, back, unaged = out[10:]
        if not called:
            return
        h, m, q, gate = pointer(state[0]), pointer(state[1]), pointer(state[2]), pointer(state[3])
        limits, free = pointer(state[4]), pointer(state[5])
        e, states, people = int(h[EVENT]), posteriors.shape[1], int(h[UNTOLD])
        for i in range(begin, end):
            back[i] = 0
            for part in range(2):
                while e < len(rows) and rows[e] == i and (when[e] == AFTER) == (part == 1):
                    j = bars[e]
                    people += known_alerts[j]
                    why, about = float(known_reasons[j]), float(known_abouts[j])
                    hear(h, m, q, gate, limits, free, known_masses[j], known_shares[j], why, about)
                    h[HEARD], h[CLOSED], h[DUE] = float(j), float(closes[j]), dues[j]
                    if when[e] != WITH and vetoed(m):
                        back[i] |= when[e]
                    e += 1
                counted = people if people < MOST else MOST
                people -= counted
                if part == 1:
                    late[i] = counted
                    break
                alerts[i] = counted
                mind_silence(h, m, q, gate, limits, frame, float(ats[i]), float(dials[i]))
                j = int(h[HEARD])
                ordinals[i], densities[i], novelties[i] = -1, NAN, NAN
                if j >= 0:
                    ordinals[i], densities[i], novelties[i] = known_ordinals[j], known_densities[j], known_novelties[j]
                    for k in range(states):
                        posteriors[i, k] = known_posteriors[j, k]
                is_open[i], reasons[i], abouts[i] = int(m[IS_OPEN]), int(m[REASON]), int(m[ABOUT])
                masses[i], shares[i], unaged[i] = m[ALLOWED], m[EXPOSED], int(h[UNAGED])
        h[EVENT], h[UNTOLD] = float(e), float(people)

    return numba.njit(**LEAN)(loop)
