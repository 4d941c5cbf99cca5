"""Saved backtests as a user makes and compares them: what is written, told, and answered."""

import json

from pathlib import Path

import pytest

from backtests.demo import demo_config
from tests.documented import documented
from tidegate.cli import run

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def both(home: Path, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """Return the folders of two backtests of the demo, the second with a nearer stop."""
    demo_config(home)
    text = (home / "demo.toml").read_text(encoding="utf-8")
    (home / "other.toml").write_text(text.replace("stop_atr = 3.0", "stop_atr = 2.9", 1), encoding="utf-8")
    for name in ("demo", "other"):
        assert 0 == run(["backtest", f"{name}.toml", "--bars", "60", "--save", f"saved/{name}", "--json"])
        assert str(home / "saved" / name) == json.loads(capsys.readouterr().out)["saved"]
    return "saved/demo", "saved/other"


def test_a_backtest_compared_with_itself_is_the_same(both: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """The answer is yes, in the documented keys."""
    code = run(["compare", both[0], both[0], "--json"])

    found = json.loads(capsys.readouterr().out)
    assert 0 == code
    assert documented("compare") == set(found)
    assert (True, [], [None, None]) == (found["ok"], found["numbers"], [row["first"] for row in found["rows"]])


def test_a_nearer_stop_is_told_with_the_first_decision_it_changed(
    both: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The answer is no; numbers, counts and the first difference stand on the screen."""
    code = run(["compare", *both])

    told = capsys.readouterr()
    assert 11 == code
    assert "configuration: not the same; models: the same" in told.out
    assert "decisions: " in told.out
    assert "\n  first 2004-01-02 00:00 UTC (trend, SP500, D1): " in told.out
    assert 1 == len(told.err.splitlines())


def test_what_was_not_saved_is_refused_in_one_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The line names the folder and the option that would have saved it."""
    code = run(["compare", str(home), str(home)])

    told = capsys.readouterr().err
    assert 4 == code
    assert 1 == len(told.splitlines())
    assert "--save" in told


def test_csv_is_a_way_of_saving(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a folder to save in it means nothing."""
    code = run(["backtest", "demo.toml", "--csv"])

    assert 2 == code
    assert "--save" in capsys.readouterr().err
