"""Words about alerts: what is open, who takes one, and whether the people on call are reached."""

import json

from pathlib import Path
from typing import Any

import pytest

from config.new_account import account_text
from runtime.alerts import shelf
from tests.alarms import alarmed
from tests.documented import answered, documented
from tests.latches import latched
from tidegate.cli import run


@pytest.fixture
def account(tmp_path: Path) -> str:
    """Return the state folder of an account with one open alert."""
    return str(alarmed(latched(tmp_path / "one", "run")))


def told(words: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Run a command with --json; return the one object on stdout."""
    (found,) = answered(words, code, capsys)
    return found


def test_an_open_alert_is_told_with_its_owner_and_its_page(account: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In the keys that are documented, also where no daemon runs."""
    found = told(["alerts", account], 0, capsys)

    assert documented("alerts") == set(found)
    assert (1, "break", "page", "operator", 1, "", "docs/runbooks/break.md") == tuple(
        found[key] for key in ("id", "kind", "severity", "owner", "called", "acked_by", "runbook")
    )


def test_who_takes_an_alert_is_shown_and_kept(account: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With the reason; there is nothing to take twice under another number."""
    taken = told(["ack", account, "--alert", "1", "--reason", "on it"], 0, capsys)
    shown = told(["alerts", account], 0, capsys)
    other = told(["ack", account, "--alert", "2", "--reason", "on it"], 11, capsys)

    assert documented("ack") == set(taken) == set(other)
    assert "on it" == shown["acked_why"]
    assert ["acknowledged"] == [line.what for line in shelf.history(Path(account))]


@pytest.mark.parametrize(
    "words",
    [["alerts", "one", "two"], ["ack", "one", "--reason", "x"], ["ack", "one", "--alert", "1", "--reason", " "]],
)
def test_what_cannot_be_meant_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """In one line that says what to name."""
    assert 2 == run(words)
    assert 1 == capsys.readouterr().err.count("\n")


def test_a_test_says_who_is_reached(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And ends with 11 where one is not; an account that names nobody is told so."""
    for who, place in (("ann", tmp_path / "said"), ("ben", Path("/nowhere/at/all"))):
        (tmp_path / f"{who}.urls").write_text(f"sink:{place}\n", encoding="utf-8")
        (tmp_path / f"{who}.urls").chmod(0o600)
    alerts = "".join(f'[alerts.owners.{who}]\nurls = {{ file = "{who}.urls" }}\n' for who in ("ann", "ben"))
    text = account_text("good", kind="lookalike", login=7)
    (tmp_path / "mute.toml").write_text(text, encoding="utf-8")
    (tmp_path / "good.toml").write_text(f'{text}\n{alerts}[alerts.routes]\npage = ["ann"]\n', encoding="utf-8")

    assert 2 == run(["alerts", "test", str(tmp_path / "mute.toml")])
    capsys.readouterr()
    assert 11 == run(["alerts", "test", str(tmp_path / "good.toml"), "--json"])
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert documented("alerts test") == set(rows[0])
    assert [("ann", True), ("ben", False)] == [(row["who"], row["ok"]) for row in rows]
    assert "good: test" in (tmp_path / "said").read_text(encoding="utf-8")
