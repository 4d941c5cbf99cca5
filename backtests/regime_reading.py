"""What a regime model says of recorded bars, bar by bar, by the very folds and filter that a daemon runs."""

import math

from collections.abc import Callable

import msgspec
import numpy as np

from numpy.typing import NDArray

from market.bars import Bars
from regimes.bundle import RegimeModel
from regimes.weights import Vector
from runtime.core.feeds import Feed
from runtime.core.readings import RegimeReading

Array = NDArray[np.float64]


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """One model over one stretch of bars: n bars, K states, d features."""

    times: Array
    """(n,) opening time of each bar, UTC milliseconds."""
    closes: Array
    """(n,)"""
    rows: Array
    """(n, d) the features; NaN while they are not warm."""
    posteriors: Array
    """(n, K) filtered: what was known once the bar had closed, and nothing later."""
    log_densities: Array
    """(n,) of the bar as predicted from those before it, nats; NaN where a feature has no value."""

    @property
    def warm(self) -> NDArray[np.bool_]:
        """(n,) whether the bar told the filter anything."""
        return np.isfinite(self.log_densities)

    @property
    def likeliest(self) -> NDArray[np.int64]:
        """(n,) ordinal of the largest posterior, the calmer one of equals."""
        ordinals: NDArray[np.int64] = self.posteriors.argmax(axis=1)
        return ordinals


def read_regime(
    model: RegimeModel, bars: Bars, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> Read:
    """Return what a daemon that had run from the first bar would have known after each."""
    feed, reading = new_born(model, bars)
    total = len(bars)
    rows, posteriors, densities = [], [], []
    for done, bar in enumerate(bars, 1):
        feed.fold(bar)
        reading.fold()
        rows.append(tuple(reading.x))
        posteriors.append(reading.posterior)
        densities.append(reading.log_density)
        progress(done, total)
    return Read(
        times=np.array(bars.time, dtype=np.float64),
        closes=np.array(bars.close, dtype=np.float64),
        rows=np.array(rows, dtype=np.float64).reshape(total, len(model.features)),
        posteriors=np.array(posteriors, dtype=np.float64).reshape(total, model.states),
        log_densities=np.array(densities, dtype=np.float64),
    )


def learnt_of(model: RegimeModel, symbol: str, times: Array) -> NDArray[np.bool_]:
    """Return which bars of a symbol, by their opening times (n,), the model has learnt from.

    A refit has learnt from none of those before its window, and a model of another symbol from none at all.
    """
    data = model.data
    return (data.first <= times) & (times <= data.last) & (not data.other_symbol(symbol))


def new_born(model: RegimeModel, bars: Bars, rule: Vector = ()) -> tuple[Feed, RegimeReading]:
    """Return a feed of these bars and the model's reading of it, before the first bar; `rule` says what is novel."""
    feed = Feed((bars.symbol, bars.timeframe))
    return feed, RegimeReading(model.name, model, feed, rule)


def stays(states: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many bars in a row each bar's state has lasted, that bar counted.

    >>> stays(np.array([0, 0, 1, 1, 1, 0])).tolist()
    [1, 2, 1, 2, 3, 1]
    """
    place = np.arange(len(states))
    begun = np.where(np.concatenate(([True], states[1:] != states[:-1])), place, 0)
    return place - np.maximum.accumulate(begun) + 1


def bar_returns(closes: Array) -> Array:
    """Return the log return of each bar; NaN for the first."""
    return np.concatenate(([math.nan], np.diff(np.log(closes))))
