"""The tables people read are made again from the log, and are the same to the last value."""

from operator import itemgetter
from pathlib import Path

import pytest

from hypothesis import given
from hypothesis import strategies as st

from config.journal import JournalServer
from runtime.journal.errors import JournalError
from runtime.journal.reader import JournalReader
from runtime.rebuild import differing, rebuild
from tests.journaled import a_config, began_again, traded
from tests.journals import ask, edit


@pytest.fixture
def lived(place: Path | JournalServer, tmp_path: Path) -> Path | JournalServer:
    """Return the journal of an account that traded in two runs."""
    config = a_config(tmp_path / "account")
    traded(place, config)
    began_again(place, config)
    return place


def test_all_tables_are_made_again_and_equal(lived: Path | JournalServer) -> None:
    """Runs, decisions, orders, deals, outcomes and the rest: nothing in them that the log does not hold."""
    found = rebuild(lived)

    with JournalReader(lived) as reader:
        assert (reader.head().seq, {}) == (found.rows, found.differences)
    assert {"runs", "decisions", "orders", "deals", "outcomes", "commands"} <= set(found.tables)


def test_what_was_changed_is_found_and_put_right(lived: Path | JournalServer) -> None:
    """Rows that were edited, deleted or added in projections are counted, and a rebuild puts the log's in place."""
    before = ask(lived, "SELECT * FROM decisions ORDER BY seq, n")
    edit(lived, "UPDATE decisions SET score = 7.5 WHERE id = (SELECT min(id) FROM decisions)")
    edit(lived, "DELETE FROM outcomes")
    edit(lived, "INSERT INTO alerts (id, at) VALUES (-1, 0)")

    found = rebuild(lived)
    written = rebuild(lived, write=True)

    assert found == written
    assert {"decisions", "outcomes", "alerts"} == set(found.differences)
    assert 1 == found.differences["decisions"]
    assert {} == rebuild(lived).differences
    assert before == ask(lived, "SELECT * FROM decisions ORDER BY seq, n")


def test_a_log_that_leads_elsewhere_is_not_rebuilt_from(lived: Path | JournalServer) -> None:
    """Where this program decides otherwise than the journal says, tables made by it would lie."""
    with JournalReader(lived) as reader:
        row = next(reader.rows(reader.decisions()[0]["seq"]))
    edit(lived, "UPDATE log SET fact = ?, step = ? WHERE seq = ?", row.fact, b"x", row.seq)  # as it is stored unpacked

    with pytest.raises(JournalError, match="leads to another step than it did: `tidegate replay` says in what"):
        rebuild(lived, write=True)


def test_a_run_is_part_of_the_chain(lived: Path | JournalServer) -> None:
    """What a run is made of, its whole configuration, stands in a row of the log: who changes the table is found."""
    edit(lived, "UPDATE runs SET config_hash = 'another' WHERE run = 1")

    assert {"runs": 1} == rebuild(lived).differences


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 2)), st.dictionaries(st.text(max_size=3), st.integers(0, 2)))
def test_tables_are_compared_row_by_row(ours: dict[str, int], theirs: dict[str, int]) -> None:
    """Rows that one table lacks or has otherwise are counted, each once; tables come as streams, in their order."""
    expected = sum(ours.get(key) != theirs.get(key) for key in {*ours, *theirs})

    assert expected == differing(iter(sorted(ours.items())), iter(sorted(theirs.items())), itemgetter(0))


def test_keys_are_ordered_as_python_orders_them(place: Path | JournalServer, tmp_path: Path) -> None:
    """Names that a server would sort by its language's rules are met in the same order on both sides."""
    config = a_config(tmp_path / "account")
    traded(place, config, 10)
    for name in ("b", "B", "a-1", "A1", "ä", "Z"):
        edit(place, "INSERT INTO outcomes (id, book) VALUES (?, 'live')", name)

    assert {"outcomes": 6} == rebuild(place).differences
