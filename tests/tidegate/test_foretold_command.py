"""`tidegate foretold`: tables for people, documented keys for programs, a page on request."""

from pathlib import Path

import pytest

from tests.attributed import a_journal, decision_row, outcome_row, run_row
from tests.documented import answered, documented
from tidegate.cli import run


@pytest.fixture
def account(tmp_path: Path) -> str:
    """Return an account with twelve trades foretold."""
    trades = [
        row for n in range(12) for row in (decision_row(n, "traded", score=n / 12, instruction=n), outcome_row(n))
    ]
    a_journal(tmp_path / "one", run_row(), *trades)
    return str(tmp_path / "one")


def test_people_are_told_the_curve_and_the_parts(account: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the score is a chance; elsewhere that it is none."""
    assert 0 == run(["foretold", account, "--chance", "trend"])
    chances = capsys.readouterr().out
    assert 0 == run(["foretold", account])
    fifths = capsys.readouterr().out

    assert ["trend", "12", "12", "0", "0", "100.0", "%", "2.0"] == chances.splitlines()[1].split()
    assert "Brier" in chances
    assert "− resolution" in chances
    assert "trend gives no probability" in fifths


def test_programs_are_told_the_same(account: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Keys as they are documented."""
    (found,) = answered(["foretold", account, "--chance", "trend"], 0, capsys)

    assert documented("foretold") == {*found, *found["labels"], *found["chances"]}
    assert 12 == found["labels"]["labelled"]


def test_a_page_is_written_on_request(account: str, tmp_path: Path) -> None:
    """As one file."""
    assert 0 == run(["foretold", account, "--report", str(tmp_path / "f.html")])
    assert "What was foretold" in (tmp_path / "f.html").read_text(encoding="utf-8")


def test_a_strategy_that_is_not_there_is_a_usage_error(account: str) -> None:
    """A mistyped name is not taken for one without trades."""
    assert 2 == run(["foretold", account, "--chance", "moon"])
