"""Room for long columns of numbers: in memory, or where they are very long in a file that has no name.

What lies in such a file takes memory only while it is looked at: whoever goes through it part by part gives back what
he is done with (`market.barfile_room.let_go`), as `gone_through` does for him.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from numpy.typing import NDArray

from backtests.spare import lent
from market.barfile_room import let_go, nameless

Array = NDArray[Any]
LONG = 32 * 1024 * 1024
"""Bytes of a column from which on it lies in a file."""
NEVER = 1 << 62
"""More bytes than a column has."""
PART = 1 << 18
"""Rows that are looked at together."""


def room(shape: int | tuple[int, ...], kind: Any = np.float64, long: int = LONG) -> Array:  # noqa: ANN401 - what numpy takes for a type
    """Return an array of this shape and type, whose numbers are anything; from `long` bytes on in a file.

    OSError where the disk has not so much left.
    """
    dtype = np.dtype(kind)
    size = int(np.prod(shape)) * dtype.itemsize
    if size < max(long, 1):
        numbers: Array = lent(size).view(dtype)
        return numbers.reshape(shape)
    return np.frombuffer(nameless(size), dtype).reshape(shape)


def parts_of(rows: int, part: int = PART) -> list[tuple[int, int]]:
    """Return where parts of so many rows begin and end, in order.

    >>> parts_of(5, 2), parts_of(0)
    ([(0, 2), (2, 4), (4, 5)], [])
    """
    return [(begin, min(begin + part, rows)) for begin in range(0, rows, part)]


def gone_through(columns: Sequence[Any]) -> Iterator[tuple[int, int]]:
    """Yield where parts of columns of one length begin and end; after each, the memory that it took is given back."""
    for part in parts_of(len(columns[0])):
        yield part
        let_go(columns)


def stretches_of(places: Array, rows: int) -> Iterator[slice]:
    """Yield where those of some places, in order, stand that lie in one part of so many rows.

    >>> list(stretches_of(np.array([3, PART, PART + 1]), 4 * PART))
    [slice(0, 1, None), slice(1, 3, None)]
    """
    for begin, end in parts_of(rows):
        low, high = np.searchsorted(places, (begin, end)).tolist()
        if low < high:
            yield slice(low, high)
