"""The daemon at full speed over the look-alike: start, memory, bars a second, bar closed to order answered."""

import argparse
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
    """Run the daemon once; return seconds to ready, MiB, bars a second, and what it has loaded."""
    home, total, _ = serve(config, bars=bars, speed=None)
    state = open_account(config)
    told: dict[str, Any] = {}
    seen: dict[str, Any] = {"mib": 0.0, "loaded": []}
    with serving(home), (folder / "log").open("wb") as log:
        began = time.perf_counter()
        command = [sys.executable, "-m", "tidegate.cli", "run", str(folder / "demo.toml")]
        with subprocess.Popen(command, stderr=log) as daemon:
            while daemon.poll() is None:
                told = status(state)
                if told.get("link") == "up" and "ready" not in seen:
                    seen |= {"ready": time.perf_counter() - began, "first": told["bars"], "loaded": loaded(daemon.pid)}
                if "ready" in seen and daemon.poll() is None:
                    seen["mib"] = max(seen["mib"], rss_or_zero(daemon.pid))
                time.sleep(0.02)
        ended = time.perf_counter() - began
    seen["rate"] = (total - seen["first"]) / (ended - seen["ready"])
    seen["latency"] = latencies(state)
    return seen


def rss_or_zero(pid: int) -> float:
    """Return the resident memory, or zero where the process has just ended."""
    try:
        return rss_mib(pid)
    except (OSError, StopIteration):
        return 0.0


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
    print(row("resident memory at most", [r["mib"] for r in runs], "MiB"))
    print(row("bars through worker, core and journal", [r["rate"] for r in runs], "bars/s", 0))
    print(row("bar closed to order answered", [statistics.median(r["latency"]) for r in runs], "ms"))
    print(f"heavy packages in the daemon: {', '.join(runs[0]['loaded']) or 'none'}")


if __name__ == "__main__":
    main()
