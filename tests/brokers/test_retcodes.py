"""What MetaTrader's numbers mean for an order, held against the table of all its codes."""

import json

from pathlib import Path
from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from brokers.mt5.retcodes import DONE, LOST, NOT_SENT, REFUSED, meaning_of, meaning_of_none

BY_CLASS = {
    "OK": "done", "UNKNOWN": "doubt", "SAFE": "refused", "FIX": "refused", "WAIT": "refused", "NOOP": "refused",
}  # fmt: skip
"""NOOP (no changes, position closed): the wish holds already, but nothing was done."""
ELSEWHERE = "10037"
"""A server skipped the request as not its own: another one may have it, so this is in doubt whatever its class says."""


@pytest.fixture
def api(shared_data: Path) -> dict[str, Any]:
    """Return the package's surface as it was recorded."""
    found: dict[str, Any] = json.loads((shared_data / "mt5" / "api.json").read_text())
    return found


def test_every_documented_code_means_what_its_class_says(api: dict[str, Any]) -> None:
    """Done is done, unknown is doubt, all else was clearly refused; no class goes unread."""
    codes = {code: row for code, row in api["retcodes"].items() if code != "0"}
    wanted = {code: BY_CLASS[row["retry_class"]] for code, row in codes.items()} | {ELSEWHERE: "doubt"}

    assert wanted == {code: meaning_of(int(code)) for code in codes}


def test_every_code_we_know_is_documented(api: dict[str, Any]) -> None:
    """No number was mistyped into a set."""
    documented = {int(code) for code in api["retcodes"]}
    errors = {int(code) for code in api["last_error"]}

    assert set() == (DONE | REFUSED) - documented
    assert set() == (NOT_SENT | LOST) - errors


@given(st.integers(-(2**31), 2**32))
def test_what_nobody_documented_is_in_doubt(code: int) -> None:
    """A code we do not know is never read as refused: something may have been done."""
    known = code in DONE | REFUSED

    assert known or "doubt" == meaning_of(code)


@pytest.mark.parametrize(("error", "meaning"), [(-2, "refused"), (-8, "refused"), (-10004, "refused")])
def test_no_answer_is_refused_only_where_nothing_left(error: int, meaning: str) -> None:
    """A bad argument, trading switched off, no pipe: the request cannot have been read."""
    assert meaning == meaning_of_none(error)


@pytest.mark.parametrize("error", [1, 0, -1, -3, -4, -5, -6, -7, -10000, -10001, -10002, -10003, -10005])
def test_no_answer_is_in_doubt_otherwise(error: int) -> None:
    """A broken pipe, a time-out, even "success": the terminal may have had the request."""
    assert "doubt" == meaning_of_none(error)
