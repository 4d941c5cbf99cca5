"""A model that was put into use in the middle of a run: the journal alone brings it back, and replays every step."""

from pathlib import Path

import pytest

from backtests.replay import replay
from market.bars import Bars
from regimes.bundle import texts_of
from runtime.core.facts import AnyFact, ModelActivated
from runtime.core.instructions import Asker
from runtime.journal.projections import SHORT
from runtime.journal.reader import JournalReader
from runtime.journal.writer import JournalWriter
from runtime.recorder import Recorder, decode_fact
from runtime.revive import Pair
from tests.journaled import Journaled, a_config, a_tape, as_bytes, began_again, new_pair, recorder_of, woken
from tests.journals import ask, edit
from tests.models import a_model

ANN = Asker(id="ann-1", who="ann", why="refitted", wall=0)
NEW = a_model(2)
AFTER = 60
"""Bars of the drive, beside those of the warm-up."""


class Activated(Journaled):
    """A drive in whose middle somebody puts another model into use."""

    def __init__(self, recorder: Recorder, bars: Bars, after: int) -> None:
        """Trade on, after so many bars by the other model."""
        super().__init__(recorder, bars)
        self.after = after

    def _tell_closed(self, at: int, opened: list[object]) -> None:  # type: ignore[override]  # reels
        if self.bars == self.after:
            self._handle(
                ModelActivated(
                    at=at, asker=ANN, regime="calm-or-storm", fingerprint=NEW.fingerprint, bundle=texts_of(NEW)
                )
            )
        super()._tell_closed(at, opened)  # type: ignore[arg-type]  # they are


def traded(path: Path, folder: Path, facts: int = -1) -> Pair:
    """Journal a run in whose middle the model changes, killed after so many facts."""
    with JournalWriter(path) as journal:
        config = a_config(folder)
        recorder = recorder_of(journal, config, new_pair(config))
        Activated(recorder, a_tape(), AFTER).go(facts)
        return recorder.core, recorder.books


def told(path: Path) -> list[AnyFact]:
    """Return all facts of a journal."""
    with JournalReader(path) as reader:
        return [decode_fact(row.fact) for row in reader.rows() if row.fact]


def test_a_journal_replays_across_an_activation_without_a_file(tmp_path: Path) -> None:
    """Every step is the same, bit for bit: the fact holds the bundle."""
    path = tmp_path / "journal.sqlite"
    core, _ = traded(path, tmp_path)
    (place,) = [n for n, fact in enumerate(told(path)) if isinstance(fact, ModelActivated)]
    models = [model for (model,) in ask(path, "SELECT model FROM decisions WHERE strategy = 'reversion' ORDER BY seq")]

    assert NEW == core.readings[0].model
    assert [a_model(1).fingerprint[:SHORT]] * AFTER == models[:AFTER]
    assert {NEW.fingerprint[:SHORT]} == set(models[AFTER:])
    assert 0 < place < replay(path).facts
    assert [("activate", "ann", 1)] == ask(path, "SELECT command, who, accepted FROM commands WHERE who = 'ann'")


@pytest.mark.parametrize("after", [-1, 0, 1, 7, 40])
def test_a_core_killed_around_an_activation_comes_back_byte_for_byte(tmp_path: Path, after: int) -> None:
    """From the last snapshot, or from all facts: as if it had never ended, under either model."""
    path, config = tmp_path / "journal.sqlite", a_config(tmp_path / "a")
    traded(path, tmp_path / "a")
    place = next(n for n, fact in enumerate(told(path)) if isinstance(fact, ModelActivated))
    path.unlink()
    was = as_bytes(traded(path, tmp_path / "a", place + 1 + after))
    seed = 2 if after >= 0 else 1

    assert was == as_bytes(woken(path, config, seed=seed))
    edit(path, "DELETE FROM snapshots WHERE seq > ?", 0)
    assert was == as_bytes(woken(path, config, seed=seed))


def test_snapshots_on_the_way_hold_the_model_that_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever begins from one of them knows nothing of the fact before it."""
    monkeypatch.setattr("runtime.recorder.SNAPSHOT_EVERY", 20)
    path, config = tmp_path / "journal.sqlite", a_config(tmp_path)
    was = as_bytes(traded(path, tmp_path, 260))

    assert was == as_bytes(woken(path, config, seed=2))


def test_a_run_that_follows_goes_on_with_the_model_where_it_is_configured_by_now(tmp_path: Path) -> None:
    """Nothing is learnt again; and the whole replays."""
    path, config = tmp_path / "journal.sqlite", a_config(tmp_path)
    core, _ = traded(path, tmp_path, 200)
    bars = core.readings[0].bars
    after, _ = began_again(path, config, seed=2)

    assert (bars, NEW) == (after.readings[0].bars, after.readings[0].model)
    assert 2 == replay(path).runs


def test_a_run_that_follows_under_the_old_model_learns_again(tmp_path: Path) -> None:
    """The alias was put back: what the new one made of the market is not fed into the old one."""
    path, config = tmp_path / "journal.sqlite", a_config(tmp_path)
    traded(path, tmp_path, 200)
    after, _ = began_again(path, config, seed=1)

    assert (0, a_model(1)) == (after.readings[0].bars, after.readings[0].model)
    assert 2 == replay(path).runs
