"""Files that two processes share: read and written in place, or replaced whole, as Linux and as Windows does it."""

import os
import sys
import time

from pathlib import Path

if sys.platform == "win32":
    READ, READ_WRITE = os.O_RDONLY | os.O_BINARY, os.O_RDWR | os.O_BINARY

    def read_at(number: int, size: int, at: int) -> bytes:
        """Read `size` bytes of an open file, beginning at `at`; one thread at a time."""
        os.lseek(number, at, os.SEEK_SET)
        return os.read(number, size)

    def write_at(number: int, content: bytes, at: int) -> None:
        """Write bytes into an open file, beginning at `at`; one thread at a time."""
        os.lseek(number, at, os.SEEK_SET)
        os.write(number, content)

    def sync_folder(folder: Path) -> None:
        """Do nothing: the file system writes names down with the files."""

    def replace(draft: Path, path: Path) -> None:
        """Put a file in the place of another, waiting while a reader has that open."""
        for _ in range(_TRIES):
            try:
                draft.replace(path)
            except PermissionError:
                time.sleep(_AGAIN_S)
            else:
                return
        draft.replace(path)

    _TRIES = 200
    _AGAIN_S = 0.005

else:
    READ, READ_WRITE = os.O_RDONLY, os.O_RDWR

    def read_at(number: int, size: int, at: int) -> bytes:
        """Read `size` bytes of an open file, beginning at `at`."""
        return os.pread(number, size, at)

    def write_at(number: int, content: bytes, at: int) -> None:
        """Write bytes into an open file, beginning at `at`."""
        os.pwrite(number, content, at)

    def sync_folder(folder: Path) -> None:
        """Have the names in a folder written down: a file that was renamed is found again after a power cut."""
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)

    def replace(draft: Path, path: Path) -> None:
        """Put a file in the place of another, which readers that have it open still read."""
        draft.replace(path)


_PIECE = 65_536


def put(draft: Path, path: Path, raw: bytes) -> None:
    """Put bytes in the place of a file, by a draft beside it: after a power cut the old ones are there, or the new."""
    with draft.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    replace(draft, path)
    sync_folder(path.parent)


def append(path: Path, lines: bytes) -> None:
    """Put whole lines at the end of a file, for good; one before them that was torn does not take them with it."""
    with open(path, "a+b", opener=_private) as file:
        if file.tell() and read_at(file.fileno(), 1, file.tell() - 1) != b"\n":
            lines = b"\n" + lines
        file.write(lines)
        file.flush()
        os.fsync(file.fileno())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def content(path: str) -> bytes | None:
    """Return all that stands in a file now, None where it cannot be read; with as few calls of the system as it takes.

    For what is read before every order and in every round: `Path.read_bytes` takes twice as long.
    """
    try:
        number = os.open(path, READ)
    except OSError:
        return None
    try:
        return rest(number)
    except OSError:
        return None
    finally:
        os.close(number)


def rest(number: int) -> bytes:
    """Return all that stands in an open file from where it is read next; OSError where it cannot be read."""
    pieces = [os.read(number, _PIECE)]
    while pieces[-1]:
        pieces.append(os.read(number, _PIECE))
    return b"".join(pieces)
