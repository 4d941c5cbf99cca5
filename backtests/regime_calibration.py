"""Whether bars fall where a regime model predicts them: the probability integral transform of its predictions."""

from typing import Literal

import msgspec
import numpy as np

from numpy.typing import NDArray

from backtests.regime_reading import Array, learnt_of, new_born
from backtests.words import number, share
from market.bars import Bars
from regimes.bundle import RegimeModel
from regimes.pit import pit_init, pit_step

CHANCE = 0.01
"""Probability of as great a distance by chance alone, below which it is none."""
NEAR = 0.05
"""Distance that is let pass however many bars prove it: no probability is off by more."""
FEWEST = 100


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """What the predictions of some bars were worth."""

    answer: Literal["yes", "NO", "-"]
    detail: str
    distances: tuple[float, ...] = ()
    """Of each feature: the largest difference between a predicted probability and its frequency: Kolmogorov-Smirnov."""


def calibrated(model: RegimeModel, bars: Bars) -> tuple[Calibration, Calibration]:
    """Return the verdict on the bars the model has learnt from, and on those after them.

    Each feature of each bar is put to where it fell in its predicted distribution, given the features before it. If the
    model is true, these places are independent and uniform. A feature fails where their distance from uniform is more
    than `NEAR` and chance would make as great a one with a probability below `CHANCE`.
    """
    places = transformed(model, bars)
    times = np.array(bars.time)
    learnt, later = learnt_of(model, bars.symbol, times), times > model.data.last
    return _verdict(model, places, learnt), _verdict(model, places, later)


def transformed(model: RegimeModel, bars: Bars) -> Array:
    """Return where each feature of each bar fell in its predicted distribution (n, d), 0 to 1; NaN where not warm."""
    from scipy.stats import norm  # noqa: PLC0415 - slow to import

    feed, reading = new_born(model, bars)
    z = pit_init(model.weights)
    size = len(model.features)
    rows = np.full((len(bars), size), np.nan)
    for i, bar in enumerate(bars):
        feed.fold(bar)
        reading.fold()
        if reading.log_density == reading.log_density:
            pit_step(z, reading.state, model.weights)
            rows[i] = z[:size]
    found: Array = norm.cdf(rows)
    return found


def _verdict(model: RegimeModel, places: Array, part: NDArray[np.bool_]) -> Calibration:
    if model.data.detector == "jump":
        return Calibration(answer="-", detail="a jump model names states, and promises no distribution of their bars")
    from scipy.stats import kstest  # noqa: PLC0415

    told = places[part & np.isfinite(places).all(axis=1)]
    if len(told) < FEWEST:
        return Calibration(answer="-", detail=f"{len(told)} bars are too few to judge predictions by")
    tests = [kstest(column, "uniform") for column in told.T]
    words = [
        f"{name} off by {number(100.0 * test.statistic)} points at most (p {test.pvalue:.2g}; {_tails(column)})"
        for (name, _), test, column in zip(model.features, tests, told.T, strict=True)
    ]
    failed = any(test.statistic > NEAR and test.pvalue < CHANCE for test in tests)
    return Calibration(
        answer="NO" if failed else "yes",
        detail=f"{number(len(told), 0)} bars fall where they were predicted: {', '.join(words)}",
        distances=tuple(float(test.statistic) for test in tests),
    )


def _tails(column: Array) -> str:
    low, high = float((column < 0.05).mean()), float((column > 0.95).mean())
    return f"{share(low)} and {share(high)} in the outer twentieths"
