"""Intervals of what closed trades came to, by resampling whole blocks of time: a block's trades stay together."""

import datetime
import math

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from numpy.typing import NDArray

from market.types import DAY_MS

Array = NDArray[np.float64]

LEVEL = 0.95
Z = 1.959963984540054
"""The normal quantile of that level, both sides."""
DRAWS, BATCH = 5000, 500
"""So many draws, and so many at once."""
LEAST = 20
"""Trades that must be in one book only, and blocks of time that must hold a trade, before anything is resampled."""


def _month(at: int) -> int:
    """Return the number of a moment's month."""
    day = datetime.datetime.fromtimestamp(at / 1000, datetime.UTC)
    return day.year * 12 + day.month


BLOCKS: dict[str, Callable[[int], int]] = {
    "months": _month,
    "weeks": lambda at: at // (7 * DAY_MS),
    "days": lambda at: at // DAY_MS,
}
"""The number of a moment's block, the longest blocks first."""


def interval(blocks: list[float]) -> tuple[float, float]:
    """Return the bootstrap interval of the sum of blocks (percentiles); the same blocks give the same interval.

    As `scipy.stats.bootstrap` draws it, whose import takes longer than a year of minutes is played in; a test compares.
    """
    if len(set(blocks)) == 1:
        return sum(blocks), sum(blocks)
    values = np.array(blocks)
    return _middle(np.concatenate([values[places].sum(axis=1) for places in _places(len(values))]))


def mean_interval(sums: Array, counts: Array) -> tuple[float, float]:
    """Return the bootstrap interval of a mean (percentiles), given each block's sum and count, both (n,).

    Whole blocks are drawn with replacement, as many as there are; the mean is over all that is in them.
    """
    return _middle(np.concatenate([often @ sums / (often @ counts) for often in _often(len(sums))]))


@lru_cache(maxsize=2)
def _places(size: int) -> list[NDArray[np.intp]]:
    """Return the draws of so many blocks: places in each, (BATCH, size); they are the same for all who have as many."""
    dice = np.random.default_rng(1)
    return [dice.integers(0, size, (BATCH, size)) for _ in range(DRAWS // BATCH)]


@lru_cache(maxsize=2)
def _often(size: int) -> list[Array]:
    """Return the draws of so many blocks: how often each was drawn, (BATCH, size)."""
    dice, alike = np.random.default_rng(1), np.full(size, 1.0 / size)
    return [dice.multinomial(size, alike, BATCH).astype(np.float64) for _ in range(DRAWS // BATCH)]


def _middle(values: Array) -> tuple[float, float]:
    low, high = np.quantile(values, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0])
    return float(low), float(high)


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Return the interval of a share, hits out of `of` > 0 (Wilson 1927; as scipy's binomtest reckons it).

    >>> [round(x, 4) for x in wilson(8, 10)]
    [0.4902, 0.9433]
    """
    p, wide = hits / of, Z * Z / of
    middle = (p + wide / 2.0) / (1.0 + wide)
    half = Z / (1.0 + wide) * math.sqrt(p * (1.0 - p) / of + wide / (4.0 * of))
    return max(0.0, middle - half), min(1.0, middle + half)
