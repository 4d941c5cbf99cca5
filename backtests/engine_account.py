"""The loop of a compiled drive that plays bars, decides them and keeps the account, made for one strategy's kernel."""

import functools

from collections.abc import Callable
from typing import Any

from backtests.engine_core import begin_bar, live_on, takes_back, worth
from backtests.engine_entry import decide
from backtests.engine_features import LEAN
from backtests.engine_layout import (
    ENDED,
    EQUITY,
    FRAME,
    GATE_MASS,
    GATE_OPEN,
    GATE_SHARE,
    GUEST,
    NUMBER,
    RESTS,
    SIDE,
)
from backtests.engine_market import first_tick, rest_of_bar, spread_told
from market.kernel import compile_all, fingerprint, write_out

CALLED = (first_tick, rest_of_bar, spread_told, begin_bar, takes_back, live_on, decide, worth)


write_out(first_tick, rest_of_bar, spread_told, begin_bar, takes_back, live_on, decide, worth)
"""What every bar goes through; what few do is called."""


def account_loop(step: Callable[..., Any]) -> Any:  # noqa: ANN401 - numba's
    """Return the compiled loop, kept on disk for as long as nothing that it calls has changed."""
    compile_all()
    return _account(fingerprint([step, *CALLED]), step)


@functools.cache
def _account(called: str, step: Callable[..., Any]) -> Any:  # noqa: ANN401, C901 - a loop, which numba wants whole
    import numba  # noqa: PLC0415 - slow to import, and only a drive needs it

    def loop(  # noqa: C901, PLR0912 - likewise
        bars: Any, span: Any, account: Any, strategy: Any, told: Any, out: Any  # noqa: ANN401 - numba's tuples of arrays
    ) -> None:  # fmt: skip
        times, opens, highs, lows, closes, spreads = bars
        first, told_from, begin, end, warm_from = span
        a, x, y, p, nights, g, d, e = account
        s, sp, f, w = strategy
        features, alerts, is_open, masses, shares, lent = told
        outcomes, actions, kinds, scores, positions, helds, equities, before = out
        if not called:
            return
        last = len(times) - 1
        if begin == 0:
            for i in range(told_from, first):
                for k in range(len(f)):
                    f[k] = features[i, k]
                step(s, sp, f, highs[i], lows[i], closes[i], 0.0, 0.0)
            first_tick(a, x, y, d, p, nights, float(times[first]), opens[first], spreads[first])
        for i in range(first + begin, first + end):
            until, r = times[i] + p[FRAME] - 1.0, i - first
            if i < last:
                if times[i + 1] <= until:  # a book that follows what was told knows of the bar once the next has opened
                    until = times[i + 1] - 1.0 + a[GUEST]
                rest_of_bar(a, x, y, d, p, until, highs[i], lows[i], closes[i])
                spread = spreads[i + 1]
                if a[GUEST] > 0.0:
                    spread = spread_told(p, opens[i + 1], spread)
                first_tick(a, x, y, d, p, nights, float(times[i + 1]), opens[i + 1], spread)
            else:
                rest_of_bar(a, x, y, d, p, until, highs[i], lows[i], closes[i])
                a[ENDED] = 1.0
            begin_bar(a, lent[r] if a[GUEST] > 0.0 else worth(a, p))
            if len(alerts) > 0:
                a[NUMBER] += alerts[i]
                a[GATE_OPEN], a[GATE_MASS], a[GATE_SHARE] = float(is_open[i]), masses[i], shares[i]
            cancels = takes_back(a, p)
            left = live_on(a, x, y, p, highs[i], lows[i])
            position, held = a[SIDE], 0.0
            if position != 0.0:
                held = float(int(x[0]))
            for k in range(len(f)):
                f[k] = features[i, k]
            want = step(s, sp, f, highs[i], lows[i], closes[i], position, held)
            w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9] = want
            outcomes[r] = decide(a, x, y, d, p, g, e, w, left, 1.0 if i >= warm_from else 0.0)
            actions[r], kinds[r], scores[r], positions[r], helds[r] = w[0], int(w[1]), w[9], int(position), int(held)
            before[r] = a[EQUITY]
            if cancels:
                a[RESTS] = 0.0
            equities[r] = worth(a, p)

    return numba.njit(**LEAN)(loop)
