"""Which points a sweep plays, one after the other: all of a list, or those that something proposes as others are heard.

What is proposed may depend on what came of earlier points, and never on who played them, or when they were done.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from backtests.grid import Values
from backtests.sweep_file import key_of

Scores = Mapping[str, float | None]
"""What came of points that are known, by their keys: a Sharpe ratio of a year, None where one was refused."""


class Points(Protocol):
    """Where a sweep's points come from."""

    def __len__(self) -> int:
        """Return how many points there will have been."""
        ...

    @property
    def done(self) -> int:
        """Of how many it is known what came of them."""
        ...

    def next(self) -> Values | None:
        """Return the next point to be played; None where there is none, as long as no more of them are heard."""
        ...

    def heard(self, values: Values) -> None:
        """Take in that it is known now what came of a point."""
        ...


class Listed:
    """The points of a list that are not known yet, in their order."""

    def __init__(self, points: Sequence[Values], known: Scores) -> None:
        """Begin with the first."""
        left = [values for values in points if key_of(values) not in known]
        self._count, self._left = len(points), iter(left)
        self.done = len(points) - len(left)

    def __len__(self) -> int:
        """Return the length of the list."""
        return self._count

    def next(self) -> Values | None:
        """Return the next of the list."""
        return next(self._left, None)

    def heard(self, values: Values) -> None:  # noqa: ARG002 - a list does not listen
        """Count it."""
        self.done += 1
