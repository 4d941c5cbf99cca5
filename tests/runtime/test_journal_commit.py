"""What a commit writes is the same however it gets there: copied or inserted, into either database."""

import subprocess
import sys

from collections.abc import Sequence
from math import inf, nan
from pathlib import Path
from typing import Any

import pytest

from config.journal import JournalServer
from runtime.journal.commit import MANY
from runtime.journal.entries import Entry, Row
from runtime.journal.errors import JournalFailed
from runtime.journal.reader import ORDER, JournalReader
from runtime.journal.writer import JournalWriter
from tests.journals import entry, on_server

LONG = 60.0
"""A linger that no test waits for."""
NUMBERS = (0.0, -0.0, 1 / 3, 5e-324, -inf, 1.7976931348623157e308, nan, None, 2)
WORDS = ("", "a\tb\nc\\N\\.", 'é "quoted" \U0001f512', None, "NULL")
WHOLE = (0, -1, 2**63 - 1, -(2**63), None)


def told(number: int) -> tuple[Row, ...]:
    """Return what people read of one fact: values that are easily mistaken on the way, and an order that goes on."""
    real, word, whole = NUMBERS[number % len(NUMBERS)], WORDS[number % len(WORDS)], WHOLE[number % len(WHOLE)]
    order = {"instruction": number // 3, "magic": whole} if number % 3 == 0 else {"instruction": number // 3}
    return (
        ("decisions", {"id": f"1-{number}", "seq": number, "score": real, "features": word, "magic": whole}),
        ("outcomes", {"id": f"o{number}", "book": "live", "net": real, "tag": word, "opened": whole}),
        ("orders", order | {"state": word, "price": real}),
        ("deals", {"ticket": number % 20, "profit": real}),
    )


def entries(count: int) -> list[Entry]:
    """Return so many entries."""
    return [entry(number, *told(number)) for number in range(1, count + 1)]


def written(place: Path | JournalServer, some: Sequence[Entry], *, together: bool) -> dict[str, list[Any]]:
    """Write entries by one commit or by one for each, and return every table and the log."""
    with JournalWriter(place, linger=LONG, most=len(some) + 1) as journal:
        for one in some:
            ticket = journal.append(one, durable=not together)
            if not together:
                ticket.wait(5)
    with JournalReader(place) as reader:
        assert reader.verify().ok
        return {"log": [*reader.rows()], **{name: reader.lines(name) for name in ORDER}}


def test_one_commit_of_many_writes_what_many_of_one_do(place: Path | JournalServer, tmp_path: Path) -> None:
    """Each table has the same rows to the last bit: what is told again of an order changes what it names, no more."""
    other = on_server(place.url.reveal()) if isinstance(place, JournalServer) else tmp_path / "other.db"
    some = entries(4 * MANY)

    alone, together = written(place, some, together=False), written(other, some, together=True)

    assert repr(alone) == repr(together)
    assert len(some) == len(alone["decisions"])


def test_both_databases_have_the_same_rows(database: str, tmp_path: Path) -> None:
    """What a file keeps of a row, a server keeps: no number is nothing, and a whole number in a real column is real."""
    some = entries(4 * MANY)

    file, server = (written(there, some, together=True) for there in (tmp_path / "a.db", on_server(database)))

    assert file == server


@pytest.mark.parametrize("more", [1, 2 * MANY])
def test_a_commit_that_fails_writes_nothing(place: Path | JournalServer, more: int) -> None:
    """A row that is there already ends the journal, whether one is written or many: nothing of its commit is there."""
    writer = JournalWriter(place, linger=LONG)
    writer.append(entry(1, *told(1)), durable=True).wait(5)
    lost = [writer.append(entry(number, *told(1 + number % more))) for number in range(2, 2 + more)]

    with pytest.raises(JournalFailed, match="the last row on disk is 1"):
        writer.close()

    assert all(ticket.done() for ticket in lost)
    with JournalReader(place) as reader:
        found = (reader.head().seq, reader.verify().ok, len(reader.lines("decisions")), len(reader.lines("orders")))
    assert (1, True, 1, 1) == found


@pytest.mark.parametrize("more", [1, 2 * MANY])
def test_a_number_that_its_column_cannot_hold_ends_the_journal(database: str, more: int) -> None:
    """It is not cut to what fits, however it is written."""
    there = on_server(database)
    writer = JournalWriter(there, linger=LONG)
    for number in range(1, more + 1):
        writer.append(entry(number, ("decisions", {"id": f"1-{number}", "n": 2**31 if number == more else number})))

    with pytest.raises(JournalFailed, match="the last row on disk is 0"):
        writer.close()


WRITES = """
import sys
from pathlib import Path
from runtime.journal.entries import Entry
from runtime.journal.writer import JournalWriter
with JournalWriter(Path(sys.argv[1])) as journal:
    journal.append(Entry("kind", 1, 1, b"fact", b"step", (("orders", {"instruction": 1, "state": "SENT"}),)))
print(*sys.modules)
"""


def test_who_writes_to_a_file_loads_no_server_s_dialect(tmp_path: Path) -> None:
    """Every daemon would wait for it at its start, and keep its memory."""
    done = subprocess.run(
        [sys.executable, "-c", WRITES, str(tmp_path / "a.sqlite")], capture_output=True, text=True, check=True
    )

    assert "sqlalchemy.dialects.sqlite" in done.stdout.split()
    assert not {"sqlalchemy.dialects.postgresql", "psycopg"} & set(done.stdout.split())
