"""status, halt and their kind as a user calls them, on an account that nobody runs."""

import fcntl
import json

from pathlib import Path
from typing import Any

import pytest

from brokers.word import LATCH_FILE
from runtime.operator import latch
from runtime.operator.client import Report, change_level
from tests.latches import latched
from tidegate.cli import run
from tidegate.reports import told


@pytest.fixture
def account(tmp_path: Path) -> str:
    """Return the state folder of an account whose latch stands at run."""
    return str(latched(tmp_path / "one", "run"))


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Return the one JSON object on stdout."""
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_status_tells_people_who_halted_and_why(account: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, with the moment; programs get the same in fields."""
    assert 0 == run(["halt", account, "--reason", "smoke in the room"])
    capsys.readouterr()
    assert 9 == run(["status", account])
    shown = capsys.readouterr().out
    assert 9 == run(["status", account, "--json"])
    found = printed(capsys)["latched"]

    (line,) = [line for line in shown.splitlines() if line.startswith("latched")]
    assert line.endswith(f"UTC by {found['who']} (direct): smoke in the room")
    assert ("halt", 2, "smoke in the room") == (found["level"], found["generation"], found["why"])


def test_a_halt_falls_whatever_bytes_its_reason_is_made_of(account: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An umlaut of another encoding reaches us as half of a character: it is spelled out, and nobody waits for it."""
    assert 0 == run(["halt", account, "--reason", "m\udcfcde"])
    capsys.readouterr()
    run(["status", account, "--json"])
    found = printed(capsys)["latched"]

    assert ("halt", "m\\udcfcde") == (found["level"], found["why"])


@pytest.mark.parametrize(
    "words",
    [
        ["ack", "--position"], ["adopt", "--strategy", "x", "--magic"],
        ["adopt", "--strategy", "x", "--magic", "7", "--quiet"],
    ],
    ids=str,
)  # fmt: skip
def test_a_number_that_no_venue_has_is_refused(
    account: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """It could not be journaled, and would end the daemon."""
    assert 2 == run([words[0], account, *words[1:], str(1 << 64), "--reason", "x"])

    assert "less than or equal" in capsys.readouterr().err


def test_status_of_a_damaged_latch_says_how_it_is_mended(account: str, capsys: pytest.CaptureFixture[str]) -> None:
    """And what it says, done to the letter, mends it."""
    Path(account, LATCH_FILE).write_bytes(b"junk")
    assert 9 == run(["status", account])
    before = capsys.readouterr().out
    assert 0 == run(["halt", account, "--reason", "written anew"])
    capsys.readouterr()
    assert 9 == run(["status", account])

    assert "tidegate halt writes them anew" in before
    assert "written anew" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("about", "left", "said"),
    [
        (0, 0, "no position of ours was open"),
        (1, 0, "1 position of ours was open: all closed"),
        (3, 0, "3 positions of ours were open: all closed"),
        (3, 1, "3 positions of ours were open: 1 still open"),
    ],
)
def test_a_flatten_tells_what_it_was_about(about: int, left: int, said: str) -> None:
    """None, one, several, and not all of them."""
    report = Report(level="halt", generation=3, path="direct", about=about, positions=left)

    assert said in told(report)


def test_a_daemon_whose_socket_is_gone_is_not_told_as_none(account: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Its lock says that it is there: a second one cannot be started, and what it confirms nobody can know."""
    lock = Path(account) / "daemon.lock"
    lock.write_text("4711")
    with lock.open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        halted = change_level(Path(account), "halt", "a test", patience_s=0.2)
        codes = [run(["status", account]), run(["close-only", account, "--reason", "a test"])]
    said = capsys.readouterr()

    assert [9, 9] == codes
    assert "the daemon has not confirmed in time" in halted.note
    assert f"the daemon of {account} is there, but does not answer" in said.err
    assert "its daemon (pid 4711) is there, and cannot be asked" in said.err
    assert "the account stands at halt, which is tighter than close-only" in said.err


def test_a_reason_that_was_pasted_whole_is_cut_and_a_note_refused(
    account: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A halt waits for nobody's brevity; a note that lost its end would mislead whoever comes next."""
    assert 0 == run(["halt", account, "--reason", "y" * 70_000])
    assert 2 == run(["note", account, "y" * 2_001])
    assert "at most 2,000 letters, got 2,001" in capsys.readouterr().err
    by = latch.read(Path(account)).command

    assert by is not None
    assert "y" * 2_000 == by.why
