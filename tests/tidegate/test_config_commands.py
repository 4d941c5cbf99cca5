"""config check, config schema and new-account, as a person calls them."""

from pathlib import Path

import msgspec
import pytest

from config.load import load
from config.new_account import demo_text
from config.schema import schema
from tidegate.cli import run


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """Return the demo's TOML in a folder of its own."""
    file = tmp_path / "demo.toml"
    file.write_text(demo_text(), encoding="utf-8")
    return file


def test_a_good_configuration_is_said_to_be_good(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, with what a person wants to compare."""
    assert 0 == run(["config", "check", str(demo)])
    assert capsys.readouterr().out.startswith("demo.toml: good: account demo, mode live, strategies: trend, reversion,")


def test_every_mistake_is_named(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line for each, the first as the error."""
    text = demo_text().replace("login = 7001", "login = 0").replace("swap = false", "swop = false")
    demo.write_text(text, encoding="utf-8")

    assert 3 == run(["config", "check", str(demo)])
    assert [
        "demo.toml: symbols.SP500.costs.swop: unknown key, did you mean `swap`?",
        "tidegate: error: demo.toml: account.login: expected a whole number from 1, got 0",
    ] == capsys.readouterr().err.splitlines()


def test_a_strategy_of_ones_own_is_found_beside_the_toml(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the command is called does not matter; what the class does not know is refused."""
    assert 0 == run(["new-strategy", "beside_the_toml", "--folder", str(demo.parent)])
    text = demo_text().replace('use = "trend"', 'use = "beside_the_toml:BesideTheToml"')
    demo.write_text(text.replace("fast = 20 ", "n = 20 "), encoding="utf-8")

    assert 3 == run(["config", "check", str(demo)])
    assert "strategies[0]: strategy 'beside_the_toml:BesideTheToml' has no parameter 'atr'" in capsys.readouterr().err

    demo.write_text(text.replace("fast = 20 ", "n = 20 ").replace("atr = 14\n", "", 1), encoding="utf-8")

    assert 0 == run(["config", "check", str(demo)])


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """What is printed is the schema, as JSON."""
    assert 0 == run(["config", "schema"])
    assert schema()["title"] == msgspec.json.decode(capsys.readouterr().out)["title"]


def test_a_new_account_is_written_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file is good, says what was asked for, and is not overwritten."""
    words = ["new-account", "client-7", "--folder", str(tmp_path), "--login", "4711", "--user", "Ann", "--owner", "Bob"]

    assert 0 == run(words)
    account = load(tmp_path / "client-7.toml").account
    assert ("client-7", 4711, "Ann", "Bob", "observe") == (
        account.name, account.login, account.user, account.owner, account.mode,
    )  # fmt: skip
    assert 0 == run(["config", "check", str(tmp_path / "client-7.toml")])
    assert 2 == run(words)
    assert "exists" in capsys.readouterr().err


def test_a_new_account_that_cannot_be_meant_is_not_written(tmp_path: Path) -> None:
    """Nothing is left behind by a refusal."""
    assert 3 == run(["new-account", "a", "--folder", str(tmp_path), "--user", ""])
    assert [] == list(tmp_path.iterdir())
