"""A daemon as its supervisor sees it: a process started in a session of its own, or one that was found running."""

import contextlib
import os
import signal
import subprocess
import sys

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Protocol

from brokers.mt5.begun import inherited

if sys.platform == "win32":
    from brokers.mt5.locks import taken
else:
    import fcntl

LOCK_FILE = "daemon.lock"
"""Held by a running daemon, and holds its process id (`runtime/start.py`)."""


class Process(Protocol):
    """What can be done with either."""

    pid: int

    def poll(self) -> int | None:
        """Return its exit code once it has ended; None while it runs."""
        ...

    def send(self, number: int) -> None:
        """Signal it, if it still runs."""
        ...


class Child:
    """A daemon that this process started.

    Its session is its own, so that neither Ctrl-C nor a closed terminal reaches it past its supervisor; and it does not
    die with us (`docs/decisions/0008-daemons-outlive-their-supervisor.md`).
    """

    def __init__(self, command: Sequence[str], withheld: Iterable[str] = ()) -> None:
        """Start it, without variables of our environment that are `withheld`; OSError where that cannot be done."""
        env = inherited(withheld)
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, env=env)
        self.pid = self.process.pid

    def poll(self) -> int | None:
        """Return its exit code once it has ended; None while it runs."""
        return self.process.poll()

    def send(self, number: int) -> None:
        """Signal it, if it still runs."""
        self.process.send_signal(number)


class Found:
    """A daemon that somebody else started: only its lock tells whether it runs, and how it ended nobody can know."""

    def __init__(self, state: Path, pid: int) -> None:
        """Watch the daemon of an account's state folder."""
        self.state, self.pid = state, pid

    def poll(self) -> int | None:
        """Return None while it runs; then as if it had been killed: it is to be started again."""
        return None if owner(self.state) else -int(signal.SIGKILL)

    def send(self, number: int) -> None:
        """Signal it, if it still runs."""
        if owner(self.state) == self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


def owner(state: Path) -> int:
    """Return the process id of the daemon that holds an account, 0 where none does."""
    try:
        with (state / LOCK_FILE).open("rb") as file:
            if not _free(file):
                return int(file.read(32).strip() or 0)
    except (OSError, ValueError):
        return 0
    return 0


if sys.platform == "win32":

    def _free(file: IO[bytes]) -> bool:
        return taken(file)

else:

    def _free(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
