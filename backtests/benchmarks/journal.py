"""The journal by itself: how long a durable commit takes, and how many rows a second go to disk in groups.

The entries are those of a backtest of the demo: the facts, steps and projections that its daemon would write.
"""

import argparse
import itertools
import statistics
import tempfile
import time

from pathlib import Path

from backtests.backtest import until
from backtests.benchmarks.timing import head, row
from backtests.demo import demo_config
from backtests.drive import PlainDrive
from backtests.recorded import tapes_of, trading_start
from backtests.training import train_from_config
from runtime.assemble import core_of, costs_of, models_of, plan_of
from runtime.core.decision import Step
from runtime.core.facts import AnyFact
from runtime.journal.entries import Entry
from runtime.journal.projections import rows_of
from runtime.journal.writer import JournalWriter
from runtime.recorder import encode


class Noted(PlainDrive):
    """A drive that notes what a recorder would write."""

    entries: list[Entry]

    def _take(self, fact: AnyFact) -> Step:
        step = self.core.handle(fact)
        outcomes = self.books.observe(fact, step)
        rows = rows_of(1 + len(self.entries), fact, step, outcomes, self.core, self.books.live)
        self.entries.append(Entry(type(fact).__name__, fact.at, 0, encode(fact), encode(step), rows))
        return step


def entries_of(folder: Path) -> list[Entry]:
    """Return the entries of the whole demo, warm-up and all."""
    config = demo_config(folder)
    train_from_config(config)
    tapes = tapes_of(config)
    start, costs = trading_start(config, tapes), costs_of(config)
    core, books = core_of(plan_of(config, models_of(config)), costs)
    tapes = {key: until(tape, start, None, None) for key, tape in tapes.items()}
    drive = Noted(core, books, tapes, costs, balance=config.account.balance, start=start, warmup=config.feed.warmup)
    drive.entries = []
    drive.run()
    return drive.entries


def durable_ms(folder: Path, entries: list[Entry]) -> list[float]:
    """Return milliseconds from append to on disk, of entries that are waited for one by one."""
    found = []
    with JournalWriter(folder / "durable.sqlite") as journal:
        for entry in entries:
            began = time.perf_counter()
            journal.append(entry, durable=True).wait()
            found.append((time.perf_counter() - began) * 1000.0)
    return found


def grouped_rate(path: Path, entries: list[Entry]) -> float:
    """Return rows of the log a second, from the first append until all are on disk; projections go with them."""
    began = time.perf_counter()
    with JournalWriter(path) as journal:
        for entry in entries:
            journal.append(entry)
    return len(entries) / (time.perf_counter() - began)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where to write: a commit is as fast as the disk below it")
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        folder = Path(name)
        entries = entries_of(folder)
        orders = [entry for entry in entries if any(table == "orders" for table, _ in entry.rows)]
        waits = durable_ms(folder, list(itertools.islice(orders, 500)))
        many = entries * (1 + 30_000 // len(entries))
        own = [Entry(e.kind, e.at, e.wall, e.fact, e.step) for e in many]
        log = [grouped_rate(folder / f"log{i}.sqlite", own) for i in range(args.repeats)]
        seen = [grouped_rate(folder / f"seen{i}.sqlite", entries) for i in range(args.repeats)]
    print(head())
    print(row(f"durable commit of one of {len(waits)} entries with an order", waits, "ms", 2))
    print(row("the slowest twentieth of them", [statistics.quantiles(waits, n=20)[-1]], "ms", 2))
    print(row(f"{len(own):,} entries in groups, the log alone", log, "rows/s", 0))
    print(row(f"{len(entries):,} entries in groups, with their projections", seen, "rows/s", 0))


if __name__ == "__main__":
    main()
