"""The look-alike, not connected, answers as the real package was recorded to answer."""

import json

from pathlib import Path
from typing import Any

import pytest

import brokers.mt5.lookalike as m

from brokers.mt5.lookalike.client import LINE
from tests.asked import recorded, scope

ROWS = 131


@pytest.fixture
def rows(shared_data: Path) -> list[dict[str, Any]]:
    """Read the recorded calls of the real package."""
    text = (shared_data / "mt5" / "conformance-not-connected.json").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = json.loads(text)["rows"]
    return found


def without_cause(story: str) -> str:
    """Leave out an exception's cause, which part of the recording does not tell."""
    return repr(story[1:-1].partition(" cause=")[0])


def test_every_recorded_call_answers_as_the_package_did(rows: list[dict[str, Any]]) -> None:
    """All recorded calls, in their order, give the recorded result and leave the recorded error."""
    LINE.close()
    names = scope(m)
    expected, actual = [], []
    for row in rows:
        told = recorded(row["expr"], names)
        if told.startswith(("'EXC", '"EXC')) and "cause=" not in row["result"]:
            told = without_cause(told)
        code = row["last_error"]
        expected.append((row["expr"], row["result"], code))
        actual.append((row["expr"], told, None if code is None else list(m.last_error())))

    assert expected == actual
    assert len(actual) == ROWS
