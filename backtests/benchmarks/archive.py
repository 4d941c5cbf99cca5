"""A year's journal archived: how long each stage takes, memory and disk at most, Parquet against the log in SQLite.

`python -m backtests.benchmarks.archive --folder FOLDER` makes the journal there, or uses the one that lies there.
"""

import argparse
import resource
import time

from pathlib import Path

from backtests.archive import archive
from backtests.archived import FOLDER, joined
from backtests.benchmarks import journal_work as work
from backtests.benchmarks.archive_year import made
from backtests.benchmarks.attributed_year import MINUTES, STRATEGIES
from backtests.benchmarks.timing import head
from runtime.clock import Clock

EVER = 2**60
MIB = 2**20


class Stages:
    """Prints what each stage took, once the next begins."""

    def __init__(self) -> None:
        """Begin with none."""
        self._name, self._began, self._busy = "", 0.0, 0.0

    def __call__(self, name: str) -> None:
        """End a stage, and begin the next."""
        now, busy = time.monotonic(), time.process_time()
        if self._name:
            print(f"| {self._name} | {now - self._began:.1f} s | {busy - self._busy:.1f} s |")
        self._name, self._began, self._busy = name, now, busy


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where the journal is made, and left")
    parser.add_argument("--minutes", type=int, default=MINUTES)
    args = parser.parse_args()
    journal = args.folder / "journal.sqlite"
    args.folder.mkdir(parents=True, exist_ok=True)
    rows = args.minutes * STRATEGIES
    if not journal.exists():
        rows = made(journal, args.folder, args.minutes, STRATEGIES)
    sizes = work.sizes(journal)
    before = journal.stat().st_size
    print(f"{head().partition(chr(10))[0]}\n\n{rows:,} rows\n\n| stage | taken | by the processor |\n|---|---|---|")
    stages = Stages()
    found = archive(journal, EVER, args.folder / FOLDER, Clock().wall_ms(), stages)
    stages("following the chain, from row 1")
    with joined(journal) as reader:
        verdict = reader.verify()
    stages("")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    parquet = Path(found.file).stat().st_size if found else 0
    held = sizes["log"] + sizes["snapshots"]
    print(f"\n{'whole' if verdict.ok else verdict.problem}; {peak:,.0f} MiB of memory at most")
    print(f"log and snapshots {held / MIB:,.0f} MiB, as Parquet {parquet / MIB:,.0f} MiB")
    print(f"the database {before / MIB:,.0f} MiB, and {journal.stat().st_size / MIB:,.0f} MiB behind it")


if __name__ == "__main__":
    main()
