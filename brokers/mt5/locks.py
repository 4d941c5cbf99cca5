"""Locks between processes that go with the process that holds them, as Linux and as Windows does it.

One daemon and one gateway for an account, one account for a terminal.
"""

import contextlib
import os
import sys
import tempfile
import time

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

AGAIN_S = 0.05
SOON_S = 0.001
"""Writers hold a lock for milliseconds."""
FAR = 1 << 30
"""Windows locks bytes, and keeps others from reading them: this one lies behind whatever the file holds."""


def held(path: Path, patience_s: float) -> IO[bytes] | None:
    """Hold a lock file for this process and return it; None where another still holds it after `patience_s`.

    Folders of temporary files are swept: a file that was removed or replaced since it was opened keeps nobody out, and
    another may hold the one that stands at the path now.
    """
    deadline = time.monotonic() + patience_s
    while True:
        lock = path.open("ab")
        if taken(lock) and _stands(lock, path):
            return lock
        lock.close()
        if time.monotonic() >= deadline:
            return None
        time.sleep(AGAIN_S)


def _stands(lock: IO[bytes], path: Path) -> bool:
    """Say whether an open file is the one that stands at the path."""
    try:
        return os.path.samestat(os.fstat(lock.fileno()), path.stat())
    except FileNotFoundError:
        return False


def terminals() -> Path:
    """Return the folder of the locks of this user's terminals, whichever account uses them; it is made if need be."""
    owner = os.getuid() if sys.platform != "win32" else "locks"
    folder = Path(tempfile.gettempdir()) / f"tidegate-{owner}" / "terminals"
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    if sys.platform != "win32" and folder.parent.lstat().st_uid != owner:
        raise PermissionError(f"{folder.parent} belongs to somebody else: remove it")
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def claimed(path: Path, owner: str, patience_s: float) -> IO[bytes] | str:
    """Hold a lock file and write into it whose it is; or return what stands in it, where another still holds it."""
    lock = held(path, patience_s)
    if lock is None:
        return path.read_text(encoding="utf-8", errors="replace")
    lock.truncate(0)
    lock.write(owner.encode())
    lock.flush()
    return lock


def taken(lock: IO[Any]) -> bool:
    """Take the lock of an open file at once, until it is closed; False where another process has it."""
    try:
        _take(lock.fileno())
    except OSError:
        return False
    return True


@contextlib.contextmanager
def locked(path: Path, patience_s: float) -> Iterator[bool]:
    """Hold a writers' lock for as long as it takes; yields False where another does not let go of it in time."""
    deadline = time.monotonic() + patience_s
    with path.open("a") as lock:
        while not (held := taken(lock)) and time.monotonic() < deadline:
            time.sleep(SOON_S)
        yield held


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
