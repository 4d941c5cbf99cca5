"""Where training begins: states made of groups of rows, persistent from the first step."""

import numpy as np

from numpy.typing import NDArray

from regimes.fit_chain import Array, Chain

PERSISTENCE = 0.99
WINDOWS = (20, 60, 10)  # bars of rolling volatility that the starts group by, in turn

Groups = NDArray[np.intp]


def starts_of(z: Array, sizes: Array, states: int, seed: int, count: int, *, full: bool) -> list[Chain]:
    """Return starts for standardised rows z (n, d) and their volatility (n,): even groups at first, then drawn."""
    draw = np.random.default_rng(seed)
    groups = [
        _by_volatility(sizes, states, draw if start else None, WINDOWS[start % len(WINDOWS)]) for start in range(count)
    ]
    return [from_groups(z, states, group, full=full) for group in groups]


def _by_volatility(sizes: Array, states: int, draw: np.random.Generator | None, window: int) -> Groups:
    """Return the group of each row by quantiles of rolling volatility, even ones or drawn."""
    even = np.arange(1, states) / states
    shares = even if draw is None else np.sort(even + draw.uniform(-0.5, 0.5, states - 1) / states)
    rolling = rolling_mean((sizes / sizes.max()) ** 2, window)
    return np.searchsorted(np.quantile(rolling, shares), rolling, side="right")


def rolling_mean(values: Array, window: int) -> Array:
    """Return the mean of each value and those before it, `window` of them where there are so many."""
    total = np.concatenate(([0.0], np.cumsum(values)))
    first = np.maximum(np.arange(1, len(total)) - window, 0)
    return (total[1:] - total[first]) / (np.arange(1, len(total)) - first)


def from_groups(z: Array, states: int, group: Groups, *, full: bool) -> Chain:
    """Return the chain whose states are like the groups; a group of too few rows is like all rows."""
    eye, size = np.eye(states), z.shape[1]
    parts = [z[group == k] if (group == k).sum() > size else z for k in range(states)]
    spreads = np.array([np.atleast_2d(np.cov(part.T)) + 1e-3 * np.eye(size) for part in parts])
    return Chain(
        start=np.full(states, 1.0 / states),
        transitions=PERSISTENCE * eye + (1.0 - PERSISTENCE) / (states - 1) * (1.0 - eye),
        means=np.array([part.mean(axis=0) for part in parts]),
        covariances=spreads if full else spreads * np.eye(size),
        dof=np.full(states, np.inf),
    )
