"""The two bare loops that engines are held against, plain Python and numba: fills, cash, and equity at every bar."""

import os

from pathlib import Path
from typing import Any

import numpy as np

from backtests.benchmarks.peers_work import CASH, FEE, JOBS, UNITS, Found, Work, read_tape, side_of

KEEP = "NUMBA_CACHE_DIR" in os.environ
"""Compiled loops are kept only where `peers.py` says: numba does not look whether what they call has changed."""
Array = Any
"""An array of numpy: what a compiled loop is given."""


def plain_loop(job: str, file: Path) -> Work:
    """Return a loop in plain Python: what no engine can beat that asks a Python strategy at every bar."""
    rows = list(zip(*(column.tolist() for column in read_tape(file)[1:]), strict=True))

    def run() -> Found:
        ask = side_of(job)
        cash, held, wanted, fills = CASH, 0.0, 0.0, 0
        equity = []
        for opened, high, low, close in rows:
            if wanted != held:
                value = (wanted - held) * UNITS * opened
                cash -= value + abs(value) * FEE
                held = wanted
                fills += 1
            equity.append(cash + held * UNITS * close)
            wanted = ask(high, low, close)
        return Found(fills, equity[-1] - CASH)

    return run


def numba_loop(job: str, file: Path) -> Work:
    """Return the same loop as numba compiles it: what the machine can do."""
    tape, (loop, size) = read_tape(file), compiled(job)

    def run() -> Found:
        equity = np.empty(len(tape.close))
        fills = loop(np.zeros(size), tape.open, tape.high, tape.low, tape.close, equity)
        return Found(int(fills), float(equity[-1]) - CASH)

    return run


def compiled(job: str) -> tuple[Any, int]:
    """Return the compiled loop of a job, and how long its state is."""
    import numba

    step, size = JOBS[job]
    ask: Any = numba.njit(cache=KEEP)(step)

    def loop(s: Array, opened: Array, high: Array, low: Array, close: Array, equity: Array) -> int:
        cash, held, wanted, fills = CASH, 0.0, 0.0, 0
        for t in range(len(close)):
            if wanted != held:
                value = (wanted - held) * UNITS * opened[t]
                cash -= value + abs(value) * FEE
                held = wanted
                fills += 1
            equity[t] = cash + held * UNITS * close[t]
            wanted = ask(s, high[t], low[t], close[t])
        return fills

    fast: Any = numba.njit(cache=KEEP)(loop)
    return fast, size


def compiled_sides(job: str, file: Path) -> Any:
    """Return a function that gives, for each bar, what a job's strategy wants at its close."""
    import numba

    tape, (step, size) = read_tape(file), JOBS[job]
    ask: Any = numba.njit(cache=KEEP)(step)

    def loop(s: Array, high: Array, low: Array, close: Array, wanted: Array) -> None:
        for t in range(len(close)):
            wanted[t] = ask(s, high[t], low[t], close[t])

    fast: Any = numba.njit(cache=KEEP)(loop)

    def sides() -> Array:
        wanted = np.empty(len(tape.close))
        fast(np.zeros(size), tape.high, tape.low, tape.close, wanted)
        return wanted

    return sides
