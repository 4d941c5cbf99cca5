"""Records the journals that `test_recorded_journals.py` replays: a look-alike's accounts, run in real processes.

`python -m tests.record_journal [NAME ...]` writes `tests/data/NAME.sqlite.gz`, where decisions were meant to change:
`demo`, a hedging account with vetoes; `netting`, one with a single net position a symbol; and `troubled`, whose story
of refusals, hands, halts and crashes `tests/troubled.py` tells.
"""

import gzip
import sqlite3
import sys
import tempfile

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from backtests.demo import demo_config
from backtests.training import train_from_config
from runtime.journal.migrating import migrate
from tests import troubled
from tests.demos import BREAKOUT, Demo, toml

DATA = Path(__file__).parent / "data"
WARM = 300
"""Bars of history where the model needs no more: most of a journal would be those."""


def calm(folder: Path, model: Path) -> Demo:
    """Set up 100 bars: trades that end, and vetoes, since of these calm days one strategy wants none."""
    return Demo.set_up(folder, toml(model).replace("allow = [0]", "allow = [1]", 1), bars=100)


def netting(folder: Path, model: Path) -> Demo:
    """Set up 150 bars on a netting account."""
    return Demo.set_up(folder, toml(model, strategies=BREAKOUT, positions="netting", warmup=WARM), bars=150)


def undisturbed(demo: Demo) -> None:
    """Live to the end of the bars."""
    demo.begin()
    demo.end()


LIVES: dict[str, tuple[Callable[[Path, Path], Demo], Callable[[Demo], None]]] = {
    "demo": (calm, undisturbed), "netting": (netting, undisturbed), "troubled": (troubled.set_up, troubled.live),
}  # fmt: skip
"""Accounts, and how they live."""


def record(file: Path, set_up: Callable[[Path, Path], Demo], live: Callable[[Demo], None]) -> None:
    """Have an account live to the end of its bars, and write its journal, packed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        train_from_config(demo_config(folder))
        demo = set_up(folder / "demo", folder / "models" / "calm-or-storm")
        try:
            live(demo)
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
    for chosen in sys.argv[1:] or LIVES:
        record(DATA / f"{chosen}.sqlite.gz", *LIVES[chosen])
