"""What a replay says of a journal whose tables were changed by hand, or that it is asked a thing it has not."""

import datetime

from pathlib import Path

import pytest

from backtests.replay import ReplayMismatch, recompute, replay
from config.errors import DataError
from runtime.journal.errors import JournalError
from runtime.rebuild import rebuild
from tests.journals import ask, edit
from tests.record_journal import DATA, unpacked
from tidegate.cli import run

RECORDED = sorted(DATA.glob("*.sqlite.gz"))


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Return the demo's recorded journal."""
    return unpacked(DATA / "demo.sqlite.gz", tmp_path)


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.name)
def test_what_people_read_of_a_decision_is_what_was_decided(file: Path, tmp_path: Path) -> None:
    """The last one of each strategy of each recorded journal, recomputed from its facts."""
    found = unpacked(file, tmp_path)
    for (seq,) in ask(found, "SELECT max(seq) FROM decisions GROUP BY strategy"):
        recompute(found, seq)


def test_a_decision_that_was_changed_by_hand_is_not_told_as_recomputed(journal: Path) -> None:
    """The log is whole, so only the row that people read can tell it."""
    ((seq, ident),) = ask(journal, "SELECT seq, id FROM decisions WHERE class = 'vetoed_by_regime' LIMIT 1")
    edit(journal, "UPDATE decisions SET class = 'no_signal' WHERE id = ?", ident)

    with pytest.raises(ReplayMismatch, match=r"decisions\.class: journaled 'no_signal', replayed 'vetoed_by_regime'"):
        recompute(journal, seq)


def test_a_price_that_was_changed_by_a_tick_is_not_told_as_recomputed(journal: Path) -> None:
    """Of a price of four digits a tick is the sixth."""
    ((seq, ident),) = ask(journal, "SELECT seq, id FROM decisions WHERE bid > 1000.0 ORDER BY seq LIMIT 1")
    edit(journal, "UPDATE decisions SET bid = bid + 0.01 WHERE id = ?", ident)

    with pytest.raises(ReplayMismatch, match=r"decisions\.bid"):
        recompute(journal, seq)


def test_a_day_of_nothing_is_no_day_that_came_out_the_same(journal: Path) -> None:
    """A day that is typed wrongly must not end like a proof."""
    with pytest.raises(DataError, match="nothing happened on 2050-01-01"):
        replay(journal, day=datetime.date(2050, 1, 1))


def test_a_run_that_nothing_describes_is_refused_and_made_again(journal: Path) -> None:
    """Its row of `runs` is gone; the log has it."""
    edit(journal, "DELETE FROM runs")

    with pytest.raises(JournalError, match="journal rebuild --write"):
        replay(journal)
    assert 1 == rebuild(journal, write=True).differences["runs"]
    assert replay(journal).decisions > 0


@pytest.mark.parametrize("words", ["why {} order:{}", "decisions {} --last {}", "outcomes {} --run {}"])
def test_a_number_beyond_any_journal_is_refused(
    journal: Path, words: str, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    """In a line, not by an error of the database."""
    assert 2 == run(words.format(journal.parent, "9" * 23).split())
    assert capsys.readouterr().err.startswith("tidegate: error: ")
