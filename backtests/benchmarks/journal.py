"""The journal by itself: how long an acknowledgement takes, how many rows a second go to disk, and how it grows.

The entries are those that a daemon writes that gates minutes: a bar's fact and step, and the rows that people read of
them. A row is durable when the commit that holds it is on disk: `log` counts rows of the log alone, `with projections`
the same rows, each with what people read of it in the same commit.
"""

import argparse
import itertools
import tempfile

from collections.abc import Iterator
from pathlib import Path

from backtests.benchmarks import journal_work as work
from backtests.benchmarks.drive import LEARN
from backtests.benchmarks.timing import head, row, tail, tail_head
from config.journal import JournalServer
from config.secrets import Secret
from runtime.journal.entries import Entry
from runtime.journal.opening import Place

SHARES = (0.99, 0.999)
ONE_BY_ONE = 2000
SMALL = 1.0
"""Bytes a decision below which a table is not listed."""


def places(folder: Path, url: str | None) -> Iterator[Place]:
    """Yield where one new journal after another may be made."""
    for number in itertools.count():
        yield JournalServer(Secret(url), f"bench-{number}") if url else folder / f"{number}.sqlite"


def speeds(there: Iterator[Place], entries: list[Entry], rows: int, repeats: int) -> None:
    """Print rows a second, acknowledgements and the loop's lag, for the log alone and with projections."""
    own = [Entry(e.kind, e.at, e.wall, e.fact, e.step) for e in entries]
    waits: list[str] = []
    print(head())
    for name, some in (("log", own), ("log with projections", entries)):
        many = [*itertools.islice(itertools.cycle(some), rows)] if some is own else some
        print(row(f"{name}, grouped, rows/s", [work.grouped_rate(next(there), many) for _ in range(repeats)], "", 0))
        crowds = [work.crowd(next(there), many) for _ in range(repeats)]
        print(row(f"{name}, {work.PRODUCERS} who wait, rows/s", [crowd.rate for crowd in crowds], "", 0))
        alone = work.one_by_one(next(there), some[:ONE_BY_ONE])
        waits.append(tail(f"{name}, one by one, to the acknowledgement", alone, "ms", SHARES, 2))
        acks = [ms for crowd in crowds for ms in crowd.acks]
        lags = [ms for crowd in crowds for ms in crowd.lags]
        waits.append(tail(f"{name}, {work.PRODUCERS} who wait, to the acknowledgement", acks, "ms", SHARES, 2))
        waits.append(tail(f"{name}, lag of their event loop", lags, "ms", SHARES, 2))
    print()
    print(tail_head(SHARES))
    print("\n".join(waits))


def growth(grown: dict[str, int], entries: list[Entry]) -> None:
    """Print what each table grew by a decision."""
    decisions = sum(table == "decisions" for entry in entries for table, _ in entry.rows)
    print(f"\n| {decisions:,} decisions | bytes a decision |\n|---|---|")
    for name, size in sorted(grown.items(), key=lambda pair: -pair[1]):
        if size / decisions >= SMALL:
            print(f"| {name} | {size / decisions:,.0f} |")
    print(f"| all tables and indexes | {sum(grown.values()) / decisions:,.0f} |")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where to write: a commit is as fast as the disk below it")
    parser.add_argument("--url", help="of an empty PostgreSQL database, in place of files")
    parser.add_argument("--bars", type=int, default=20_000, help="minutes that are decided")
    parser.add_argument("--strategies", type=int, default=1, help="that decide at each of them")
    parser.add_argument("--rows", type=int, default=60_000, help="rows of the log alone")
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        folder = Path(name)
        there = places(folder, args.url)
        config = work.minutes(folder, LEARN + args.bars, args.strategies)
        entries, grown = work.played(config, next(there), args.bars)
        speeds(there, entries, args.rows, args.repeats)
        growth(grown, entries)


if __name__ == "__main__":
    main()
