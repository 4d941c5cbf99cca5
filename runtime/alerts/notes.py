"""What people write down: a note, or that they have taken an alert; journaled by the daemon, at its next start at last.

It stands in the history of the account's alerts at once, whether a daemon runs or not.
"""

import contextlib

from pathlib import Path

import msgspec

from brokers.mt5.inplace import append
from market.undecoded import UNDECODED
from runtime.alerts import shelf
from runtime.alerts.shelf import Line
from runtime.core.facts import NoteWritten
from runtime.core.instructions import Asker
from runtime.operator.client import UnreachableError, ask_for

WAITING_FILE, TAKING_FILE = "notes.waiting", "notes.taking"


def write(folder: Path, asker: Asker, about: str = "") -> bool:
    """Write a note down; say whether a running daemon has journaled it. OSError where the disk refuses."""
    if not about:
        shelf.remember(folder, Line(at=asker.wall, what="note", text=asker.why, who=asker.who))
    fact = NoteWritten(at=0, asker=asker, about=about)
    with contextlib.suppress(UnreachableError):
        if ask_for(folder, fact)["ok"]:
            return True
    _leave(folder, fact)
    return False


def _leave(folder: Path, fact: NoteWritten) -> None:
    """Leave a note for the daemon's next start."""
    append(folder / WAITING_FILE, msgspec.json.encode(fact) + b"\n")


def waiting(folder: Path) -> list[NoteWritten]:
    """Return what was written while no daemon ran; `taken` says that it is journaled."""
    taking, found = folder / TAKING_FILE, []
    if not taking.exists():
        with contextlib.suppress(FileNotFoundError):
            (folder / WAITING_FILE).replace(taking)
    for line in taking.read_bytes().splitlines() if taking.exists() else ():
        with contextlib.suppress(*UNDECODED):
            found.append(msgspec.json.decode(line, type=NoteWritten))
    return found


def taken(folder: Path) -> None:
    """Note that all that waited is journaled."""
    (folder / TAKING_FILE).unlink(missing_ok=True)
