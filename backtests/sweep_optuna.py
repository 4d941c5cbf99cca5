"""Points that Optuna proposes: a sampler that learns from the Sharpe ratios of those before where to look next.

Its tree-structured Parzen estimator (TPE; Bergstra and others 2011, Watanabe 2023) is seeded, is told results in the
order in which it has proposed them, and proposes a point by all results but those of the few before it. How many those
are does not depend on who plays: so the same points are played by one process, by eight, and by a cluster.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backtests.grid import Axis, Values
from backtests.sweep_file import key_of
from backtests.sweep_points import Scores

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.trial import Trial

AHEAD = 8
"""A point is proposed by what came of those that lie so many places before it, or more."""


class Proposed:
    """So many proposals; one of a point that is known already is answered by what is known, and played by nobody."""

    def __init__(self, axes: Sequence[Axis], proposals: int, seed: int, known: Scores) -> None:
        """Begin without a result: what is known is told when it is proposed, so that a sweep goes on as it began.

        `known` is looked at again whenever something is heard.
        """
        self.axes, self.proposals = axes, proposals
        self.study, self.room = _study(seed), {axis.key: _room(axis) for axis in axes}
        self.scores = known
        self.trials: list[tuple[Trial, str]] = []
        """Those proposed, with the keys of their points."""
        self.told = 0
        """How many of them the study has been told of."""
        self.playing: set[str] = set()

    def __len__(self) -> int:
        """Return the number of proposals."""
        return self.proposals

    @property
    def done(self) -> int:
        """Of how many it is known what came of them."""
        return sum(key in self.scores for _, key in self.trials[self.told :]) + self.told

    def next(self) -> Values | None:
        """Return the next point that nobody knows yet, nor plays."""
        while len(self.trials) < self.proposals and self._tell(len(self.trials) - AHEAD + 1):
            trial = self.study.ask(self.room)
            values = tuple(_value(axis, trial.params[axis.key]) for axis in self.axes)
            key = key_of(values)
            self.trials.append((trial, key))
            if key not in self.scores and key not in self.playing:
                self.playing.add(key)
                return values
        return None

    def heard(self, values: Values) -> None:
        """Take in that it is known now what came of a point."""
        self.playing.discard(key_of(values))

    def _tell(self, count: int) -> bool:
        """Tell the study what came of its first proposals, so many and no more; say whether all that is known."""
        from optuna.trial import TrialState  # noqa: PLC0415 - an extra

        while self.told < count:
            trial, key = self.trials[self.told]
            if key not in self.scores:
                return False
            score = self.scores[key]
            if score is None:  # as bad as can be: it does not look there again
                self.study.tell(trial, state=TrialState.PRUNED)
            else:
                self.study.tell(trial, score)
            self.told += 1
        return True


def _study(seed: int) -> "Study":
    import optuna  # noqa: PLC0415 - an extra

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))


def _room(axis: Axis) -> "BaseDistribution":
    """Return where an axis is looked at: the places of its values, next to each other where they are numbers."""
    from optuna.distributions import CategoricalDistribution, IntDistribution  # noqa: PLC0415 - an extra

    if _rises(axis):
        return IntDistribution(0, len(axis.values) - 1)
    return CategoricalDistribution(range(len(axis.values)))


def _rises(axis: Axis) -> bool:
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in axis.values)
    return numbers and sorted(axis.values) == list(axis.values)


def _value(axis: Axis, place: int) -> object:
    return axis.values[place]
