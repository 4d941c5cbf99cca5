"""What was acknowledged is on disk, whatever then happens to the process, and to the server."""

import os
import sqlite3

from itertools import islice
from pathlib import Path

import pytest

from runtime.journal.entries import Head
from runtime.journal.segments import START
from tests.journal_kills import Kills, rounds, world, wrong
from tests.journals import edit, journal
from tests.postgres import program

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="writers are forked")


@pytest.mark.parametrize(("database", "times"), [("sqlite", 20), ("postgresql", 3)])
def test_every_acknowledged_entry_survives_a_kill(database: str, times: int) -> None:
    """A writer killed at any moment loses nothing it acknowledged, leaves no gap, and its successor goes on."""
    if database == "postgresql":
        program("initdb")
    with world(database) as (place, fall, rise):
        *_, found = islice(rounds(place, fall, rise, Kills()), times)

    assert [] == found.failures
    assert times == found.kills
    assert found.acknowledged > times


def test_what_is_lost_is_noticed(tmp_path: Path) -> None:
    """The check itself: a row that is missing at the end, a row in the middle, and a decision without its row."""
    path = journal(tmp_path, 5)
    with sqlite3.connect(path) as connection:
        head = connection.execute("SELECT hash FROM log WHERE seq = 2").fetchone()[0]
        connection.executemany("INSERT INTO decisions (id, seq) VALUES (?, ?)", [(str(n), n) for n in range(1, 6)])
    connection.close()
    good = wrong(path, Head(2, head), 5)[1]

    assert [] == good == wrong(path, START, 5)[1]
    assert ["row 6 was told to be on disk, and the last is 5"] == wrong(path, START, 6)[1]
    edit(path, "DELETE FROM decisions WHERE seq = 3")
    assert ["(4, 1, 5) decisions of 5 rows"] == wrong(path, START, 5)[1]
    edit(path, "DELETE FROM log WHERE seq = 3")
    assert "rows 3 to 3 are missing" in wrong(path, START, 5)[1]
