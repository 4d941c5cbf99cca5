"""Locks between processes that go with the process that holds them: one gateway for an account."""

import sys
import time

from pathlib import Path
from typing import IO

AGAIN_S = 0.05


def held(path: Path, patience_s: float) -> IO[bytes] | None:
    """Hold a lock file for this process and return it; None where another still holds it after `patience_s`."""
    lock = path.open("ab")
    deadline = time.monotonic() + patience_s
    while not _taken(lock):
        if time.monotonic() >= deadline:
            lock.close()
            return None
        time.sleep(AGAIN_S)
    return lock


def _taken(lock: IO[bytes]) -> bool:
    if sys.platform == "win32":
        return True
    import fcntl  # noqa: PLC0415 - not on Windows

    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
