"""The reader lists projections, sees the log while it grows, and says in one line what it cannot read."""

import os
import subprocess
import sys

from pathlib import Path

import pytest

from sqlalchemy import event

from config.journal import JournalServer
from runtime.journal.entries import Head, Verdict
from runtime.journal.errors import JournalError
from runtime.journal.reader import JournalReader
from runtime.journal.schema import log, tables
from runtime.journal.writer import JournalWriter
from tests.journals import ask, edit, entry, journal


def told(place: Path | JournalServer) -> Path | JournalServer:
    """Write a journal with a few lines in every projection."""
    with JournalWriter(place) as writer:
        for number in range(1, 7):
            decision = {
                "id": f"1-{number}",
                "seq": number,
                "run": 1,
                "n": number,
                "strategy": "ab"[number % 2],
                "class": "traded" if number > 3 else "held",
            }
            order = {"instruction": number, "run": 1, "decision": f"1-{number}"}
            outcome = {"id": f"o{number}", "book": "live" if number < 5 else "shadow", "closed": 10 - number}
            rows = (("decisions", decision), ("orders", order), ("outcomes", outcome))
            writer.append(entry(number, *rows))
        writer.append(entry(7, ("runs", {"run": 1}), ("commands", {"id": "c", "command": "halt"})))
    return place


def test_the_log_is_read_from_any_row(place: Path | JournalServer) -> None:
    """Rows come in order from the one asked for, and the head is the last."""
    journal(place, 5)

    with JournalReader(place) as reader:
        rows = list(reader.rows(3))
        assert [3, 4, 5] == [row.seq for row in rows]
        assert Head(5, rows[-1].hash) == reader.head()


def test_an_open_journal_is_read_while_it_grows(place: Path | JournalServer) -> None:
    """A reader sees what is committed, and verifies it, while the writer holds the file."""
    with JournalWriter(place) as writer, JournalReader(place) as reader:
        assert Head(0, bytes(32)) == reader.head()
        assert reader.last_snapshot() is None

        writer.append(entry(1), durable=True).wait(5)
        writer.append(entry(2), durable=True).wait(5)

        assert 2 == reader.verify().seq
        assert [1, 2] == [row.seq for row in reader.rows()]


def test_rows_stay_as_they_stood_when_asked_for(place: Path | JournalServer) -> None:
    """Entries that are written while the log is being read do not appear in the middle of the reading."""
    with JournalWriter(place) as writer, JournalReader(place) as reader:
        writer.append(entry(1), durable=True).wait(5)
        writer.append(entry(2), durable=True).wait(5)
        rows = reader.rows()
        first = next(rows)

        writer.append(entry(3), durable=True).wait(5)

        assert [1, 2] == [first.seq, *(row.seq for row in rows)]


