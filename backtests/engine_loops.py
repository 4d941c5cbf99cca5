"""The loops of a compiled drive, put together for the features and the strategy of one plan and kept on disk.

numba's cache sees a change of the file in which a function stands, and of no other; so the hash of all kernels that are
called from here is part of what the kept loops close over (as in `regimes/calibrate_read.py`). A loop calls its
features by slots, of which there are twelve: what is closed over by number costs nothing to call.
"""

import functools
import math

from collections.abc import Callable, Sequence
from typing import Any

from backtests.engine_core import begin_day, count_shut, in_position, vetoes, worth
from backtests.engine_entry import entry
from backtests.engine_layout import (
    ABOUT,
    ALERTS,
    ALLOWED,
    AT,
    DENSITY,
    EXPOSED,
    FRAME,
    IS_OPEN,
    NOVELTY,
    NO_SIGNAL,
    NUMBER,
    ORDER_WORKING,
    ORDINAL,
    REASON,
    RESTS,
    ROW,
    SIDE,
    WARMING,
)
from backtests.engine_market import first_tick, rest_of_bar
from backtests.engine_reading import grow_old, judge, read, remember, take_time
from market.halts import halt_step
from market.kernel import Params, State, compile_all, fingerprint, kernel
from strategies.exits import exit_step
from strategies.protocol import LONG
from strategies.protocol import SHORT as SHORT_SIDE

Kernel = Callable[..., Any]
SLOTS = 12


@kernel
def nothing(s: State, p: Params, o: float, h: float, l: float, c: float, t: float) -> float:
    """Return 0.0: the feature of a slot without one."""
    return 0.0


def reading_loop(steps: Sequence[Kernel]) -> Any:  # noqa: ANN401 - numba's
    """Return the compiled loop that folds bars into features, the regime and its gate."""
    compile_all()
    called = fingerprint([*steps, nothing, halt_step, take_time, remember, read, grow_old, judge])
    return _reading(called, *steps, *[nothing] * (SLOTS - len(steps)))


def account_loop(step: Kernel) -> Any:  # noqa: ANN401 - likewise
    """Return the compiled loop that plays bars, decides them and keeps the account."""
    compile_all()
    called = fingerprint([step, first_tick, rest_of_bar, worth, begin_day, count_shut, in_position, entry, exit_step, vetoes])
    return _account(called, step)


@functools.cache
def _reading(called: str, *steps: Kernel) -> Any:  # noqa: ANN401
    import numba  # noqa: PLC0415 - slow to import, and only a drive needs it

    f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11 = steps

    def loop(bars: Any, span: Any, folds: Any, regime: Any, out: Any) -> None:  # noqa: ANN401 - numba's tuples of arrays
        times, closes = bars
        begin, end = span
        s, p, c, values, halt = folds
        m, q, x, from_values, rows, old, alike, marks, state, w, z, v, rule, gate, limits, mask, weights = regime
        picks, features, alerts, ordinals, posteriors, densities, novelties, is_open, reasons, abouts, allowed, shares = out
        if not called:
            return
        for i in range(begin, end):
            t = times[i] / 1000.0
            halted = halt_step(halt, closes[i])
            values[0] = f0(s[0], p[0], c[0][0][i], c[0][1][i], c[0][2][i], c[0][3][i], t)
            values[1] = f1(s[1], p[1], c[1][0][i], c[1][1][i], c[1][2][i], c[1][3][i], t)
            values[2] = f2(s[2], p[2], c[2][0][i], c[2][1][i], c[2][2][i], c[2][3][i], t)
            values[3] = f3(s[3], p[3], c[3][0][i], c[3][1][i], c[3][2][i], c[3][3][i], t)
            values[4] = f4(s[4], p[4], c[4][0][i], c[4][1][i], c[4][2][i], c[4][3][i], t)
            values[5] = f5(s[5], p[5], c[5][0][i], c[5][1][i], c[5][2][i], c[5][3][i], t)
            values[6] = f6(s[6], p[6], c[6][0][i], c[6][1][i], c[6][2][i], c[6][3][i], t)
            values[7] = f7(s[7], p[7], c[7][0][i], c[7][1][i], c[7][2][i], c[7][3][i], t)
            values[8] = f8(s[8], p[8], c[8][0][i], c[8][1][i], c[8][2][i], c[8][3][i], t)
            values[9] = f9(s[9], p[9], c[9][0][i], c[9][1][i], c[9][2][i], c[9][3][i], t)
            values[10] = f10(s[10], p[10], c[10][0][i], c[10][1][i], c[10][2][i], c[10][3][i], t)
            values[11] = f11(s[11], p[11], c[11][0][i], c[11][1][i], c[11][2][i], c[11][3][i], t)
            for k in range(len(picks)):
                features[i, k] = values[picks[k]]
            if len(alerts) == 0:
                continue
            hurried = take_time(m, q, float(times[i]))
            for k in range(len(from_values)):
                x[k] = values[from_values[k]]
            m[ALERTS] = 0.0
            remember(m, q, x, rows, old, alike, marks, hurried)
            read(m, q, x, state, w, z, v, rule, halted)
            judge(m, q, state, gate, limits, mask, weights, grow_old(m, q))
            alerts[i], ordinals[i], densities[i], novelties[i] = int(m[ALERTS]), int(m[ORDINAL]), m[DENSITY], m[NOVELTY]
            for k in range(posteriors.shape[1]):
                posteriors[i, k] = state[k]
            is_open[i], reasons[i], abouts[i] = int(m[IS_OPEN]), int(m[REASON]), int(m[ABOUT])
            allowed[i], shares[i] = m[ALLOWED], m[EXPOSED]

    return numba.njit(cache=True, nogil=True)(loop)


