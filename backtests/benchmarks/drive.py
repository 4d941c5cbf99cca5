"""Bars a second of the plain drive: the demo's account, and a year of EURUSD minutes where the file is at hand."""

import argparse
import os
import resource
import tempfile

from pathlib import Path

from backtests.backtest import run_backtest, until
from backtests.benchmarks.timing import head, row, seconds
from backtests.demo import demo_config
from backtests.drive import PlainDrive
from backtests.own_bars import own_text
from backtests.recorded import tapes_of, trading_start
from backtests.training import train_from_config
from config.account import AccountConfig
from config.load import parse
from runtime.assemble import core_of, costs_of, models_of, plan_of

MINUTES = "prices/eurusd-m1-2018.histdata.zip"


def rates(config: AccountConfig, *, shadows: bool, bars: int | None = None, repeats: int = 5) -> list[float]:
    """Return bars a second of several drives, reading of the data not counted."""
    tapes = tapes_of(config)
    start = trading_start(config, tapes)
    tapes = {key: until(tape, start, None, bars) for key, tape in tapes.items()}
    plan, costs = plan_of(config, models_of(config)), costs_of(config)
    counts: list[int] = []

    def work() -> None:
        core, books = core_of(plan, costs, shadows=shadows)
        balance, warmup = config.account.balance, config.feed.warmup
        drive = PlainDrive(core, books, tapes, costs, balance=balance, start=start, warmup=warmup)
        counts.append(drive.run().bars)

    return [counts[0] / s for s in seconds(work, repeats)]


def minutes_config(folder: Path, data: Path) -> AccountConfig:
    """Return the demo's account over minutes of EURUSD: one strategy, no gate."""
    text = own_text((folder / "demo.toml").read_text(encoding="utf-8"), data, "EURUSD")
    before, _, rest = text.partition("[regimes.calm-or-storm]")
    trend = '[[strategies]]\nname = "trend"\nuse = "trend"\nsymbol = "EURUSD"\ntimeframe = "M1"\nrisk = 0.001\n'
    feed = "[feed]\nwarmup = 500\n[data.EURUSD]" + rest.partition("[data.EURUSD]")[2]
    return parse(f"{before}{trend}{feed}", folder=folder)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("TIDEGATE_DATA", "")) / MINUTES)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = demo_config(folder)
        train_from_config(config)
        print(head())
        print(row("S&P 500, two gated strategies, no shadow books", rates(config, shadows=False), "bars/s", 0))
        print(row("S&P 500, two gated strategies, with shadow books", rates(config, shadows=True), "bars/s", 0))
        if not args.data.exists():
            print(f"no EURUSD minutes at {args.data}: name them with --data")
            return
        minutes = minutes_config(folder, args.data)
        found = rates(minutes, shadows=False, bars=60_000)
        print(row("EURUSD minutes, one strategy (first 60,000)", found, "bars/s", 0))
        drive, _ = run_backtest(minutes)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"the whole year: {drive.bars} bars, {len(drive.decisions)} decisions, {len(drive.deals)} deals, "
              f"{peak:.0f} MiB at most with every decision kept")  # fmt: skip


if __name__ == "__main__":
    main()
