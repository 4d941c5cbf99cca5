"""Entries and raw edits that the journal's tests share."""

import sqlite3

from contextlib import closing
from pathlib import Path
from typing import Any

from runtime.journal.entries import Entry, Row
from runtime.journal.writer import JournalWriter


def entry(number: int = 1, *rows: Row) -> Entry:
    """Return an entry that can be told from others by its number."""
    return Entry(f"Fact{number}", number, 1000 + number, b"fact %d" % number, b"step %d" % number, rows)


def journal(folder: Path, entries: int, *, snapshot_at: int = 0) -> Path:
    """Write a closed journal of so many entries, with a snapshot after one of them."""
    path = folder / "account.db"
    with JournalWriter(path) as writer:
        for number in range(1, entries + 1):
            writer.append(entry(number))
            if number == snapshot_at:
                writer.snapshot(number, b"state %d" % number)
    return path


def edit(path: Path, statement: str, *values: object) -> None:
    """Change a journal behind its back: raw SQL, after dropping what forbids it."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement, values)


def ask(path: Path, question: str) -> list[Any]:
    """Return what raw SQL finds."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(question).fetchall()
