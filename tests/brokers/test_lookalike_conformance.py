"""The look-alike, not connected, answers as the real package was recorded to answer."""

import datetime as dt
import json

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import brokers.mt5.lookalike as m

from brokers.mt5.lookalike.client import LINE

ROWS = 131


class D(dict[str, Any]):
    """A dict of another type, as the recording used one."""


@pytest.fixture
def rows(shared_data: Path) -> list[dict[str, Any]]:
    """Read the recorded calls of the real package."""
    text = (shared_data / "mt5" / "conformance-not-connected.json").read_text()
    recorded: list[dict[str, Any]] = json.loads(text)["rows"]
    return recorded


def said(expr: str) -> str:
    """Return what an expression of the recording says here, in the recording's own words."""
    base = {
        "action": 1,
        "symbol": "EURUSD",
        "volume": 0.1,
        "type": 0,
        "price": 1.1,
        "deviation": 10,
        "magic": 1,
        "comment": "x",
        "type_time": 0,
        "type_filling": 1,
    }
    scope = {"m": m, "dt": dt, "np": np, "D": D, "now": dt.datetime(2024, 1, 2, tzinfo=dt.UTC), "base": base}
    try:
        return repr(eval(expr, scope))  # noqa: S307 - our own recording
    except Exception as error:  # noqa: BLE001 - every kind was recorded
        cause = f" cause={error.__cause__!r}" if error.__cause__ is not None else ""
        return repr(f"EXC {type(error).__name__}: {error}{cause}")


def without_cause(story: str) -> str:
    """Leave out an exception's cause, which part of the recording does not tell."""
    return repr(story[1:-1].partition(" cause=")[0])


def test_every_recorded_call_answers_as_the_package_did(rows: list[dict[str, Any]]) -> None:
    """All recorded calls, in their order, give the recorded result and leave the recorded error."""
    LINE.close()
    expected, actual = [], []
    for row in rows:
        told = said(row["expr"])
        if told.startswith(("'EXC", '"EXC')) and "cause=" not in row["result"]:
            told = without_cause(told)
        code = row["last_error"]
        expected.append((row["expr"], row["result"], code))
        actual.append((row["expr"], told, None if code is None else list(m.last_error())))

    assert expected == actual
    assert len(actual) == ROWS
