"""What a flattener has sent, in a file that outlives it: a close is written down before it leaves, and sent once.

Lines of JSON in the account's folder, for people and for the next flattener. It is not the journal, which may be what
keeps the daemon from running.
"""

import contextlib

from pathlib import Path

import msgspec

from brokers.mt5.inplace import append, content
from market.undecoded import UNDECODED

FILE = "flattener.log"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A close or a cancel, before it left or when it was answered."""

    wall: int
    """Wall clock, UTC milliseconds."""
    ticket: int
    volume: float
    """As it stood then; 0.0 of an order."""
    answer: str = ""
    """Empty: it is about to leave."""
    refused: bool = False
    """The answer is a clear no: nothing was done."""
    why: str = ""


def lines_of(folder: Path) -> list[Line]:
    """Return what was written, oldest first; a torn line is passed over."""
    found: list[Line] = []
    for raw in (content(f"{folder}/{FILE}") or b"").splitlines():
        with contextlib.suppress(*UNDECODED):
            found.append(msgspec.json.decode(raw, type=Line))
    return found


def write(folder: Path, line: Line) -> None:
    """Write a line, for good; OSError where the disk refuses: then nothing may be sent."""
    append(folder / FILE, msgspec.json.encode(line) + b"\n")


def under_way(lines: list[Line], ticket: int, volume: float) -> bool:
    """Say whether something was sent for a ticket that stands as it stood then, and no clear no has come to it."""
    last = [line for line in lines if line.ticket == ticket and line.volume == volume]
    return bool(last) and not last[-1].refused
