"""The work that every engine of `peers.py` is given: the bars, and two jobs, each with what it wants at a close.

Peers run in environments of their own, so nothing but numpy is imported here. The two strategies are functions over
flat state that plain Python calls and numba compiles; an engine that has averages of its own uses those instead.

sma: on the side of SMA(10) - SMA(50) of closes; a tie keeps the side. rsi: long below 30 and short above 70 of Wilder's
RSI(14); the stop is 2 ATR(14) behind the close, follows it, and is tested at closes before it follows; no trade is
entered on the bar on which one is left. Both: 10,000 units, 0.5 bp of the value of each deal, 1 M of cash, market
orders at a close, filled at the open of the next bar; what is open at the end is valued at the last close.
"""

from collections.abc import Callable, MutableSequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from numpy.typing import NDArray

UNITS = 10_000.0
FEE = 0.00005
CASH = 1_000_000.0
POINTS = 100_000.0
"""Points in a unit of price: all prices have five digits."""
FAST, SLOW = 10, 50
PERIOD, LOW, HIGH, STOP = 14, 30.0, 70.0, 2.0


class Tape(NamedTuple):
    """Bars of a minute, oldest first; time in seconds since 1970 (UTC) of the moment they opened."""

    time: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]


class Found(NamedTuple):
    """What came of a run."""

    fills: int
    """As the engine counts them."""
    pnl: float
    """Equity at the end less the cash at the beginning."""
    bars: int = 0
    """Bars that were decided; 0: all."""


Work = Callable[[], Found]
"""One run of an engine, ready to be timed."""
State = MutableSequence[float]
Next = Callable[[State, float, float, float], float]
"""Told high, low and close of a bar that has closed, changes the state and returns what is wanted: -1.0, 0.0 or 1.0."""


def write_tape(file: Path, tape: Tape) -> None:
    """Write bars as every environment with numpy can read them."""
    with file.open("wb") as out:
        np.savez(out, **tape._asdict())


def read_tape(file: Path) -> Tape:
    """Return bars that `write_tape` wrote."""
    with np.load(file) as columns:
        return Tape(columns["time"], columns["open"], columns["high"], columns["low"], columns["close"])


def first_bars(tape: Tape, bars: int) -> Tape:
    """Return the first bars of a tape."""
    return Tape(tape.time[:bars], tape.open[:bars], tape.high[:bars], tape.low[:bars], tape.close[:bars])


def walk(bars: int, seed: int = 7) -> Tape:
    """Return a geometric random walk: the standard deviation of a minute is 0.8 bp, in four steps."""
    dice = np.random.default_rng(seed)
    path = 1.2 * np.exp(np.cumsum(dice.normal(0.0, 0.4e-4, 4 * bars)))
    steps = np.round(path, 5).reshape(bars, 4)
    close = steps[:, 3].copy()
    opened = np.concatenate(([1.2], close[:-1]))
    time = 1_420_070_400 + 60 * np.arange(bars, dtype=np.int64)
    return Tape(time, opened, np.maximum(steps.max(axis=1), opened), np.minimum(steps.min(axis=1), opened), close)


# A ring of the last SLOW closes in points, then: bars seen, sums of the fast and of the slow window, side.
SMA_STATE = SLOW + 4


def sma_next(s: State, _high: float, _low: float, close: float) -> float:
    """Return the side of job sma: in whole points, so that a tie is one whichever way the sums are made."""
    point = float(int(close * POINTS + 0.5))
    seen = int(s[SLOW])
    at = seen % SLOW
    s[SLOW + 1] += point - s[(seen - FAST) % SLOW]
    s[SLOW + 2] += point - s[at]
    s[at] = point
    s[SLOW] += 1.0
    if seen + 1 >= SLOW:
        gap = s[SLOW + 1] * SLOW - s[SLOW + 2] * FAST
        if gap > 0.0:
            s[SLOW + 3] = 1.0
        elif gap < 0.0:
            s[SLOW + 3] = -1.0
    return s[SLOW + 3]


# Bars seen, last close, mean gain, mean loss, mean range, side, stop.
RSI_STATE = 7


def rsi_next(s: State, high: float, low: float, close: float) -> float:
    """Return the side of job rsi: averages begin as the mean of 14, and where nothing has moved the index is 50."""
    seen = s[0]
    if seen > 0.0:
        change = close - s[1]
        span = max(high, s[1]) - min(low, s[1])
        if seen <= PERIOD:
            s[2] += max(change, 0.0) / PERIOD
            s[3] += max(-change, 0.0) / PERIOD
            s[4] += span / PERIOD
        else:
            s[2] = (s[2] * (PERIOD - 1) + max(change, 0.0)) / PERIOD
            s[3] = (s[3] * (PERIOD - 1) + max(-change, 0.0)) / PERIOD
            s[4] = (s[4] * (PERIOD - 1) + span) / PERIOD
    s[0] = seen + 1.0
    s[1] = close
    if seen < PERIOD:
        return 0.0
    side = s[5]
    if side != 0.0:
        if (close - s[6]) * side <= 0.0:
            s[5] = 0.0
        elif (close - side * STOP * s[4] - s[6]) * side > 0.0:
            s[6] = close - side * STOP * s[4]
        return s[5]
    moved = s[2] + s[3]
    rsi = 100.0 * s[2] / moved if moved > 0.0 else 50.0
    if rsi < LOW:
        s[5] = 1.0
    elif rsi > HIGH:
        s[5] = -1.0
    s[6] = close - s[5] * STOP * s[4]
    return s[5]


def turned(gap: float, side: float) -> float:
    """Return the side of a gap between averages: a tie keeps the side, and so does NaN."""
    if gap > 0.0:
        return 1.0
    return -1.0 if gap < 0.0 else side


JOBS: dict[str, tuple[Next, int]] = {"sma": (sma_next, SMA_STATE), "rsi": (rsi_next, RSI_STATE)}
"""Each job's strategy, and how long its state is."""


def side_of(job: str) -> Callable[[float, float, float], float]:
    """Return a job's strategy in plain Python, to be told high, low and close of every bar."""
    step, size = JOBS[job]
    state = [0.0] * size
    return lambda high, low, close: step(state, high, low, close)
