"""Skill or luck: how sure a Sharpe ratio is, over how long a record, and after how many trials.

Every Sharpe ratio here is of one period (a day, say) and not of a year. Skewness is g3 and kurtosis g4, which is 3 of a
normal distribution (not the excess over it). Two versions of the variance of an estimate are in print, and on one and
the same record they say 0.913 and 0.987: `estimate` (2012) takes it at the ratio found, `null` (2025) at the one it is
held against. Reports use the first, whose losses in the tail count.

Sources: Bailey and López de Prado, The Sharpe Ratio Efficient Frontier (2012) and The Deflated Sharpe Ratio (2014);
Bailey, Borwein, López de Prado and Zhu, Pseudo-Mathematics and Financial Charlatanism (2014); López de Prado, Lipton
and Zoonek, How to Use the Sharpe Ratio (2025).
"""

import math

from statistics import NormalDist
from typing import Literal

import msgspec
import numpy as np

from numpy.typing import NDArray

Array = NDArray[np.float64]
Variance = Literal["estimate", "null"]

NORMAL = NormalDist()
EULER = 0.5772156649015329
SURE = 0.95
DUST = 1e-20
"""Variance, as a share of the largest square, that is what rounding leaves of equal returns: no ratio is made of it."""


class Moments(msgspec.Struct, frozen=True):
    """What is to be known of returns to judge their Sharpe ratio."""

    sharpe: float
    """Mean by standard deviation (n - 1), of one period."""
    skew: float
    kurtosis: float
    """3 of a normal distribution."""
    count: int


def moments_of(returns: Array) -> Moments | None:
    """Return the moments of returns (n,); None for fewer than three, or where nothing moved."""
    if len(returns) < 3 or not float(np.ptp(returns)) > 0.0:
        return None
    off = returns - returns.mean()
    wide = float(np.mean(off**2))
    if not wide > DUST * float(np.max(returns * returns)):
        return None
    return Moments(
        sharpe=float(returns.mean()) / math.sqrt(wide * len(returns) / (len(returns) - 1)),
        skew=float(np.mean(off**3)) / wide**1.5,
        kurtosis=float(np.mean(off**4)) / wide**2,
        count=len(returns),
    )


def error_of(known: Moments, against: float = 0.0, variance: Variance = "estimate", rho: float = 0.0) -> float:
    """Return the standard error of a Sharpe ratio; `rho` is the autocorrelation of returns from one to the next."""
    at = known.sharpe if variance == "estimate" else against
    degrees = known.count - 1 if variance == "estimate" else known.count
    return math.sqrt(_spread(known, at, rho) / degrees)


def probability(known: Moments, against: float = 0.0, variance: Variance = "estimate", rho: float = 0.0) -> float:
    """Return how likely the true Sharpe ratio is above another one (PSR).

    >>> round(probability(Moments(sharpe=0.458, skew=-2.448, kurtosis=10.164, count=24)), 3)
    0.913
    """
    return NORMAL.cdf((known.sharpe - against) / error_of(known, against, variance, rho))


def enough(
    known: Moments, against: float = 0.0, sure: float = SURE, variance: Variance = "estimate", rho: float = 0.0
) -> float:
    """Return how many periods a record needs to be so sure that its Sharpe ratio is above another (MinTRL).

    Infinite where the ratio found is not above it at all.
    """
    if known.sharpe <= against:
        return math.inf
    at = known.sharpe if variance == "estimate" else against
    least = 1.0 if variance == "estimate" else 0.0
    apart = NORMAL.inv_cdf(sure) / (known.sharpe - against)
    return least + _spread(known, at, rho) * apart * apart


def best_of_luck(trials: float) -> float:
    """Return the highest Sharpe ratio to be expected of so many trials without skill, in their standard deviations.

    >>> round(best_of_luck(100), 4), best_of_luck(1)
    (2.5306, 0.0)
    """
    if trials <= 1.0:
        return 0.0
    first, second = NORMAL.inv_cdf(1.0 - 1.0 / trials), NORMAL.inv_cdf(1.0 - 1.0 / (trials * math.e))
    return (1.0 - EULER) * first + EULER * second


def deflated(known: Moments, trials: float, spread: float | None = None) -> float:
    """Return how likely the true Sharpe ratio is above the best that so many trials without skill would show (DSR).

    `spread` is the standard deviation of the trials' Sharpe ratios, of a period. Where nobody knows it, it is that of
    estimates over so long a record without any skill, which is the least that independent trials differ by.
    """
    wide = spread if spread is not None else 1.0 / math.sqrt(known.count - 1)
    return probability(known, wide * best_of_luck(trials))


def years_for(trials: float, sharpe: float) -> float:
    """Return the years below which the best of so many trials without skill is to be expected to show such a ratio.

    `sharpe` is of a year (MinBTL).
    """
    return (best_of_luck(trials) / sharpe) ** 2


def _spread(known: Moments, at: float, rho: float) -> float:
    """Return the variance of an estimate, times its degrees of freedom, where the true ratio is `at`."""
    once, twice = rho / (1.0 - rho), rho * rho / (1.0 - rho * rho)
    found = (1.0 + 2.0 * once) - (1.0 + once + twice) * known.skew * at
    return max(0.0, found + (1.0 + 2.0 * twice) * (known.kurtosis - 1.0) / 4.0 * at * at)
