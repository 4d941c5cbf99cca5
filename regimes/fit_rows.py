"""Which rows a model is trained on: what is no price, no market or no ordinary move is left out, by a stated rule."""

from typing import NamedTuple

import numpy as np

from numpy.typing import NDArray

from market.halts import HALTED
from regimes.fit_chain import Array
from regimes.weights import MOST, ModelError

FEWEST_ROWS = 50  # for each state
WILD = 50.0
"""A value so many times the width of the middle 90 % away from the median is a wrong price, or happens once."""

Mask = NDArray[np.bool_]


class Rows(NamedTuple):
    """The rows of a fit, standardised, and what was left out."""

    z: Array
    """(n, d)"""
    sizes: Array
    """(n,) volatility of each row, in any unit."""
    centre: Array
    """(d,) mean of each feature."""
    scale: Array
    """(d,) standard deviation of each feature."""
    missing: int
    """Rows with a NaN or an infinity."""
    halted: int
    wild: int


class LeftOut(NamedTuple):
    """Which rows (n,) are not trained on, and why; none for two reasons."""

    missing: Mask
    halted: Mask
    wild: Mask

    @property
    def kept(self) -> Mask:
        """The others."""
        return ~(self.missing | self.halted | self.wild)


def left_out(x: Array, sizes: Array | None) -> LeftOut:
    """Return which rows of features (n, d) are not trained on; `sizes` (n,) is what halts are seen by, if given."""
    table = x if sizes is None else np.column_stack((x, sizes))
    known = np.asarray(np.isfinite(table).all(axis=1))
    halted = halted_by(sizes) if sizes is not None else np.zeros(len(x), dtype=bool)
    if sizes is None:
        halted[known] = halts(x[known])
    known |= halted
    wild = np.zeros(len(x), dtype=bool)
    wild[known & ~halted] = outliers(x[known & ~halted])
    return LeftOut(~known, halted, wild)


def rows_of(x: Array, states: int, volatility: Array | None) -> Rows:
    """Return what is trained on; raise ModelError when it cannot carry a model of so many states."""
    x, sizes = _shaped(x, states, volatility)
    out = left_out(x, sizes)
    kept = out.kept
    if kept.sum() < FEWEST_ROWS * states:
        raise ModelError(f"fit: {kept.sum()} usable rows; {states} states need at least {FEWEST_ROWS * states}")
    x = x[kept]
    if same(x).any():
        raise ModelError(f"fit: feature {int(same(x).argmax())} is constant over the training rows: leave it out")
    centre, scale = x.mean(axis=0), x.std(axis=0)
    z = (x - centre) / scale
    missing, still, odd = (int(mask.sum()) for mask in out)
    return Rows(z, abs(z[:, 0]) if sizes is None else sizes[kept], centre, scale, missing, still, odd)


def same(x: Array) -> Mask:
    """Return which features have the same value in all rows (n, d), but for the last bits."""
    return np.asarray(x.std(axis=0) <= abs(x.mean(axis=0)) * 1e-13)


def _shaped(x: Array, states: int, volatility: Array | None) -> tuple[Array, Array | None]:
    x = np.asarray(x, dtype=np.float64)
    if x.ndim != 2 or not 1 <= x.shape[1] <= MOST or not 2 <= states <= MOST:
        raise ModelError(
            f"fit: {states} states on rows of shape {x.shape}; use 2 to {MOST} states, 1 to {MOST} features"
        )
    sizes = None if volatility is None else np.asarray(volatility, dtype=np.float64)
    if sizes is not None and sizes.shape != x.shape[:1]:
        raise ModelError(f"fit: {len(x)} rows, but {sizes.size} values of volatility")
    return x, sizes


def halts(x: Array) -> Mask:
    """Return which finite rows belong to a halt: all features repeat the row before, `HALTED` times in a row."""
    return _runs(np.concatenate(([False], (x[1:] == x[:-1]).all(axis=1))) if len(x) else np.zeros(0, dtype=bool))


def halted_by(sizes: Array) -> Mask:
    """Return which rows belong to a halt by the sizes of their moves (n,), or are the first after one.

    What the market opens with after a halt is the way of all its rows, and no move of one.
    """
    known = np.isfinite(sizes)
    found = np.zeros(len(sizes), dtype=bool)
    still = _runs(sizes[known] == 0.0)
    still[1:] |= still[:-1] & (sizes[known][1:] != 0.0)
    found[known] = still
    return found


def _runs(still: Mask) -> Mask:
    """Return which of the rows without a move belong to a run of at least `HALTED`."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], still, [False])).astype(np.int8)))
    found = np.zeros(len(still), dtype=bool)
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        found[begin:end] = end - begin >= HALTED
    return found


def outliers(x: Array) -> Mask:
    """Return which finite rows have a wild value; a feature that hardly ever moves has none."""
    if not len(x):
        return np.zeros(0, dtype=bool)
    low, middle, high = np.quantile(x, (0.05, 0.5, 0.95), axis=0)
    return ((abs(x - middle) > WILD * (high - low)) & (high > low)).any(axis=1)  # type: ignore[no-any-return] # numpy's any is Any
