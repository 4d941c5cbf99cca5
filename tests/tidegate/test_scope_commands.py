"""halt, close-only, flatten and resume of a strategy, symbol or model, and of the accounts of a folder or a user."""

import json

from pathlib import Path
from typing import Any

import pytest

from backtests.benchmarks.accounts import Fleet
from config.folders import JOURNAL_FILE
from runtime.journal.writer import JournalWriter
from runtime.operator import latch
from tests.journals import entry
from tests.latches import command, latched
from tidegate.cli import run


@pytest.fixture
def account(tmp_path: Path) -> str:
    """Return the state folder of an account whose latch stands at run."""
    return str(latched(tmp_path / "one", "run"))


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return the JSON objects on stdout."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("word", ["halt", "close-only", "flatten"])
@pytest.mark.parametrize(
    ("option", "name", "scope"),
    [
        ("--strategy", "trend", "strategy:trend"), ("--symbol", "EURUSD", "symbol:EURUSD"),
        ("--model", "calm", "model:calm"), ("--model", "00C0FFEE", "model:00c0ffee"),
    ],
)  # fmt: skip
def test_a_scope_is_latched_and_told(
    account: str, word: str, option: str, name: str, scope: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The account runs on; programs are told the scope; only a flatten that nobody confirms is a no."""
    code = run([word, account, option, name, "--reason", "it loses", "--json"])
    (told,) = printed(capsys)
    now = latch.read(Path(account))

    assert (11 if word == "flatten" else 0, scope, word, "run") == (code, told["scope"], told["level"], now.level)
    assert [(scope, word, "it loses")] == [(one.scope, one.level, one.command.why) for one in now.scopes]


def test_status_shows_all_that_is_latched_with_who_when_and_why(
    account: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The account first, then each scope; programs get the same in fields."""
    latch.tighten(Path(account), command("halt", why="a test\x1b", scope="strategy:trend"))
    latch.tighten(Path(account), command("close-only", scope="symbol:EURUSD"))
    run(["status", account])
    shown = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("latched"))
    run(["status", account, "--json"])
    (told,) = printed(capsys)

    assert "run, 1970-01-01 00:00:00.001 UTC by tester (direct): a test; strategy:trend at halt, 1970" in shown
    assert "a test\\x1b; symbol:EURUSD at close-only, 1970" in shown
    assert [("strategy:trend", "halt", 2, "tester"), ("symbol:EURUSD", "close-only", 3, "tester")] == [
        (one["scope"], one["level"], one["generation"], one["who"]) for one in told["latched"]["scopes"]
    ]


