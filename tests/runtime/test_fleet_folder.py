"""A folder of accounts: each file is read by itself, and no two may share what is one account's own."""

import re

from pathlib import Path

import pytest

from backtests.benchmarks.accounts import Fleet
from config.errors import UsageError
from runtime.fleet_folder import entries_of


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    """Return three good accounts."""
    made = Fleet(tmp_path, 3)
    made.write(bars=3, history=3)
    return made


def change(fleet: Fleet, name: str, key: str, value: str) -> None:
    """Change a line of an account's file."""
    file = fleet.accounts / f"{name}.toml"
    text, found = re.subn(rf"(?m)^{key} = .*$", lambda _: f"{key} = {value}", file.read_text(encoding="utf-8"), count=1)
    assert found
    file.write_text(text, encoding="utf-8")


def problems(fleet: Fleet, running: frozenset[str] = frozenset()) -> dict[str, str]:
    """Return what keeps accounts from being started."""
    return {name: entry.problem for name, entry in entries_of(fleet.accounts, running).items() if entry.problem}


def test_good_files_are_good(fleet: Fleet) -> None:
    """Three files of three accounts: nothing to say."""
    assert {} == problems(fleet)
    assert ["a000", "a001", "a002"] == list(entries_of(fleet.accounts))


def test_a_bad_file_is_named_and_harms_no_other(fleet: Fleet) -> None:
    """Its problem says what is wrong; the others are read as if it were not there."""
    change(fleet, "a001", "leverage", "-1")

    found = problems(fleet)

    assert ["a001"] == list(found)
    assert "a001.toml: account.leverage" in found["a001"]


@pytest.mark.parametrize(
    ("key", "value", "what"),
    [
        ("login", "9001", "the login"),
        ("state", '"../state/a000"', "the state folder"),
        ("state", '"../state/a002/../a000"', "the state folder"),
        ("path", '"../server/terminals/a000"', "the terminal"),
        ("path", '"../server/terminals/a000/terminal64.exe"', "the terminal"),
    ],
)
def test_two_that_share_what_is_ones_own_do_not_start(fleet: Fleet, key: str, value: str, what: str) -> None:
    """Neither of them: nobody can say which of the two is meant."""
    change(fleet, "a001", key, value)

    found = problems(fleet)

    assert {
        "a000": f"a000.toml: {what} is that of a001.toml too: leave it to one of them",
        "a001": f"a001.toml: {what} is that of a000.toml too: leave it to one of them",
    } == found


def test_one_that_runs_already_goes_on(fleet: Fleet) -> None:
    """A file added later that shares its login is refused alone."""
    change(fleet, "a001", "login", "9001")

    assert ["a001"] == list(problems(fleet, frozenset({"a000"})))


def test_the_same_login_at_another_server_is_another_account(fleet: Fleet) -> None:
    """Brokers number their accounts by themselves."""
    change(fleet, "a001", "login", "9001")
    change(fleet, "a001", "server", '"Elsewhere-Demo"')

    assert {} == problems(fleet)


def test_windows_terminals_are_compared_as_windows_would(tmp_path: Path) -> None:
    """Case does not count, and the program stands for its folder."""
    fleet = Fleet(tmp_path, 2)
    fleet.write(bars=3, history=3)
    change(fleet, "a000", "path", r"'C:\MT5\One\terminal64.exe'")
    change(fleet, "a001", "path", r"'c:\mt5\one'")

    assert ["a000", "a001"] == list(problems(fleet))


def test_no_folder_is_said_so(tmp_path: Path) -> None:
    """A file, or nothing at all, is no folder of accounts."""
    with pytest.raises(UsageError, match="is not a folder: name the one"):
        entries_of(tmp_path / "nothing")
