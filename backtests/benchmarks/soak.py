"""Hours of a daemon with its worker, its trade server and its supervisor, under faults: nothing may grow.

    python -m backtests.benchmarks.soak --hours 8 --csv soak.csv

A minute of the market passes every second, orders of a gated strategy and of its shadow book are sent and answered,
and every few minutes something goes wrong: the trade server is silent for a while, or for longer than a call may take;
its process is started again; the worker is killed. The daemon is never killed, so what it keeps it keeps for hours.
Once a minute memory, descriptors and threads of every process are written down. Judged are the pages that a process has
written: those of a library are its own while nobody else has it loaded, and shared again when somebody has. It ends
with 1 where the daemon or the supervisor has grown, 0 where not.
"""

import argparse
import csv
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from backtests.benchmarks.accounts import Fleet
from backtests.benchmarks.minute_model import minute_model
from backtests.benchmarks.processes import Cost, cost
from backtests.benchmarks.timing import head
from brokers.mt5.lookalike.launch import launch, stop
from runtime.operator.client import status

SAMPLE_S = 60.0
FAULT_S = 180.0
WARM_S = 1200.0
"""What has not been loaded, cached and allocated by then is growth; the journal's page cache takes 900 bars to fill."""
RESTART_S = 120.0
"""A trade server that starts again does all again that it has recorded."""
FLAT_MIB_DAY, NOISE_MIB = 1.0, 1.5
"""Flat: not more than so much a day, and what a page more or less at either end comes to."""
DAY_S = 86_400.0
JUDGED = ("daemon", "supervisor")
"""The processes that must not grow: the worker is made anew by faults, the look-alike keeps its books in memory."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One process at one moment."""

    at_s: float
    who: str
    pid: int
    private_mib: float
    written_mib: float
    resident_mib: float
    cpu_s: float
    descriptors: int
    threads: int
    bars: int
    faults: int


class Soak:
    """The processes, what befell them, and what was seen."""

    def __init__(self, fleet: Fleet) -> None:
        """Start all of it."""
        self.fleet, self.state = fleet, fleet.state(fleet.names[0])
        self.samples: list[Sample] = []
        self.faults = 0
        self.began = time.monotonic()
        self.server = launch(fleet.home)
        env = {**os.environ, "XDG_STATE_HOME": str(fleet.folder / "told")}
        command = [sys.executable, "-m", "tidegate.cli", "up", str(fleet.accounts)]
        self.log = (fleet.folder / "up.log").open("wb")
        self.up = subprocess.Popen(command, stderr=self.log, env=env)

    def close(self) -> None:
        """End all of it."""
        self.up.terminate()
        self.up.wait()
        self.log.close()
        stop(self.server)

    # --- faults -----------------------------------------------------------------------------------------------------

    def fault(self) -> None:
        """Let the next thing go wrong."""
        kinds: Sequence[Callable[[], None]] = (self._slow, self._silent, self._worker_dies, self._server_restarts)
        kinds[self.faults % len(kinds)]()
        self.faults += 1

    def _slow(self) -> None:
        self._stopped(1.0)

    def _silent(self) -> None:
        self._stopped(8.0)

    def _stopped(self, seconds: float) -> None:
        self.server.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self.server.send_signal(signal.SIGCONT)

    def _worker_dies(self) -> None:
        worker = int(status(self.state).get("worker", 0))
        if worker:
            os.kill(worker, signal.SIGKILL)

    def _server_restarts(self) -> None:
        stop(self.server)
        self.server = launch(self.fleet.home, patience_s=RESTART_S)

    # --- samples ----------------------------------------------------------------------------------------------------

    def look(self) -> list[Sample]:
        """Write down every process."""
        told = status(self.state)
        pids = {
            "daemon": told.get("pid", 0),
            "worker": told.get("worker", 0),
            "supervisor": self.up.pid,
            "server": self.server.pid,
        }
        seen = [self._sample(who, int(pid), int(told.get("bars", 0))) for who, pid in pids.items() if pid]
        self.samples += seen
        return seen

    def _sample(self, who: str, pid: int, bars: int) -> Sample:
        try:
            found = cost(pid)
        except OSError:  # it has just been killed
            found = Cost(private_mib=0.0, written_mib=0.0, resident_mib=0.0, cpu_s=0.0, descriptors=0, threads=0)
        at_s = round(time.monotonic() - self.began, 1)
        return Sample(at_s=at_s, who=who, pid=pid, bars=bars, faults=self.faults, **msgspec.structs.asdict(found))

    def run(self, seconds: float, file: Path) -> None:
        """Sample once a minute and let things go wrong, writing every sample down at once."""
        next_sample, next_fault = self.began, self.began + FAULT_S
        with file.open("w", encoding="utf-8", newline="") as out:
            lines = csv.writer(out)
            lines.writerow(Sample.__struct_fields__)
            while (now := time.monotonic()) - self.began < seconds:
                if now >= next_sample:
                    next_sample += SAMPLE_S
                    lines.writerows(msgspec.structs.astuple(one) for one in self.look())
                    out.flush()
                if now >= next_fault:
                    next_fault += FAULT_S
                    self.fault()
                if self.up.poll() is not None:
                    raise RuntimeError(
                        f"the supervisor ended with {self.up.returncode}: see {self.fleet.folder}/up.log"
                    )
                time.sleep(0.5)
            lines.writerows(msgspec.structs.astuple(one) for one in self.look())


