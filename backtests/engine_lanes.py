"""The loop of a compiled drive that plays bars for several strategies of one account, made for their kernels.

As `engine_account.py` does for one: the core's order is kept, in which all strategies decide a bar before the venue is
asked for anything. It calls their kernels by slots, so that a loop is made for the kernels, not for the strategies.
"""

import functools

from collections.abc import Callable, Sequence
from typing import Any

from backtests.engine_account import addresses, take_back
from backtests.engine_apart import LEAN, call, pointer, pointers, tell_numba
from backtests.engine_core import begin_bar, live_on, vetoes
from backtests.engine_hearing import TOOK_AFTER, TOOK_BEFORE
from backtests.engine_layout import (
    BARRED,
    CANCELS,
    ENDED,
    EQUITY,
    FRAME,
    GATE_MASS,
    GATE_OPEN,
    GATE_SHARE,
    NUMBER,
    RESTS,
    SEAT,
    SIDE,
    STANDING,
    TRADED,
    W_SIDE,
    W_VOLUME,
    WISH,
    WISHES,
)
from backtests.engine_seats import (
    ASKED,
    HAS,
    ask_back,
    first_ticks,
    rest_of_bars,
    rise,
    sit,
    stand,
    take_stock,
    worth_of_all,
)
from market.kernel import Params, State, compile_all, fingerprint, kernel
from strategies.protocol import NOTHING, FlatWant

LANES = 8
"""Strategies that may share an account."""
SORTS = 4
"""Kernels that they may be of."""


@kernel
def idle(
    s: State, p: Params, f: Params, high: float, low: float, close: float, position: float, held: float  # noqa: ARG001 - as strategies
) -> FlatWant:  # fmt: skip
    """Want nothing: the strategy of a slot without one."""
    return NOTHING, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0


@kernel
def lay(w: State, want: FlatWant) -> None:
    """Lay down what a strategy wants."""
    w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9] = want


CALLED = (
    sit, rise, first_ticks, rest_of_bars, begin_bar, worth_of_all, take_stock, stand, vetoes, ask_back, live_on, lay,
    take_back,
)  # fmt: skip


def lanes_loop(steps: Sequence[Callable[..., Any]]) -> Any:  # noqa: ANN401 - numba's
    """Return the compiled loop, kept on disk for as long as nothing that it calls has changed."""
    compile_all()
    tell_numba()
    slots = [*steps, *[idle] * (SORTS - len(steps))]
    loop, (_, deciding) = _lanes(fingerprint([*slots, *CALLED]), *slots), addresses()
    return lambda *told: loop(*told, deciding)


