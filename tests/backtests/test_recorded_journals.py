"""Journals that were recorded once are replayed by today's program: whoever changes a decision sees it here."""

from pathlib import Path

import pytest

from backtests.replay import replay
from tests.journals import ask
from tests.record_journal import DATA, unpacked

RECORDED = sorted(DATA.glob("*.sqlite.gz"))


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.name)
def test_a_recorded_journal_comes_out_the_same(file: Path, tmp_path: Path) -> None:
    """To the last bit. Where decisions were meant to change: `python -m tests.record_journal`."""
    journal = unpacked(file, tmp_path)
    ((decisions,),) = ask(journal, "SELECT count(*) FROM decisions")

    assert decisions == replay(journal).decisions > 0


def test_what_was_recorded_has_every_turn_a_trade_takes(tmp_path: Path) -> None:
    """Entries, exits and vetoes: a journal without them would not show that they changed."""
    found = {row[0] for row in ask(unpacked(DATA / "demo.sqlite.gz", tmp_path), "SELECT DISTINCT class FROM decisions")}

    assert {"traded", "exit", "in_position", "no_signal", "vetoed_by_regime"} <= found
