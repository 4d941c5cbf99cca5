"""A look for the future as a user calls it: what it prints, and its exit code."""

import json

from pathlib import Path

import pytest

from tests.documented import documented
from tests.records import demo_file
from tidegate.cli import run

MOODY = '''
from typing import ClassVar

from msgspec import Struct

BORN = []


class Moody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Scores by how often it was born."""

    name: ClassVar[str] = "moody"
    version: ClassVar[int] = 1

    def features(self):
        return {}

    def init(self):
        BORN.append(1)
        return {"born": len(BORN)}

    def decide(self, state, view):
        with open("signals.csv", encoding="utf-8") as table:
            table.read()
        return None, float(state["born"])
'''


def test_an_account_that_knows_nothing_is_told_so(capsys: pytest.CaptureFixture[str]) -> None:
    """How many decisions were compared, and exit code 0; to programs with the documented keys."""
    words = ["lookahead", str(demo_file()), "--bars", "200", "--cuts", "2"]

    assert 0 == run(words)
    assert "decisions are the same, whatever comes after 2 moments" in capsys.readouterr().out
    assert 0 == run([*words, "--json"])
    found = json.loads(capsys.readouterr().out)

    assert documented("lookahead") == set(found)
    assert (True, [], 2) == (found["ok"], found["leaks"], len(found["moments"]))


def test_a_strategy_is_looked_at_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """A built-in one, with parameters of one's own; a wrong one is refused."""
    assert 0 == run(["lookahead", "trend", "--param", "fast=10", "--bars", "100"])
    assert 3 == run(["lookahead", "trend", "--param", "fast=100", "--bars", "100"])

    assert "must be less than slow" in capsys.readouterr().err


def test_what_is_found_ends_with_eleven(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A table of the first differences, the files it opened, and one line that says what is wrong."""
    (tmp_path / "moody_for_looks.py").write_text(MOODY, encoding="utf-8")
    (tmp_path / "signals.csv").write_text("1\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    code = run(["lookahead", "moody_for_looks:Moody", "--bars", "60"])

    told = capsys.readouterr()
    assert 11 == code
    assert "score" in told.out
    assert f"opened while it played: {tmp_path / 'signals.csv'}" in told.out
    assert "asked: what is decided is not the same when played again" in told.err
