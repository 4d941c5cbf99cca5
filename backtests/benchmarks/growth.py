"""How a backtest grows with its bars: time and memory of the whole process, from Parquet to the summary.

Minutes of a seeded walk, of which ten times as many begin as the others do. The built-in trend strategy behind a gate
of two states, whose model learns from the first bars, or without a gate; averages are so long that it trades seldom,
since every deal is kept in words. Model and loops are made ready before. Each size is a process of its own.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from pyarrow import parquet

from backtests.benchmarks.peers_tidegate import ACCOUNT, CHAIN, LEARNT
from backtests.benchmarks.processes import fields

SIZES = (500_000, 5_000_000)
LARGE = 50_000_000
STEP = 500_000
"""Bars that are made at once."""
STRATEGY = """
[[strategies]]
name = "trend"
use = "trend"
symbol = "EURUSD"
timeframe = "M1"
risk = 0.01
params = { fast = 200, slow = 5000, atr = 1000, stop_atr = 60.0 }
"""
MINUTE, BEGAN = 60_000, 1_420_070_400_000


def write_walk(file: Path, bars: int) -> None:
    """Write so many minutes of a walk whose standard deviation is 0.8 bp a minute, in four steps."""
    dice, price, done = np.random.default_rng(7), 1.2, 0
    names = ("time", "open", "high", "low", "close")
    kinds = (pa.timestamp("ms"), *[pa.float64()] * 4)
    with parquet.ParquetWriter(file, pa.schema(list(zip(names, kinds, strict=True)))) as out:
        while done < bars:
            steps = np.round(price * np.exp(np.cumsum(dice.normal(0.0, 0.4e-4, 4 * STEP))), 5).reshape(STEP, 4)
            close = steps[:, 3]
            opened = np.concatenate(([round(price, 5)], close[:-1]))
            high, low = np.maximum(steps.max(axis=1), opened), np.minimum(steps.min(axis=1), opened)
            times = (BEGAN + MINUTE * np.arange(done, done + STEP)).astype("datetime64[ms]")
            rows = [column[: bars - done] for column in (times, opened, high, low, close)]
            out.write_table(pa.table(dict(zip(names, rows, strict=True)), out.schema))
            done, price = done + STEP, float(close[-1]) if 0.5 < close[-1] < 3.0 else 1.2


def account(folder: Path, bars: int, *, gated: bool) -> Path:
    """Write the account that trades so many of them; return its file."""
    data = folder / f"{bars}.parquet"
    if not data.exists():
        write_walk(data, bars)
    file = folder / f"{bars}-{'gated' if gated else 'plain'}.toml"
    gate = CHAIN.format(learnt=LEARNT, place=BEGAN).replace("states = 3", "states = 2").replace("[0, 1]", "[0]")
    file.write_text(f'{ACCOUNT}file = "{data.as_posix()}"\n{STRATEGY}{gate if gated else ""}', encoding="utf-8")
    return file


class Ran(NamedTuple):
    """What a backtest has taken: seconds by the clock and of the processor, and MiB at most."""

    wall: float
    cpu: float
    own: float
    """Of pages that stand for no file."""
    mapped: float
    """Of pages of files: libraries, and columns in files that were looked at together."""
    both: float


def ran(file: Path, *more: str) -> Ran:
    """Run one backtest, with a look at its memory a hundred times a second."""
    command = [sys.executable, "-m", "tidegate.cli", "backtest", str(file), "--json", "--drive", "compiled", *more]
    began, own, mapped = time.perf_counter(), 0.0, 0.0
    with subprocess.Popen([*command, "--no-shadow"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while True:
            own, mapped = (max(pair) for pair in zip((own, mapped), _takes(process.pid), strict=True))
            gone, status, used = os.wait4(process.pid, os.WNOHANG)
            if gone:
                break
            time.sleep(0.01)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    wall, cpu = time.perf_counter() - began, used.ru_utime + used.ru_stime
    return Ran(wall, cpu, own, mapped, used.ru_maxrss / 1024)


def _takes(pid: int) -> tuple[float, float]:
    """Return how many MiB a process takes just now of pages that stand for no file, and of those that do."""
    told = fields(Path(f"/proc/{pid}/status"))
    return told.get("RssAnon", 0) / 1024, told.get("RssFile", 0) / 1024


def table(folder: Path, sizes: tuple[int, ...], times: int) -> None:
    """Print the table: of several times the least of each, for other work only ever adds."""
    print("| backtest of minutes | bars | seconds | processor's | MiB at most | of its own | of files |", end="")
    print(" processor's, a million more bars |\n|---|---|---|---|---|---|---|---|")
    for gated in (False, True):
        ran(account(folder, sizes[0], gated=gated))  # the model is trained, loops are compiled
        before: dict[bool, tuple[int, float]] = {}
        for bars in sizes:
            for saved in (False, True):
                asked = ["--save", str(folder / "saved")] if saved else []
                took = [ran(account(folder, bars, gated=gated), *asked) for _ in range(times)]
                least = Ran(*(min(column) for column in zip(*took, strict=True)))
                what = f"{'gated' if gated else 'without gate'}{', the record saved' if saved else ''}"
                fewer, cpu = before.get(saved, (0, 0.0))
                more = f"{1e6 * (least.cpu - cpu) / (bars - fewer):.2f} s" if fewer else ""
                print(
                    f"| {what} | {bars:,} | {least.wall:.1f} | {least.cpu:.1f} | {least.both:,.0f} | {least.own:,.0f} "
                    f"| {least.mapped:,.0f} | {more} |",
                    flush=True,
                )
                before[saved] = bars, least.cpu


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help=f"with {LARGE:,} bars: ten gigabytes of a disk, minutes")
    parser.add_argument("--folder", type=Path, help="where bars are kept for another time")
    parser.add_argument("--times", type=int, default=1, help="how often each is run")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        table(args.folder or Path(name), (*SIZES, LARGE) if args.large else SIZES, args.times)


if __name__ == "__main__":
    main()