def slope(samples: Sequence[Sample]) -> float:
    """Return the growth of the memory written, MiB a day, by least squares; 0.0 for fewer than three samples."""
    if len(samples) < 3:
        return 0.0
    fit = statistics.linear_regression([s.at_s for s in samples], [s.written_mib for s in samples])
    return fit.slope * DAY_S


def complaints(samples: Sequence[Sample], warm_s: float = WARM_S) -> Iterator[str]:
    """Yield what has grown, or is not the process that it was."""
    for who in JUDGED:
        seen = [s for s in samples if s.who == who and s.at_s >= warm_s and s.written_mib]
        if len(seen) < 3:
            yield f"{who}: only {len(seen)} samples after {warm_s:g} s: run it for longer"
            continue
        third = max(1, len(seen) // 3)
        first, last = seen[:third], seen[-third:]
        if len({s.pid for s in seen}) > 1:
            yield f"{who}: it died, and was started again"
        grown = statistics.median(s.written_mib for s in last) - statistics.median(s.written_mib for s in first)
        allowed = NOISE_MIB + FLAT_MIB_DAY * (seen[-1].at_s - seen[0].at_s) / DAY_S
        if grown > allowed:
            yield f"{who}: memory it has written grew by {grown:.2f} MiB, {allowed:.2f} allowed"
        for what in ("descriptors", "threads"):
            before, after = (max(getattr(s, what) for s in part) for part in (first, last))
            if after > before:
                yield f"{who}: {what} grew from {before} to {after}"


def table(samples: Sequence[Sample], warm_s: float = WARM_S) -> Iterator[str]:
    """Yield the lines of the table."""
    yield "| process | MiB written, first to last | slope | private | resident | descriptors | threads | started |"
    yield "|---|---|---|---|---|---|---|---|"
    for who in dict.fromkeys(s.who for s in samples):
        seen = [s for s in samples if s.who == who and s.written_mib]
        warm = [s for s in seen if s.at_s >= warm_s] or seen
        private, resident, files, threads = (
            [getattr(s, what) for s in warm] for what in ("private_mib", "resident_mib", "descriptors", "threads")
        )
        yield (
            f"| {who} | {warm[0].written_mib:.2f} to {warm[-1].written_mib:.2f} | {slope(warm):+.1f} MiB a day | "
            f"{min(private):.1f} to {max(private):.1f} | {min(resident):.1f} to {max(resident):.1f} | "
            f"{min(files)} to {max(files)} | {min(threads)} to {max(threads)} | {len({s.pid for s in seen})} times |"
        )


def main() -> int:
    """Run, print the table, and return whether anything grew."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--csv", type=Path, default=Path("soak.csv"))
    parser.add_argument("--warm-s", type=float, default=WARM_S, help="seconds that are not judged")
    args = parser.parse_args()
    seconds = args.hours * 3600.0
    with tempfile.TemporaryDirectory() as name:
        fleet = Fleet(Path(name), 1)
        model = minute_model(Path(name) / "model")
        fleet.write(bars=int(seconds) + 3600, history=600, speed=60.0, call_timeout_s=5.0, model=model)
        soak = Soak(fleet)
        try:
            soak.run(seconds, args.csv)
        finally:
            soak.close()
    bars = max(s.bars for s in soak.samples)
    print(f"{args.hours:g} hours, {bars:,} bars, {soak.faults} faults; {head().splitlines()[0]}\n")
    print("\n".join(table(soak.samples, args.warm_s)))
    grown = list(complaints(soak.samples, args.warm_s))
    print(f"\n{'; '.join(grown) or 'flat'} (samples: {args.csv})")
    return int(bool(grown))


if __name__ == "__main__":
    sys.exit(main())
