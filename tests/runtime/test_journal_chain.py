"""The chain shows every row that was changed, removed or added behind the journal's back."""

import sqlite3
import struct

from contextlib import closing
from pathlib import Path

import pytest

from hypothesis import given
from hypothesis import strategies as st

from config.journal import JournalServer
from runtime.journal.chain import GENESIS, row_hash
from runtime.journal.entries import Verdict
from runtime.journal.errors import JournalError
from runtime.journal.reader import JournalReader
from runtime.journal.schema import VERSION
from runtime.journal.writer import JournalWriter
from tests.journals import ask, edit, journal


def verdict(path: Path | JournalServer) -> Verdict:
    """Return what a check of the file finds."""
    with JournalReader(path) as reader:
        return reader.verify()


def test_an_untouched_journal_verifies(place: Path | JournalServer) -> None:
    """A journal as it was written holds its chain up to the last row."""
    journal(place, 20, snapshot_at=7)

    assert Verdict(ok=True, seq=20) == verdict(place)


def test_an_empty_journal_verifies(place: Path | JournalServer) -> None:
    """A journal without rows has nothing that could be wrong."""
    journal(place, 0)

    assert Verdict(ok=True, seq=0) == verdict(place)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE log SET fact = CAST('fact 6' AS BYTES) WHERE seq = 5",
        "UPDATE log SET step = CAST('' AS BYTES) WHERE seq = 5",
        "UPDATE log SET kind = 'Fact6' WHERE seq = 5",
        "UPDATE log SET at = 6 WHERE seq = 5",
        "UPDATE log SET wall = 6 WHERE seq = 5",
        "UPDATE log SET run = 2 WHERE seq = 5",
        "UPDATE log SET schema = schema + 1 WHERE seq = 5",
        "UPDATE log SET hash = prev WHERE seq = 5",
    ],
)
def test_a_changed_value_is_found(place: Path | JournalServer, change: str) -> None:
    """Whatever column of a row is edited, the check names that row."""
    journal(place, 10)
    edit(place, change)

    assert Verdict(ok=False, seq=5, problem="row 5 was changed, or row 4: its hash does not fit") == verdict(place)


def test_of_the_first_row_no_other_is_doubted(place: Path | JournalServer) -> None:
    """What it follows is no row that anybody could have changed."""
    journal(place, 3)
    edit(place, "UPDATE log SET at = 6 WHERE seq = 1")

    assert Verdict(ok=False, seq=1, problem="row 1 was changed: its hash does not fit") == verdict(place)


def test_a_value_of_another_type_is_found(tmp_path: Path) -> None:
    """Text where bytes belong is a changed row, not a crash of the check."""
    path = journal(tmp_path, 10)
    edit(path, "UPDATE log SET fact = 'text' WHERE seq = 5")

    assert Verdict(ok=False, seq=5, problem="row 5 was changed: a value has another type") == verdict(path)


def test_a_row_rewritten_with_its_own_hash_breaks_the_next(place: Path | JournalServer) -> None:
    """Who computes the hash of an edited row again only moves the break one row on."""
    journal(place, 10)
    ((prev,),) = ask(place, "SELECT hash FROM log WHERE seq = 4")
    forged = row_hash(prev, VERSION, 1, 5, 5, 1005, b"Fact5", b"forged", b"step 5")
    edit(place, "UPDATE log SET fact = ?, hash = ? WHERE seq = 5", b"forged", forged)

    assert Verdict(ok=False, seq=6, problem="row 6 was changed, or row 5: its hash does not fit") == verdict(place)


@pytest.mark.parametrize(
    ("gone", "first", "problem"),
    [
        ("DELETE FROM log WHERE seq = 5", 5, "rows 5 to 5 are missing"),
        ("DELETE FROM log WHERE seq = 1", 1, "rows 1 to 1 are missing"),
        ("DELETE FROM log WHERE seq BETWEEN 3 AND 8", 3, "rows 3 to 8 are missing"),
        ("DELETE FROM log WHERE seq > 8", 9, "rows 9 to 10 are missing"),
        ("DELETE FROM log", 1, "rows 1 to 10 are missing"),
    ],
)
def test_deleted_rows_are_found(place: Path | JournalServer, gone: str, first: int, problem: str) -> None:
    """A row missing in the middle, at the start or at the end is named."""
    journal(place, 10)
    edit(place, gone)

    assert Verdict(ok=False, seq=first, problem=problem) == verdict(place)


