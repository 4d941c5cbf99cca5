"""Simulated markets whose regimes are known: Hardy's, day by day, and how well somebody has told them.

Source: Aydinhan, Kolm, Mulvey and Shu, Identifying patterns in financial markets: extending the statistical jump model
for regime identification (2024), whose protocol this is; parameters of a month by Hardy, A regime-switching model of
long-term stock returns (2001), brought to a day of twenty in a month.
"""

from itertools import pairwise, permutations
from typing import NamedTuple

import numpy as np

from numpy.typing import NDArray
from scipy.linalg import expm, logm

Array = NDArray[np.float64]
States = NDArray[np.intp]

DAYS = 20  # in a month


class Market(NamedTuple):
    """Returns of one day by the state they are in, calmest first."""

    means: Array
    sds: Array
    transitions: Array


class Scenario(NamedTuple):
    """What is simulated."""

    name: str
    states: int
    bars: int
    dof: float = np.inf
    """Of the returns' Student's t, scaled to the state's standard deviation; infinite: Gaussian."""


SCENARIOS = (
    Scenario("2-state, 1000", 2, 1000),
    Scenario("2-state t(5), 1000", 2, 1000, 5.0),
    Scenario("3-state, 1000", 3, 1000),
    Scenario("3-state, 2000", 3, 2000),
)

MONTHLY = {
    2: Market(np.array([0.0123, -0.0157]), np.array([0.0347, 0.0778]), np.array([[0.9629, 0.0371], [0.2101, 0.7899]])),
    3: Market(
        np.array([0.0123, 0.0, -0.0157]),
        np.array([0.0347, 0.05, 0.0778]),
        np.array([[0.9629, 0.0185, 0.0186], [0.0618, 0.8764, 0.0618], [0.1051, 0.1050, 0.7899]]),
    ),
}


def daily(states: int) -> Market:
    """Return the market of a day."""
    month = MONTHLY[states]
    transitions = np.maximum(np.real(expm(logm(month.transitions) / DAYS)), 0.0)
    transitions /= transitions.sum(axis=1, keepdims=True)
    return Market(month.means / DAYS, month.sds / np.sqrt(DAYS), transitions)


def draw(scenario: Scenario, bars: int, seed: tuple[int, ...]) -> tuple[Array, States]:
    """Return returns (n,) and the state of each (n,); the first is drawn from the stationary distribution."""
    market, dice = daily(scenario.states), np.random.default_rng(seed)
    ladder = market.transitions.cumsum(axis=1)
    ladder[:, -1] = 1.0
    ahead = np.linalg.matrix_power(market.transitions, 1 << 20)[0]
    states = np.empty(bars, dtype=np.intp)
    states[0] = dice.choice(scenario.states, p=ahead / ahead.sum())
    for t, roll in enumerate(dice.random(bars - 1)):
        states[t + 1] = np.searchsorted(ladder[states[t]], roll, side="right")
    if np.isinf(scenario.dof):
        noise = dice.standard_normal(bars)
    else:
        noise = dice.standard_t(scenario.dof, bars) * np.sqrt((scenario.dof - 2.0) / scenario.dof)
    return market.means[states] + market.sds[states] * noise, states


def features(returns: Array) -> Array:
    """Return the fifteen features (n, 15) that the paper gives its jump models; the first 13 rows are NaN in part.

    The return, its change and the change before, as sizes; then mean and standard deviation of windows of 6 and 14
    days, of their older and of their newer half (Zheng, Li and Xu, 2021).
    """
    change = np.abs(np.diff(returns, prepend=np.nan))
    columns = [returns, change, np.concatenate(([np.nan], change[:-1]))]
    for length in (6, 14):
        half = length // 2
        for first, last in ((length - 1, 0), (length - 1, half), (half - 1, 0)):
            seen = np.lib.stride_tricks.sliding_window_view(returns, first - last + 1)
            missing = np.full(first, np.nan)
            reach = len(returns) - first
            columns += [
                np.concatenate((missing, part[:reach])) for part in (seen.mean(axis=1), seen.std(axis=1, ddof=1))
            ]
    return np.column_stack(columns)


def balanced(truth: States, told: States) -> float:
    """Return the mean, over the states that were there, of the share of their bars that were told rightly."""
    return float(np.mean([(told[truth == k] == k).mean() for k in np.unique(truth)]))


def aligned(truth: States, told: States, states: int) -> States:
    """Return what was told under the names that fit the truth best, by the share of bars told rightly."""
    names = max(permutations(range(states)), key=lambda names: float((np.array(names)[told] == truth).mean()))
    return np.array(names, dtype=np.intp)[told]


def switches(told: States) -> int:
    """Return how often the state told changed."""
    return int((np.diff(told) != 0).sum())


def delay(truth: States, told: States) -> float:
    """Return the median, over true changes, of the bars until the new state was told; a missed one counts whole."""
    begins = np.flatnonzero(np.diff(truth)) + 1
    waits = []
    for begin, end in pairwise([*begins, len(truth)]):
        hits = np.flatnonzero(told[begin:end] == truth[begin])
        waits.append(float(hits[0]) if len(hits) else float(end - begin))
    return float(np.median(waits)) if waits else np.nan
