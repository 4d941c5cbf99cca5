"""What holding a series, or not, comes to: return, Sharpe ratio with its standard error, drawdown and turnover.

A vector reckoning: one unit is held or none, a change costs its share of the price, nothing is slipped or refused.
"""

from typing import NamedTuple

import numpy as np

from arch.bootstrap import StationaryBootstrap
from numpy.typing import NDArray

from backtests.sharpe import sharpe

Array = NDArray[np.float64]

BLOCK = 60
"""Mean length of the stationary bootstrap's blocks, bars."""
DRAWS = 500


class Book(NamedTuple):
    """A year's figures of one way to hold a series."""

    earned: Array
    """(n,) net, as a share of equity."""
    growth: float
    """Net, compound, a year."""
    sharpe: float
    """Net, a year; cash earns nothing."""
    drawdown: float
    """Largest fall from a high, share of it."""
    inside: float
    """Share of bars held."""
    changes: float
    """Entries and exits a year."""


def book(wanted: Array, delay: int, returns: Array, cost: Array, per_year: float) -> Book:
    """Return the figures of holding `wanted` (n,), 0 or 1, as decided at each close, from `delay` bars later on.

    With a delay of 1 the bar after the decision is the first that is earned. What is held at the end is sold.
    """
    held = np.concatenate((np.zeros(delay), wanted[: len(wanted) - delay]))
    change = abs(np.diff(held, prepend=0.0))
    paid = change * np.concatenate(([cost[0]], cost[:-1]))
    paid[-1] += held[-1] * cost[-1]
    earned = (1.0 + held * returns) * (1.0 - paid) - 1.0
    equity = np.concatenate(([1.0], np.cumprod(1.0 + earned)))
    years = len(returns) / per_year
    return Book(
        earned=earned,
        growth=float(equity[-1] ** (1.0 / years) - 1.0),
        sharpe=sharpe(earned, per_year),
        drawdown=float((1.0 - equity / np.maximum.accumulate(equity)).max()),
        inside=float(held.mean()),
        changes=float((change.sum() + held[-1]) / years),
    )


def errors(one: Book, other: Book, per_year: float, draws: int = DRAWS) -> tuple[float, float]:
    """Return the standard errors of one's Sharpe ratio, and of what it has more than the other's over the same bars.

    Stationary bootstrap (Politis and Romano 1994), both drawn together.
    """

    def figures(a: Array, b: Array) -> Array:
        first = sharpe(a, per_year)
        return np.array([first, first - sharpe(b, per_year)])

    drawn = StationaryBootstrap(BLOCK, one.earned, other.earned, seed=1).apply(figures, draws)
    single, paired = drawn.std(axis=0).tolist()
    return float(single), float(paired)
