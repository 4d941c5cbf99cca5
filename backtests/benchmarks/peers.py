"""Public backtest engines on the work that Tidegate is given, in one run: speed, memory, fills and profit.

Each engine runs in a process of its own, and in the environment that has it: the peers' bounds on numpy contradict each
other. `--python vectorbt=PATH` names an interpreter; what is not said is looked for in ours. What is missing is named.

Cold is the first process, with empty caches of compiled code; warm are those after it; both are wall seconds from
before the interpreter starts to the end of the first run. Bars a second are the engine's own: of the lesser of wall and
processor time of a run whose bars it has been given, without what was compiled. Engines take turns, so that noise
meets all alike. Whether the work was the same is judged by `peers_rules.py`.

All engines play the first bars of the year. Those that would take longer for more than a run may are left out of the
tables of the year and of the walk, which say so. The walk is played with the caches that the year has left.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time

from pathlib import Path
from statistics import median
from typing import NamedTuple

import msgspec
import numpy as np

from backtests.benchmarks.peers_engines import CHAIN, ENGINES, LOOP
from backtests.benchmarks.peers_rules import expected_of, verdict
from backtests.benchmarks.peers_tidegate import learnt
from backtests.benchmarks.peers_work import Found, Tape, first_bars, walk, write_tape
from backtests.benchmarks.timing import head
from market.barfile import read_bars

JOBS = ("sma", "rsi", CHAIN)
MINUTES = "prices/eurusd-m1-2018.histdata.zip"
ROOT = Path(__file__).parents[2]
COLUMNS = (
    "engine", "bars/s in the engine", "least to most", "of the loop", "cold, s", "warm, s", "MiB", "fills", "PnL",
    "work",
)  # fmt: skip


class Told(msgspec.Struct, frozen=True):
    """What one process told (`peers_one.py`)."""

    whole: float
    cpu: float
    peak: float
    first: float
    runs: list[float]
    bars: int
    fills: int
    pnl: float


class Missing(NamedTuple):
    """An engine that is not there, or that failed."""

    why: str


Outcome = list[Told] | Missing


def year(file: Path) -> Tape:
    """Return the bars of an archive of histdata.com."""
    bars, _ = read_bars(file, "EURUSD", "M1")
    columns = (np.asarray(getattr(bars, name), dtype=np.float64) for name in ("open", "high", "low", "close"))
    return Tape(np.asarray(bars.time, dtype=np.int64) // 1000, *columns)


def written(file: Path, tape: Tape) -> Path:
    """Write bars as peers read them, and beside them as Tidegate does, which is Parquet."""
    import pyarrow as pa

    from pyarrow import parquet

    write_tape(file, tape)
    stamps = pa.array(tape.time * 1000, pa.timestamp("ms", tz="UTC"))
    columns = {name: getattr(tape, name) for name in ("open", "high", "low", "close")}
    parquet.write_table(pa.table({"time": stamps, **columns}), file.with_suffix(".parquet"))
    return file


def python_of(needs: tuple[str, ...], pythons: dict[str, str]) -> str | Missing:
    """Return the interpreter that has these distributions: one that is named for one of them, or ours."""
    python = next((pythons[need] for need in needs if need in pythons), sys.executable)
    asks = "import sys; from importlib.metadata import version; [version(n) for n in sys.argv[1:]]"
    asked = subprocess.run([python, "-c", asks, *needs], capture_output=True, text=True, check=False)
    if asked.returncode == 0:
        return python
    return Missing(f"not installed ({asked.stderr.strip().splitlines()[-1]}): name its python")


def run_one(name: str, python: str, job: str, file: Path, caches: Path) -> Told | Missing:
    """Run an engine once in a process of its own."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": str(caches), "XDG_CACHE_HOME": str(caches)}
    command = [python, "-m", "backtests.benchmarks.peers_one", name, job, str(file), repr(time.monotonic())]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env, cwd=file.parent)
    if done.returncode:
        return Missing("failed: " + (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1])
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=Told)


def in_turn(pythons: dict[str, str | Missing], job: str, file: Path, repeats: int, caches: Path) -> dict[str, Outcome]:
    """Run every engine, one after the other and again, each with caches of its own."""
    found: dict[str, Outcome] = {n: [] if isinstance(p, str) else p for n, p in pythons.items()}
    for _ in range(repeats):
        for name, python in pythons.items():
            told = found[name]
            if isinstance(told, Missing) or isinstance(python, Missing):
                continue
            one = run_one(name, python, job, file, caches / str(list(ENGINES).index(name)))
            if isinstance(one, Missing):
                found[name] = one
            else:
                told.append(one)
    return found


