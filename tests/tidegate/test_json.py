"""What commands tell programs: the keys that are documented, one object a line, and exit codes as without it."""

import json
import sqlite3

from pathlib import Path
from typing import Any

import pytest

from brokers.latch import LEVELS
from config.new_account import account_text
from runtime.journal.entries import Entry
from runtime.journal.writer import JournalWriter
from tests.documented import documented
from tests.latches import latched
from tidegate.cli import run

WHY = ("--reason", "a test")


def told(words: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> tuple[dict[str, Any], str]:
    """Run a command with --json; return the one object on stdout, and stderr."""
    assert code == run([*words, "--json"])
    said = capsys.readouterr()
    (line,) = said.out.splitlines()
    found: dict[str, Any] = json.loads(line)
    return found, said.err


@pytest.fixture
def account(tmp_path: Path) -> str:
    """Return the state folder of an account whose latch stands at run."""
    return str(latched(tmp_path / "one", "run"))


@pytest.mark.parametrize(
    ("word", "level", "code"),
    [("halt", "halt", 0), ("close-only", "close-only", 0), ("flatten", "flatten", 11), ("resume", "run", 0)],
)
def test_a_change_of_level_is_told_to_programs(
    account: str, word: str, level: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """What came of it, in the keys that are documented; nobody has confirmed it, and it is said in words too."""
    found, err = told([word, account, *WHY], code, capsys)

    assert documented(word) == set(found)
    assert (account, True, level, 2, "direct", False) == tuple(
        found[key] for key in ("account", "ok", "level", "generation", "path", "confirmed")
    )
    assert "no daemon runs" in found["note"]
    assert bool(code) == bool(err)


def test_every_level_has_its_word() -> None:
    """What is tried above is all there is."""
    assert {"run", "close-only", "halt", "flatten"} == set(LEVELS)


def test_a_change_that_could_not_be_made_leaves_stdout_empty(account: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A refusal is one line on stderr, with --json too."""
    run(["halt", account, *WHY])
    capsys.readouterr()

    assert 9 == run(["resume", account, *WHY, "--json"])
    said = capsys.readouterr()
    assert ("", 1) == (said.out, said.err.count("\n"))


def test_a_halted_folder_is_told_account_by_account(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line each, also of one that could not be halted; the code tells that there is one."""
    text = account_text("good", kind="lookalike", login=7).replace('zone = "UTC" ', 'state = "state"\nzone = "UTC" ')
    (tmp_path / "good.toml").write_text(text, encoding="utf-8")
    (tmp_path / "bad.toml").write_text("junk", encoding="utf-8")

    assert 11 == run(["halt", "--all", str(tmp_path), *WHY, "--json"])
    bad, good = map(json.loads, capsys.readouterr().out.splitlines())
    assert documented("halt --all") == documented("halt") == set(good)
    assert [("bad", False), ("good", True)] == [(one["account"], one["ok"]) for one in (bad, good)]
    assert "nobody knows its state folder" in bad["problem"]


@pytest.mark.parametrize(
    "words",
    [["adopt", "--magic", "77", "--strategy", "trend"], ["ack", "--symbol", "GOLD"], ["ack", "--balance"]],
    ids=str,
)
def test_what_needs_a_daemon_says_so_without_one(
    account: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody answered, so there is no answer to print."""
    assert 9 == run([words[0], account, *words[1:], *WHY, "--json"])
    said = capsys.readouterr()

    assert ("", 1) == (said.out, said.err.count("\n"))


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Return a journal of one row."""
    with JournalWriter(tmp_path / "journal.sqlite") as writer:
        writer.append(Entry("TimerFired", 1, 1, b"fact", b"step", ()))
    return tmp_path / "journal.sqlite"


def test_a_verdict_on_a_journal_is_told_to_programs(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whole or not, with the row and the hash to keep elsewhere."""
    good, _ = told(["journal", "verify", str(journal)], 0, capsys)
    with sqlite3.connect(journal) as connection:
        connection.execute("DROP TRIGGER log_no_update")
        connection.execute("UPDATE log SET step = x'00' WHERE seq = 1")
    connection.close()
    bad, err = told(["journal", "verify", str(journal)], 11, capsys)

    assert documented("journal verify") == set(good) == set(bad)
    assert ((True, 1, ""), 64) == ((good["ok"], good["row"], good["problem"]), len(good["hash"]))
    assert (False, 1, "") == (bad["ok"], bad["row"], bad["hash"])
    assert bad["problem"] in err


def test_a_replay_is_told_to_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What it went through; a journal of no run has nothing to differ in."""
    JournalWriter(tmp_path / "journal.sqlite").close()
    found, _ = told(["replay", str(tmp_path / "journal.sqlite")], 0, capsys)

    assert documented("replay") == {*found, "row", "field"}
    assert (True, 0) == (found["ok"], found["facts"])


def test_a_replay_of_what_no_run_holds_is_no_object(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody knows what its core was: one line on stderr says so, and nothing is called the same."""
    assert 6 == run(["replay", str(journal), "--json"])
    said = capsys.readouterr()

    assert ("", True) == (said.out, "row 1 is of no run that the log tells" in said.err)


def test_a_good_configuration_is_told_to_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a person would compare, and an empty list of problems."""
    file = tmp_path / "one.toml"
    file.write_text(account_text("one", kind="lookalike", login=7), encoding="utf-8")
    found, _ = told(["config", "check", str(file)], 0, capsys)

    assert documented("config check") == set(found)
    assert (True, [], "one", "observe") == tuple(found[key] for key in ("ok", "problems", "account", "mode"))


def test_every_problem_of_a_configuration_is_told_to_programs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All of them in one list; stderr has them too, line by line."""
    text = account_text("one", kind="lookalike", login=7)
    (tmp_path / "one.toml").write_text(text.replace("login = 7", "login = 0\nlogim = 7"), encoding="utf-8")
    found, err = told(["config", "check", str(tmp_path / "one.toml")], 3, capsys)

    assert (False, 2, 2) == (found["ok"], len(found["problems"]), err.count("\n"))
