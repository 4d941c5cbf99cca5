"""From a crash to trading again: a worker killed, a daemon killed, with nothing on its way and with an order in flight.

Trading again means: linked, reconciled, and no hold that forbids an entry; asked of the daemon every few milliseconds.
Each kill is the first after a healthy time, as backing off from several is meant to take longer. An order in flight is
in doubt, so the settle window (`settle_s`) is waited out before its symbol is traded again: that is the design, and
its row is there to show it.
"""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from backtests.benchmarks.accounts import Fleet
from backtests.benchmarks.timing import tail, tail_head
from brokers.mt5.lookalike.launch import launch, stop
from brokers.word import SENDING_AT, WORD_FILE, WORD_SIZE
from runtime.operator.client import status

SHARES = (0.9, 0.99)
PATIENCE_S = 60.0
LOOK_S = 0.005
SETTLE_S = 2.0
NOTHING_SENT = bytes(8)

Process = subprocess.Popen[bytes]


class Account:
    """One account with its trade server, made anew for each kill."""

    def __init__(self, folder: Path, *, speed: float | None) -> None:
        """Write everything; minutes pass at a speed, or in lock-step."""
        self.fleet = Fleet(folder, 1)
        self.fleet.write(bars=20_000, history=200, speed=speed, call_timeout_s=SETTLE_S, settle_s=SETTLE_S)
        self.name = self.fleet.names[0]
        self.state = self.fleet.state(self.name)
        self.server: Process | None = None

    def told(self) -> dict[str, Any]:
        """Return what the daemon says of itself."""
        return status(self.state)

    def until_trading(self, other_than: int = 0, who: str = "worker") -> float:
        """Wait until the account may trade, with another worker or daemon than one that was killed; return when."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            told = self.told()
            fresh = told.get(who, 0) not in {0, other_than}
            if fresh and told.get("link") == "up" and not told["holds"] and told["level"] == "run":
                return time.monotonic()
            time.sleep(LOOK_S)
        raise RuntimeError(f"it did not trade again: {self.told()}")

    def freeze_sending(self) -> None:
        """Stop the trade server while an order is on its way to it."""
        assert self.server is not None  # noqa: S101 - it serves
        deadline = time.monotonic() + PATIENCE_S
        with (self.state / WORD_FILE).open("rb") as word:
            while time.monotonic() < deadline:
                while os.pread(word.fileno(), WORD_SIZE, SENDING_AT) == NOTHING_SENT and time.monotonic() < deadline:
                    pass
                self.server.send_signal(signal.SIGSTOP)
                time.sleep(0.02)
                if os.pread(word.fileno(), WORD_SIZE, SENDING_AT) != NOTHING_SENT:
                    return
                self.server.send_signal(signal.SIGCONT)
        raise RuntimeError("no order was sent in time")


@contextlib.contextmanager
def running(account: Account, *, supervised: bool) -> Iterator[Process]:
    """Run the account's server, and its daemon or the supervisor of it."""
    server = account.server = launch(account.fleet.home)
    env = {**os.environ, "XDG_STATE_HOME": str(account.fleet.folder / "told")}
    file = account.fleet.accounts / f"{account.name}.toml"
    words = ["up", str(account.fleet.accounts), "--gap", "0"] if supervised else ["run", str(file)]
    with (account.fleet.folder / "log").open("wb") as log:
        command = [sys.executable, "-m", "tidegate.cli", *words]
        with subprocess.Popen(command, stderr=log, stdout=log, env=env) as process:
            try:
                yield process
            finally:
                server.send_signal(signal.SIGCONT)
                process.terminate()
                process.wait()
                stop(server)


def worker_killed(folder: Path) -> float:
    """Return seconds from the death of a worker until its account trades again."""
    return _killed(Account(folder, speed=1.0), "worker", supervised=False)


def daemon_killed(folder: Path) -> float:
    """Return seconds from the death of a daemon until its supervisor's next one trades again."""
    return _killed(Account(folder, speed=1.0), "pid", supervised=True)


def _killed(account: Account, who: str, *, supervised: bool) -> float:
    with running(account, supervised=supervised):
        account.until_trading()
        victim = int(account.told()[who])
        began = time.monotonic()
        os.kill(victim, signal.SIGKILL)
        return account.until_trading(victim, who) - began


def worker_killed_in_flight(folder: Path) -> float:
    """Return the same for a worker that was waiting for the answer to an order."""
    return _killed_in_flight(Account(folder, speed=None), "worker", supervised=False)


def daemon_killed_in_flight(folder: Path) -> float:
    """Return the same for a daemon that was."""
    return _killed_in_flight(Account(folder, speed=None), "pid", supervised=True)


def _killed_in_flight(account: Account, who: str, *, supervised: bool) -> float:
    with running(account, supervised=supervised):
        account.until_trading()
        account.freeze_sending()
        assert account.server is not None  # noqa: S101 - it serves
        victim = int(account.told()[who])
        began = time.monotonic()
        os.kill(victim, signal.SIGKILL)
        account.server.send_signal(signal.SIGCONT)
        return account.until_trading(victim, who) - began


def repeated(what: Callable[[Path], float], count: int) -> list[float]:
    """Return the seconds of many kills, each of an account of its own."""
    found = []
    for _ in range(count):
        with tempfile.TemporaryDirectory() as name:
            found.append(what(Path(name)))
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=100, help="workers killed")
    parser.add_argument("--daemons", type=int, default=50, help="daemons killed")
    parser.add_argument("--in-flight", type=int, default=20, help="of each, killed with an order in flight")
    args = parser.parse_args()
    rows = {
        "worker killed, nothing on its way (aim: p99 3 s)": repeated(worker_killed, args.workers),
        "daemon killed, nothing on its way (aim: p99 5 s)": repeated(daemon_killed, args.daemons),
        f"worker killed, an order in flight, settle_s = {SETTLE_S:g}": repeated(
            worker_killed_in_flight, args.in_flight
        ),
        f"daemon killed, an order in flight, settle_s = {SETTLE_S:g}": repeated(
            daemon_killed_in_flight, args.in_flight
        ),
    }
    print(tail_head(SHARES))
    for what, found in rows.items():
        if found:
            print(tail(what, found, "s", SHARES, 2))


if __name__ == "__main__":
    main()