def test_a_growing_journal_is_checked_as_of_one_moment(place: Path | JournalServer) -> None:
    """An entry committed between the check of the rows and that of the head is no contradiction."""
    with JournalWriter(place) as writer, JournalReader(place) as reader:
        writer.append(entry(1), durable=True).wait(5)

        def grow(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
            if "FROM head" in statement:
                writer.append(entry(2), durable=True).wait(5)

        event.listen(reader._connection, "before_cursor_execute", grow)

        assert Verdict(ok=True, seq=1) == reader.verify()


def test_decisions_are_listed_by_what_is_asked(place: Path | JournalServer) -> None:
    """Conditions narrow, a limit cuts at the start or at the end, and the order is always the order of time."""
    with JournalReader(told(place)) as reader:
        assert [1, 2, 3] == [line["n"] for line in reader.decisions(class_="held")]
        assert [2, 4, 6] == [line["n"] for line in reader.decisions(strategy="a")]
        assert [1, 2] == [line["n"] for line in reader.decisions(limit=2)]
        assert [5, 6] == [line["n"] for line in reader.decisions(limit=2, last=True)]
        assert [3, 5] == [line["n"] for line in reader.decisions(strategy="b", limit=2, last=True)]


def test_one_decision_is_found_by_its_id(place: Path | JournalServer) -> None:
    """A decision is found by its id, with every column; an unknown id finds nothing."""
    with JournalReader(told(place)) as reader:
        line = reader.decision("1-4")

        assert line is not None
        assert set(tables.tables["decisions"].c.keys()) == set(line)
        assert "traded" == line["class"]
        assert reader.decision("9-9") is None


def test_other_projections_are_listed(place: Path | JournalServer) -> None:
    """Orders come as decided, outcomes as closed; commands and runs are there."""
    with JournalReader(told(place)) as reader:
        assert [1, 2, 3, 4, 5, 6] == [line["instruction"] for line in reader.orders()]
        assert ["o4", "o3", "o2", "o1"] == [line["id"] for line in reader.outcomes(book="live")]
        assert ["halt"] == [line["command"] for line in reader.commands()]
        assert [1] == [line["run"] for line in reader.runs()]
        assert [] == reader.lines("deals") == reader.lines("ledger") == reader.lines("alerts")


def test_a_reader_cannot_write(place: Path | JournalServer) -> None:
    """Reading opens no way to write."""
    with (
        JournalReader(journal(place, 1)) as reader,
        pytest.raises(JournalError, match="it cannot be written"),
        reader.asking() as connection,
    ):
        connection.exec_driver_sql("INSERT INTO alerts (id) VALUES (1)")


def test_awkward_names_are_read(tmp_path: Path) -> None:
    """A folder whose name holds characters that mean something in a URL is read like any other."""
    folder = tmp_path / "a b#c?d%e"
    folder.mkdir()

    with JournalReader(journal(folder, 2)) as reader:
        assert 2 == reader.verify().seq


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    """A reader makes no file; it says that there is none."""
    with pytest.raises(JournalError, match="there is no such file"):
        JournalReader(tmp_path / "account.db")

    assert [] == list(tmp_path.iterdir())


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    """Neither a text nor another program's database is taken for a journal."""
    text, other = tmp_path / "text.db", tmp_path / "other.db"
    text.write_text("no database " * 1000)
    edit(other, "CREATE TABLE t (x)")

    for opened in (JournalReader, JournalWriter):
        with pytest.raises(JournalError, match="it is not a journal"):
            opened(text)
        with pytest.raises(JournalError, match="a database of something else"):
            opened(other)


def test_damaged_pages_are_said(tmp_path: Path) -> None:
    """Where the file itself is destroyed, the check ends in one line, not in a traceback of the database."""
    path = journal(tmp_path, 400)
    size = path.stat().st_size
    ((page,),) = ask(path, "SELECT rootpage FROM sqlite_master WHERE name = 'log'")
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)

    with pytest.raises(JournalError, match="the file is damaged") as refusal, JournalReader(path) as reader:
        reader.verify()

    assert size == path.stat().st_size
    assert "\n" not in str(refusal.value)


def test_the_journal_loads_nothing_heavy() -> None:
    """The daemon's process never sees numpy, pandas or the object-relational mapper through its journal."""
    script = (
        "import sys, runtime.journal.writer, runtime.journal.reader\n"
        "print(*sorted({'numpy', 'pandas', 'sqlalchemy.orm', 'greenlet'} & set(sys.modules)))"
    )

    heavy = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout

    assert "" == heavy.strip()


def test_the_log_knows_its_columns() -> None:
    """The statements that are written out name the columns the table has, in its order."""
    names = ["seq", "run", "at", "wall", "kind", "schema", "fact", "step", "prev", "hash"]

    assert names == log.c.keys()


def test_an_archived_journal_is_read_as_it_lies(tmp_path: Path) -> None:
    """A closed journal in a folder that cannot be written is read and verified all the same."""
    folder = tmp_path / "archive"
    folder.mkdir()
    path = journal(folder, 3)
    folder.chmod(0o500)
    if os.access(folder, os.W_OK):
        pytest.skip("this user may write into every folder")

    with JournalReader(path) as reader:
        assert 3 == reader.verify().seq
