"""The daemon at full speed over the look-alike: start, memory, bars a second, bar closed to order answered.

The way from bar to order is read off the journal: the clock when a bar's row was handled, and when the answer to its
first order was. Between them lie decision, durable commit, gateway, sending and the venue's answer, so it is an upper
bound of bar closed to order sent; the journal's clock counts milliseconds.
"""

import argparse
import contextlib
import statistics
import subprocess
import sys
import tempfile
import time

from pathlib import Path
from typing import Any

from backtests.benchmarks.timing import head, row
from backtests.demo import demo_config, open_account, serve, serving
from backtests.training import train_from_config
from config.account import AccountConfig
from runtime.journal.reader import JournalReader
from runtime.operator.client import status

LOOK_S = 0.05
"""Between two looks at the daemon, which cost it a little time each."""
HEAVY = ("pandas", "numba", "sklearn", "hmmlearn", "scipy", "numpy")


def rss_mib(pid: int) -> float:
    """Return the resident memory of a process, MiB."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def loaded(pid: int) -> list[str]:
    """Return which heavy packages have mapped a library of theirs into a process."""
    maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
    return [name for name in HEAVY if f"/{name}/" in maps]


def once(config: AccountConfig, folder: Path, bars: int) -> dict[str, Any]:
    """Run the daemon once; return seconds to ready, MiB, bars a second, milliseconds, and what it has loaded."""
    home, total, _ = serve(config, bars=bars, speed=None)
    state = open_account(config)
    seen: dict[str, Any] = {}
    with serving(home), (folder / "log").open("wb") as log:
        began = time.perf_counter()
        command = [sys.executable, "-m", "tidegate.cli", "run", str(folder / "demo.toml")]
        with subprocess.Popen(command, stderr=log) as daemon:
            while daemon.poll() is None:
                told = status(state)
                with contextlib.suppress(OSError, StopIteration):  # it has just ended
                    look(daemon.pid, told, seen, time.perf_counter() - began)
                time.sleep(LOOK_S)
        ended = time.perf_counter() - began
    if "ready" not in seen:
        raise RuntimeError(f"the daemon was never ready: {(folder / 'log').read_text(encoding='utf-8')[-500:]}")
    seen["rate"] = (total - seen["first"]) / (ended - seen["ready"])
    seen["latency"] = latencies(state)
    return seen


def look(pid: int, told: dict[str, Any], seen: dict[str, Any], elapsed: float) -> None:
    """Note what a running daemon has become: ready when warm and given its first live bar, and at every look after."""
    if "ready" not in seen:
        if not told.get("bars"):
            return
        seen |= {"ready": elapsed, "first": told["bars"], "at_ready": rss_mib(pid)}
    seen["mib"], seen["loaded"] = rss_mib(pid), loaded(pid)


def latencies(state: Path) -> list[float]:
    """Return milliseconds from a bar's row to its first order's answer: decided, on disk, sent, answered."""
    found, bar = [], 0
    with JournalReader(state / "journal.sqlite") as reader:
        for entry in reader.rows():
            if entry.kind == "BarClosed":
                bar = entry.wall
            elif entry.kind == "Accepted" and bar:
                found.append(float(entry.wall - bar))
                bar = 0
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bars", type=int, default=3775)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = demo_config(folder)
        train_from_config(config)
        runs = [once(config, folder, args.bars) for _ in range(args.repeats)]
    print(head())
    print(row("start to ready", [r["ready"] for r in runs], "s", 2))
    print(row("resident memory when ready", [r["at_ready"] for r in runs], "MiB"))
    print(row("resident memory at the end", [r["mib"] for r in runs], "MiB"))
    print(row("bars through worker, core and journal", [r["rate"] for r in runs], "bars/s", 0))
    print(row("bar closed to order answered, median", [statistics.median(r["latency"]) for r in runs], "ms"))
    slowest = [statistics.quantiles(r["latency"], n=20)[-1] for r in runs]
    print(row("bar closed to order answered, slowest twentieth", slowest, "ms"))
    found = sorted({name for r in runs for name in r["loaded"]})
    print(f"\nof {', '.join(HEAVY)} the daemon has loaded: {', '.join(found) or 'none'}")


if __name__ == "__main__":
    main()
