"""Workers that outlive their daemon: each is written down when it is begun, and ended by the next daemon.

Only a process that is provably ours is ever ended: the same number, begun at the same moment of the same boot, running
the same command. Where the system does not tell these things (Windows, where a job ends workers with their daemon),
nobody is.
"""

import contextlib
import os
import signal
import sys
import time

from pathlib import Path

import msgspec

from brokers.mt5.inplace import replace
from market.undecoded import UNDECODED

RECORD = "worker.json"
NEWBORN_LOOKS, NEWBORN_S = 20, 0.0005
"""So often, and so far apart, a process is looked at until the system tells its command: microseconds, as a rule."""


class Begun(msgspec.Struct, frozen=True):
    """A process as the system knows it."""

    pid: int
    boot: str
    started: int
    """Ticks after the boot."""
    command: tuple[str, ...]


def remember(folder: Path, pid: int) -> None:
    """Write down a worker of the account in `folder`.

    For a moment after its start the system tells no command of a process: what is written then would match nothing.
    """
    found = seen(pid)
    for _ in range(NEWBORN_LOOKS):
        if found is None or found.command:
            break
        time.sleep(NEWBORN_S)
        found = seen(pid)
    if found is not None and found.command:
        draft = folder / f"{RECORD}.new"
        draft.write_bytes(msgspec.json.encode(found))
        replace(draft, folder / RECORD)


def orphan_of(folder: Path) -> int:
    """Return the process number of the worker written down last if it still lives, else 0.

    Whoever asks holds the account's daemon lock, and has no worker: then what lives is nobody's.
    """
    try:
        written = msgspec.json.decode((folder / RECORD).read_bytes(), type=Begun)
    except (OSError, *UNDECODED):
        return 0
    return written.pid if seen(written.pid) == written else 0


def end(folder: Path) -> None:
    """Kill the orphan; a process that took over its number in this very moment is left alone."""
    pid = orphan_of(folder)
    if not pid or sys.platform != "linux":
        return
    with contextlib.suppress(ProcessLookupError):
        handle = os.pidfd_open(pid)
        try:
            if orphan_of(folder) == pid:  # the handle is of the process that was looked at
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        finally:
            os.close(handle)


def seen(pid: int) -> Begun | None:
    """Return what the system says of a process that lives; None where it does not, or tells nothing."""
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    return None if state == "Z" else Begun(pid, boot, int(rest[18]), tuple(words))
