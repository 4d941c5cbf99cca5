"""What the work comes to by the rules of each engine, told by plain columns: so that work that is not the same shows.

Prices of five digits are no floats, and SMA(10) is SMA(50) on 132 bars of EURUSD's year: there rounding decides, by the
order in which an engine sums. So an engine's fills and profit are looked for among those of each way of summing.
"""

import math

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from numpy.typing import NDArray

from backtests.benchmarks.peers_loops import compiled_sides
from backtests.benchmarks.peers_work import FAST, FEE, POINTS, SLOW, UNITS, Found, Tape, read_tape

Column = NDArray[np.float64]
EXACT = "exact"


class Rule(NamedTuple):
    """By what an engine differs from the loop and does the same work all the same."""

    fill: str = "open"
    """open: of the next bar; close: of the bar on which the order is made."""
    deals: int = 1
    """Fills that a flip is counted as."""
    spread: float = 0.0
    """Points that a buyer pays on top."""
    closed: bool = False
    """What is open at the end is closed at the last close, and pays for it."""
    cents: bool = False
    """Every deal is rounded to the cent."""
    late: bool = False
    """Who has left a position enters the next a bar later."""
    blind: int = 0
    """Bars after the slow average is there at which the strategy is not asked yet."""

    def words(self) -> str:
        """Return the rule in words; empty where it is the loop's own."""
        said = (
            "fills at the close it is told" if self.fill == "close" else "",
            "a flip is two fills" if self.deals == 2 else "",
            f"pays {self.spread:g} point of spread" if self.spread else "",
            "enters a bar after it has left" if self.late else "",
            "closes at the end" if self.closed else "",
            f"is first asked {self.blind} bar late" if self.blind else "",
        )
        return ", ".join(part for part in said if part)


def verdict(found: Found, expected: dict[str, Found], rule: Rule) -> str:
    """Return whether an engine did the same work, and by which way of summing; else by how much not."""
    near = 0.01 + (0.005 * found.fills if rule.cents else 0.0)
    for ties, other in expected.items():
        if found.fills == other.fills and abs(found.pnl - other.pnl) <= near:
            return "same" if ties == EXACT else f"same, but ties: {ties}"
    exact = expected[EXACT]
    return f"**not the same**: {found.fills - exact.fills:+,} fills, {found.pnl - exact.pnl:+,.2f}"


def expected_of(job: str, file: Path, rule: Rule) -> dict[str, Found]:
    """Return what comes of a job by a rule, for each way of summing; the first is exact."""
    tape = read_tape(file)
    ways = {EXACT: compiled_sides(job, file)()}
    if job == "sma":
        ways |= {name: held_on(sides) for name, sides in summed(tape.close).items()}
        for wanted in ways.values():
            wanted[: SLOW - 1 + rule.blind] = 0.0
    if rule.late:
        ways = {name: late(wanted) for name, wanted in ways.items()}
    return {name: settled(wanted, tape, rule) for name, wanted in ways.items()}


def late(wanted: Column) -> Column:
    """Return what is wanted by whom a flip costs a bar: out first, and at the next close in."""
    held, sides = 0.0, []
    for side in wanted.tolist():
        held = side if held in {0.0, side} else 0.0
        sides.append(held)
    return np.array(sides)


def settled(wanted: Column, tape: Tape, rule: Rule) -> Found:
    """Return fills and profit of what is wanted at each close."""
    at_close = rule.fill == "close"
    prices = tape.close if at_close else tape.open[1:]
    held = wanted if at_close else wanted[:-1]
    moves = np.diff(held, prepend=0.0)
    deals = int((moves != 0.0).sum() + (rule.deals - 1) * (np.abs(moves) == 2.0).sum())
    paid = prices + np.where(moves > 0.0, rule.spread / POINTS, 0.0)
    money = -(moves * UNITS * paid).sum() - FEE * (np.abs(moves) * UNITS * paid).sum()
    left = held[-1] * UNITS * tape.close[-1]
    if rule.closed and left:
        deals, money = deals + 1, money - abs(left) * FEE
    return Found(deals, float(money + left))


def summed(close: Column) -> dict[str, Column]:
    """Return, for several ways of summing floats, on which side SMA(10) is of SMA(50) at each bar; NaN before."""
    import numba
    import pandas as pd

    added: Any = numba.njit(_added_first)
    taken: Any = numba.njit(_taken_first)
    whole: Any = numba.njit(_whole)
    series = pd.Series(close)
    ways: dict[str, Callable[[int], Column]] = {
        "a running sum, added to first": lambda n: added(close, n),
        "a running sum, taken from first": lambda n: taken(close, n),
        "windows summed anew": lambda n: whole(close, n),
        "differences of a sum of all": lambda n: _of_all(close, n),
        "windows summed without rounding": lambda n: _unrounded(close, n),
        "rolling windows of pandas": lambda n: series.rolling(n).mean().to_numpy(),
    }
    return {name: np.sign(mean(FAST) - mean(SLOW)) for name, mean in ways.items()}


def held_on(sides: Column) -> Column:
    """Return sides of which a tie, or none at all, keeps the side before; none is 0."""
    last = np.maximum.accumulate(np.where(np.nan_to_num(sides) != 0.0, np.arange(len(sides)), -1))
    return np.where(last >= 0, sides[last], 0.0)


def _added_first(close: Column, n: int) -> Column:
    out = np.full(len(close), np.nan)
    total = 0.0
    for t in range(len(close)):
        total += close[t]
        if t >= n:
            total -= close[t - n]
        if t >= n - 1:
            out[t] = total / n
    return out


def _taken_first(close: Column, n: int) -> Column:
    out = np.full(len(close), np.nan)
    total = 0.0
    for t in range(len(close)):
        if t >= n:
            total -= close[t - n]
        total += close[t]
        if t >= n - 1:
            out[t] = total / n
    return out


def _whole(close: Column, n: int) -> Column:
    out = np.full(len(close), np.nan)
    for t in range(n - 1, len(close)):
        total = 0.0
        for j in range(t - n + 1, t + 1):
            total += close[j]
        out[t] = total / n
    return out


def _of_all(close: Column, n: int) -> Column:
    total = np.concatenate(([0.0], np.cumsum(close)))
    return np.concatenate((np.full(n - 1, np.nan), (total[n:] - total[:-n]) / n))


def _unrounded(close: Column, n: int) -> Column:
    values = close.tolist()
    means = [math.fsum(values[t - n : t]) / n for t in range(n, len(values) + 1)]
    return np.concatenate((np.full(n - 1, np.nan), means))
