"""Longer bars that a whole tape makes up, made in one go by a compiled loop, as a core makes them bar by bar."""

import functools

from typing import Any, NamedTuple

import numpy as np

from numpy.typing import NDArray

from backtests.dials import dials, runs
from backtests.engine_apart import LEAN
from brokers.hours import Hours
from brokers.made import DayRule, MadeRule
from market.bars import Bars
from market.kernel import compile_all, fingerprint
from market.made import (
    CLOSE,
    HIGH,
    LOW,
    MOVES,
    OPEN,
    PARTS,
    SIZE,
    SPREAD,
    VARIANCE,
    VOLUME,
    made_begin,
    made_step,
    moves_begin,
    moves_step,
)
from market.types import DAY_MS, TIMEFRAMES

Array = NDArray[Any]


class Made(NamedTuple):
    """Longer bars, (m,) each, and with which of the shorter ones each was over."""

    time: Array
    columns: Array
    """(8, m): open, high, low, close, volume, spread, variance and parts."""
    over: Array
    """Place of the shorter bar in its tape."""


def made_of(tape: Bars, begin: int, rule: MadeRule, hours: Hours | None) -> Made:
    """Return the longer bars that those of a tape make up from place `begin` on, as `brokers.made.fold_made` does."""
    times = np.asarray(tape.time)[begin:]
    opened, ends = spans(rule, times)
    closed = times + TIMEFRAMES[rule.made_of] * 1000
    last = (closed >= ends).astype(np.int8)
    if hours is not None:
        for first, until in runs(opened):
            last[first + _last_of(hours, closed[first:until], int(ends[first])) : until] = 1
    count = 1 + int((np.diff(opened) != 0).sum()) if len(times) else 0
    time, columns, over = np.empty(count, np.int64), np.empty((SIZE + 2, count)), np.empty(count, np.int64)
    prices = tuple(np.asarray(getattr(tape, n))[begin:] for n in ("open", "high", "low", "close", "volume", "spread"))
    many = _made_loop()(times, opened, last, prices, (np.zeros(SIZE), np.zeros(MOVES)), (time, columns, over))
    return Made(time[:many], columns[:, :many].copy(), over[:many] + begin)


def spans(rule: MadeRule, times: Array) -> tuple[Array, Array]:
    """Return when the longer bar of each moment begins and when it ends, as `rule.span` says, UTC milliseconds."""
    if isinstance(rule, DayRule):
        found = runs(dials(rule.zone, times) // DAY_MS)
        days = np.array([rule.span(int(times[begin])) for begin, _ in found], np.int64).reshape(-1, 2)
        each = np.repeat(days, [end - begin for begin, end in found], axis=0)
        return each[:, 0], each[:, 1]
    return rule.span(times)  # type: ignore[arg-type, return-value]  # moment by moment


def _last_of(hours: Hours, closed: Array, ends: int) -> int:
    """Return how many bars of a longer one come before the first that is followed by no session within it."""
    low, high = 0, len(closed)
    while low < high:
        middle = (low + high) // 2
        if hours.open_ms(int(closed[middle]), ends) == 0:
            high = middle
        else:
            low = middle + 1
    return low


@functools.cache
def _made_loop() -> Any:  # noqa: ANN401 - numba's
    compile_all()
    return _loop(fingerprint([made_begin, made_step, moves_begin, moves_step]))


@functools.cache
def _loop(called: str) -> Any:  # noqa: ANN401
    import numba  # noqa: PLC0415 - slow to import, and only a drive needs it

    def loop(times: Any, opened: Any, last: Any, prices: Any, states: Any, out: Any) -> int:  # noqa: ANN401 - numba's tuples of arrays
        opens, highs, lows, closes, volumes, spreads = prices
        s, moves = states
        time, columns, over = out
        count, under, whole, told = 0, -1, False, False
        if not called:
            return 0
        for i in range(len(times)):
            again = opened[i] == under
            if again and not told:
                made_step(s, highs[i], lows[i], closes[i], volumes[i])
                moves_step(moves, closes[i])
            for turn in range(2):  # what is over with the first bar of another, and what is with its own last
                over_now = last[i] > 0 if turn == 1 else not again
                if over_now and whole and not told:
                    told = True
                    time[count], over[count] = under, i
                    columns[0, count], columns[1, count], columns[2, count] = s[OPEN], s[HIGH], s[LOW]
                    columns[3, count], columns[4, count], columns[5, count] = s[CLOSE], s[VOLUME], s[SPREAD]
                    columns[6, count], columns[7, count] = moves[VARIANCE], moves[PARTS]
                    count += 1
                if turn == 0 and not again:
                    whole, under, told = under >= 0 or times[i] == opened[i], opened[i], False
                    made_begin(s, opens[i], highs[i], lows[i], closes[i], volumes[i], spreads[i])
                    moves_begin(moves, opens[i])
                    moves_step(moves, closes[i])
        return count

    return numba.njit(**LEAN)(loop)
