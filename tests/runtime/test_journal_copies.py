"""A backup is a whole journal in one file, and becomes a journal again on either database."""

import shutil

from pathlib import Path

import pytest

from config.journal import JournalServer
from runtime.journal.copying import backup, restore
from runtime.journal.errors import JournalError
from runtime.journal.reader import JournalReader
from runtime.journal.schema import tables
from runtime.journal.writer import JournalWriter
from tests.journals import edit, entry, journal

Rows = dict[str, list[tuple[object, ...]]]


def contents(where: Path | JournalServer) -> Rows:
    """Return every row of every table."""
    with JournalReader(where) as reader, reader.asking() as connection:
        return {
            name: [tuple(row) for row in connection.execute(table.select().order_by(*table.primary_key))]
            for name, table in tables.tables.items()
        }


def a_journal(where: Path | JournalServer) -> None:
    """Write a journal with a snapshot and a row of a projection."""
    with JournalWriter(where) as writer:
        writer.append(entry(1, ("decisions", {"id": "1-1", "seq": 1, "score": 0.1, "strategy": "é"})))
        writer.snapshot(1, b"state")
        writer.append(entry(2))


def test_a_backup_is_the_journal(place: Path | JournalServer, tmp_path: Path) -> None:
    """Every row of every table is in it, and no other file lies beside it."""
    a_journal(place)

    verdict = backup(place, tmp_path / "backup.sqlite")

    assert (True, 2) == (verdict.ok, verdict.seq)
    assert ["backup.sqlite"] == [file.name for file in tmp_path.iterdir() if "backup" in file.name]
    assert contents(place) == contents(tmp_path / "backup.sqlite")


def test_a_journal_is_backed_up_while_it_is_written(place: Path | JournalServer, tmp_path: Path) -> None:
    """A writer need not stop: the copy is the journal as it stood at one moment."""
    with JournalWriter(place) as writer:
        writer.append(entry(1), durable=True).wait(5)
        first = backup(place, tmp_path / "first.sqlite").seq
        writer.append(entry(2), durable=True).wait(5)
        second = backup(place, tmp_path / "second.sqlite").seq

    assert (1, 2) == (first, second)


def test_a_backup_becomes_a_journal_and_goes_on(place: Path | JournalServer, tmp_path: Path) -> None:
    """From a file to a file, and from a file to a server: the same rows, the same chain, and the next run."""
    a_journal(tmp_path / "one.sqlite")
    backup(tmp_path / "one.sqlite", tmp_path / "backup.sqlite")

    restore(tmp_path / "backup.sqlite", place)

    assert contents(tmp_path / "one.sqlite") == contents(place)
    with JournalWriter(place) as writer:
        assert (3, 2) == (writer.next_seq, writer.run)
        writer.append(entry(3))
    with JournalReader(place) as reader:
        assert reader.verify().ok


def test_a_journal_is_not_restored_over_another(place: Path | JournalServer, tmp_path: Path) -> None:
    """Whoever wants the older one moves the newer one away first."""
    journal(place, 3)
    backup(place, tmp_path / "backup.sqlite")

    with pytest.raises(JournalError, match="there is one of 3 rows already: move it away"):
        restore(tmp_path / "backup.sqlite", place)


def test_a_backup_takes_no_name_that_is_taken(tmp_path: Path) -> None:
    """An older backup is not overwritten."""
    path = journal(tmp_path, 1)
    (tmp_path / "backup.sqlite").write_text("mine")

    with pytest.raises(JournalError, match="there is a file already"):
        backup(path, tmp_path / "backup.sqlite")

    assert "mine" == (tmp_path / "backup.sqlite").read_text()


def test_what_is_not_whole_is_not_copied(tmp_path: Path) -> None:
    """Neither a backup of a broken journal nor a journal of a broken backup comes into being."""
    path = journal(tmp_path, 5)
    backup(path, tmp_path / "backup.sqlite")
    for broken in (path, tmp_path / "backup.sqlite"):
        edit(broken, "UPDATE log SET step = x'00' WHERE seq = 3")

    with pytest.raises(JournalError, match=r"row 3 was changed.*it is not whole"):
        backup(path, tmp_path / "second.sqlite")
    with pytest.raises(JournalError, match=r"row 3 was changed.*it is not whole"):
        restore(tmp_path / "backup.sqlite", tmp_path / "third.sqlite")

    assert not (tmp_path / "second.sqlite").exists()
    assert not (tmp_path / "third.sqlite").exists()


def test_a_copy_of_the_file_is_none_while_it_is_written(tmp_path: Path) -> None:
    """Why there is a command: the file alone lacks what still stands in the write-ahead log."""
    with JournalWriter(tmp_path / "one.sqlite") as writer:
        writer.append(entry(1), durable=True).wait(5)
        shutil.copyfile(tmp_path / "one.sqlite", tmp_path / "copied.sqlite")
        made = backup(tmp_path / "one.sqlite", tmp_path / "backup.sqlite")

    assert 1 == made.seq
    with pytest.raises(JournalError):
        JournalReader(tmp_path / "copied.sqlite")
