"""`tidegate outcomes --by`: a table with intervals, JSON with documented keys, folders of accounts, misuse refused."""

from pathlib import Path

import pytest

from tests.attributed import a_journal, deal_row, decision_row, outcome_row, run_row
from tests.documented import answered, documented
from tidegate.cli import run


@pytest.fixture
def accounts(tmp_path: Path) -> Path:
    """Return a folder of two accounts' state folders."""
    shadow = [outcome_row(n, book="shadow") for n in range(0, 60, 3)]
    for name in ("one", "two"):
        live = [outcome_row(n) for n in range(60)]
        deals = [deal_row(1, "in", delay=0.1, spread=0.2, execution=-0.1), deal_row(1, "out", delay=0.0)]
        a_journal(tmp_path / name, run_row(name), decision_row(1, "held"), *live, *shadow, *deals)
    return tmp_path


def test_attribution_is_told_to_people(accounts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both books apart, the gate's value, what was wanted, and by which rule intervals were drawn."""
    assert 0 == run(["outcomes", str(accounts / "one"), "--by", "strategy"])
    shown = capsys.readouterr().out
    lines = [line.split() for line in shown.splitlines()]
    assert ["trend", "60", "+1,500.00", "+0.250"] == next(line for line in lines if line[:1] == ["trend"])[:4]
    for expected in (
        "live: at the venue", "shadow: modelled", "the gate's value", "wanted to enter", "drawing whole days anew",
    ):  # fmt: skip
        assert expected in shown


def test_a_folder_of_accounts_is_read_whole(accounts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One row an account, named as its configuration names it; an account named twice counts once."""
    found = answered(["outcomes", str(accounts), str(accounts / "one"), "--by", "account"], 0, capsys)

    assert [("one", 60), ("two", 60)] == [(row["key"], row["live"]["trades"]) for row in found]
    costs = found[0]["costs"]
    assert documented("outcomes --by") == {*found[0], *found[0]["live"], *found[0]["gate"], *costs, *costs["entry"]}


def test_too_few_trades_are_said_to_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No interval, and the rule in words."""
    a_journal(tmp_path, run_row(), outcome_row(0))

    assert 0 == run(["outcomes", str(tmp_path), "--by", "strategy"])
    assert "too few: fewer than 20 days hold a trade" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [["--by", "moon"], ["--by", "strategy", "--book", "live"], ["--from", "2024-01-01"], ["--by", "exit", "--to", "x"]],
)
def test_what_cannot_be_asked_is_a_usage_error(accounts: Path, words: list[str]) -> None:
    """A word mistyped, or two that do not go together."""
    assert 2 == run(["outcomes", str(accounts / "one"), *words])


def test_a_folder_without_accounts_is_a_usage_error(tmp_path: Path) -> None:
    """It is not taken for accounts that made nothing."""
    assert 2 == run(["outcomes", str(tmp_path), "--by", "strategy"])


def test_nothing_closed_and_nothing_wanted_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An account that began today has no groups."""
    a_journal(tmp_path, run_row())

    assert 0 == run(["outcomes", str(tmp_path), "--by", "model"])
    assert "no trade was closed" in capsys.readouterr().out