def test_a_row_added_behind_the_head_is_found(place: Path | JournalServer) -> None:
    """A well-chained row that the journal did not write does not pass as its end."""
    journal(place, 3)
    ((last,),) = ask(place, "SELECT hash FROM log WHERE seq = 3")
    added = row_hash(last, 1, 1, 4, 4, 4, b"K", b"f", b"s")
    edit(place, "INSERT INTO log VALUES (4, 1, 4, 4, 'K', 1, ?, ?, ?, ?)", b"f", b"s", b"", added)

    assert not verdict(place).ok


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log SET wall = 0",
        "DELETE FROM log",
        "INSERT OR REPLACE INTO log SELECT seq, run, at, 0, kind, schema, fact, step, prev, hash FROM log LIMIT 1",
    ],
)
def test_the_log_refuses_to_be_changed(tmp_path: Path, statement: str) -> None:
    """UPDATE, DELETE and INSERT OR REPLACE abort, whoever tries."""
    path = journal(tmp_path, 3)

    with (
        closing(sqlite3.connect(path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="the log is append only"),
    ):
        connection.execute(statement)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("UPDATE snapshots SET state = CAST('x' AS BYTES)", "the snapshot at 4 was changed: its hash does not fit"),
        ("UPDATE snapshots SET run = 2", "the snapshot at 4 was changed: its hash does not fit"),
        ("UPDATE snapshots SET prev = hash", "the snapshot at 4 does not belong to this log"),
    ],
)
def test_a_changed_snapshot_is_found(place: Path | JournalServer, change: str, problem: str) -> None:
    """A snapshot stands on the hash of the row it was taken after, and is refused when either differs."""
    journal(place, 10, snapshot_at=4)
    edit(place, change)

    assert Verdict(ok=False, seq=4, problem=problem) == verdict(place)
    with pytest.raises(JournalError, match=problem), JournalReader(place) as reader:
        reader.last_snapshot()


def test_a_snapshot_of_another_type_is_found(tmp_path: Path) -> None:
    """Text where bytes belong is a changed snapshot; only SQLite takes it."""
    path = journal(tmp_path, 10, snapshot_at=4)
    edit(path, "UPDATE snapshots SET state = 'text'")

    assert Verdict(ok=False, seq=4, problem="the snapshot at 4 was changed: a value has another type") == verdict(path)


def test_a_broken_journal_is_not_continued(place: Path | JournalServer) -> None:
    """Who would write behind a row that was changed since the last snapshot is refused."""
    journal(place, 10, snapshot_at=4)
    edit(place, "UPDATE log SET fact = CAST('x' AS BYTES) WHERE seq = 7")

    with pytest.raises(JournalError, match="row 7 was changed, or row 6: its hash does not fit: keep the file"):
        JournalWriter(place)


def test_a_truncated_journal_is_not_continued(place: Path | JournalServer) -> None:
    """A journal that lost its last rows is refused, not grown over the gap."""
    journal(place, 10)
    edit(place, "DELETE FROM log WHERE seq > 8")

    with pytest.raises(JournalError, match="rows 9 to 10 are missing"):
        JournalWriter(place)


@given(st.binary(max_size=20), st.binary(max_size=20), st.binary(max_size=20), st.integers(0, 60))
def test_no_two_rows_are_hashed_from_the_same_bytes(kind: bytes, fact: bytes, step: bytes, cut: int) -> None:
    """Moving the border between kind, fact and step changes the hash, though the bytes stay."""
    told = kind + fact + step
    other = (told[:cut], told[cut:], b"")
    same = other == (kind, fact, step)

    hashes = {row_hash(GENESIS, 1, 1, 1, 0, 0, *parts) for parts in ((kind, fact, step), other)}

    assert (1 if same else 2) == len(hashes)


def test_numbers_beyond_64_bits_are_refused() -> None:
    """A number the file cannot hold is not hashed as another."""
    with pytest.raises(struct.error):
        row_hash(GENESIS, 1, 1, 1, 2**63, 0, b"", b"", b"")
