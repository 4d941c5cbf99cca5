"""What a supervisor says of its fleet to whoever asks: one file, and a lock that shows whether it lives."""

import contextlib
import hashlib
import os
import sys

from collections.abc import Iterator
from pathlib import Path

import msgspec

from platformdirs import user_state_path

from market.undecoded import UNDECODED

if sys.platform != "win32":
    import fcntl

LOG_FILE = "daemon.log"
"""A supervised daemon's log, in its account's state folder."""
_TAIL = 4096


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One account, as its supervisor knows it."""

    name: str
    state: str
    """Folder of journal and latch; empty where no good file tells it."""
    life: str
    restarts: int = 0
    pid: int = 0
    why: str = ""


class Tale(msgspec.Struct, frozen=True, kw_only=True):
    """All that a supervisor said last."""

    folder: str
    pid: int
    accounts: tuple[Told, ...]


def place(folder: Path) -> Path:
    """Return where the supervisor of a folder tells: beside the accounts' state, as the folder may not be writable."""
    path = folder.resolve()
    return user_state_path("tidegate") / "up" / f"{path.name}-{hashlib.sha256(os.fsencode(path)).hexdigest()[:12]}.json"


def tell(folder: Path, accounts: list[Told]) -> None:
    """Write what is known, whole or not at all."""
    path = place(folder)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(".new")
    draft.write_bytes(
        msgspec.json.encode(Tale(folder=str(folder.resolve()), pid=os.getpid(), accounts=tuple(accounts)))
    )
    draft.replace(path)


def heard(folder: Path) -> Tale | None:
    """Return what the supervisor of a folder said last, or None: never one, or nothing that can be read."""
    try:
        return msgspec.json.decode(place(folder).read_bytes(), type=Tale)
    except (OSError, *UNDECODED):
        return None


def supervised(folder: Path) -> bool:
    """Say whether a supervisor lives."""
    with held(folder, shared=True) as free:
        return not free


@contextlib.contextmanager
def held(folder: Path, *, shared: bool = False) -> Iterator[bool]:
    """Hold a folder itself, so that nothing need be written there; yields False where another holds it."""
    if sys.platform == "win32":
        yield True
        return
    try:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        yield True  # what is no folder nobody holds; whoever looks into it says so
        return
    try:
        yield _taken(fd, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
    finally:
        os.close(fd)


def _taken(fd: int, how: int) -> bool:
    try:
        fcntl.flock(fd, how | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def last_line(state: Path) -> str:
    """Return the last line a daemon said before it ended, for the person who is called; empty where there is none."""
    try:
        with (state / LOG_FILE).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            lines = file.read().decode(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1].removeprefix("tidegate: error: ") if lines else ""
