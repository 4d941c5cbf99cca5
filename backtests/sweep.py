"""A sweep: points played by a crew side by side; what came of each is in the file as it comes.

Which of the crew plays a point, and when, changes nothing of what comes of it. Interrupted, the file holds what is
done, and the same sweep goes on from there.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec

from backtests.grid import Values
from backtests.sweep_points import Points
from backtests.tried import Tried


class Kept(Protocol):
    """Where points are kept as they come."""

    def add(self, line: bytes) -> Tried:
        """Keep a point, and return it."""
        ...


AHEAD = 2
"""Points that one is given before it has told of the first: it goes on while what came of that is written down."""
LOOK_S = 0.5
"""Seconds between two looks whether somebody wants it to end: Windows wakes no thread that waits for a lock."""
LIVES = 2
"""How often a point is given to a process before it is left: one that kills its process would kill them all."""


class Players(Protocol):
    """Processes at work."""

    room: int
    """How many points they take before the first is told: enough that nobody waits for the next."""

    def give(self, values: Values) -> None:
        """Have a point played by whoever is free."""
        ...

    def told(self) -> bytes:
        """Wait for the next point that was played, in whatever order, and return its line; raises what a player met."""
        ...


Crew = AbstractContextManager[Players]
"""Players for as long as it is open; then, or when interrupted, they are gone."""


def play_all(points: Points, file: Kept, crew: Crew, progress: Callable[[int, int], None]) -> None:
    """Play the points that a file does not hold yet, and add each to it as it comes."""
    progress(points.done, len(points))
    first = points.next()
    if first is None:
        return
    with crew as players:
        players.give(first)
        playing = 1
        while playing:
            for values in _some(points, players.room - playing):
                players.give(values)
                playing += 1
            row = file.add(players.told())
            playing -= 1
            points.heard(row.values)
            progress(points.done, len(points))


def _some(points: Points, most: int) -> Iterator[Values]:
    for _ in range(most):
        values = points.next()
        if values is None:
            return
        yield values


def given_up(values: Values) -> bytes:
    """Return the line of a point whose process died as often as it was tried."""
    return msgspec.json.encode(Tried(values=values, refused="the process that played it died"))
