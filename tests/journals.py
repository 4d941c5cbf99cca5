"""Entries and raw edits that the journal's tests share."""

import itertools
import sqlite3

from contextlib import closing
from pathlib import Path
from typing import Any

from config.journal import JournalServer
from config.secrets import Secret
from runtime.journal.entries import Entry, Row
from runtime.journal.writer import JournalWriter

SCHEMAS = itertools.count(1)


def entry(number: int = 1, *rows: Row) -> Entry:
    """Return an entry that can be told from others by its number."""
    return Entry(f"Fact{number}", number, 1000 + number, b"fact %d" % number, b"step %d" % number, rows)


def journal(place: Path | JournalServer, entries: int, *, snapshot_at: int = 0) -> Any:  # noqa: ANN401 - as it was given
    """Write a closed journal of so many entries, with a snapshot after one of them; a folder gets a file."""
    where = place / "account.db" if isinstance(place, Path) and place.is_dir() else place
    with JournalWriter(where) as writer:
        for number in range(1, entries + 1):
            writer.append(entry(number))
            if number == snapshot_at:
                writer.snapshot(number, b"state %d" % number)
    return where


def on_server(url: str) -> JournalServer:
    """Return a new journal's place in a database, in a schema of its own."""
    return JournalServer(Secret(url), f"Account-{next(SCHEMAS)}")


def edit(place: Path | JournalServer, statement: str, *values: object) -> None:
    """Change a journal behind its back: raw SQL, after dropping what forbids it.

    `?` stands for a value and BYTES for the type of bytes, whatever they are called there.
    """
    if isinstance(place, JournalServer):
        with connected(place) as connection:
            found = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = 'log'::regclass"
            for (name,) in connection.execute(found).fetchall():
                connection.execute(f"DROP TRIGGER {name} ON log".encode())
            told = statement.replace("?", "%s").replace("AS BYTES", "AS BYTEA")
            connection.execute(told.encode(), values or None)
        return
    with closing(sqlite3.connect(place)) as connection, connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement.replace("AS BYTES", "AS BLOB"), values)


def ask(place: Path | JournalServer, question: str) -> list[Any]:
    """Return what raw SQL finds."""
    if isinstance(place, JournalServer):
        with connected(place) as connection:
            found: list[Any] = connection.execute(question.encode()).fetchall()
            return found
    with closing(sqlite3.connect(place)) as connection:
        return connection.execute(question).fetchall()


def connected(place: JournalServer) -> Any:  # noqa: ANN401 - psycopg's, where it is installed
    """Return a raw connection to a journal on a server."""
    import psycopg  # noqa: PLC0415

    return psycopg.connect(place.url.reveal(), options=f'-csearch_path="{place.schema}"')