@pytest.mark.parametrize(
    "words",
    [
        ["halt", "ACCOUNT", "--strategy", "a", "--symbol", "B"],
        ["flatten", "ACCOUNT", "--strategy", "a", "--model", "B"],
        ["resume", "ACCOUNT", "--symbol", "a", "--model", "B"],
        ["halt", "ACCOUNT", "--user", "ann"],
        ["close-only", "--user", "ann"],
        ["close-only"],
        ["flatten", "ACCOUNT", "--all", "many"],
    ],
    ids=" ".join,
)
def test_what_is_meant_is_named_once(account: str, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Two scopes, a user without a folder, neither or both of account and folder: a line that says what to name."""
    assert 2 == run([*(account if word == "ACCOUNT" else word for word in words), "--reason", "drill"])

    assert "tidegate: error: " in capsys.readouterr().err
    assert () == latch.read(Path(account)).scopes


def ran_with(account: str) -> None:
    """Write the journal of a run with one strategy."""
    config = json.dumps({"strategies": [{"name": "trend", "symbol": "EURUSD"}]})
    with JournalWriter(Path(account) / JOURNAL_FILE) as writer:
        writer.append(entry(1, ("runs", {"run": 1, "config": config})))


@pytest.mark.parametrize(
    ("option", "name", "known"),
    [("--symbol", "NOPE", False), ("--strategy", "tredn", False), ("--symbol", "EURUSD", True), ("--model", "x", True)],
)
def test_a_name_that_is_perhaps_mistyped_is_latched_and_told(
    account: str, option: str, name: str, *, known: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a daemon its last run tells what it trades; of a model nobody knows."""
    ran_with(account)
    code = run(["halt", account, option, name, "--reason", "smoke"])
    said = capsys.readouterr().err

    assert [f"{option[2:]}:{name}"] == [one.scope for one in latch.read(Path(account)).scopes]
    assert (0 if known else 11, not known) == (code, "when it ran last: look at its name" in said)


def test_a_toml_that_is_none_says_what_to_name_in_its_place(
    account: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody knows whose it is; and the folder that is named then needs no TOML."""
    broken = tmp_path / "broken.toml"
    broken.write_text("[account\n")
    refused = run(["halt", str(broken), "--reason", "smoke"])
    said = capsys.readouterr().err

    assert (3, 0) == (refused, run(["halt", account, "--reason", "smoke"]))
    assert said.endswith("nothing was done: name the account's state folder in its place, for that no TOML is needed\n")
    assert "halt" == latch.read(Path(account)).level


def test_a_toml_that_says_more_than_it_may_keeps_no_scope_from_being_halted(account: str, tmp_path: Path) -> None:
    """Its folder is known, its names are not: what is asked for is latched."""
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(f'nonsense = 1\n[account]\nstate = "{account}"\n')

    assert 0 == run(["halt", str(wrong), "--symbol", "EURUSD", "--reason", "smoke"])
    assert ["symbol:EURUSD"] == [one.scope for one in latch.read(Path(account)).scopes]


def test_a_scope_is_lifted_by_the_daemon_alone(account: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Without one nothing changes."""
    latch.tighten(Path(account), command("halt", scope="strategy:trend"))

    assert 9 == run(["resume", account, "--strategy", "trend", "--reason", "well again"])
    assert "only a running daemon can do this" in capsys.readouterr().err
    assert "halt" == latch.read(Path(account)).own("strategy:trend")


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    """Return two accounts of a folder, the second of another user."""
    fleet = Fleet(tmp_path, 2)
    fleet.write(bars=3, history=3)
    second = fleet.accounts / "a001.toml"
    lines = [
        'user = "ann"' if line.startswith("user") else line for line in second.read_text().splitlines()
    ]  # fmt: skip
    second.write_text("\n".join(lines))
    return fleet


@pytest.mark.parametrize("word", ["halt", "close-only", "flatten"])
def test_all_accounts_of_a_folder_or_of_a_user_are_latched(
    fleet: Fleet, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line each, and nobody else's account is touched."""
    code = 11 if word == "flatten" else 0
    first = run([word, "--all", str(fleet.accounts), "--user", "ann", "--reason", "drill", "--json"])
    told = [row["account"] for row in printed(capsys)]
    of_user = [latch.read(fleet.state(name)).level for name in ("a000", "a001")]
    second = run([word, "--all", str(fleet.accounts), "--reason", "drill"])

    assert (code, code, ["a001"]) == (first, second, told)
    assert ["run", word] == of_user
    assert [word, word] == [latch.read(fleet.state(name)).level for name in ("a000", "a001")]


def test_a_user_nobody_has_is_refused(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> None:
    """Who types a name wrong must not believe that anything was halted."""
    assert 2 == run(["halt", "--all", str(fleet.accounts), "--user", "bob", "--reason", "drill"])
    assert "no account of bob" in capsys.readouterr().err


def test_an_account_whose_file_cannot_be_read_may_be_the_users(
    fleet: Fleet, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is named, and the command is a no."""
    (fleet.accounts / "a000.toml").write_text("junk")

    assert 11 == run(["halt", "--all", str(fleet.accounts), "--user", "ann", "--reason", "drill"])
    assert "a000: NOT HALTED: nobody knows whose it is" in capsys.readouterr().out
    assert "halt" == latch.read(fleet.state("a001")).level


def test_a_strategy_that_the_file_does_not_have_is_refused(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> None:
    """Its names are told."""
    file = str(fleet.accounts / "a000.toml")

    assert 2 == run(["halt", file, "--strategy", "trnd", "--reason", "drill"])
    assert "no strategy 'trnd': there are " in capsys.readouterr().err
    assert () == latch.read(fleet.state("a000")).scopes


@pytest.mark.parametrize("word", ["halt", "close-only", "flatten", "resume"])
@pytest.mark.parametrize("option", ["--strategy", "--symbol", "--model"])
def test_an_empty_name_is_not_everything(
    account: str, word: str, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A variable of a script that is empty must neither close nor let go a whole account."""
    before = latch.read(Path(account))

    assert 2 == run([word, account, option, " ", "--reason", "a test"])
    assert f"{option} is empty, which would mean everything" in capsys.readouterr().err
    assert before == latch.read(Path(account))


def test_an_empty_user_is_not_everybody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody's account is closed for it."""
    fleet = Fleet(tmp_path, 1)
    fleet.write(bars=1)

    assert 2 == run(["flatten", "--all", str(fleet.accounts), "--user", "", "--reason", "a test"])
    assert "--user is empty" in capsys.readouterr().err
    assert "run" == latch.read(fleet.state("a000")).level


def test_a_resume_of_a_scope_is_looked_at_as_the_scope(account: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It tells who latched that, that the account stands above it, and what stays latched beside it."""
    latch.tighten(Path(account), command("halt", why="it loses", scope="strategy:trend"))
    latch.tighten(Path(account), command("close-only", scope="symbol:EURUSD"))
    latch.tighten(Path(account), command("halt"))
    code = run(["resume", account, "--dry", "--strategy", "trend", "--json"])
    (told,) = printed(capsys)

    assert (11, "strategy:trend", "halt", "it loses") == (code, told["scope"], told["level"], told["why"])
    assert "the account itself stands at halt" == told["blockers"][0]
    assert ["symbol:EURUSD still stands at close-only"] == told["beside"]


def test_what_is_in_the_way_of_a_resume_is_not_asked_over_the_bus(
    account: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is told here was not looked at over there."""
    assert 2 == run(["resume", account, "--dry", "--via", "mqtt"])
    assert "on the account's own machine only" in capsys.readouterr().err
