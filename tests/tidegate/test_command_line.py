"""The command line as a whole: every word has help, nothing heavy loads for it, and misuse ends with 2."""

import os
import subprocess
import sys

from pathlib import Path

import pytest

from typer.testing import CliRunner

from brokers.word import LATCH_FILE
from config.new_account import account_text
from runtime.operator import latch
from tests.latches import latched
from tidegate.app import app
from tidegate.cli import run
from tidegate.words import NO_REASON

WORDS = [
    ["demo"], ["run"], ["backtest"], ["train"], ["replay"], ["parity"], ["calibrate"], ["doctor"],
    ["up"], ["status"], ["halt"], ["close-only"], ["flatten"], ["resume"], ["adopt"], ["ack"], ["drop"], ["alerts"],
    ["listen"], ["guard"], ["heartbeat"], ["flatten-alone"], ["note"], ["handover"],
    ["decisions"], ["why"], ["orders"], ["outcomes"], ["journal"], ["journal", "verify"], ["journal", "migrate"],
    ["journal", "backup"], ["journal", "restore"], ["journal", "rebuild"], ["journal", "export"],
    ["foretold"], ["keys"], ["keys", "new"], ["keys", "list"], ["keys", "rotate"], ["keys", "revoke"],
    ["calendar"], ["symbols"],
    ["config"], ["config", "check"], ["config", "schema"], ["new-account"],
    ["regimes"], ["regimes", "show"], ["regimes", "check"], ["regimes", "compare"],
    ["regimes", "fit"], ["regimes", "refit"], ["regimes", "activate"], ["regimes", "tripwire"], ["regimes", "advise"],
    ["new-strategy"], ["check-strategy"], ["lookahead"], ["money"], ["report"], ["report", "client"],
    ["sweep"], ["walkforward"], ["compare"],
]  # fmt: skip

HEAVY = (
    "numpy",
    "pandas",
    "numba",
    "sklearn",
    "hmmlearn",
    "sqlalchemy",
    "rich.console",
    "msgspec",
    "structlog",
    "asyncio",
    "joserfc",
    "aiomqtt",
)


@pytest.mark.parametrize("words", [[], *WORDS], ids=lambda words: " ".join(words) or "tidegate")
def test_every_word_has_help(words: list[str]) -> None:
    """Help says what the word does and what it takes, and ends with 0."""
    shown = CliRunner().invoke(app, [*words, "--help"])

    assert 0 == shown.exit_code
    assert "Usage:" in shown.output
    assert 3 < len([line for line in shown.output.splitlines() if line.strip()])


def test_help_lists_every_word_in_one_line_each() -> None:
    """No word's first sentence is too long for the list."""
    shown = CliRunner().invoke(app, ["--help"]).output
    listed = shown.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()

    assert {words[0] for words in WORDS} == {line.split()[0] for line in listed}
    assert [] == [line for line in listed if not line.endswith(".") or line.endswith("...")]


def test_help_loads_nothing_heavy() -> None:
    """Rooms are entered when a word is used: `--help` is there at once."""
    code = f"import sys, tidegate.app; print([name for name in {HEAVY!r} if name in sys.modules])"

    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "[]" == shown.stdout.strip()


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["halt", "x"],
        ["config", "check"],
        ["decisions", "x", "--last", "0"],
        ["decisions", "no-such-account"],
        ["decisions", "no-such-account", "--class", "lucky"],
        ["outcomes", "no-such-account", "--book", "red"],
        ["backtest", "x.toml", "--from", "yesterday"],
        ["backtest", "x.toml", "--from", "2005-01-01", "--to", "2004-12-31"],
        ["calendar", "--example", "--json"],
        ["calendar", "--propose", "x.csv", "--json"],
        ["check-strategy", "trend", "--timeframe", "D2"],
        ["check-strategy", "trend", "--param", "fast"],
        ["halt", "no-such-account", "--reason", "  "],
    ],
    ids=" ".join,
)
def test_a_word_used_wrongly_ends_with_2(words: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    """Misuse is told from refusal by its code."""
    monkeypatch.chdir(str(tmp_path))

    assert 2 == run(words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nonsense"], "No such command 'nonsense': see tidegate --help"),
        (["halt", "x"], f"{NO_REASON}: see tidegate halt --help"),
        (["halt", "x", "--reason", " "], NO_REASON),
        (["resume", "x"], NO_REASON),
        (["config", "check", "--all"], "No such option: --all: see tidegate config check --help"),
        (["halt", "x", "--reason"], "Option '--reason' requires an argument: see tidegate --help"),
        (["orders", "x", "--last", "0"], None),
    ],
    ids=str,
)
def test_words_that_cannot_be_understood_are_refused_in_one_line(
    words: list[str], said: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """A script finds the same beginning in every refusal, and a person the place to look."""
    assert 2 == run(words)
    shown = capsys.readouterr().err

    assert shown.startswith("tidegate: error: ")
    assert 1 == shown.count("\n")
    assert said is None or f"tidegate: error: {said}\n" == shown


@pytest.mark.parametrize(("words", "code"), [(["config", "schema"], 0), (["nonsense"], 2)], ids=str)
def test_a_process_without_streams_does_its_work(words: list[str], code: int) -> None:
    """Some schedulers start programs with nothing open: a halt has to fall all the same."""
    closed = (
        "import os, sys; [os.close(n) for n in (0, 1, 2)]; os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    )

    done = subprocess.run([sys.executable, "-c", closed, "-m", "tidegate.cli", *words], check=False)

    assert code == done.returncode


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
@pytest.mark.parametrize(
    ("halts", "code"), [(["nowhere"], 2), (["account"], 10)], ids=["a refusal", "an answer that cannot be given"]
)
def test_who_cannot_be_told_anything_is_told_by_the_exit_code(tmp_path: Path, halts: list[str], code: int) -> None:
    """What is said goes into a file on a disk that is full: no bug, and the halt falls."""
    latched(tmp_path / "account", "run")
    command = [sys.executable, "-m", "tidegate.cli", "halt", str(tmp_path / halts[0]), "--reason", "x"]
    held_back = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(command, stdout=full, stderr=full, env=held_back, check=False)

    assert code == done.returncode
    assert "halt" == latch.read(tmp_path / halts[0]).level


@pytest.mark.parametrize(
    "words", [["halt", "--reason", "x"], ["status"], ["ack", "--symbol", "X", "--reason", "x"]], ids=str
)
def test_a_folder_that_is_no_accounts_is_not_halted(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who names the wrong folder in haste must not believe that his account is halted, or find a latch there later."""
    (tmp_path / "one.toml").touch()

    assert 2 == run([words[0], str(tmp_path), *words[1:]])
    said = capsys.readouterr().err
    assert "no account's state is kept in this folder: name the account's TOML" in said
    assert f"of all in it: --all {tmp_path}" in said
    assert ["one.toml"] == [path.name for path in tmp_path.iterdir()]


def test_an_account_that_never_ran_can_be_halted_by_its_file(tmp_path: Path) -> None:
    """Its state folder is made for it."""
    text = account_text("one", kind="lookalike", login=7).replace('zone = "UTC" ', 'state = "state"\nzone = "UTC" ')
    (tmp_path / "one.toml").write_text(text, encoding="utf-8")

    assert 0 == run(["halt", str(tmp_path / "one.toml"), "--reason", "x"])
    assert (tmp_path / "state" / LATCH_FILE).exists()


def test_no_word_at_all_is_answered_with_all_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever does not know what to say is shown what can be said."""
    assert 2 == run([])
    assert "Commands:\n" in capsys.readouterr().err
