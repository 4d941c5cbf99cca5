"""At the first append that fails the journal stops for good, and says in one line what to do."""

import sqlite3
import time

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sqlalchemy import Engine, event

from runtime.journal.entries import Entry, Row
from runtime.journal.errors import JournalError, JournalFailed
from runtime.journal.reader import JournalReader
from runtime.journal.schema import VERSION
from runtime.journal.writer import JournalWriter
from tests.journals import ask, edit, entry, journal

LONG = 60.0
"""A linger that no test waits for."""


@pytest.fixture
def small_disk() -> Iterator[None]:
    """Let no database grow beyond 400 KB."""

    def limit(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA max_page_count=100")

    event.listen(Engine, "connect", limit)
    yield
    event.remove(Engine, "connect", limit)


def fill(writer: JournalWriter, acknowledged: list[int]) -> None:
    """Write big entries until it fails, and note which were acknowledged."""
    while True:
        acknowledged.append(writer.append(Entry("Big", 0, 0, bytes(8000), b""), durable=True).wait(5))


def test_a_failure_takes_projections_and_log_back_together(tmp_path: Path) -> None:
    """A decision told twice breaks its whole group, and the log has none of it."""
    path = tmp_path / "account.db"
    twice = ("decisions", {"id": "1-1", "class": "traded"})
    writer = JournalWriter(path, linger=LONG)
    writer.append(entry(1, twice), durable=True).wait(5)
    before = writer.append(entry(2))

    with pytest.raises(JournalFailed, match=r"UNIQUE constraint failed: decisions.id.*the last row on disk is 1"):
        writer.append(entry(3, twice), durable=True).wait(5)

    with pytest.raises(JournalFailed):
        before.result()
    with pytest.raises(JournalFailed):
        writer.close()
    assert [(1,)] == ask(path, "SELECT seq FROM log")


@pytest.mark.parametrize(
    ("row", "said"), [(("nothing", {"x": 1}), "nothing"), (("orders", {"instruction": 1, "colour": 2}), "colour")]
)
def test_an_unknown_table_or_column_fails(tmp_path: Path, row: Row, said: str) -> None:
    """A row that no table can hold is a bug, said in one line."""
    writer = JournalWriter(tmp_path / "account.db")

    with pytest.raises(JournalFailed, match=f"{said}.*this is a bug"):
        writer.append(entry(1, row), durable=True).wait(5)

    with pytest.raises(JournalFailed):
        writer.close()


@pytest.mark.usefixtures("small_disk")
def test_a_full_disk_stops_the_journal(tmp_path: Path) -> None:
    """When the disk is full the append fails with what to do, every later one too, and what was acknowledged stays."""
    path = tmp_path / "account.db"
    writer = JournalWriter(path)
    acknowledged: list[int] = []
    with pytest.raises(JournalFailed, match="the disk is full: free space on it, then start again") as failure:
        fill(writer, acknowledged)
    with pytest.raises(JournalFailed, match="the disk is full"):
        writer.append(entry())
    with pytest.raises(JournalFailed, match="the disk is full"):
        writer.snapshot(acknowledged[-1], b"")
    with pytest.raises(JournalFailed, match="the disk is full"):
        writer.close()

    assert 10 == failure.value.exit_code
    assert "\n" not in str(failure.value)
    with JournalReader(path) as reader:
        assert acknowledged[-1] == reader.verify().seq


def test_a_file_that_becomes_unwritable_stops_the_journal(tmp_path: Path) -> None:
    """A file that can no longer be written fails the append and says which right is missing."""
    writer = JournalWriter(tmp_path / "account.db")
    writer._connection.exec_driver_sql("PRAGMA query_only=1")

    with pytest.raises(JournalFailed, match="give this user the right to write"):
        writer.append(entry(), durable=True).wait(5)

    with pytest.raises(JournalFailed):
        writer.close()


def test_a_read_only_file_is_refused_at_once(tmp_path: Path) -> None:
    """A journal that cannot be written is not opened for writing."""
    path = journal(tmp_path, 1)

    with pytest.raises(JournalError, match="give this user the right to write"):
        JournalWriter(f"sqlite:///{path.as_uri()}?mode=ro&uri=true")


def test_a_locked_file_stops_the_journal(tmp_path: Path) -> None:
    """Another process that holds the file fails the append once patience is over."""
    path = tmp_path / "account.db"
    writer = JournalWriter(path, patience=0.05)
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(JournalFailed, match="another process holds this journal"):
            writer.append(entry(), durable=True).wait(5)

    with pytest.raises(JournalFailed):
        writer.close()


def test_a_failure_breaks_what_was_queued_meanwhile(tmp_path: Path) -> None:
    """An entry that was appended while a commit was about to fail is told so too, and does not wait for ever."""
    path = tmp_path / "account.db"
    writer = JournalWriter(path, patience=0.15)
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        first = writer.append(entry(1), durable=True)
        while writer._queue:
            time.sleep(0.001)
        second = writer.append(entry(2))

        for ticket in (first, second):
            with pytest.raises(JournalFailed, match="another process holds this journal"):
                ticket.wait(5)

    with pytest.raises(JournalFailed):
        writer.close()


def test_a_second_writer_cannot_fork_the_log(tmp_path: Path) -> None:
    """Of two writers of one file the one that comes second fails; the chain stays whole."""
    path = tmp_path / "account.db"
    first, second = JournalWriter(path), JournalWriter(path)
    first.append(entry(1), durable=True).wait(5)

    with pytest.raises(JournalFailed, match="another process writes this journal"):
        second.append(entry(2), durable=True).wait(5)

    first.append(entry(3), durable=True).wait(5)
    first.close()
    with pytest.raises(JournalFailed):
        second.close()
    with JournalReader(path) as reader:
        assert ["Fact1", "Fact3"] == [row.kind for row in reader.rows()]
        assert reader.verify().ok


@pytest.mark.parametrize(
    ("version", "said"), [(VERSION + 1, "written by a newer Tidegate"), (VERSION - 1, "written by an older Tidegate")]
)
def test_another_version_is_refused(tmp_path: Path, version: int, said: str) -> None:
    """Neither reader nor writer touches a journal of another schema version."""
    path = journal(tmp_path, 1)
    edit(path, "UPDATE schema_version SET version = ?", version)

    for opened in (JournalReader, JournalWriter):
        with pytest.raises(JournalError, match=said) as refusal:
            opened(path)
        assert 6 == refusal.value.exit_code


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("postgresql://host/x", "a server is named by the section .journal."),
        ("://", "neither a path nor a URL"),
        ("sqlite://", "cannot hold a write-ahead log"),
        ("/nowhere/at/all/account.db", "check that its folder exists"),
    ],
)
def test_a_place_that_cannot_be_is_refused(place: str, said: str) -> None:
    """A place that is no SQLite file is refused in one line that says what to do."""
    with pytest.raises(JournalError, match=said):
        JournalWriter(place)
