"""The look-ahead twin of a regime reading: states that know all later bars. For the tripwire, and two benchmarks.

Smoothed states are worth +0.6 to +0.9 of Sharpe on stock indices, and nobody can trade them. They live here, where no
daemon can import them, go into no model, record or journal, and leave as figures only: a Sharpe ratio beside that of
the filtered states (`backtests/tripwire.py`), or how well training has told the days it was trained on.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import msgspec
import numpy as np

from backtests.regime_reading import Array, Read
from backtests.train import filtered
from regimes.ensemble import parts_of
from regimes.gate import most_likely
from regimes.layout import ENSEMBLE, KIND
from regimes.weights import Vector, unpack
from runtime.core.core import Core
from runtime.core.readings import RegimeReading

Told = Mapping[int, list[float]]
"""What a twin says of each bar, by its opening time: a posterior."""
TINY = 1e-300


def smoothed(weights: Vector, posteriors: Array) -> Array:
    """Return the posterior (n, K) of each bar given all bars, earlier and later, from the filtered ones (Kim, 1994)."""
    known = np.empty_like(posteriors)
    _back()(np.array(unpack(weights).transitions), posteriors, known)
    return known


@cache
def _back() -> Callable[..., None]:
    """Return the recursion from the last bar back to the first, compiled."""
    import numba  # noqa: PLC0415 - slow to import, and only who looks ahead needs it

    def run(transitions: Any, posteriors: Any, known: Any) -> None:  # noqa: ANN401 - numba's
        count, states = posteriors.shape
        ratio = np.empty(states)
        known[count - 1] = posteriors[count - 1]
        for t in range(count - 2, -1, -1):
            for j in range(states):
                predicted = 0.0
                for i in range(states):
                    predicted += posteriors[t, i] * transitions[i, j]
                ratio[j] = known[t + 1, j] / max(predicted, TINY)
            whole = 0.0
            for i in range(states):
                share = 0.0
                for j in range(states):
                    share += transitions[i, j] * ratio[j]
                known[t, i] = posteriors[t, i] * share
                whole += known[t, i]
            for i in range(states):
                known[t, i] /= whole

    compiled: Callable[..., None] = numba.njit(run)
    return compiled


def cheapest_path(weights: Vector, read: Read) -> Array:
    """Return the state of each bar on a jump model's cheapest path over all bars, 1 for it and 0 for the others (n, K).

    The online state is the end of the cheapest path so far; this is what `predict` of such models returns (Viterbi).
    """
    model = unpack(weights)
    z = (read.rows - np.array(model.centre)) / np.array(model.scale)
    distances = 0.5 * ((z[:, None, :] - np.array(model.means)[None, :, :]) ** 2).sum(axis=2)
    value = np.zeros(len(model.means))
    came = np.empty(distances.shape, dtype=np.int64)
    for i, distance in enumerate(np.nan_to_num(distances)):  # a bar without a value costs nothing in any state
        best = int(value.argmin())
        jumps = value > value[best] + (model.penalty or 0.0)
        came[i] = np.where(jumps, best, np.arange(len(value)))
        value = np.minimum(value, value[best] + (model.penalty or 0.0)) + distance
    path = [int(value.argmin())]
    for row in came[:0:-1]:
        path.append(int(row[path[-1]]))
    shown: Array = np.eye(len(value))[path[::-1]]
    return shown


def hindsight(weights: Vector, read: Read) -> Array:
    """Return what is known of each bar's state once all bars are.

    Smoothed, or on the cheapest path of a jump model; of an ensemble the mean of what its members' hindsight says.
    """
    if weights[KIND] == ENSEMBLE:
        said = [
            share * hindsight(member, msgspec.structs.replace(read, posteriors=filtered(member, read.rows)))
            for share, member in parts_of(weights)
        ]
        mean: Array = np.sum(said, axis=0)
        return mean
    return smoothed(weights, read.posteriors) if unpack(weights).penalty is None else cheapest_path(weights, read)


def late(posteriors: Array) -> Array:
    """Return at each bar what was known a bar before; of the first, what was known at it."""
    return np.concatenate((posteriors[:1], posteriors[:-1]))


class Twin(RegimeReading):
    """A reading that says of each bar what it was told beforehand, and filters on unseen."""

    __slots__ = ("filter", "told")

    def __init__(self, reading: RegimeReading, told: Told) -> None:
        """Take the place of a reading that has not begun."""
        super().__init__(reading.name, reading.model, reading.feed, reading.rule, reading.ends)
        self.told = told
        self.filter = self.state

    def fold(self) -> None:
        """Fold the bar into the filter, then show what was told of it."""
        self.state = self.filter
        super().fold()
        self.filter = self.state
        shown = self.told.get(self.feed.last_time, list(self.posterior))  # a day cut short by a start: as it is known
        self.state = [*shown, *self.filter[len(shown) :]]
        self.posterior = tuple(shown)
        self.ordinal = most_likely(self.state, self.model.states)


def foresee(core: Core, name: str, told: Told) -> None:
    """Put a twin in the place of a new-born core's reading of one regime."""
    for place, reading in enumerate(core.readings):
        if reading.name == name:
            twin = Twin(reading, told)
            core.readings[place] = twin
            core.decider.readings[name] = twin
            for key, readings in core.readings_of.items():
                core.readings_of[key] = [twin if r is reading else r for r in readings]
