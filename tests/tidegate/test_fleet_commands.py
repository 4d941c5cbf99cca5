"""Words about many accounts: what starts a daemon, and how one account and a whole folder are told apart."""

from pathlib import Path

import pytest

from backtests.benchmarks.accounts import FIRST_LOGIN, Fleet
from runtime.fleet_folder import Entry, entries_of
from tidegate.cli import run
from tidegate.commands_fleet import command_of


@pytest.fixture
def entries(tmp_path: Path) -> dict[str, Entry]:
    """Return two accounts of a folder."""
    fleet = Fleet(tmp_path, 2)
    fleet.write(bars=3, history=3)
    return entries_of(fleet.accounts)


def test_a_daemon_is_run_by_its_file_and_logs_beside_its_journal(entries: dict[str, Entry]) -> None:
    """Nothing of one account is written into another's folder."""
    entry = entries["a001"]

    command = command_of(entry, frozenset())

    assert ["run", str(entry.file), "--log", f"{entry.state}/daemon.log"] == command[3:]


def test_only_a_login_that_was_typed_may_trade_real_money(entries: dict[str, Entry]) -> None:
    """A person names each of them; the others are started without."""
    typed = frozenset({FIRST_LOGIN + 1})

    assert "--login" not in command_of(entries["a000"], typed)
    assert ["--login", str(FIRST_LOGIN + 1)] == command_of(entries["a001"], typed)[-2:]


@pytest.mark.parametrize(
    "words",
    [
        ["status"],
        ["status", "one", "--all", "many"],
        ["halt", "--reason", "drill"],
        ["halt", "one", "--all", "many", "--reason", "drill"],
        ["halt", "--all", "many", "--reason", " "],
        ["status", "--all", "nowhere"],
        ["halt", "--all", "nowhere", "--reason", "drill"],
        ["up", "nowhere"],
    ],
    ids=" ".join,
)
def test_one_account_or_a_folder_that_is_there(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Neither, both, or a folder that is none: a line that says what to name."""
    assert 2 == run(words)
    assert "tidegate: error: " in capsys.readouterr().err


def test_a_folder_without_accounts_is_not_supervised(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line that says what to put there, and the code with which a unit is not started again."""
    assert 2 == run(["up", str(tmp_path)])
    said = capsys.readouterr().err

    assert said.startswith(f"tidegate: error: no account in {tmp_path}: put a TOML there")
    assert 1 == said.count("\n")


@pytest.mark.parametrize("words", [["status"], ["status", "--json"], ["halt", "--reason", "drill"]], ids=" ".join)
def test_a_folder_without_accounts_is_not_well_and_not_halted(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who names the folder above, in haste, would believe that all of his accounts are halted."""
    assert 2 == run([*words, "--all", str(tmp_path)])
    assert f"tidegate: error: no account in {tmp_path}: " in capsys.readouterr().err


def test_status_of_a_folder_says_who_set_each_level(
    entries: dict[str, Entry], capsys: pytest.CaptureFixture[str]
) -> None:
    """As for one account: when, by whom and why, below the table, for those that may not trade."""
    entry = entries["a001"]
    assert entry.state is not None
    assert 0 == run(["halt", str(entry.state), "--reason", "smoke"])
    capsys.readouterr()
    assert 11 == run(["status", "--all", str(entry.file.parent)])
    *_, last = capsys.readouterr().out.splitlines()

    assert last.startswith("a001: halt, ")
    assert last.endswith("(direct): smoke")
