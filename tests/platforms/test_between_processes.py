"""What the operating system does between processes: locks, lives tied to a parent, the ear, and being asked to end.

Each platform does it otherwise, so these tests run on all: here, and under a Windows Python by `nox -s wine`.
"""

import asyncio
import os
import signal
import subprocess
import sys

from pathlib import Path

import pytest

from brokers.mt5.locks import held
from config.errors import AlreadyRunning
from runtime.operator.control import Asked, Control, ask
from runtime.signals import on_stop
from runtime.start import only_daemon
from tests.latches import command, latched

HOLDS = """
import sys
from pathlib import Path
from brokers.mt5.locks import held
from brokers.mt5.mortal import die_with_parent
die_with_parent(int(sys.argv[2]))
lock = held(Path(sys.argv[1]), 5.0)
print("held", flush=True)
import time
time.sleep(60)
"""
TIES = """
import os, subprocess, sys
from brokers.mt5.mortal import tie
child = subprocess.Popen([sys.executable, "-c", sys.argv[2], sys.argv[1], str(os.getpid())], stdout=subprocess.PIPE)
tie(child)
print(child.stdout.readline().decode().strip(), flush=True)
import time
time.sleep(60)
"""
PATIENCE_S = 10.0


def started(script: str, *args: str) -> subprocess.Popen[bytes]:
    """Start a Python of our own kind with a script, and wait until it says that it holds its lock."""
    process = subprocess.Popen([sys.executable, "-c", script, *args], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert b"held" == process.stdout.readline().strip()
    return process


def ended(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and wait for its end."""
    process.kill()
    process.communicate()


def before_and_after(path: Path, process: subprocess.Popen[bytes]) -> list[bool]:
    """Return whether a lock is to be had while a process lives, and once it is killed."""
    before = held(path, 0.0)
    ended(process)
    after = held(path, PATIENCE_S)
    for lock in filter(None, (before, after)):
        lock.close()
    return [before is not None, after is not None]


def test_a_lock_is_held_by_one_process_and_goes_with_it(tmp_path: Path) -> None:
    """Another process is kept out while the first lives, and no longer."""
    path = tmp_path / "one.lock"
    found = before_and_after(path, started(HOLDS, str(path), str(os.getpid())))

    assert [False, True] == found


def test_a_child_that_is_tied_dies_with_its_parent(tmp_path: Path) -> None:
    """The parent is killed and can do nothing any more: the child's lock is free soon after."""
    path = tmp_path / "one.lock"
    found = before_and_after(path, started(TIES, str(path), HOLDS))

    assert [False, True] == found


def test_an_account_has_one_daemon_and_its_lock_says_which(tmp_path: Path) -> None:
    """The second is refused and told the first one's process id, which the lock does not hide."""
    with only_daemon(tmp_path), pytest.raises(AlreadyRunning, match=rf"pid {os.getpid()}\b"), only_daemon(tmp_path):
        pass


def test_the_daemon_is_heard_and_halted_through_its_ear(tmp_path: Path) -> None:
    """Status and a halt go through whichever ear this platform has."""
    folder = latched(tmp_path / "a", "run")
    control = Control(folder, lambda: {"bars": 7}, lambda _: pytest.fail("nothing was loosened"), lambda: None)
    try:
        told = ask(folder, Asked(do="status"))
        halted = ask(folder, Asked(do="level", command=command("halt")))
    finally:
        control.close()

    assert (True, 7) == (told["ok"], told["bars"])
    assert (True, "halt") == (halted["ok"], halted["level"])
    with pytest.raises(OSError, match=r"."):
        ask(folder, Asked(do="status"), 0.5)


def test_being_interrupted_stops_the_daemon() -> None:
    """Ctrl-C reaches the loop as a word, and does not break it."""

    async def live() -> str:
        told: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        on_stop(asyncio.get_running_loop(), told.set_result)
        signal.raise_signal(signal.SIGINT)
        return await asyncio.wait_for(told, 5.0)

    before = signal.getsignal(signal.SIGINT)
    try:
        told = asyncio.run(live())
    finally:
        signal.signal(signal.SIGINT, before)

    assert told == "SIGINT"
