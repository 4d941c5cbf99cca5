"""Records the journal that `test_recorded_journals.py` replays: a look-alike's account, run in real processes.

`python -m tests.record_journal` writes `tests/data/demo.sqlite.gz` anew, where decisions were meant to change.
"""

import gzip
import sqlite3
import tempfile

from contextlib import closing
from pathlib import Path

from backtests.demo import demo_config
from backtests.training import train_from_config
from runtime.journal.migrating import migrate
from tests.demos import Demo, toml

DATA = Path(__file__).parent / "data"
BARS = 100
"""Enough for trades that end; of these calm days one strategy wants none, so that there are vetoes."""


def record(file: Path, bars: int = BARS) -> None:
    """Run the demo's account for some bars after its history, and write its journal, packed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        train_from_config(demo_config(folder))
        text = toml(folder / "models" / "calm-or-storm").replace("allow = [0]", "allow = [1]", 1)
        demo = Demo.set_up(folder / "demo", text, bars=bars)
        try:
            demo.begin()
            demo.end()
        finally:
            demo.close()
        with closing(sqlite3.connect(demo.journal)) as journal:
            journal.execute("DELETE FROM snapshots WHERE seq > (SELECT min(seq) FROM snapshots)")
            journal.commit()
            journal.execute("VACUUM INTO ?", (str(folder / "whole.sqlite"),))
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(gzip.compress((folder / "whole.sqlite").read_bytes(), 9, mtime=0))


def unpacked(file: Path, folder: Path) -> Path:
    """Return a recorded journal as a file of today's schema."""
    journal = folder / "journal.sqlite"
    journal.write_bytes(gzip.decompress(file.read_bytes()))
    migrate(journal)
    return journal


if __name__ == "__main__":
    record(DATA / "demo.sqlite.gz")
