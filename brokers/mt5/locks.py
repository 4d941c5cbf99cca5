"""Locks between processes that go with the process that holds them, as Linux and as Windows does it."""

import os
import sys
import time

from pathlib import Path
from typing import IO, Any

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

AGAIN_S = 0.05
FAR = 1 << 30
"""Windows locks bytes, and keeps others from reading them: this one lies behind whatever the file holds."""


def held(path: Path, patience_s: float) -> IO[bytes] | None:
    """Hold a lock file for this process and return it; None where another still holds it after `patience_s`."""
    lock = path.open("ab")
    deadline = time.monotonic() + patience_s
    while not taken(lock):
        if time.monotonic() >= deadline:
            lock.close()
            return None
        time.sleep(AGAIN_S)
    return lock


def taken(lock: IO[Any]) -> bool:
    """Take the lock of an open file at once, until it is closed; False where another process has it."""
    try:
        _take(lock.fileno())
    except OSError:
        return False
    return True


if sys.platform == "win32":

    def _take(number: int) -> None:
        here = os.lseek(number, 0, os.SEEK_CUR)
        os.lseek(number, FAR, os.SEEK_SET)
        try:
            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
        finally:
            os.lseek(number, here, os.SEEK_SET)

else:

    def _take(number: int) -> None:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