def table(job: str, file: Path, bars: int, found: dict[str, Outcome], *, cold: bool) -> None:
    """Print one table; `cold`: the caches were empty when the first of its processes began."""
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    loop = found.get(LOOP)
    base = median(t for told in loop for t in told.runs) if isinstance(loop, list) else 0.0
    for name, outcome in found.items():
        if isinstance(outcome, Missing):
            print(f"| {name} | {outcome.why} |{' |' * (len(COLUMNS) - 2)}")
            continue
        runs = [t for told in outcome for t in told.runs]
        result = Found(outcome[0].fills, outcome[0].pnl)
        count = outcome[0].bars or bars
        work = work_of(name, job, file, result)
        warm = [told.whole for told in outcome[cold:]] or [float("nan")]
        loops = f"1/{median(runs) / base:,.1f}" if base else "-"
        begun = f"{outcome[0].whole:.1f}" if cold else "-"
        print(
            f"| {name} | {count / median(runs):,.0f} | {count / max(runs):,.0f} to {count / min(runs):,.0f} | "
            f"{loops} | {begun} | {median(warm):.1f} | "
            f"{max(told.peak for told in outcome):,.0f} | {result.fills:,} | {result.pnl:,.2f} | {work} |"
        )


def work_of(name: str, job: str, file: Path, found: Found) -> str:
    """Return whether the work was the same, and by which rules."""
    if job == CHAIN:
        return "three states, gate, risk, every decision kept"
    rule = ENGINES[name].rule
    return "; ".join(part for part in (verdict(found, expected_of(job, file, rule), rule), rule.words()) if part)


def seconds_of(outcome: Outcome, bars: int, more: int) -> float:
    """Return how long a run over more bars would take, by one over fewer."""
    if isinstance(outcome, Missing):
        return 0.0
    return median(t for told in outcome for t in told.runs) / bars * more


def tables(args: argparse.Namespace, folder: Path) -> None:
    """Print all tables: the short one, with every engine, says which of them are too slow for the others."""
    pythons = dict(pair.split("=", 1) for pair in args.python)
    found_in = {name: python_of(engine.needs, pythons) for name, engine in ENGINES.items()}
    real = year(args.data) if args.data.is_file() else walk(372_607, seed=8)
    name = "EURUSD M1 2018" if args.data.is_file() else "a walk instead of EURUSD M1 2018, which is not here"
    print(head().partition("\n")[0])
    for job in args.jobs:
        short = first_bars(real, args.short)
        outcomes: dict[str, Outcome] = {}
        for number, (title, tape) in enumerate(
            ((f"the first of {name}", short), (name, real), ("a seeded walk", walk(args.walk)))
        ):
            bars = len(tape.close)
            file = written(folder / f"{bars}.npz", tape)
            slow = {n for n, found in outcomes.items() if seconds_of(found, len(short.close), bars) > args.most}
            chosen = {n: p for n, p in found_in.items() if n not in slow and job in ENGINES[n].jobs}
            if job == CHAIN:
                learnt(file)
            print(f"\n### {job}: {title}, {bars:,} bars\n")
            found = in_turn(chosen, job, file, args.repeats, folder / job / str(min(number, 1)))
            outcomes = outcomes or found
            table(job, file, bars, found, cold=number < 2)
            if slow:
                print(f"\nLeft out, by the short run more than {args.most:g} s each: {'; '.join(sorted(slow))}.")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("TIDEGATE_DATA", "")) / MINUTES)
    parser.add_argument("--python", action="append", default=[], metavar="NAME=PATH", help="of a distribution")
    parser.add_argument("--jobs", nargs="+", default=JOBS, choices=JOBS)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--short", type=int, default=30_000, help="bars of the table that has all engines")
    parser.add_argument("--walk", type=int, default=1_000_000, help="bars of the synthetic table")
    parser.add_argument("--most", type=float, default=4.0, help="seconds that one run may take in the longer tables")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tables(args, Path(folder))


if __name__ == "__main__":
    main()
