"""Resampled returns: what else might have come of it, had the same days or trades come in another order."""

import math

from collections.abc import Iterator

import msgspec
import numpy as np

from numpy.typing import NDArray

Array = NDArray[np.float64]
Places = NDArray[np.int64]

PATHS = 1000
DRAWN = 4_000_000
"""Most returns drawn for all paths together: of a very long record fewer paths are drawn."""
FEWEST_PATHS = 200
AT_ONCE = 500_000
"""Returns that are held in memory at a time."""


class Luck(msgspec.Struct, frozen=True, kw_only=True):
    """What came of many paths, each as long as the record, drawn from its own returns."""

    of: str
    """days or trades."""
    count: int
    """Returns in a path."""
    block: float
    """Mean number of returns that were drawn together, as they followed each other."""
    paths: int
    final: tuple[float, float, float]
    """Final equity, as a multiple of what was begun with: exceeded by 95 %, 50 % and 5 % of paths."""
    drawdown: tuple[float, float, float]
    """Deepest drawdown, as a share: exceeded by 50 %, 5 % and 1 % of paths."""
    loss: float
    """Share of paths that ended below what was begun with."""


def luck_of(returns: Array, of: str, block: float | None = None, seed: int = 1) -> Luck | None:
    """Return what comes of paths drawn from returns (n,), as shares; None for fewer than two or one that loses all.

    Stationary bootstrap (Politis and Romano, 1994): stretches of random length, `block` in the mean, by default as long
    as the returns themselves suggest. The same returns and seed give the same paths.
    """
    size = len(returns)
    if size < 2 or not float(returns.min()) > -1.0:
        return None
    long = max(1.0, block_length(returns) if block is None else block)
    paths = max(FEWEST_PATHS, min(PATHS, DRAWN // size))
    ends, falls = np.empty(paths), np.empty(paths)
    growth, done = np.log1p(returns), 0
    for places in drawn(size, long, paths, seed):
        summed = np.cumsum(growth[places], axis=1)
        tops = np.maximum.accumulate(np.maximum(summed, 0.0), axis=1)
        part = slice(done, done + len(places))
        ends[part], falls[part] = summed[:, -1], (tops - summed).max(axis=1)
        done += len(places)
    low, middle, high = (float(x) for x in np.exp(np.quantile(ends, (0.05, 0.5, 0.95))))
    half, rare, rarest = (float(x) for x in -np.expm1(-np.quantile(falls, (0.5, 0.95, 0.99))))
    return Luck(
        of=of, count=size, block=long, paths=paths, final=(low, middle, high), drawdown=(half, rare, rarest),
        loss=float(np.mean(ends < 0.0)),
    )  # fmt: skip


def drawn(size: int, block: float, paths: int, seed: int) -> Iterator[Places]:
    """Yield the places (m, size) that paths are made of, some at a time: each goes on to the next place or jumps.

    The last place is followed by the first, so that every place is drawn as often as any other.
    """
    draw = np.random.default_rng(seed)
    some = max(1, AT_ONCE // size)
    steps = np.arange(size)
    for first in range(0, paths, some):
        shape = (min(some, paths - first), size)
        jumps = draw.random(shape) < 1.0 / block
        jumps[:, 0] = True
        began = np.maximum.accumulate(np.where(jumps, steps, 0), axis=1)
        starts = draw.integers(0, size, shape)
        yield (np.take_along_axis(starts, began, axis=1) + steps - began) % size


def block_length(values: Array) -> float:
    """Return how many values (n,) should be drawn together in the mean, at least 1: the longer they remember, the more.

    Source: Politis and White (2004), with the correction of Patton, Politis and White (2009). The package arch reckons
    the same (`optimal_block_length`), and takes seconds to import.
    """
    size = len(values)
    if size < 8 or not float(np.ptp(values)) > 0.0:
        return 1.0
    off = values - values.mean()
    run = max(5, int(math.log10(size)))
    most = math.ceil(math.sqrt(size)) + run
    covariances = np.array([off[k:] @ off[: size - k] / size for k in range(min(most + 1, size))])
    far = min(2 * max(_forgotten(np.abs(covariances / covariances[0]), run, size), 1), most, len(covariances) - 1)
    lags = np.arange(1, far + 1)
    window = np.where(lags <= far / 2, 1.0, 2.0 * (1.0 - lags / far))
    slope = float(2.0 * (window * lags * covariances[1 : far + 1]).sum())
    level = float(covariances[0] + 2.0 * (window * covariances[1 : far + 1]).sum())
    longest = math.ceil(min(3.0 * math.sqrt(size), size / 3.0))
    if not level * level > 0.0:
        return float(longest)
    return max(1.0, min(float(longest), math.cbrt(slope * slope / (level * level) * size)))


def _forgotten(correlations: Array, run: int, size: int) -> int:
    """Return the lag from which on a whole run of correlations is as good as none; the last lag where none is."""
    low = correlations < 2.0 * math.sqrt(math.log10(size) / size)
    return next((k for k in range(len(low) - run) if low[k : k + run].all()), len(low))
