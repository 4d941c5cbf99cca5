"""What if: nothing differs where nothing was changed, and what a change does is named, counted and priced."""

import datetime

from pathlib import Path

import pytest

from backtests.whatif import WhatIf, what_if
from config.errors import DataError
from config.load import load
from tests.documented import answered, documented
from tests.journaled import a_config, traded
from tidegate.cli import run

DAY = datetime.date(2024, 1, 5)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an account's TOML and its journal of 120 hours."""
    folder = tmp_path_factory.mktemp("whatif")
    traded(folder / "journal.sqlite", a_config(folder))
    return folder


def changed(lived: Path, folder: Path, old: str = "", new: str = "") -> Path:
    """Return the account's TOML with a word of it replaced."""
    text = (lived / "account.toml").read_text(encoding="utf-8")
    assert old in text
    toml = lived / f"{folder.name}.toml"  # beside the other, so that paths in it lead to the same places
    toml.write_text(text.replace(old, new) if old else text, encoding="utf-8")
    return toml


def compared(lived: Path, toml: Path) -> WhatIf:
    """Return what another TOML would have done with the life of this account."""
    return what_if(lived / "journal.sqlite", load(toml), DAY)


def test_an_unchanged_account_decides_the_same(lived: Path, tmp_path: Path) -> None:
    """Not one decision differs, nor a cent."""
    found = compared(lived, changed(lived, tmp_path))

    assert (0, None, {}) == (found.otherwise, found.first, found.classes)
    assert found.decisions > 100
    assert found.was == found.would


def test_a_changed_parameter_is_followed_to_its_money(lived: Path, tmp_path: Path) -> None:
    """A wider channel breaks later: the first decision that differs, how many by class, and what they made."""
    found = compared(lived, changed(lived, tmp_path, "n = 8", "n = 20"))

    assert found.first is not None
    assert ("breakout", "features") == (found.first.strategy, found.first.field)
    assert found.otherwise == sum(found.classes.values()) <= found.decisions
    assert compared(lived, changed(lived, tmp_path, "entry = 1.2", "entry = 2.0")).would.net != found.was.net


def test_a_strategy_taken_away_decides_nothing(lived: Path, tmp_path: Path) -> None:
    """Its decisions are in one of both only."""
    text = (lived / "account.toml").read_text(encoding="utf-8")
    first = text.index("[[strategies]]")
    second = text.index("[[strategies]]", first + 1)

    found = compared(lived, changed(lived, tmp_path, text[first:second], ""))

    assert found.first is not None
    assert "" == found.first.field
    assert any(name.endswith("-> none") for name in found.classes)


def test_bars_that_were_never_told_are_a_data_error(lived: Path, tmp_path: Path) -> None:
    """Nobody knows what would have been decided on them."""
    with pytest.raises(DataError, match="SP500 H4: the account was never told such bars"):
        compared(lived, changed(lived, tmp_path, 'timeframe = "H1"\nrisk', 'timeframe = "H4"\nrisk'))


def test_a_what_if_is_an_answer(lived: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It ends with 0 though decisions differ, and says what can not be told; without a day it is not understood."""
    toml = str(changed(lived, tmp_path, "n = 8", "n = 20"))
    words = ["replay", str(lived / "journal.sqlite"), "--with", toml]

    assert 0 == run([*words, "--day", str(DAY)])
    shown = capsys.readouterr().out
    assert "decisions come out otherwise" in shown
    assert "the venue's answers are recorded for other orders" in shown
    assert 2 == run(words)


@pytest.mark.parametrize(
    ("day", "said", "decisions"), [("2024-01-01", "nothing to compare", 0), ("2024-01-14", "it is all of before", 240)]
)
def test_a_day_without_bars_is_no_mistake(
    lived: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], day: str, said: str, decisions: int
) -> None:
    """Before the first decision there is nothing; on a Sunday what was before stands, and both are said."""
    words = ["replay", str(lived / "journal.sqlite"), "--with", str(changed(lived, tmp_path, "n = 8", "n = 20"))]

    (found,) = answered([*words, "--day", day], 0, capsys)
    assert 0 == run([*words, "--day", day])

    assert (decisions, 0) == (found["decisions"], found["on_day"])
    assert said in capsys.readouterr().out


def test_programs_are_told_the_same(lived: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One object, in the keys that are documented."""
    toml = str(changed(lived, tmp_path))
    (found,) = answered(["replay", str(lived / "journal.sqlite"), "--with", toml, "--day", str(DAY)], 0, capsys)

    assert documented("replay --with") == set(found)


def test_one_day_is_replayed_alone(lived: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All before it is played too, and only its own steps are compared and counted."""
    assert 0 == run(["replay", str(lived / "journal.sqlite"), "--day", "2024-01-04"])
    assert "48 decisions" in capsys.readouterr().out
