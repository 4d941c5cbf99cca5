"""The operator's words on a disk that takes no more: no answer may claim what could not be written."""

import subprocess
import sys

from pathlib import Path

import pytest

from runtime.operator import latch
from tests.latches import latched
from tests.stand_ins import ROOT

ROOM = 100
"""Bytes a file may have: the shared word can be written over, the file of the latch cannot be written."""


def said(account: Path, word: str, room: int = ROOM) -> tuple[int, str]:
    """Run a word on a disk that is full; return its exit code and all that it said."""
    command = [sys.executable, str(ROOT / "tests" / "confined.py"), "--file-size", str(room), "--", sys.executable]
    words = ["-m", "tidegate.cli", word, str(account), "--reason", "smoke"]
    done = subprocess.run([*command, *words], capture_output=True, text=True, check=False, cwd=ROOT)
    return done.returncode, done.stdout + done.stderr


def test_a_flatten_that_cannot_be_written_is_a_halt_and_told_as_no_flatten(tmp_path: Path) -> None:
    """Nothing new leaves, but nobody will ever close a position for it: who asked has to know, and what to do."""
    account = latched(tmp_path / "one", "run")
    code, told = said(account, "flatten")
    now = latch.read(account)

    assert (9, "halt", None) == (code, now.level, now.command)
    assert "NO FLATTEN HAS BEGUN" in told
    assert "tidegate flatten-alone" in told


@pytest.mark.parametrize("word", ["halt", "close-only"])
def test_what_a_halt_is_enough_for_is_said_to_be_one(tmp_path: Path, word: str) -> None:
    """Nothing new can leave, whoever asked for that."""
    account = latched(tmp_path / "one", "run")
    code, told = said(account, word)

    assert (0, "halt") == (code, latch.read(account).level)
    assert told.startswith("halt (")


def test_a_halt_that_nothing_has_let_fall_says_what_to_end(tmp_path: Path) -> None:
    """That no message broker is set up either is one reason among the others, and hides none of them."""
    account = latched(tmp_path / "one", "run")
    code, told = said(account, "halt", room=1)

    assert (9, "run") == (code, latch.read(account).level)
    assert "NOTHING HAS WORKED (direct: " in told
    assert "mqtt: no remote account 'one'" in told
    assert "look whether its daemon or worker runs, and end them" in told
