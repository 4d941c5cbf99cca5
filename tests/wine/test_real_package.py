"""The real package, under Wine and not connected, is asked what the look-alike is asked; a new release shows itself."""

import json
import os
import subprocess
import sys

from pathlib import Path
from typing import Any

import pytest

from tests.probes import questions
from tests.winehouse import ROOT, Fallen, Winehouse, windows

CRASHES = 20
"""The package itself crashes now and then, after thousands of questions: it is begun anew, and asked on."""


def asked_of_the_package(house: Winehouse, folder: Path, asked: list[str], how: str) -> list[list[str]]:
    """Return the real package's answers; a question at which it crashes twice is answered so."""
    answers, crashed = folder / "real.jsonl", -1
    answers.touch()
    for _ in range(CRASHES):
        told = [json.loads(line) for line in answers.read_text().splitlines()]
        if len(told) == len(asked):
            return told
        part = folder / "questions.json"
        part.write_text(json.dumps(asked[len(told) :]))
        try:
            house.run("tests/asked.py", "MetaTrader5", windows(part), windows(answers), how)
        except Fallen:
            at = len(answers.read_text().splitlines())
            if at == crashed:
                with answers.open("a") as file:
                    file.write('["crashed", ""]\n')
            crashed = at
    raise AssertionError(f"the package crashed {CRASHES} times")


def asked_of_the_lookalike(folder: Path, asked: list[str], how: str) -> list[list[str]]:
    """Return the look-alike's answers to the same, asked in the same way: by a program of its own."""
    part, answers = folder / "questions.json", folder / "ours.jsonl"
    part.write_text(json.dumps(asked))
    program = [sys.executable, "tests/asked.py", "brokers.mt5.lookalike", str(part), str(answers), how]
    subprocess.run(program, check=True, cwd=ROOT, env=dict(os.environ, PYTHONPATH=str(ROOT)))
    return [json.loads(line) for line in answers.read_text().splitlines()]


def apart(asked: list[str], real: list[list[str]], ours: list[list[str]]) -> list[tuple[str, list[str], list[str]]]:
    """Return the first questions that the two answer differently."""
    return [(q, r, o) for q, r, o in zip(asked, real, ours, strict=True) if r != o][:20]


def test_the_lookalike_answers_every_question_as_the_package_does(house: Winehouse, tmp_path: Path) -> None:
    """Result, exception, cause, context and last error are the same for tens of thousands of calls."""
    asked = questions()
    real = asked_of_the_package(house, tmp_path, asked, "fresh")
    ours = asked_of_the_lookalike(tmp_path, asked, "fresh")

    assert [] == apart(asked, real, ours)
    assert len(asked) > 50_000
    assert [] == [q for q, (told, _) in zip(asked, real, strict=True) if told == "crashed"]


@pytest.fixture
def rows(shared_data: Path) -> list[dict[str, Any]]:
    """Read the recorded calls of the real package."""
    text = (shared_data / "mt5" / "conformance-not-connected.json").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = json.loads(text)["rows"]
    return found


def test_the_package_answers_as_it_was_recorded(house: Winehouse, tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    """The newest release says what the recorded one said, in the order of the recording."""
    asked = [row["expr"] for row in rows]
    real = asked_of_the_package(house, tmp_path, asked, "recorded")
    ours = asked_of_the_lookalike(tmp_path, asked, "recorded")
    as_recorded = [[row["result"], _left(row["last_error"])] for row in rows]
    as_told = [[_as_told(t, row), left if row["last_error"] else ""] for (t, left), row in zip(real, rows, strict=True)]

    assert [] == apart(asked, real, ours)
    assert [] == apart(asked, as_recorded, as_told)


def _left(error: list[Any] | None) -> str:
    """Return a recorded last error in the evaluator's words; empty where it is not to be looked at."""
    return f"tuple {tuple(error)!r}" if error else ""


def _as_told(told: str, row: dict[str, Any]) -> str:
    """Leave out a cause where the recording does not tell it."""
    if "EXC" in told[:5] and "cause=" not in row["result"]:
        return repr(told[1:-1].partition(" cause=")[0])
    return told
