"""Attribution over a year of minute decisions: a journal of ten strategies is made, and every question is timed.

A question is a whole process, from the word to its last line: `outcomes` by each group, of a week and as JSON too,
`outcomes` without a group, and `foretold`. With `--cold` the file's pages are dropped from memory before each.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time

from pathlib import Path

from sqlalchemy import func, select

from backtests.attribution_groups import BYS
from backtests.benchmarks.attributed_year import MINUTES, made
from backtests.benchmarks.timing import head, row
from config.folders import JOURNAL_FILE
from config.journal import JournalSection, Where, journal_at, remember
from config.secrets import SecretRef
from runtime.journal.errors import NoJournal
from runtime.journal.reader import JournalReader
from runtime.journal.schema import tables

KEPT = "TIDEGATE_BENCHMARK_URL"
"""Where a process that is timed finds the server's URL."""
WEEK = ("--from", "2024-06-03", "--to", "2024-06-09")
QUESTIONS = (
    *(("outcomes", "--by", by) for by in BYS),
    ("outcomes", "--by", "check", *WEEK), ("outcomes", "--by", "strategy", *WEEK),
    ("outcomes", "--by", "strategy", "--strategy", "strategy3"), ("outcomes", "--by", "session", "--json"),
    ("outcomes",), ("outcomes", "--book", "shadow"), ("foretold",),
)  # fmt: skip


def timed(account: Path, words: tuple[str, ...], *, cold: bool) -> float:
    """Return the seconds of a process that answers one question about an account."""
    if cold:
        forget(account / JOURNAL_FILE)
    command = [sys.executable, "-m", "tidegate.cli", words[0], str(account), *words[1:]]
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def forget(file: Path) -> None:
    """Have the next who reads a file read it from the disk."""
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
        os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def place(account: Path, url: str | None) -> Where:
    """Return where the journal of a state folder is, on a server where its URL is given."""
    account.mkdir(parents=True, exist_ok=True)
    if url is None:
        return journal_at(account, None, "bench")
    os.environ[KEPT] = url
    section = JournalSection(url=SecretRef(env=KEPT))
    remember(account, section, "bench")
    return journal_at(account, section, "bench")


def there(journal: Where) -> bool:
    """Say whether a journal was made before."""
    try:
        with JournalReader(journal) as reader:
            return bool(reader.runs())
    except NoJournal:
        return False


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where the journal is made; a journal left there is used again")
    parser.add_argument("--url", help="of a PostgreSQL database, in place of a file")
    parser.add_argument("--minutes", type=int, default=MINUTES)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--cold", action="store_true", help="drop the file from memory before each question")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        account = args.folder or Path(name)
        journal = place(account, args.url)
        if not there(journal):
            made(journal, args.minutes)
        with JournalReader(journal) as reader:
            counts = (select(func.count()).select_from(tables.tables[name]) for name in ("decisions", "outcomes"))
            decisions, closed = (reader.ask(query)[0][0] for query in counts)
        print(f"{decisions:,} decisions, {closed:,} closed trades, live and shadow\n\n{head()}")
        for words in QUESTIONS:
            found = [timed(account, words, cold=args.cold) for _ in range(args.repeats)]
            print(row(" ".join(words), found, "s", 2), flush=True)


if __name__ == "__main__":
    main()
