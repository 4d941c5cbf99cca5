"""What is recorded: a process that archives the rows of a journal: `python -m tests.power.archiving FOLDER`."""

import sys

from pathlib import Path

from backtests.archive import archive
from tests.journals import journal

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    archive(journal(folder / "journal.sqlite", 60, snapshot_at=50), 2**60, folder, 5)
