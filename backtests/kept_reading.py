"""What a compiled drive has read of its bars, kept for the next one that reads the same: points of a sweep often do."""

from collections.abc import Callable, Iterator
from typing import Any

from backtests.engine_columns import Read

Fold = Callable[[int, int], None]
"""Reads the bars from one place to another."""


class KeptReading:
    """The last reading that was finished: features, regime and gate of all bars, and what they were made from."""

    def __init__(self) -> None:
        """Keep nothing yet."""
        self.key: tuple[Any, ...] = ()
        self.read: Read | None = None

    def reader(self, made_from: tuple[Any, ...], read: Read, first: Fold, last: Fold) -> tuple[Read, Fold, Fold]:
        """Return what was read of the same, with nothing left to do; else `read`, which is kept once `last` is done.

        Of every part of the bars `first` is done before `last`. `made_from` is all that the reading depends on: the
        loops and the bars, which are the same where they are the same object, states and parameters, which are where
        their numbers are.
        """
        key = tuple(_told(made_from))
        if self.read is not None and self.key == key:
            return self.read, read_nothing, read_nothing
        self.key, self.read = (), None  # never two at once: a year of them is tens of megabytes

        def done(begin: int, end: int) -> None:
            last(begin, end)
            if end == len(read.features):
                self.key, self.read = key, read

        return read, first, done


def read_nothing(begin: int, end: int) -> None:
    """Read nothing: it is read."""


def _told(part: Any) -> Iterator[Any]:  # noqa: ANN401 - a tree of arrays
    """Yield a tree's leaves, arrays by their bytes."""
    if isinstance(part, tuple):
        yield len(part)
        for inner in part:
            yield from _told(inner)
    else:
        yield (part.dtype.str, part.shape, part.tobytes()) if hasattr(part, "dtype") else part
