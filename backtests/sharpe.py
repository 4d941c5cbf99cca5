"""Sharpe ratios, by one definition, and how sure the difference of two over the same days is."""

import math

from collections.abc import Sequence

import numpy as np

from numpy.typing import NDArray

from market.types import DAY_MS

Array = NDArray[np.float64]

YEAR_DAYS = 365.25
BLOCK = 21
"""Days that are drawn together: a month of trading."""
DRAWS = 1000
LEVEL = 0.95


def daily(times: Sequence[int] | NDArray[np.int64], values: Sequence[float] | Array) -> tuple[Array, float]:
    """Return the relative change from each day's last value to the next day's, and how many days a year has.

    `times` are UTC milliseconds, rising; there is one at least.
    """
    days = np.asarray(times, dtype=np.int64) // DAY_MS
    last = np.flatnonzero(np.append(days[1:] != days[:-1], True))
    worth, days = np.asarray(values, dtype=np.float64)[last], days[last]
    per_year = YEAR_DAYS * len(days) / max(1, int(days[-1] - days[0]) + 1)
    return worth[1:] / worth[:-1] - 1.0, per_year


def sharpe(returns: Array, per_year: float) -> float:
    """Return the mean of returns (n,) by their standard deviation, a year; 0 where nothing moved.

    Source: Sharpe, The Sharpe Ratio (1994), ex post: the divisor of the variance is n - 1. Cash earns nothing here.

    >>> round(sharpe(np.array([0.01, 0.03]), 2.0), 6)
    2.0
    """
    return float(_sharpes(returns[None, :], per_year)[0]) if len(returns) > 1 else 0.0


def gap_interval(a: Array, b: Array, per_year: float, seed: int = 1) -> tuple[float, float]:
    """Return the interval of sharpe(b) - sharpe(a) at `LEVEL`: blocks of days are drawn, the same ones of both."""
    size = len(a)
    draw = np.random.default_rng(seed)
    starts = draw.integers(0, size, (DRAWS, -(-size // BLOCK)))
    places = ((starts[:, :, None] + np.arange(BLOCK)) % size).reshape(DRAWS, -1)[:, :size]
    gaps = _sharpes(b[places], per_year) - _sharpes(a[places], per_year)
    low, high = np.quantile(gaps, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0])
    return float(low), float(high)


def _sharpes(rows: Array, per_year: float) -> Array:
    """Return the ratio of each row of returns (m, n)."""
    wide = rows.std(axis=1, ddof=1)
    found: Array = np.where(wide > 0.0, rows.mean(axis=1) / np.where(wide > 0.0, wide, 1.0), 0.0) * math.sqrt(per_year)
    return found
