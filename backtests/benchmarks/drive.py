"""Bars a second of the plain drive: the demo's account, and a year of EURUSD minutes where the file is at hand.

Counted are the bars that were decided; the bars of the warm-up are folded in the same seconds. Reading the files is not
counted. The year is played in a process of its own, so that its peak memory is its own: the interpreter, the year as
columns and every decision made.
"""

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import time

from collections.abc import Callable
from pathlib import Path

from backtests.backtest import until
from backtests.benchmarks.timing import head, in_turn, ratio, row
from backtests.demo import demo_config
from backtests.drive import Drive, PlainDrive
from backtests.own_bars import own_text
from backtests.recorded import tapes_of, trading_start
from backtests.training import train_from_config
from config.account import AccountConfig
from config.load import load, parse
from market.bars import Bars
from runtime.assemble import core_of, costs_of, models_of, plan_of
from runtime.core.feeds import FeedKey

MINUTES = "prices/eurusd-m1-2018.histdata.zip"
LEARN = 20_000
"""Minutes the regime model learns from; not traded, with or without it."""
SAMPLE = 40_000
"""Minutes of the repeated drives."""

Tapes = dict[FeedKey, Bars]
Cases = dict[str, tuple[AccountConfig, bool]]
"""What is compared: an account, and whether its shadow books are kept."""


def ready(config: AccountConfig, tapes: Tapes, *, shadows: bool) -> Callable[[], Drive]:
    """Return the work of one drive of an account over its bars; models are read already."""
    plan, costs, start = plan_of(config, models_of(config)), costs_of(config), trading_start(config, tapes)
    balance, warmup = config.account.balance, config.feed.warmup

    def work() -> Drive:
        core, books = core_of(plan, costs, shadows=shadows, every=False)
        return PlainDrive(core, books, tapes, costs, balance=balance, start=start, warmup=warmup).run()

    return work


def compared(name: str, cases: Cases, bars: int | None, repeats: int) -> None:
    """Print the lines of drives over the same bars, at most `bars`, run in turn, each against the first of them."""
    config, _ = next(iter(cases.values()))
    tapes = tapes_of(config)
    start = trading_start(config, tapes)
    tapes = {key: until(tape, start, None, bars) for key, tape in tapes.items()}
    works = {case: ready(config, tapes, shadows=shadows) for case, (config, shadows) in cases.items()}
    base, first = next(iter(works.items()))
    count = first().bars
    found = in_turn(works, repeats)
    for case, times in found.items():
        print(row(f"{name}, {case}", [count / s for s in times], "bars/s", 0))
    for case in list(found)[1:]:
        print(ratio(f"{name}, {case}: time over that {base}", found[case], found[base]))


def minutes_config(folder: Path, data: Path, *, gated: bool) -> AccountConfig:
    """Write and return the demo's account over minutes of EURUSD: its trend strategy alone, with its gate or without.

    It risks a hundredth of the demo's share, so that costs of twenty thousand deals leave the account alive.
    """
    own = own_text((folder / "demo.toml").read_text(encoding="utf-8"), data, "EURUSD")
    text = re.sub(r"\b(bars|warmup) = \d+", rf"\1 = {LEARN}", own).replace("risk = 0.001 ", "risk = 0.0001 ")
    before, trend, rest = text.split("[[strategies]]")
    if not gated:
        before, trend = before.partition("[regimes.")[0], trend.partition("[strategies.gate]")[0]
    home = folder / ("gated" if gated else "plain")
    home.mkdir()
    file = home / "minutes.toml"
    file.write_text(f"{before}[[strategies]]{trend}[feed]{rest.partition('[feed]')[2]}", encoding="utf-8")
    config = parse(file.read_text(encoding="utf-8"), folder=home)
    if gated:
        train_from_config(config)
    return config


def year(file: Path, *, shadows: bool) -> None:
    """Play all bars of an account and print what came of it: the work of a process of its own."""
    config = load(file)
    tapes = tapes_of(config)
    work = ready(config, tapes, shadows=shadows)
    began = time.perf_counter()
    drive = work()
    took = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{sum(len(tape) for tape in tapes.values()):,} | {len(drive.decisions):,} | {len(drive.deals):,} | "
        f"{took:.1f} | {drive.bars / took:,.0f} | {peak:,.0f} |"
    )


def years(cases: Cases) -> None:
    """Print a table of whole years, each played once."""
    print("\n| the whole year | bars | decisions | deals | seconds | bars/s | MiB at most |")
    print("|---|---|---|---|---|---|---|")
    for case, (config, shadows) in cases.items():
        command = [sys.executable, "-m", "backtests.benchmarks.drive", "--year", f"{config.folder}/minutes.toml"]
        print(f"| {case} | ", end="", flush=True)
        subprocess.run([*command, *(["--shadows"] if shadows else [])], check=True)


def tables(data: Path, repeats: int, folder: Path) -> None:
    """Print everything."""
    demo = demo_config(folder)
    train_from_config(demo)
    print(head())
    books: Cases = {"without shadow books": (demo, False), "with shadow books": (demo, True)}
    compared("S&P 500 days, two gated strategies", books, None, repeats)
    if not data.is_file():
        print(f"\nno EURUSD minutes at {data}: name the file with --data, or its folder in TIDEGATE_DATA")
        return
    plain, gated = (minutes_config(folder, data, gated=yes) for yes in (False, True))
    cases: Cases = {"without gate": (plain, False), "gated": (gated, False), "gated, with shadow book": (gated, True)}
    compared(f"EURUSD minutes, one strategy, {SAMPLE:,} bars", cases, SAMPLE, repeats)
    years(cases)


def main() -> None:
    """Print the tables, or play one year."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("TIDEGATE_DATA", "")) / MINUTES)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--year", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--shadows", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.year:
        year(args.year, shadows=args.shadows)
        return
    with tempfile.TemporaryDirectory() as name:
        tables(args.data, args.repeats, Path(name))


if __name__ == "__main__":
    main()
