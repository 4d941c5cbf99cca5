"""Several hands at one latch: writers in turn, writers that hang, and changes asked at a level that stands no more."""

import subprocess
import sys

from pathlib import Path
from typing import Any

import pytest

from runtime.operator import latch
from tests.latches import command, latched


def stands(folder: Path) -> tuple[str, int]:
    """Return level and generation as anybody reads them."""
    now = latch.read(folder)
    return now.level, now.generation


WRITE_MANY = """
import sys
from pathlib import Path
from runtime.operator import latch
from tests.latches import command
for level in sys.argv[2:] * 10:
    latch.loosen(Path(sys.argv[1]), command(level, sys.argv[2]))
"""


def test_writers_in_several_processes_leave_one_consistent_latch(tmp_path: Path) -> None:
    """Every change has a generation of its own and a line in the log; both copies tell the last one."""
    folder = latched(tmp_path / "a", "run")
    plans = [("halt", "run"), ("close-only", "flatten")]
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITE_MANY, str(folder), *plan], cwd=Path(__file__).parents[2])
        for plan in plans
    ]
    ended = [writer.wait() for writer in writers]
    lines = latch.logged(folder, 0)

    assert [0, 0] == ended
    assert list(range(1, 42)) == [line.generation for line in lines]
    assert (lines[-1].command.level, 41) == stands(folder)
    assert lines[-1].command == latch.read(folder).command


def test_tightening_goes_past_a_writer_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody holds the lock and does not move: the word falls all the same, and reads as halt; loosening waits."""
    monkeypatch.setattr(latch, "PATIENCE_S", 0.01)
    folder = latched(tmp_path / "a", "run")

    with latch._locked(folder):
        with pytest.raises(latch.LatchError, match="another process holds the latch"):
            latch.loosen(folder, command("run"))
        told = latch.tighten(folder, command("close-only"))

    assert ("halt", "halt") == (told.level, stands(folder)[0])
    assert told.generation == stands(folder)[1] == latch.logged(folder, 0)[-1].generation


def test_a_loosening_that_hung_does_not_undo_what_went_past_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It wrote its file, stood still, and was overtaken by a halt: it must not write its word any more."""
    monkeypatch.setattr(latch, "PATIENCE_S", 0.01)
    folder = latched(tmp_path / "a", "halt")
    replace = latch._replace

    def hang(path: Path, content: bytes) -> None:
        replace(path, content)
        latch.tighten(folder, command("halt", "meanwhile"))

    monkeypatch.setattr(latch, "_replace", hang)
    with pytest.raises(latch.LatchError, match="tightened while it was written"):
        latch.loosen(folder, command("run"))

    assert "halt" == stands(folder)[0]


def test_nor_does_one_that_hung_before_it_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It had looked where the latch stands, and stood still: what fell since is not what it was asked to lift."""
    monkeypatch.setattr(latch, "PATIENCE_S", 0.01)
    folder, read = latched(tmp_path / "a", "close-only"), latch._found

    def hang(of: Path) -> Any:  # noqa: ANN401 - what was found
        found = read(of)
        monkeypatch.setattr(latch, "_found", read)
        latch.tighten(of, command("halt", "meanwhile"))
        return found

    monkeypatch.setattr(latch, "_found", hang)
    with pytest.raises(latch.LatchError, match="tightened while it was written"):
        latch.loosen(folder, command("run"))

    assert "halt" == stands(folder)[0]


def test_a_change_made_for_an_old_generation_is_refused(tmp_path: Path) -> None:
    """Who asks to loosen must know the level that stands; somebody has tightened since."""
    folder = latched(tmp_path / "a", "close-only")
    latch.tighten(folder, command("halt"))

    with pytest.raises(latch.LatchError, match="changed to halt meanwhile"):
        latch.loosen(folder, command("run"), 1)
    with pytest.raises(latch.LatchError, match="changed to halt meanwhile"):
        latch.tighten(folder, command("flatten"), 1)

    assert ("halt", 2) == stands(folder)
    assert 3 == latch.loosen(folder, command("run"), 2).generation