@functools.cache
def _account(called: str, step: Kernel) -> Any:  # noqa: ANN401
    import numba  # noqa: PLC0415

    def loop(bars: Any, span: Any, account: Any, strategy: Any, read_out: Any, out: Any) -> None:  # noqa: ANN401
        times, opens, highs, lows, closes, spreads = bars
        first, warm, begin, end, warm_from = span
        a, x, y, p, nights, g, d, e = account
        s, sp, f, w = strategy
        features, alerts, is_open, allowed, shares = read_out
        outcomes, actions, kinds, scores, positions, helds, equities, before = out
        if not called:
            return
        frame = p[FRAME]
        for r in range(begin, end):
            i = first + r
            ended = 0.0
            if r == 0:
                for j in range(warm, first):
                    for k in range(len(f)):
                        f[k] = features[j, k]
                    step(s, sp, f, highs[j], lows[j], closes[j], 0.0, 0.0)
                first_tick(a, x, y, d, p, nights, float(times[i]), opens[i], spreads[i])
            if i + 1 < len(times):
                until = float(times[i]) + frame
                if times[i + 1] < until:
                    until = float(times[i + 1])
                rest_of_bar(a, x, y, d, p, until - 1.0, highs[i], lows[i], closes[i])
                first_tick(a, x, y, d, p, nights, float(times[i + 1]), opens[i + 1], spreads[i + 1])
            else:
                rest_of_bar(a, x, y, d, p, float(times[i]) + frame - 1.0, highs[i], lows[i], closes[i])
                ended = 1.0
            equity = worth(a, p)
            begin_day(a, a[AT], equity)
            gate_open, mass, part = 0.0, math.nan, 1.0
            if len(alerts) > 0:
                a[NUMBER] += alerts[i]
                gate_open, mass, part = float(is_open[i]), allowed[i], shares[i]
            cancels = False
            if a[RESTS] != 0.0 and (ended > 0.0 or vetoes(p, gate_open, part)):
                a[NUMBER] += 1.0
                cancels = True
            left = 0.0
            if a[SIDE] != 0.0:
                left = exit_step(x, y, highs[i], lows[i])
                count_shut(a, p, gate_open, mass)
            position, held = 0.0, 0.0
            if a[SIDE] != 0.0:
                position, held = a[SIDE], float(int(x[0]))
            for k in range(len(f)):
                f[k] = features[i, k]
            want = step(s, sp, f, highs[i], lows[i], closes[i], position, held)
            for k in range(10):
                w[k] = want[k]
            outcome = NO_SIGNAL
            if position != 0.0:
                outcome = in_position(a, x, d, p, g, e, w[0], left, ended)
            else:
                if a[RESTS] != 0.0:
                    outcome = ORDER_WORKING
                    a[ROW] += 1.0
                elif i < warm_from:
                    outcome = WARMING
                    a[ROW] += 1.0
                elif w[0] == LONG or w[0] == SHORT_SIDE:
                    outcome = entry(a, x, y, d, p, e, w, equity, gate_open, part, ended)
                else:
                    a[ROW] += 1.0
            if cancels:
                a[RESTS] = 0.0
            outcomes[r], actions[r], kinds[r], scores[r] = outcome, w[0], int(w[1]), w[9]
            positions[r], helds[r], before[r], equities[r] = int(position), int(held), equity, worth(a, p)

    return numba.njit(cache=True, nogil=True)(loop)
