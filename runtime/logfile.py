"""A daemon's log in a file of bounded size: it takes the place of stdout and stderr, and turns the file over itself.

Nobody else has to live for it: the daemon outlives its supervisor, and a pipe to one that died would kill it. A line
that cannot be written is counted, and does not end a daemon.
"""

import contextlib
import io
import os
import sys

from collections.abc import Sequence
from pathlib import Path

LIMIT = 10 * 1024 * 1024
"""Bytes after which a file is turned over."""
KEEP = 3
"""Older files kept: NAME.1 is the newest of them."""


class LogFile(io.TextIOBase):
    """A text stream into a file that is renamed when it is full; a line is never split over two files."""

    def __init__(self, path: Path, *, limit: int = LIMIT, keep: int = KEEP, instead: Sequence[int] = ()) -> None:
        """Open a file, in the place of the file descriptors `instead` too; OSError where it cannot be opened."""
        self.path, self.limit, self.keep, self.instead = path, limit, keep, tuple(instead)
        self.lost = 0
        self.whole = True
        """What was written last ended its line."""
        self.fd = -1
        self._open()

    def writable(self) -> bool:
        """Say that it can be written."""
        return True

    def write(self, text: str) -> int:
        """Append a text, after turning the file over where it is full."""
        line = text.encode(errors="backslashreplace")
        try:
            if self.whole and os.fstat(self.fd).st_size + len(line) > self.limit:
                self._turn()
            if self.lost:
                os.write(self.fd, b'{"event": "log lines were lost", "lost": %d}\n' % self.lost)
                self.lost = 0
            os.write(self.fd, line)
            self.whole = line.endswith(b"\n")
        except OSError:
            self.lost += 1
        return len(text)

    def _turn(self) -> None:
        """Rename every file to the next number, the oldest away, and begin anew."""
        if not os.fstat(self.fd).st_size:
            return
        names = [self.path, *(self.path.with_name(f"{self.path.name}.{n}") for n in range(1, self.keep + 1))]
        for older, newer in zip(reversed(names[1:]), reversed(names[:-1]), strict=True):
            with contextlib.suppress(FileNotFoundError):
                newer.replace(older)
        self._open()

    def _open(self) -> None:
        fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for number in self.instead:
            os.dup2(fd, number)
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = fd

    def close(self) -> None:
        """Close the file; the descriptors it took the place of stay as they are."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
        super().close()


def log_into(path: Path, limit: int = LIMIT) -> None:
    """Have all that this process and its children say go to a file; OSError where it cannot be opened."""
    sys.stdout.flush()
    sys.stderr.flush()
    sys.stdout = sys.stderr = LogFile(path, limit=limit, instead=(1, 2))
