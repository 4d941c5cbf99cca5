"""The doctor begins the processes of functions once: what an account would find out at its first bar is told before."""

import tomllib

from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from config.account import AccountConfig
from config.load import account_of
from runtime.doctor_functions import functions_of


def account(folder: Path, *uses: str, **params: Any) -> AccountConfig:  # noqa: ANN401 - as in a TOML
    """Return the demo's account with these functions over twenty bars."""
    document = tomllib.loads(resources.files("config").joinpath("demo.toml").read_text(encoding="utf-8"))
    same = {"symbol": "SP500", "timeframe": "D1", "risk": 0.01, "params": {"window": 20} | params}
    document["strategies"] = [{"name": use.partition(":")[2], "use": use, **same} for use in uses]
    return account_of(document, folder=folder)


def test_functions_that_load_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each in its process; nothing else is said, since what the doctor prints may be read by a program."""
    config = account(tmp_path, "tests.windows:dip", "tests.windows:odd", process=True)

    assert "dip, odd" == functions_of(config)
    assert ("", "") == capsys.readouterr()


def test_a_function_that_does_not_load_is_a_fault_with_its_reason(tmp_path: Path) -> None:
    """A module of the account's folder, too, is found, and what it lacks is said; the others are fine."""
    (tmp_path / "needy_function.py").write_text("import no_such_package_anywhere\n", encoding="utf-8")
    config = account(tmp_path, "tests.windows:dip", "needy_function:dips", process=True)
    said = "needy_function imports 'no_such_package_anywhere', which is not installed; nothing is entered"

    with pytest.raises(ValueError, match=f"^dips: strategy 'needy_function:dips': {said}"):
        functions_of(config)


def test_functions_that_are_called_in_the_daemon_have_none(tmp_path: Path) -> None:
    """They were imported with the configuration."""
    assert "none has a process of its own" == functions_of(account(tmp_path, "tests.windows:dip"))
