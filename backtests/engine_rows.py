# ruff: noqa: ARG001 - steps of a sort share one signature
"""The loop of a compiled drive for a strategy that is asked in Python: it plays ahead, as though nothing were wanted.

While a strategy wants nothing, its account does not depend on it. So a call plays some bars on that assumption, which
tells what the strategy is to be asked with: its position, and for how long. The first bar on which it wants what
changes the account cuts the assumption: the next call puts the account back to where those bars began, plays them anew
with what is wanted, as far as that bar, and plays ahead from there. It is the loop of a kernel strategy, whose kernel
reads from a script what is wanted.
"""

import functools

from collections.abc import Sequence
from functools import partial
from itertools import accumulate
from struct import Struct
from typing import Any

import numba
import numpy as np

from backtests.engine_account import account_parts
from backtests.engine_apart import LEAN
from backtests.engine_layout import EXIT_MADE, GATE, GATE_ENFORCES, IN_POSITION, NO_SIGNAL, OBSERVES
from backtests.engine_packed import spelt, words_of
from backtests.engine_packed import unpacked as _unpacked
from market.kernel import Params, State, fingerprint, kernel
from strategies.protocol import EXIT, LONG, MARKET, NOTHING, SHORT, FlatWant

ROW, PLACE, WANTS = 0, 1, 2
"""The script: the row that is played next, where the next want stands, and the wants."""
WANT = 11
"""A want: its row, and the ten numbers of a `FlatWant`; behind the last one stands a row below 0."""
NAN = float("nan")

NEITHER, NOTED, CHANGES = 0, 1, 2
"""What a want does to the account: nothing that is written down, a row that is, or more."""
_OPEN, _ENTRIES = frozenset({IN_POSITION, EXIT_MADE}), frozenset({LONG, SHORT})
PUT = Struct(f"{WANT + 1}d").pack_into
LOOK = 512
"""Most bars that are played ahead, and most wants of a script."""

Arrays = Sequence[Any]
unpacked: Any = _unpacked
"""As compiled code calls it."""


@kernel
def scripted_step(
    s: State, p: Params, f: Params, high: float, low: float, close: float, position: float, held: float
) -> FlatWant:
    """Want what stands in the script `s`; `p` and `f` are empty."""
    row, at = s[ROW], int(s[PLACE])
    s[ROW] = row + 1.0
    if s[at] != row:
        return NOTHING, MARKET, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, NAN
    s[PLACE] = s[PLACE] + float(WANT)
    return (
        s[at + 1], s[at + 2], s[at + 3], s[at + 4], s[at + 5], s[at + 6], s[at + 7], s[at + 8], s[at + 9], s[at + 10],
    )  # fmt: skip


@kernel
def copy(source: Params, target: State) -> None:
    """Copy all numbers."""
    for n in range(len(source)):
        target[n] = source[n]


class Ahead:
    """An account that is played ahead of a strategy that is asked in Python."""

    def __init__(self, told: tuple[Any, ...], first: int, warm: int) -> None:
        """Stand before the first row; `told` is what the loop of a kernel strategy is told."""
        bars, account, strategy, read, out = told
        script = np.full(WANTS + LOOK * WANT + 1, -1.0)
        self.wants = script.data
        kept = tuple(np.empty_like(array) for array in account[:3])
        self.held = bars, account, (script, np.zeros(0), *strategy[2:]), read, out, kept
        self.loop = partial(rows_loop(*self.held), first, warm)
        self.cut = 0
        """The row at which the bars begin that were played ahead."""
        self.outcomes, self.positions, self.helds = out[0].data, out[4], out[5]
        self.last = len(self.outcomes) - 1
        p, self.is_open, self.shares = account[3], read[2][first:].data, read[4][first:].data
        self.observes, self.enforces = p[OBSERVES] > 0.0, p[GATE] == GATE_ENFORCES

    def play(self, at: int, end: int, many: int) -> None:
        """Play the rows from `at` to `end` as though nothing were wanted on them; before them, so many wants count."""
        self.loop(self.cut if many else at, at, end, many)
        self.cut = at

    def asked_with(self, begin: int, end: int) -> tuple[list[int], list[int]]:
        """Return position, and for how long, at each of the rows that were played ahead."""
        return self.positions[begin:end].tolist(), self.helds[begin:end].tolist()

    def effect(self, row: int, action: float) -> int:
        """Return what a want of a row that was played ahead would do: an entry that is forbidden anyhow is noted."""
        outcome = self.outcomes[row]
        if action == EXIT:
            return CHANGES if outcome in _OPEN else NEITHER
        if outcome != NO_SIGNAL or action not in _ENTRIES:
            return NEITHER
        shut = self.enforces and not (self.is_open[row] > 0 and self.shares[row] > 0.0)
        return NOTED if shut or self.observes or row == self.last else CHANGES

    def want(self, many: int, row: int, flat: FlatWant) -> None:
        """Put a want into the script, behind so many others."""
        PUT(self.wants, (WANTS + many * WANT) * 8, row, *flat, -1.0)


_loop: Any = None
"""What is called. A name of the module: what a compiled function closes over must be the same in every process."""


def rows_loop(*groups: Arrays) -> Any:  # noqa: ANN401 - numba's
    """Return the compiled loop over arrays; they must live as long as it is called.

    groups: what the loop of a kernel strategy is told, and what is kept of the account's three arrays.
    """
    global _loop
    _loop, calls = account_parts(scripted_step)
    places = [len(calls), *(len(calls) + n for n in accumulate(len(words_of(arrays)) for arrays in groups))]
    table = np.array([*calls, *(word for arrays in groups for word in words_of(arrays))], np.int64)
    called = fingerprint([copy, scripted_step, _loop.py_func])
    return partial(_rows(called, tuple(map(spelt, groups)), tuple(places[:-1])), table)


@functools.cache
def _rows(called: str, groups: tuple[str, ...], places: tuple[int, ...]) -> Any:  # noqa: ANN401 - numba's
    bars_are, account_is, strategy_is, told_is, out_is, kept_is = groups
    bars_at, account_at, strategy_at, told_at, out_at, kept_at = places

    def loop(
        table: Any, first: int, warm: int, begin: int, cut: int, end: int, back: int  # noqa: ANN401 - an array
    ) -> None:  # fmt: skip
        if not called:
            return
        bars, account = unpacked(table, bars_at, bars_are), unpacked(table, account_at, account_is)
        strategy, told = unpacked(table, strategy_at, strategy_is), unpacked(table, told_at, told_is)
        out, kept = unpacked(table, out_at, out_is), unpacked(table, kept_at, kept_is)
        script = strategy[0]
        script[ROW], script[PLACE] = float(begin), float(WANTS)
        if back > 0:
            copy(kept[0], account[0])
            copy(kept[1], account[1])
            copy(kept[2], account[2])
        else:
            script[WANTS] = -1.0
        for part in range(2):
            since, until = (begin, cut) if part == 0 else (cut, end)
            if part == 1:
                copy(account[0], kept[0])
                copy(account[1], kept[1])
                copy(account[2], kept[2])
            if until > since:
                _loop(bars, (first, first, since, until, warm), account, strategy, told, out, (table[0], table[1]))

    return numba.njit(**(LEAN | {"nogil": False}))(loop)  # letting go of it takes longer than playing some bars
