"""Bars a second of the compiled drive beside the plain one: a year of EURUSD minutes, one strategy, gated or not.

Reading the files is not counted, nor is compiling, which is told apart: with no loops on disk, and with those that the
first process has left there. "columns" is all that a record is made of, "words" all decisions, deals and outcomes made
of it. The plain drive plays fewer bars.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time

from collections.abc import Callable
from pathlib import Path

import msgspec

from backtests.backtest import until
from backtests.benchmarks.drive import MINUTES, minutes_config, ready
from backtests.benchmarks.peers_tidegate import HOME
from backtests.benchmarks.timing import Work, head, in_turn, row
from backtests.compiled import CompiledDrive
from backtests.demo import demo_config
from backtests.recorded import tapes_of, trading_start
from config.account import AccountConfig
from config.load import load
from runtime.assemble import core_of, costs_of, models_of, plan_of

PLAIN = 20_000
"""Minutes that the plain drive plays."""


def born(config: AccountConfig) -> Callable[[], CompiledDrive]:
    """Return what makes new-born compiled drives of an account over all its bars; files are read already."""
    tapes, costs, plan = tapes_of(config), costs_of(config), plan_of(config, models_of(config))
    start, balance, warmup = trading_start(config, tapes), config.account.balance, config.feed.warmup

    def drive() -> CompiledDrive:
        core, books = core_of(plan, costs, shadows=False)
        return CompiledDrive(core, books, tapes, costs, balance=balance, start=start, warmup=warmup)

    return drive


def first_run(file: Path) -> None:
    """Print the seconds of a first run in this process: compiling, or reading what is kept, and playing."""
    drive = born(load(file))()
    began = time.perf_counter()
    drive.played()
    print(f"{time.perf_counter() - began:.2f}")


def begun(file: Path, folder: Path) -> float:
    """Return the seconds of a first run in a process of its own, which keeps its loops in a folder."""
    command = [sys.executable, "-m", "backtests.benchmarks.compiled", "--first", str(file)]
    kept = os.environ | {"NUMBA_CACHE_DIR": str(folder)}
    return float(subprocess.run(command, env=kept, check=True, capture_output=True, text=True).stdout)


def compared(name: str, config: AccountConfig, repeats: int) -> None:
    """Print the lines of one account."""
    tapes, drive = tapes_of(config), born(config)
    few = {key: until(tape, trading_start(config, tapes), None, PLAIN) for key, tape in tapes.items()}
    works: dict[str, Work] = {
        "plain": ready(config, few, shadows=False),
        "columns": lambda: drive().played(),
        "words": lambda: drive().run(),
    }
    one = drive()
    bars = {"plain": PLAIN} | dict.fromkeys(("columns", "words"), len(one.tape) - one.first)
    rates = {case: [bars[case] / s for s in times] for case, times in in_turn(works, repeats).items()}
    for case, found in rates.items():
        print(row(f"{name}, {case}", found, "bars/s", 0))
    for case in ("columns", "words"):
        pairs = zip(rates[case], rates["plain"], strict=True)
        print(row(f"{name}, {case}: times the plain drive", [x / y for x, y in pairs], "times", 1))


def in_python(config: AccountConfig) -> AccountConfig:
    """Return an account whose strategy is a class in plain Python."""
    lane = msgspec.structs.replace(config.strategies[0], use=f"{HOME}PlainSma", params={})
    return msgspec.structs.replace(config, strategies=(lane,))


def tables(data: Path, repeats: int, folder: Path) -> None:
    """Print everything."""
    demo_config(folder)
    accounts = {name: minutes_config(folder, data, gated=name == "gated") for name in ("without gate", "gated")}
    print(head())
    compared("a class in plain Python", in_python(accounts["without gate"]), repeats)
    for name, config in accounts.items():
        compared(name, config, repeats)
        file = Path(config.folder) / "minutes.toml"
        for what in ("no loops on disk", "loops on disk"):
            print(row(f"{name}, the first run, {what}", [begun(file, folder / f"loops of {name}")], "s", 2))


def main() -> None:
    """Print the table, or play once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("TIDEGATE_DATA", "")) / MINUTES)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--first", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.first:
        first_run(args.first)
        return
    if not args.data.is_file():
        print(f"no EURUSD minutes at {args.data}: name the file with --data, or its folder in TIDEGATE_DATA")
        return
    with tempfile.TemporaryDirectory() as name:
        tables(args.data, args.repeats, Path(name))


if __name__ == "__main__":
    main()
