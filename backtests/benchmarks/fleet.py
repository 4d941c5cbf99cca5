"""Many accounts on one machine: memory of each, and how long after a minute's close all of them have decided.

The accounts are at one trade server and each has a terminal of its own; minutes are real ones, so a run takes some. The
server's record tells when a minute closed (its line is awaited), an account's journal when it had decided: its row's
wall clock. One strategy behind a regime model each, shadow books too, orders sent and answered.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from collections.abc import Callable
from pathlib import Path

import msgspec

from backtests.benchmarks.accounts import Fleet
from backtests.benchmarks.minute_model import minute_model
from backtests.benchmarks.processes import Cost, cost
from backtests.benchmarks.timing import head, row
from brokers.mt5.lookalike.launch import launch, stop
from runtime.journal.reader import JournalReader
from runtime.operator.client import status

STEP = b'{"in":"done"'
"""The server's record of a minute that closed."""
AIM_MIB, AIM_S = 110.0, 2.0


class Found(msgspec.Struct, kw_only=True):
    """What one run of a fleet found."""

    accounts: int
    up_s: float
    """From the start of the supervisor until all were linked."""
    pairs: list[tuple[Cost, Cost]]
    """Daemon and worker of each account, at the end."""
    cpu_share: float
    """Processor time of all daemons and workers, as a share of one core."""
    server_share: float
    closes: list[list[float]]
    """Of each minute, seconds from its close until each account had decided."""


def measure(fleet: Fleet, minutes: int, *, minute_s: float, gap_s: float) -> Found:
    """Run a fleet that was written, for so many closes of a minute after all are up."""
    log = fleet.folder / "up.log"
    server = launch(fleet.home)
    env = {**os.environ, "XDG_STATE_HOME": str(fleet.folder / "told")}
    command = [sys.executable, "-m", "tidegate.cli", "up", str(fleet.accounts), "--gap", str(gap_s)]
    began = time.monotonic()
    with log.open("wb") as file, subprocess.Popen(command, stderr=file, env=env) as up:
        try:
            _until(lambda: all(_linked(fleet, name) for name in fleet.names), 60.0 + fleet.count * (gap_s + 2.0), log)
            up_s = time.monotonic() - began
            seen = [status(fleet.state(name)) for name in fleet.names]
            pids = [(int(told["pid"]), int(told["worker"])) for told in seen]
            before, since = _cpu(pids, server.pid), time.monotonic()
            moments = closes(fleet.home / "ledger.jsonl", minutes, minute_s)
            time.sleep(min(minute_s / 2, 10.0))
            after, took = _cpu(pids, server.pid), time.monotonic() - since
            pairs = [(cost(daemon), cost(worker)) for daemon, worker in pids]
        finally:
            up.send_signal(signal.SIGTERM)
            up.wait()
            stop(server)
    minute_by_minute = [decided(fleet, moments, n, minute_s) for n in range(minutes)]
    return Found(
        accounts=fleet.count, up_s=up_s, pairs=pairs, cpu_share=(after[0] - before[0]) / took,
        server_share=(after[1] - before[1]) / took, closes=minute_by_minute,
    )  # fmt: skip


def _linked(fleet: Fleet, name: str) -> bool:
    return bool(status(fleet.state(name)).get("link") == "up")


def _until(what: Callable[[], bool], patience_s: float, log: Path) -> None:
    deadline = time.monotonic() + patience_s
    while not what():
        if time.monotonic() > deadline:
            raise RuntimeError(f"the fleet did not come up: {log.read_text(encoding='utf-8')[-2000:]}")
        time.sleep(0.5)


def _cpu(pids: list[tuple[int, int]], server: int) -> tuple[float, float]:
    return sum(cost(pid).cpu_s for pair in pids for pid in pair), cost(server).cpu_s


def closes(ledger: Path, minutes: int, minute_s: float) -> list[int]:
    """Wait for so many closes of a minute; return the wall clock, UTC milliseconds, at which each was recorded."""
    moments: list[int] = []
    deadline = time.monotonic() + minute_s * (minutes + 2)
    with ledger.open("rb") as file:
        file.seek(0, os.SEEK_END)
        rest = b""
        while len(moments) < minutes and time.monotonic() < deadline:
            *lines, rest = (rest + file.read()).split(b"\n")
            moments += [time.time_ns() // 1_000_000 for line in lines if line.startswith(STEP)]
            time.sleep(0.002)
    return moments


def decided(fleet: Fleet, moments: list[int], n: int, minute_s: float) -> list[float]:
    """Return seconds from a close until each account's journal had the bar; fewer where one never had it."""
    found = []
    for name in fleet.names:
        with JournalReader(fleet.state(name) / "journal.sqlite") as reader:
            walls = [entry.wall for entry in reader.rows() if entry.kind == "BarClosed"]
        after = [(wall - moments[n]) / 1000 for wall in walls if wall >= moments[n] - 5]
        found += [after[0]] if after and after[0] < minute_s else []
    return found


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=100)
    parser.add_argument("--minutes", type=int, default=4)
    parser.add_argument("--minute-s", type=float, default=60.0, help="how long a minute takes; 60 is the real thing")
    parser.add_argument("--gap", type=float, default=0.5)
    parser.add_argument("--poll-ms", type=int, default=100)
    parser.add_argument("--folder", type=Path, help="keep everything there")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = args.folder or Path(name)
        fleet = Fleet(folder / "fleet", args.accounts)
        bars = args.minutes + 10 + int(args.accounts * (args.gap + 2.0) / args.minute_s)
        fleet.write(
            bars=bars, speed=60.0 / args.minute_s, poll_ms=args.poll_ms, model=minute_model(folder / "model"),
        )  # fmt: skip
        print_found(measure(fleet, args.minutes, minute_s=args.minute_s, gap_s=args.gap))


def print_found(found: Found) -> None:
    """Print what a run found, beside what was aimed at."""
    both = [daemon.private_mib + worker.private_mib for daemon, worker in found.pairs]
    print(f"{found.accounts} accounts, all linked {found.up_s:.0f} s after the start\n\n{head()}")
    print(row(f"private memory of daemon and worker (aim: {AIM_MIB:g} MiB)", both, "MiB"))
    print(row("of the daemon", [daemon.private_mib for daemon, _ in found.pairs], "MiB"))
    print(row("of the worker", [worker.private_mib for _, worker in found.pairs], "MiB"))
    print(row("resident memory of the daemon", [daemon.resident_mib for daemon, _ in found.pairs], "MiB"))
    print(row("resident memory of the worker", [worker.resident_mib for _, worker in found.pairs], "MiB"))
    last = [max(one) for one in found.closes if one]
    print(row(f"close of a minute to the last account's decision (aim: {AIM_S:g} s)", last, "s", 2))
    print(row("to the account in the middle", [statistics.median(one) for one in found.closes if one], "s", 2))
    print(row("accounts that decided", [float(len(one)) for one in found.closes], "", 0))
    print(
        f"\nprocessor time of daemons and workers: {found.cpu_share:.2f} of a core; "
        f"of the trade server: {found.server_share:.2f}"
    )


if __name__ == "__main__":
    main()
