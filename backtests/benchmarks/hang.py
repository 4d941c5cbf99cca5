"""A terminal that hangs must not delay the daemon: how late its event loop is before, during and after.

A real daemon runs in this process, on an event loop that asks itself every few milliseconds how late it is. Its trade
server is then stopped, so that no call of its terminal returns: deadline, kill and new workers follow, each of which
hangs again, until it goes on. The lag of a loop that does nothing else but ask is measured first: it is the machine's.
"""

import argparse
import asyncio
import os
import signal
import tempfile
import threading
import time

from pathlib import Path

from backtests.benchmarks.accounts import Fleet
from backtests.benchmarks.timing import tail, tail_head
from brokers.mt5.lookalike.launch import launch, stop
from config.load import load
from runtime.operator.client import status
from runtime.start import run

SHARES = (0.99, 0.999)
AIM_MS = 20.0
EVERY_S = 0.002
PATIENCE_S = 30.0


class Probed(asyncio.SelectorEventLoop):
    """An event loop that notes how late it comes to a callback that is due."""

    def __init__(self, lags: list[tuple[float, float]]) -> None:
        """Note into `lags`: when, monotonic seconds, and how late, milliseconds."""
        super().__init__()
        self.lags = lags
        self.call_later(EVERY_S, self._ask, self.time() + EVERY_S)

    def _ask(self, due: float) -> None:
        now = self.time()
        self.lags.append((now, (now - due) * 1000.0))
        self.call_later(EVERY_S, self._ask, now + EVERY_S)


class Policy(asyncio.DefaultEventLoopPolicy):
    """Makes such loops."""

    def __init__(self) -> None:
        """Begin with nothing noted."""
        super().__init__()
        self.lags: list[tuple[float, float]] = []

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        """Return a loop that notes its lag."""
        return Probed(self.lags)


def idle(seconds: float) -> list[float]:
    """Return the lag, in milliseconds, of a loop with nothing else to do."""
    lags: list[tuple[float, float]] = []
    with asyncio.Runner(loop_factory=lambda: Probed(lags)) as runner:
        runner.run(asyncio.sleep(seconds))
    return [lag for _, lag in lags]


class Fault(threading.Thread):
    """Lets the daemon run, stops its trade server for a while, lets it run again, and ends it."""

    def __init__(self, fleet: Fleet, server: int, seconds: float) -> None:
        """Be ready; `server` is a process id."""
        super().__init__()
        self.state, self.server, self.seconds = fleet.state(fleet.names[0]), server, seconds
        self.marks: list[float] = []

    def run(self) -> None:
        """Go through all of it, noting when each part began."""
        try:
            self._until("up")
            self._for(min(self.seconds, 10.0))
            os.kill(self.server, signal.SIGSTOP)
            self._for(self.seconds)
            os.kill(self.server, signal.SIGCONT)
            self._until("up")
            self._for(min(self.seconds, 10.0))
            self.marks.append(time.monotonic())
        finally:
            os.kill(self.server, signal.SIGCONT)
            os.kill(os.getpid(), signal.SIGTERM)

    def _for(self, seconds: float) -> None:
        self.marks.append(time.monotonic())
        time.sleep(seconds)

    def _until(self, link: str) -> None:
        deadline = time.monotonic() + PATIENCE_S + self.seconds
        while status(self.state).get("link") != link:
            if time.monotonic() > deadline:
                raise RuntimeError(f"the link did not come {link}: {status(self.state)}")
            time.sleep(0.1)


def faulted(folder: Path, seconds: float, timeout_s: float) -> list[list[float]]:
    """Return the lag, in milliseconds, before, during and after the fault."""
    fleet = Fleet(folder, 1)
    fleet.write(bars=20_000, history=600, speed=60.0, call_timeout_s=timeout_s)
    policy = Policy()
    asyncio.set_event_loop_policy(policy)
    server = launch(fleet.home)
    fault = Fault(fleet, server.pid, seconds)
    try:
        fault.start()
        run(load(fleet.accounts / f"{fleet.names[0]}.toml"), fleet.state(fleet.names[0]))
    finally:
        fault.join()
        stop(server)
        asyncio.set_event_loop_policy(None)
    parts = list(zip(fault.marks, fault.marks[1:], strict=False))
    return [[lag for at, lag in policy.lags if begin <= at < end] for begin, end in parts]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the terminal hangs")
    parser.add_argument("--timeout", type=float, default=2.0, help="deadline of a call, seconds")
    args = parser.parse_args()
    machine = idle(min(args.seconds, 10.0))
    with tempfile.TemporaryDirectory() as name:
        before, during, after = faulted(Path(name), args.seconds, args.timeout)
    print(tail_head(SHARES))
    print(tail("a loop with nothing to do", machine, "ms", SHARES, 2))
    print(tail("the daemon before, a bar a second", before, "ms", SHARES, 2))
    print(tail(f"while its terminal hangs (aim: p99.9 {AIM_MS:g} ms)", during, "ms", SHARES, 2))
    print(tail("after it has come back", after, "ms", SHARES, 2))


if __name__ == "__main__":
    main()
