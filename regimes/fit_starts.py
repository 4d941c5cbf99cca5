"""Where training begins: states made of groups of rows, persistent from the first step, of several kinds in turn.

No kind of start finds the best likelihood of every series with three states; many different ones do. The first kind
alone, rolling volatility in even groups, finds it where there are two.
"""

import numpy as np

from numpy.typing import NDArray

from regimes.fit_chain import Array, Chain
from regimes.fit_rows import Rows
from regimes.weights import ModelError, Parameters

PERSISTENCE = 0.99
WINDOWS = (20, 60, 10, 120)  # bars of rolling volatility that the first starts group by
SHORTEST, LONGEST = 3.0, 250.0  # bars of a drawn window
LEAVES = (0.002, 0.2)  # least and most probability of leaving a state, drawn
TILT = 2.0  # standard deviation of how much the mean counts beside the log of volatility, drawn
HEAVY = 8.0  # degrees of freedom where they are to be fitted
LEAST = 1e-6  # probability of a transition that another model thought impossible

Groups = NDArray[np.intp]
Draw = np.random.Generator


def starts_of(rows: Rows, states: int, seed: int, count: int, *, full: bool, dof: float = np.inf) -> list[Chain]:
    """Return so many different starts; equal arguments give equal ones."""
    draw = np.random.default_rng(seed)
    return [_start(rows, states, draw, number, full=full, dof=dof) for number in range(count)]


def _start(rows: Rows, states: int, draw: Draw, number: int, *, full: bool, dof: float) -> Chain:
    even = np.arange(1, states) / states
    if number < len(WINDOWS):
        group = _quantiles(rolling_mean(_power(rows.sizes), WINDOWS[number]), even)
        return from_groups(rows.z, group, states, PERSISTENCE, full=full, dof=dof)
    group = KINDS[number % len(KINDS)](rows, states, draw)
    stay = 1.0 - float(np.exp(draw.uniform(*np.log(LEAVES))))
    return from_groups(rows.z, group, states, stay, full=full, dof=dof)


def _by_volatility(rows: Rows, states: int, draw: Draw) -> Groups:
    """Group by rolling volatility."""
    return _quantiles(rolling_mean(_power(rows.sizes), _window(draw)), _shares(states, draw))


def _by_mean(rows: Rows, states: int, draw: Draw) -> Groups:
    """Group by the rolling mean of one feature."""
    feature = int(draw.integers(rows.z.shape[1]))
    return _quantiles(rolling_mean(rows.z[:, feature], _window(draw)), _shares(states, draw))


def _by_both(rows: Rows, states: int, draw: Draw) -> Groups:
    """Group by the log of rolling volatility, tilted by the rolling mean of one feature over that volatility."""
    window, feature = _window(draw), int(draw.integers(rows.z.shape[1]))
    spread = rolling_mean(_power(rows.sizes), window) + 1e-9
    tilt = draw.normal(scale=TILT) * rolling_mean(rows.z[:, feature], window)
    return _quantiles(np.log(spread) + tilt / np.sqrt(spread / spread.mean()), _shares(states, draw))


def _by_stretches(rows: Rows, states: int, draw: Draw) -> Groups:
    """Cut the rows into a few stretches, each with a state of its own drawing."""
    cuts = np.sort(draw.integers(0, len(rows.z), int(draw.integers(states, 12))))
    drawn: Groups = draw.integers(0, states, len(cuts) + 1)
    group: Groups = drawn[np.searchsorted(cuts, np.arange(len(rows.z)))]
    return group


KINDS = (_by_volatility, _by_mean, _by_both, _by_stretches)
"""Kinds of drawn starts, in turn."""


def _power(sizes: Array) -> Array:
    largest: float = sizes.max()
    return (sizes / largest) ** 2


def _window(draw: Draw) -> int:
    return int(np.exp(draw.uniform(np.log(SHORTEST), np.log(LONGEST))))


def _shares(states: int, draw: Draw) -> Array:
    shares: Array = np.minimum(np.cumsum(draw.dirichlet(np.full(states, 2.0)))[:-1], 1.0)
    return shares


def _quantiles(values: Array, shares: Array) -> Groups:
    return np.searchsorted(np.quantile(values, shares), values, side="right")


def rolling_mean(values: Array, window: int) -> Array:
    """Return the mean of each value and those before it, `window` of them where there are so many."""
    total = np.concatenate(([0.0], np.cumsum(values)))
    first = np.maximum(np.arange(1, len(total)) - window, 0)
    return (total[1:] - total[first]) / (np.arange(1, len(total)) - first)


def from_groups(z: Array, group: Groups, states: int, stay: float, *, full: bool, dof: float = np.inf) -> Chain:
    """Return the chain whose states are like the groups; a group of too few rows is like all rows."""
    eye, size = np.eye(states), z.shape[1]
    parts = [z[group == k] if (group == k).sum() > size else z for k in range(states)]
    spreads = np.array([np.atleast_2d(np.cov(part.T)) + 1e-3 * np.eye(size) for part in parts])
    return Chain(
        start=np.full(states, 1.0 / states),
        transitions=stay * eye + (1.0 - stay) / (states - 1) * (1.0 - eye),
        means=np.array([part.mean(axis=0) for part in parts]),
        covariances=spreads if full else spreads * np.eye(size),
        dof=np.full(states, dof),
    )


def from_model(model: Parameters, rows: Rows, states: int, *, full: bool, dof: float = np.inf) -> Chain:
    """Return the chain of a model that was trained before, in units of these rows; raise ModelError unless it fits."""
    if (len(model.start), len(model.centre)) != (states, rows.z.shape[1]):
        shape = f"{len(model.start)} states and {len(model.centre)} features"
        raise ModelError(f"fit: the warm start has {shape}: start from a model of the same shape, or from none")
    ratio = np.array(model.scale) / rows.scale
    moves = np.maximum(np.array(model.transitions), LEAST)
    spreads = np.array(model.covariances) * np.outer(ratio, ratio)
    return Chain(
        start=np.full(states, 1.0 / states),
        transitions=moves / moves.sum(axis=1, keepdims=True),
        means=np.array(model.means) * ratio + (np.array(model.centre) - rows.centre) / rows.scale,
        covariances=spreads if full else spreads * np.eye(len(ratio)),
        dof=np.array(model.dof) if model.dof and np.isfinite(dof) else np.full(states, dof),
    )
