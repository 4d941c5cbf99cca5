"""Fleets to test with: accounts in a folder, the trade server they all are at, and the supervisor as a process."""

import os
import signal
import subprocess
import sys
import time

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from backtests.benchmarks.accounts import Fleet
from brokers.mt5.lookalike.launch import launch, stop
from runtime.fleet_process import owner
from runtime.operator.client import status

ROOT = Path(__file__).parents[1]
PATIENCE_S = 40.0


class Supervised(Fleet):
    """A fleet, and the processes of it that run."""

    def __init__(self, folder: Path, count: int) -> None:
        """Name what lies where; nothing runs yet."""
        super().__init__(folder, count)
        self.server: subprocess.Popen[bytes] | None = None
        self.up: subprocess.Popen[bytes] | None = None
        self.log = folder / "up.log"
        self.env = {**os.environ, "XDG_STATE_HOME": str(folder / "told")}

    def serve(self) -> None:
        """Start the trade server."""
        self.server = launch(self.home)

    def start(self, *command: str) -> None:
        """Start the supervisor, as a user would or by another command; it dies with us."""
        command = command or ("-m", "tidegate.cli", "up", str(self.accounts), "--gap", "0.1", "--no-guard")
        confined = [sys.executable, str(ROOT / "tests" / "confined.py"), "--", sys.executable]
        with self.log.open("ab") as log:
            self.up = subprocess.Popen([*confined, *command], stdout=log, stderr=log, cwd=ROOT, env=self.env)

    def signal(self, number: signal.Signals) -> None:
        """Signal the supervisor."""
        assert self.up is not None
        self.up.send_signal(number)

    def end(self, code: int = 0) -> None:
        """Wait until the supervisor has ended, with this exit code."""
        assert self.up is not None
        found = self.up.wait(PATIENCE_S)
        assert code == found, self.log.read_text(encoding="utf-8")[-3000:]

    def close(self) -> None:
        """End whatever still runs."""
        if self.up is not None and self.up.poll() is None:
            self.up.terminate()  # it ends what it has started, and has not told of yet
            self.up.wait(PATIENCE_S)
        for one in self.pids():
            os.kill(one, signal.SIGKILL)
        if self.server is not None:
            stop(self.server)

    def pids(self) -> list[int]:
        """Return the process ids of the daemons that run."""
        started = {int(event["pid"]) for event in self.events("started")}
        held = {owner(self.state(name)) for name in self.names}
        return sorted(pid for pid in started | held if pid and _lives(pid))

    def all_hold(self) -> bool:
        """Say whether every account has a daemon that holds its lock: by that a supervisor finds it running."""
        return all(owner(self.state(name)) for name in self.names)

    # --- looks ------------------------------------------------------------------------------------------------------

    def events(self, what: str, account: str = "") -> list[dict[str, Any]]:
        """Return what the supervisor said of one kind, perhaps of one account, oldest first."""
        lines = self.log.read_bytes().splitlines() if self.log.exists() else []
        said = [msgspec.json.decode(line) for line in lines if line.startswith(b"{")]
        return [e for e in said if e["event"] == what and account in {"", e.get("account")}]

    def status(self, name: str) -> dict[str, Any]:
        """Return what a daemon says of itself."""
        return status(self.state(name))

    def until(self, what: Callable[[], object]) -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + PATIENCE_S
        while not what():
            assert time.monotonic() < deadline, self.log.read_text(encoding="utf-8")[-3000:]
            time.sleep(0.02)

    def until_bars(self, more: int = 3) -> None:
        """Wait until every daemon has taken in a few bars more."""
        had = {name: self.status(name).get("bars", 0) for name in self.names}
        self.until(lambda: all(self.status(name).get("bars", 0) >= had[name] + more for name in self.names))

    def tidegate(self, *words: str, code: int = 0) -> str:
        """Run a command of `tidegate` to its end; return what it printed."""
        command = [sys.executable, "-m", "tidegate.cli", *words]
        done = subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, check=False)
        assert code == done.returncode, done.stdout + done.stderr
        return done.stdout


def _lives(pid: int) -> bool:
    """Say whether a process runs; one that has ended, and that nobody has waited for, does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
