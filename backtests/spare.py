"""Memory that columns of an earlier run have lain in, lent to those of the next one.

Memory that nobody has touched before is handed out by the system page by page as it is first written to, which takes
longer than playing the bars that are written there. A process that plays many times, as a sweep's do, has what it needs
once it has played.
"""

import weakref

from typing import Any

import numpy as np

from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
LEAST = 256 * 1024
"""Bytes from which on memory is kept: less is kept at hand by numpy's own allocator."""
MOST = 128 * 1024 * 1024
"""Bytes that may lie about unused."""

_spare: dict[int, list[Bytes]] = {}
"""What nobody uses just now, by its size."""


def lent(size: int) -> Bytes:
    """Return so many bytes, which are anything; once no array looks at them any more, they are lent again."""
    if not LEAST <= size <= MOST:
        return np.empty(size, np.uint8)
    memory = _taken(size)
    loan = _Loan(memory)
    weakref.finalize(loan, _give_back, memory).atexit = False
    return np.asarray(loan)


class _Loan:
    """Stands between arrays and their memory: all views hold it, and when it goes the memory is free."""

    def __init__(self, memory: Bytes) -> None:
        """Say where the memory is, as numpy asks for it."""
        self.__array_interface__: dict[str, Any] = memory.__array_interface__


def _taken(size: int) -> Bytes:
    try:
        return _spare[size].pop()
    except LookupError:
        return np.empty(size, np.uint8)


def _give_back(memory: Bytes) -> None:
    """Keep memory for whoever wants as much; where too much lies about, runs are of other sizes now: all of it goes."""
    if unused() + memory.size > MOST:
        _spare.clear()
    _spare.setdefault(memory.size, []).append(memory)


def unused() -> int:
    """Return how many bytes lie about."""
    return sum(size * len(parts) for size, parts in list(_spare.items()))
