"""How far a daemon has come, for whoever watches it from outside: a word in the account's folder, written in place.

Two counters, as a pulse alone would lie. `turns` says that the event loop goes round; `works` that the consumer has
worked something through or has come round with nothing to do, as on a closed market. With them stands how long the
consumer may take until it moves again: what it waits for has a deadline of its own.
"""

import asyncio
import contextlib
import os
import struct
import sys

from collections.abc import Iterator
from pathlib import Path

import msgspec

from brokers.mt5.inplace import READ_WRITE, content, write_at

PROGRESS_FILE = "progress.word"
WORD = struct.Struct("<4sIQQII")
"""Magic, process id, turns, works, milliseconds until it has to move again, flags."""
MAGIC = b"TGP1"
LIVE, TRACED = 1, 2
"""Flags: it has been begun and has not ended; Python's own debugger looks at it."""
BEAT_S = 0.2
"""How often the loop says that it goes round, with nothing else to do."""
SLACK_S = 5.0
"""How long what has no deadline of its own may take: a disk that is slow, a worker that is ended."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a daemon has come."""

    pid: int
    turns: int
    works: int
    patience_s: float
    """Within so many seconds `works` moves, whatever it waits for."""
    live: bool
    """It has begun to work and has not ended; before that it may take as long as it takes."""
    traced: bool = False


def progress_of(folder: Path) -> Progress | None:
    """Return how far the daemon of an account has come; None where it does not say."""
    raw = content(f"{folder}/{PROGRESS_FILE}")
    if raw is None or len(raw) != WORD.size:
        return None
    magic, pid, turns, works, patience, flags = WORD.unpack(raw)
    if magic != MAGIC:
        return None
    return Progress(
        pid=pid, turns=turns, works=works, patience_s=patience / 1000.0, live=bool(flags & LIVE),
        traced=bool(flags & TRACED),
    )  # fmt: skip


class Heart:
    """The daemon's end: it says how far it has come."""

    def __init__(self, folder: Path, patience_s: float) -> None:
        """Be silent yet; a single work will take `patience_s` seconds at most."""
        self.path = folder / PROGRESS_FILE
        self.base_s = self.patience_s = patience_s + SLACK_S
        self.turns = self.works = 0
        self.live = False
        self.every_s = BEAT_S
        """0: the loop says nothing by itself."""
        self._number = -1

    @contextlib.contextmanager
    def beating(self, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
        """Say how far it has come while something runs in a loop; what is not said yet is a start, and may take long.

        OSError where the disk refuses the word: nobody could watch then.
        """
        self._number = os.open(self.path, READ_WRITE | os.O_CREAT, 0o600)
        self.live = True

        def beat() -> None:
            self.turn()
            if self.live and self.every_s:
                loop.call_later(self.every_s, beat)

        beat()
        try:
            yield
        finally:
            self.live = False
            self._write()
            number, self._number = self._number, -1
            os.close(number)

    def turn(self) -> None:
        """Say that the loop goes round."""
        self.turns += 1
        self._write()

    def work(self) -> None:
        """Say that something was worked through."""
        self.works += 1
        self._write()

    @contextlib.contextmanager
    def waiting(self, seconds: float) -> Iterator[None]:
        """Say that for so long nothing may be worked through: what is waited for takes its time."""
        before, self.patience_s = self.patience_s, max(self.patience_s, self.base_s + seconds)
        self.work()
        try:
            yield
        finally:
            self.patience_s = before
            self.work()

    def _write(self) -> None:
        if self._number < 0:
            return
        flags = (LIVE if self.live else 0) | (TRACED if sys.gettrace() is not None else 0)
        word = WORD.pack(MAGIC, os.getpid(), self.turns, self.works, int(self.patience_s * 1000), flags)
        with contextlib.suppress(OSError):
            write_at(self._number, word, 0)
