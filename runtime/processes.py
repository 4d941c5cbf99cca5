"""What the system tells of processes that are not ours to wait for, and how a daemon is ended that does not move."""

import contextlib
import os
import signal
import sys

from pathlib import Path
from typing import IO

from brokers.mt5 import orphans
from brokers.mt5.locks import claimed
from runtime.fleet_process import LOCK_FILE, owner


def starved_s(pid: int) -> float:
    """Return for how many seconds of its life a process was ready to run and had no processor; 0.0: nobody knows."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


def traced(pid: int) -> bool:
    """Say whether a debugger holds a process."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return False
    return any(line.startswith("TracerPid:") and line.split()[1] != "0" for line in lines)


def barred(state: Path, patience_s: float) -> IO[bytes] | None:
    """Hold the lock of an account's daemon, so that none begins; None where one still runs. OSError where it cannot."""
    lock = claimed(state / LOCK_FILE, f"{os.getpid()}\n", patience_s)
    return None if isinstance(lock, str) else lock


def end(state: Path, pid: int) -> None:
    """Kill an account's daemon and its worker, at once; only who holds the account's lock is taken for its daemon."""
    if pid:
        kill(state, pid)
    orphans.end(state)


if sys.platform == "linux":

    def kill(state: Path, pid: int) -> None:
        """Kill the daemon that holds an account, and no process that took over its number in this very moment."""
        with contextlib.suppress(ProcessLookupError):
            handle = os.pidfd_open(pid)
            try:
                if owner(state) == pid:
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
            finally:
                os.close(handle)

else:

    def kill(state: Path, pid: int) -> None:
        """Kill the daemon that holds an account."""
        with contextlib.suppress(OSError):
            if owner(state) == pid:
                os.kill(pid, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
