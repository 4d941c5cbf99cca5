"""Chances that were foretold against what came: reliability curve, Brier score and its parts, calibration error."""

from typing import NamedTuple

import msgspec
import numpy as np

from numpy.typing import NDArray

from backtests.blocks import LEVEL, Array, wilson

BINS = 10
"""Of equal width, from 0 to 1."""
SIMULATED = 1000


class Bin(NamedTuple):
    """Predictions that lie in one bin."""

    trades: int
    foretold: float
    """Their mean."""
    came: float
    """The share of them that came true."""
    low: float
    high: float
    """Its interval (Wilson)."""


class Reliability(msgspec.Struct, frozen=True, kw_only=True):
    """How chances compare with what came: brier = reliability - resolution + uncertainty + within."""

    count: int
    foretold: float
    came: float
    bins: tuple[Bin, ...]
    brier: float
    """Mean squared difference of a chance and what came, 0 or 1: 0 is perfect (Brier 1950)."""
    reliability: float
    """How far each bin's chances lie from what came in it: 0 is perfect (Murphy 1973)."""
    resolution: float
    """How far what came in each bin lies from what came in all: the more, the better."""
    uncertainty: float
    """What a forecast of nothing but the base rate would score."""
    within: float
    """What the bins' width adds, since chances in a bin differ (Stephenson, Coelho and Jolliffe 2008)."""
    skill: float | None
    """1 - brier / uncertainty: above 0 it beats the base rate; None where nothing, or all, came true."""
    error: float
    """Expected calibration error: the bins' mean distance from the diagonal, by their counts."""
    error_by_luck: float
    """What that error reaches in one of twenty draws where every chance is true: so many trades cannot tell less."""


def reliability_of(chances: Array, came: NDArray[np.bool_]) -> Reliability:
    """Return how chances (n,), 0 to 1, n > 0, compare with what came of each."""
    places = np.minimum((chances * BINS).astype(np.int64), BINS - 1)
    counts = np.bincount(places, minlength=BINS).astype(np.float64)
    used = counts > 0.0
    share = counts[used] / len(chances)
    p, o = (np.bincount(places, x, minlength=BINS)[used] / counts[used] for x in (chances, came.astype(np.float64)))
    base = float(came.mean())
    brier = float(((chances - came) ** 2).mean())
    parts = float((share * (p - o) ** 2).sum()), float((share * (o - base) ** 2).sum()), base * (1.0 - base)
    return Reliability(
        count=len(chances), foretold=float(chances.mean()), came=base, bins=tuple(map(_bin, counts[used], p, o)),
        brier=brier, reliability=parts[0], resolution=parts[1], uncertainty=parts[2],
        within=brier - parts[0] + parts[1] - parts[2], skill=1.0 - brier / parts[2] if parts[2] > 0.0 else None,
        error=float((share * np.abs(p - o)).sum()), error_by_luck=_by_luck(chances, places),
    )  # fmt: skip


def _bin(count: float, foretold: float, came: float) -> Bin:
    return Bin(int(count), float(foretold), float(came), *wilson(round(came * count), int(count)))


def _by_luck(chances: Array, places: NDArray[np.int64]) -> float:
    """Return the error that true chances stay below in 19 of 20 draws (consistency, Bröcker and Smith 2007)."""
    dice = np.random.default_rng(1)
    errors = []
    for _ in range(SIMULATED):
        off = np.bincount(places, chances - (dice.random(len(chances)) < chances), minlength=BINS)
        errors.append(float(np.abs(off).sum()) / len(chances))
    return float(np.quantile(errors, LEVEL))
