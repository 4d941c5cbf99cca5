"""A disk whose power is cut: what was synced holds, and of what was not any part may be lost, or torn.

Names are written down in their order, as file systems with a log of their own do it, and hold when the folder is
synced. Of the bytes of a file any pieces may be there and others not; where a file grew, lost ones may read as zeros.
"""

import random

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.power.recording import Call

PIECES = (512, 4096)
"""What is written in one, in bytes: a sector, or a page."""
SHARED = "-shm"
"""A file of this ending is memory that processes share: after a cut anything may stand in it."""


class Kept(NamedTuple):
    """What becomes of writes that were not synced."""

    share: float
    """Of the pieces, how many are there: 0 none, 1 all."""
    piece: int
    first: bool
    """Whether these are the first ones, or any."""
    grown: bool
    """Whether a file has the size it would have had, with zeros where pieces were lost."""


def drawn(draw: random.Random) -> Kept:
    """Draw what becomes of them: as often nothing is left as any part."""
    share = draw.choice((0.0, 0.0, 1.0, draw.random(), draw.random()))
    return Kept(share, draw.choice(PIECES), draw.random() < 0.5, draw.random() < 0.5)


class File:
    """A file: its bytes as they were synced, and what was done to it since."""

    def __init__(self) -> None:
        """Begin empty."""
        self.synced = bytearray()
        self.since: list[Call] = []

    def sync(self) -> None:
        """Have all hold that was done."""
        for call in self.since:
            _do(call, self.synced)
        self.since = []

    def after(self, kept: Kept, draw: random.Random) -> bytes:
        """Return its bytes after a cut."""
        found, size = bytearray(self.synced), len(self.synced)
        pieces = [piece for call in self.since for piece in _pieces(call, kept.piece)]
        many = round(kept.share * len(pieces))
        chosen = set(range(many) if kept.first else draw.sample(range(len(pieces)), many))
        for number, piece in enumerate(pieces):
            size = piece.at if piece.kind == "T" else max(size, piece.at + len(piece.content))
            if number in chosen:
                _do(piece, found)
        return bytes(found.ljust(size, b"\0") if kept.grown else found)


def _do(call: Call, content: bytearray) -> None:
    if call.kind == "T":
        del content[call.at :]
        content.extend(bytes(call.at - len(content)))
        return
    content.extend(bytes(max(call.at - len(content), 0)))
    content[call.at : call.at + len(call.content)] = call.content


def _pieces(call: Call, size: int) -> Iterator[Call]:
    """Yield a write in pieces that end where the disk's own do; what cuts a file is one piece."""
    if call.kind == "T":
        yield call
        return
    at, end = call.at, call.at + len(call.content)
    while at < end:
        upto = min(at - at % size + size, end)
        yield call._replace(at=at, content=call.content[at - call.at : upto - call.at])
        at = upto


class Disk:
    """A folder as a process sees it, and as it would be after a cut."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.files: dict[int, File] = {}
        """By inode."""
        self.names: dict[str, File] = {}
        self.held: dict[str, File] = {}
        """Names as the folder had them when it was synced."""
        self.changes: list[dict[str, File]] = []
        """Names after each change since."""

    def see(self, call: Call) -> None:
        """Take a call that was made."""
        match call.kind:
            case "O":
                self._opened(call)
            case "W" | "T":
                self.files[call.file].since.append(call)
            case "S":
                self.files[call.file].sync()
            case "D":
                self.held, self.changes = dict(self.names), []
            case "R":
                self._named({call.content.decode(): self.names[call.path]}, without=call.path)
            case _:
                self._named({}, without=call.path)

    def _opened(self, call: Call) -> None:
        if call.path not in self.names:
            self.files[call.file] = File()
            self._named({call.path: self.files[call.file]})
        elif call.at:
            self.files[call.file].since.append(call._replace(kind="T", at=0))

    def _named(self, more: dict[str, File], without: str = "") -> None:
        self.names = {name: file for name, file in self.names.items() if name != without} | more
        self.changes.append(self.names)

    def cut(self, folder: Path, kept: Kept, draw: random.Random) -> None:
        """Write into a folder what is there after a cut."""
        many = round(kept.share * len(self.changes)) if kept.first else draw.randint(0, len(self.changes))
        names = [self.held, *self.changes][many if kept.share else 0]
        for name, file in names.items():
            content = draw.randbytes(32768) if name.endswith(SHARED) else file.after(kept, draw)
            (folder / name).write_bytes(content)
