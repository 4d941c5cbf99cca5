"""Stand-ins of daemons, as processes of their own, for whoever watches over them; and a guardian that does."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time

from collections.abc import Callable, Iterator
from pathlib import Path

from runtime.guardian import Guarded, Guardian

ROOT = Path(__file__).parents[1]
PATIENCE_S = 20.0


class StandIn:
    """A daemon's stand-in: it moves until it is told to stand still."""

    def __init__(self, state: Path, *bus: str, plain: bool = False) -> None:
        """Start it, perhaps with an ear at a bus, or as one whom modes of files bind; it dies with us."""
        modes = ["--plain-user"] if plain else []
        confined = [sys.executable, str(ROOT / "tests" / "confined.py"), *modes, "--", sys.executable]
        self.process = subprocess.Popen(
            [*confined, "-m", "tests.standing", str(state), *bus], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, cwd=ROOT,
        )  # fmt: skip
        assert self.process.stdout is not None
        first = self.process.stdout.readline()
        if first != "up\n":
            self.close()
            raise AssertionError(f"a stand-in's first word was not `up` but {first!r}")

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def say(self, word: str) -> None:
        """Tell it what to do."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()

    def signal(self, number: signal.Signals) -> None:
        """Signal it."""
        os.kill(self.pid, number)

    def ended(self) -> bool:
        """Say whether it has ended."""
        return self.process.poll() is not None

    def close(self) -> None:
        """End it, however it stands."""
        self.process.kill()
        for end in (self.process.stdin, self.process.stdout):
            if end is not None:
                end.close()
        self.process.wait()


@contextlib.contextmanager
def guarding(state: Path, halt_s: float, kill_s: float = 0.0) -> Iterator[Guarded]:
    """Guard an account, in a thread of this process."""
    guardian, one = Guardian(), Guarded("a", state, halt_s, kill_s)
    assert guardian.take(one)
    thread = threading.Thread(target=guardian.run)
    thread.start()
    try:
        yield one
    finally:
        guardian.stop()
        thread.join()


def until(what: Callable[[], object], seconds: float = PATIENCE_S) -> float:
    """Wait until something is so; return how many seconds that took. It must be so in time."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < seconds, "it never came to that"
        time.sleep(0.005)
    return time.monotonic() - began
