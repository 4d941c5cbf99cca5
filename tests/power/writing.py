"""What is recorded: a process that writes a journal and a latch, and says each time what it is told is on disk.

`python -m tests.power.writing FOLDER ROWS [SAFETY]`; SAFETY is `PRAGMA synchronous` as it should not be.
"""

import os
import sys

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event

from brokers.latch import LEVELS
from runtime.journal.entries import Entry
from runtime.journal.ticket import Ticket
from runtime.journal.writer import JournalWriter
from runtime.operator import latch
from tests.latches import command

JOURNAL, TOLD = "journal.sqlite", "told"
PAGES = 40
"""Pages of the write-ahead log after which it is carried into the file: so many times as it takes a day to be."""


def prepared(safety: str) -> None:
    """Have every connection carry its log over often, and be as safe as it is said, if it is."""

    def prepare(connection: Connection) -> None:
        raw: Any = connection.connection.dbapi_connection
        raw.execute(f"PRAGMA wal_autocheckpoint={PAGES}")
        if safety:
            raw.execute(f"PRAGMA synchronous={safety}")

    event.listen(Engine, "engine_connect", prepare)


def write(folder: Path, rows: int) -> None:
    """Write rows with their projections, and change the latch now and then; tell what is acknowledged."""
    pipe = os.open(folder / TOLD, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def tell(ticket: Ticket) -> None:
        os.write(pipe, b"row %d\n" % ticket.result())

    latch.create(folder, command("halt"))
    with JournalWriter(folder / JOURNAL, linger=0.002) as writer:
        for seq in range(1, rows + 1):
            told = (("decisions", {"id": f"1-{seq}", "seq": seq}), ("orders", {"instruction": seq % 7, "run": seq}))
            ticket = writer.append(Entry("K", seq, seq, b"%d" % seq, bytes(seq * 37 % 1900), told), durable=True)
            ticket.add_done_callback(tell)
            if seq % 3:
                ticket.wait()
            if seq % 50 == 0:
                writer.snapshot(seq, bytes(5000))
            if seq % 10 == 0:
                _latch(folder, pipe, seq // 10)


def _latch(folder: Path, pipe: int, number: int) -> None:
    level = LEVELS[number % 3]
    os.write(pipe, b"asked %s\n" % level.encode())
    found = (latch.tighten if level == "halt" else latch.loosen)(folder, command(level, f"{number}"))
    os.write(pipe, b"latched %s %d\n" % (level.encode(), found.generation))


if __name__ == "__main__":
    prepared("".join(sys.argv[3:]))
    write(Path(sys.argv[1]), int(sys.argv[2]))
