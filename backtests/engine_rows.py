"""The loop of a compiled drive for a strategy that is asked in Python: it plays ahead, as though nothing were wanted.

While a strategy wants nothing, its account does not depend on it. So a call plays some bars on that assumption, keeps
the account as it stood before each of them was decided, and tells what the strategy is asked with: its position, for
how long. The first bar on which it wants what changes the account cuts the assumption: the next call puts the account
back to that bar, decides it by what is wanted, and plays on from there.
"""

import functools

from typing import Any

from backtests.engine_account import CALLED
from backtests.engine_core import begin_bar, live_on, takes_back, vetoes, worth
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
    NO_SIGNAL,
    NUMBER,
    OBSERVES,
    ORDER_WORKING,
    RESTS,
    SIDE,
    WARMING,
)
from backtests.engine_market import first_tick, rest_of_bar, spread_told
from market.kernel import Params, State, compile_all, fingerprint, kernel

LOOK = 256
"""Most bars that are played ahead."""

# Rows of the board, a column a bar: what is known of it before it is played, and what came of it.
TIME, OPEN, HIGH, LOW, CLOSE, SPREAD, TOLD, STANDS_OPEN, MASS, SHARE, LENT = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
OUTCOME, AFTER, BEFORE = 11, 12, 13
BOARD = 14

# Rows of what is seen ahead, whole numbers: what the strategy is asked with, and which of its wants would do something.
POSITION, HELD, MATTERS = 0, 1, 2
SEEN = 3
NEITHER, ENTRY, LEAVING, NOTED = 0, 1, 2, 3
"""NOTED: an entry would be written down, and change nothing."""

WANT = 11
"""A want: its bar, and the ten numbers of a `FlatWant`."""

LEFT, CANCELS = 0, 1
"""What a bar has come to before it is decided, in what is kept of it; the account stands behind that."""
KEPT = 2


@kernel
def keep(a: State, x: State, y: State, kept: State, at: int) -> None:
    """Keep the account as it stands now."""
    at = at + KEPT
    for n in range(len(a)):
        kept[at + n] = a[n]
    at = at + len(a)
    for n in range(len(x)):
        kept[at + n] = x[n]
    at = at + len(x)
    for n in range(len(y)):
        kept[at + n] = y[n]


@kernel
def put_back(a: State, x: State, y: State, kept: Params, at: int) -> None:
    """Put the account back to where it stood."""
    at = at + KEPT
    for n in range(len(a)):
        a[n] = kept[at + n]
    at = at + len(a)
    for n in range(len(x)):
        x[n] = kept[at + n]
    at = at + len(x)
    for n in range(len(y)):
        y[n] = kept[at + n]


@kernel
def take_want(w: State, wants: Params, m: int, k: int) -> int:
    """Take what is wanted of bar k, where that stands at `m`; return where the next one stands."""
    if m < len(wants) and wants[m] == k:
        for n in range(WANT - 1):
            w[n] = wants[m + 1 + n]
        return m + WANT
    w[0] = 0.0
    return m


@kernel
def matters(a: State, p: Params, outcome: int) -> int:
    """Return which want would do something on a bar that came to this outcome without any."""
    if outcome == NO_SIGNAL:
        if vetoes(a, p) or a[ENDED] > 0.0 or p[OBSERVES] > 0.0:
            return NOTED
        return ENTRY
    if outcome == ORDER_WORKING or outcome == WARMING:  # noqa: PLR1714, SIM109 - kernels have no sets
        return NEITHER
    return LEAVING


def rows_loop() -> Any:  # noqa: ANN401 - numba's
    """Return the compiled loop, kept on disk for as long as nothing that it calls has changed."""
    compile_all()
    return _rows(fingerprint([keep, put_back, take_want, matters, *CALLED]))


@functools.cache
def _rows(called: str) -> Any:  # noqa: ANN401 - a loop, which numba wants whole
    import numba  # noqa: PLC0415 - slow to import, and only a drive needs it

    def loop(board: Any, seen: Any, kept: Any, account: Any, wants: Any, span: Any) -> None:  # noqa: ANN401 - numba's arrays
        a, x, y, p, nights, g, d, e, w = account
        begin, end, last, warm, back = span
        if not called:
            return
        if back < 0:
            first_tick(a, x, y, d, p, nights, board[TIME, begin], board[OPEN, begin], board[SPREAD, begin])
        m = 0
        for k in range(begin, end):
            at = k % LOOK * (KEPT + len(a) + len(x) + len(y))
            if back > 0 and k == begin:
                put_back(a, x, y, kept, at)
            else:
                until = board[TIME, k] + p[FRAME] - 1.0
                if k != last:
                    if board[TIME, k + 1] <= until:
                        until = board[TIME, k + 1] - 1.0 + a[GUEST]
                    rest_of_bar(a, x, y, d, p, until, board[HIGH, k], board[LOW, k], board[CLOSE, k])
                    spread = board[SPREAD, k + 1]
                    if a[GUEST] > 0.0:
                        spread = spread_told(p, board[OPEN, k + 1], spread)
                    first_tick(a, x, y, d, p, nights, board[TIME, k + 1], board[OPEN, k + 1], spread)
                else:
                    rest_of_bar(a, x, y, d, p, until, board[HIGH, k], board[LOW, k], board[CLOSE, k])
                    a[ENDED] = 1.0
                begin_bar(a, board[LENT, k] if a[GUEST] > 0.0 else worth(a, p))
                a[NUMBER] += board[TOLD, k]
                a[GATE_OPEN], a[GATE_MASS], a[GATE_SHARE] = board[STANDS_OPEN, k], board[MASS, k], board[SHARE, k]
                kept[at + CANCELS] = 1.0 if takes_back(a, p) else 0.0
                kept[at + LEFT] = live_on(a, x, y, p, board[HIGH, k], board[LOW, k])
                seen[POSITION, k], seen[HELD, k] = int(a[SIDE]), int(x[0] * abs(a[SIDE]))
                keep(a, x, y, kept, at)
            m = take_want(w, wants, m, k)
            outcome = decide(a, x, y, d, p, g, e, w, kept[at + LEFT], 1.0 if k >= warm else 0.0)
            board[OUTCOME, k], board[BEFORE, k], seen[MATTERS, k] = outcome, a[EQUITY], matters(a, p, outcome)
            if kept[at + CANCELS] > 0.0:
                a[RESTS] = 0.0
            board[AFTER, k] = worth(a, p)

    return numba.njit(**LEAN)(loop)
