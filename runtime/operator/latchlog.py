"""The latch's log: a line a change, appended for good; read from its end, as far back as is needed and no further.

Each line says how much of the log its writer had read, and the highest generation there: what stands before that place
is never written again, so nobody has to read it who looks for what came after that generation. Writers that go past a
hanging one append side by side; what neither had read, neither speaks for.
"""

import contextlib
import os

from pathlib import Path
from typing import NamedTuple

import msgspec

from brokers.latch import Command
from brokers.mt5.inplace import READ, append, rest
from market.undecoded import UNDECODED

PIECE = 4096
"""Bytes that are read from the end at first."""
MORE = 8
"""So many times as much is read where that did not do."""


class Logged(msgspec.Struct, frozen=True):
    """A line of the latch's log."""

    generation: int
    command: Command
    stands: dict[str, int] = {}
    """Scope -> generation of the line that latched it, of all that were latched after this change."""
    read: int = 0
    """Bytes of the log, whole lines, that its writer knew of; 0: none."""
    highest: int = 0
    """No line among those has a generation above this."""


class Read(NamedTuple):
    """What was read of a log."""

    lines: list[Logged]
    """Oldest first."""
    end: int = 0
    """Where its last whole line ends, bytes."""
    highest: int = 0
    """Generation that none of its lines is above."""


def read_log(path: Path, after: int, piece: int = PIECE) -> Read:
    """Return every line of a log whose generation is above `after`; nothing where the log cannot be read.

    piece: bytes that are read from its end at first.
    """
    try:
        number = os.open(path, READ)
    except OSError:
        return Read([])
    try:
        return _read(number, after, piece)
    except OSError:
        return Read([])
    finally:
        os.close(number)


def add_line(path: Path, line: Logged) -> None:
    """Put a line at the end of a log, for good."""
    append(path, msgspec.json.encode(line) + b"\n")


def _read(number: int, after: int, reach: int) -> Read:
    size = os.lseek(number, 0, os.SEEK_END)
    while True:
        begin = max(0, size - reach)
        os.lseek(number, begin, os.SEEK_SET)
        raw = rest(number)
        skip = raw.find(b"\n") + 1 if begin else 0  # of half a line
        found = _decoded(raw[skip:], begin + skip)
        known = [line.highest for at, line in found if begin + skip <= line.read <= at and line.highest <= after]
        if known or not begin:
            lines = [line for _, line in found]
            highest = max([0, *known[:1], *(line.generation for line in lines)])
            return Read([line for line in lines if line.generation > after], begin + raw.rfind(b"\n") + 1, highest)
        reach *= MORE


def _decoded(text: bytes, place: int) -> list[tuple[int, Logged]]:
    """Return the lines that can be read, each with where it begins; the text begins at `place`."""
    found = []
    for line in text.splitlines(keepends=True):
        with contextlib.suppress(*UNDECODED):
            found.append((place, msgspec.json.decode(line, type=Logged)))
        place += len(line)
    return found
