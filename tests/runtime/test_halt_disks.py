"""A halt where no disk takes it: all that run the account meet the same disk, and whoever lives is enough.

Nearly full: it has room for the latch's word, and for nothing longer. Full: not even for that. Read-only: no file of
the account may be written, nor be made.
"""

import resource
import signal
import subprocess
import sys

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from backtests.benchmarks.mosquitto import free_port
from config.remote import RemoteSection
from runtime.operator import latch
from runtime.operator.client import KILLED
from runtime.operator.keyfiles import new_key
from tests.latches import latched
from tests.stand_ins import ROOT, StandIn, until
from tests.standing import ACCOUNT

Disk = Literal["nearly full", "full", "read-only"]
Daemon = Literal["well", "stuck", "none"]
ROOM = {"nearly full": 30, "full": 1}
"""Bytes that no file may grow beyond."""
GUARDING = """
import sys
from pathlib import Path
from tests.stand_ins import guarding
with guarding(Path(sys.argv[1]), 1000.0):
    print("up", flush=True)
    sys.stdin.read()
"""


class Account:
    """An account, and processes that obey the modes of files."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        """Let it trade, with nobody there but a person."""
        self.folder, self.state, self.stack = folder, latched(folder / "state", "run"), stack
        new_key(ACCOUNT, "daemon", folder / "ring.json", folder / "daemon.jwk")
        new_key("me", "operator", folder / "ring.json", folder / "me.jwk")
        self.processes: list[subprocess.Popen[str]] = []
        self.person = self.process("-m", "tests.plain_user")

    def process(self, *words: str) -> subprocess.Popen[str]:
        """Run Python as one who may not pass over modes of files."""
        confined = [sys.executable, str(ROOT / "tests" / "confined.py"), "--plain-user", "--", sys.executable]
        started = subprocess.Popen(
            [*confined, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        self.stack.callback(started.communicate)
        self.processes.append(started)
        return started

    def guard(self) -> None:
        """Have a guardian."""
        guardian = self.process("-c", GUARDING, str(self.state))
        assert guardian.stdout is not None
        assert "up\n" in iter(guardian.stdout.readline, "")  # behind what it logs

    def run(self, daemon: Daemon) -> StandIn | None:
        """Have a daemon, or none."""
        if daemon == "none":
            return None
        started = StandIn(self.state, plain=True)
        self.stack.callback(started.close)
        self.processes.append(started.process)
        if daemon == "stuck":
            started.signal(signal.SIGSTOP)
        return started

    def spoil(self, disk: Disk) -> None:
        """Have the disk take no more from anybody, from now on."""
        if disk == "read-only":
            for file in filter(Path.is_file, self.state.iterdir()):  # sockets are spoken to all the same
                file.chmod(0o444)
            self.state.chmod(0o555)
            return
        for process in self.processes:
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (ROOM[disk], ROOM[disk]))

    def halts(self) -> dict[str, Any]:
        """Have the person halt the account, with no bus that is there."""
        nobody = RemoteSection(
            account=ACCOUNT, host="localhost", port=free_port(), tls=False, key=str(self.folder / "me.jwk"),
            operators=str(self.folder / "ring.json"),
        )  # fmt: skip
        assert self.person.stdin is not None
        assert self.person.stdout is not None
        self.person.stdin.write(msgspec.json.encode((str(self.state), nobody)).decode() + "\n")
        self.person.stdin.flush()
        said: dict[str, Any] = msgspec.json.decode(self.person.stdout.readline())
        return said


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    """Return an account in a folder of its own, which may be written again afterwards."""
    with ExitStack() as stack:
        found = Account(tmp_path, stack)
        yield found
        found.state.chmod(0o700)


@pytest.mark.parametrize("daemon", ["well", "stuck", "none"])
def test_a_disk_with_room_for_the_word_alone_keeps_no_halt_from_falling(account: Account, daemon: Daemon) -> None:
    """The person writes it: log and file are not written, which contradicts the word, and reads as halt."""
    account.run(daemon)
    account.spoil("nearly full")
    said = account.halts()

    assert ("direct", "halt") == (said["path"], latch.read(account.state).level)


@pytest.mark.parametrize("daemon", ["well", "stuck", "none"])
@pytest.mark.parametrize("disk", ["full", "read-only"])
def test_where_nobody_can_write_the_guardian_ends_the_daemon(account: Account, disk: Disk, daemon: Daemon) -> None:
    """What cannot be latched is made so: nothing new can leave, and no daemon begins before it can be latched."""
    account.guard()
    started = account.run(daemon)
    account.spoil(disk)
    said = account.halts()

    assert ("guardian", KILLED) == (said.get("path"), said.get("note")), said
    assert started is None or until(started.ended) >= 0.0
    assert ["direct", "daemon"] == [one["path"] for one in said["tried"][:-1]]


@pytest.mark.parametrize("daemon", ["well", "stuck", "none"])
@pytest.mark.parametrize("disk", ["full", "read-only"])
def test_where_nobody_can_write_nor_kill_it_says_whom_to_end(account: Account, disk: Disk, daemon: Daemon) -> None:
    """Nothing is taken for a halt that is none."""
    started = account.run(daemon)
    account.spoil(disk)
    said = account.halts()
    stands = latch.read(account.state).level

    assert "NOTHING HAS WORKED" in said.get("problem", ""), said
    assert started is None or f"kill -9 {started.pid}" in said["problem"]
    assert "run" == stands