@functools.cache
def _lanes(called: str, *steps: Callable[..., Any]) -> Any:  # noqa: ANN401, C901, PLR0915 - a loop, which numba wants whole
    import numba  # noqa: PLC0415 - slow to import, and only a drive needs it

    s0, s1, s2, s3 = steps

    def loop(  # noqa: C901, PLR0912, PLR0915 - likewise
        bars: Any, span: Any, account: Any, lanes: Any, told: Any, regimes: Any, out: Any, deciding: Any  # noqa: ANN401 - numba's
    ) -> None:  # fmt: skip
        times, opens, highs, lows, closes, spreads = bars
        first, told_from, begin, end, warm_from, n, many = span
        a, seats, has, turns, nights, w, d, e = pointers(account)
        xs, ys, ps, gs = pointers(lanes[0]), pointers(lanes[1]), pointers(lanes[2]), pointers(lanes[3])
        ss, sps, fs, reads, sorts = pointers(lanes[4]), pointers(lanes[5]), lanes[6], lanes[7], lanes[8]
        features, is_open, masses, shares, back, barred = told
        alerts, late = regimes
        outcomes, actions, kinds, scores, positions, helds, standing, equities, before = out
        if not called:
            return
        last, p = len(times) - 1, ps[0]
        if begin == 0:
            first_ticks(a, seats, xs, ys, d, p, nights, turns, n, float(times[first]), opens[first], spreads[first])
        for i in range(first + begin if begin > 0 else told_from, first + end):
            high, low, close, r = highs[i], lows[i], closes[i], i - first
            if r >= 0:
                until = times[i] + p[FRAME] - 1.0
                if i < last:
                    if times[i + 1] <= until:
                        until = times[i + 1] - 1.0
                    rest_of_bars(a, seats, xs, ys, d, p, turns, n, until, high, low, close)
                    then, opened, spread = float(times[i + 1]), opens[i + 1], spreads[i + 1]
                    first_ticks(a, seats, xs, ys, d, p, nights, turns, n, then, opened, spread)
                else:
                    rest_of_bars(a, seats, xs, ys, d, p, turns, n, until, high, low, close)
                    a[ENDED] = 1.0
                begin_bar(a, p, nights, worth_of_all(a, seats, p, n))
                before[r] = a[EQUITY]
                for g in range(many):
                    a[NUMBER] += alerts[g][i]
                    for k in range(n):
                        if reads[k] != g:
                            continue
                        at = k * SEAT - SIDE
                        seats[at + GATE_OPEN], seats[at + GATE_MASS] = float(is_open[k][i]), masses[k][i]
                        seats[at + GATE_SHARE] = shares[k][i]
                        if seats[at + RESTS] != 0.0:
                            sit(a, seats, k)
                            if len(back[k]) > 0 and int(back[k][i]) & TOOK_BEFORE:
                                take_back(a, ps[k])
                            elif vetoes(a, ps[k]):
                                ask_back(a)
                            rise(a, seats)
                take_stock(seats, has, p, n)
            for k in range(n):
                position, held, left, f = 0.0, 0.0, 0.0, pointer(fs[k])
                if r >= 0:
                    sit(a, seats, k)
                    if a[ENDED] > 0.0:
                        ask_back(a)
                    left = live_on(a, xs[k], ys[k], ps[k], high, low)
                    position = a[SIDE]
                    if position != 0.0:
                        held = float(int(xs[k][0]))
                for j in range(len(fs[k])):
                    f[j] = features[k][i, j]
                if sorts[k] == 0:
                    lay(w, s0(ss[k], sps[k], f, high, low, close, position, held))
                elif sorts[k] == 1:
                    lay(w, s1(ss[k], sps[k], f, high, low, close, position, held))
                elif sorts[k] == 2:
                    lay(w, s2(ss[k], sps[k], f, high, low, close, position, held))
                else:
                    lay(w, s3(ss[k], sps[k], f, high, low, close, position, held))
                if r < 0:
                    continue
                stand(a, has, n)
                a[BARRED] = 0.0
                if len(barred[0]) > 0:
                    a[BARRED] = float(barred[0][i])
                warm = 1.0 if i >= warm_from else 0.0
                outcomes[k][r] = int(call(deciding, (a, xs[k], ys[k], d, ps[k], gs[k], e, w, left, warm)))
                actions[k][r], kinds[k][r], scores[k][r] = w[0], int(w[1]), w[9]
                positions[k][r], helds[k][r], standing[k][r] = int(position), int(held), int(a[STANDING])
                if outcomes[k][r] == TRADED:
                    at = (int(a[WISHES]) - 1) * WISH
                    has[k * HAS], has[k * HAS + 1], has[k * HAS + 2] = ASKED, e[at + W_SIDE], e[at + W_VOLUME]
                rise(a, seats)
            if r < 0:
                continue
            for k in range(n):
                at = k * SEAT - SIDE
                if seats[at + CANCELS] > 0.0:
                    seats[at + RESTS], seats[at + CANCELS] = 0.0, 0.0
                if len(back[k]) > 0 and int(back[k][i]) & TOOK_AFTER:
                    sit(a, seats, k)
                    take_back(a, ps[k])
                    rise(a, seats)
            for g in range(many):
                if len(late[g]) > 0:
                    a[NUMBER] += late[g][i]
            equities[r] = worth_of_all(a, seats, p, n)

    return numba.njit(**LEAN)(loop)
