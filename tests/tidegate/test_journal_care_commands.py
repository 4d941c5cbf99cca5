"""The words that look after a journal, at the command line: their exit codes, and what they tell."""

from pathlib import Path
from typing import Any

import pytest

from config.checkpoints import FILE
from runtime.start import only_daemon
from tests.documented import answered, documented
from tests.journaled import a_config, began_again, traded
from tests.journals import edit
from tidegate.cli import run

SEALED = """
[checkpoints]
key = "daemon.key"
ring = "ring.json"
"""


def told(capsys: pytest.CaptureFixture[str], word: str, *words: str, code: int = 0) -> dict[str, Any]:
    """Run a word of `journal` with --json, and return the one line it tells, whose keys are those documented."""
    (found,) = answered(["journal", word, *words], code, capsys)
    assert documented(f"journal {word}") == set(found)
    return found


@pytest.fixture
def toml(tmp_path: Path) -> str:
    """Return the TOML of an account that has traded, whose state lies beside it."""
    file = tmp_path / "account.toml"
    config = a_config(tmp_path)
    (tmp_path / "state").mkdir()
    traded(tmp_path / "state" / "journal.sqlite", config, 60)
    began_again(tmp_path / "state" / "journal.sqlite", config)
    return str(file)


def state(toml: str) -> Path:
    """Return its state folder."""
    return Path(toml).with_name("state")


def sealed(toml: str) -> None:
    """Give the account a key."""
    folder, name = Path(toml).parent, a_config(Path(toml).parent / "another").account.name
    keys = ["--ring", str(folder / "ring.json"), "--key", str(folder / "daemon.key")]
    assert 0 == run(["keys", "new", name, "--role", "daemon", *keys])
    with Path(toml).open("a") as file:
        file.write(SEALED)


def test_a_backup_is_a_journal_that_is_verified_by_its_name(
    toml: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is copied while a daemon runs, checked wherever it lies, and never written over another file."""
    copy = str(tmp_path / "c.sqlite")
    with only_daemon(state(toml)):
        made = told(capsys, "backup", toml, copy)
    found = told(capsys, "verify", copy)

    assert (True, made["rows"]) == (found["ok"], found["row"])
    assert 6 == run(["journal", "backup", toml, copy])
    assert "there is a file already" in capsys.readouterr().err
    assert 6 == run(["journal", "backup", toml, str(tmp_path / "nowhere" / "c.sqlite")])
    assert "there is no folder" in capsys.readouterr().err
    assert 6 == run(["journal", "restore", toml, copy])
    assert "move it away, then restore" in capsys.readouterr().err


def test_a_journal_is_restored_where_there_is_none(
    toml: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not beside a daemon, not from what is no journal; then it is what it was."""
    copy, noise = str(tmp_path / "c.sqlite"), tmp_path / "noise.sqlite"
    noise.write_bytes(b"noise")
    before = told(capsys, "backup", toml, copy)
    for name in ("journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"):
        (state(toml) / name).unlink(missing_ok=True)
    with only_daemon(state(toml)):
        assert 8 == run(["journal", "restore", toml, copy])
    assert 6 == run(["journal", "restore", toml, str(noise)])
    assert 6 == run(["journal", "restore", toml, str(tmp_path / "nothing.sqlite")])
    capsys.readouterr()

    assert before["rows"] == told(capsys, "restore", toml, copy)["rows"]
    assert before["rows"] == told(capsys, "verify", toml)["row"]


def test_a_rebuild_says_what_the_log_tells_otherwise(toml: str, capsys: pytest.CaptureFixture[str]) -> None:
    """11 where tables differ, until they are written; beside a daemon nothing is written."""
    same = told(capsys, "rebuild", toml)
    edit(state(toml) / "journal.sqlite", "DELETE FROM decisions WHERE seq = (SELECT max(seq) FROM decisions)")
    other = told(capsys, "rebuild", toml, code=11)
    with only_daemon(state(toml)):
        assert 8 == run(["journal", "rebuild", toml, "--write"])
    capsys.readouterr()
    written = told(capsys, "rebuild", toml, "--write")

    assert (True, {}, False) == (same["ok"], same["differences"], same["written"])
    assert (False, {"decisions": 2}, False) == (other["ok"], other["differences"], other["written"])
    assert (True, {"decisions": 2}, True) == (written["ok"], written["differences"], written["written"])
    assert 0 == run(["journal", "rebuild", toml])
    assert capsys.readouterr().out.startswith("the same, from ")


def test_tables_are_exported(toml: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file for each table, with its rows counted, and a place that is no folder refused."""
    pytest.importorskip("duckdb")
    lines = answered(["journal", "export", toml, str(tmp_path / "out")], 0, capsys)

    assert documented("journal export") == set(lines[0])
    assert all(Path(line["file"]).is_file() for line in lines)
    assert {"decisions", "runs"} <= {line["table"] for line in lines if line["rows"]}


def test_a_log_is_archived_by_command(toml: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Not beside a daemon; then its old rows are a file that all who need them read with the rest."""
    out = tmp_path / "out"
    words = [toml, "--before", "2100-01-01", "--to", str(out)]
    with only_daemon(state(toml)):
        assert 8 == run(["journal", "archive", *words])
    capsys.readouterr()
    made = told(capsys, "archive", *words)
    again = told(capsys, "archive", *words)
    (first,) = [row["id"] for row in answered(["decisions", toml], 0, capsys)][:1]

    assert (1, True) == (made["first"], Path(made["file"]).is_file())
    assert (0, "") == (again["last"], again["file"])
    assert told(capsys, "verify", toml)["row"] > made["last"]
    assert told(capsys, "rebuild", toml)["ok"]
    for words in (["why", toml, first], ["why", toml, first, "--replay"], ["replay", toml], ["money", toml]):
        assert 0 == run(words)
    capsys.readouterr()
    out.rename(tmp_path / "far")
    assert told(capsys, "verify", toml, "--segments", str(tmp_path / "far"))["ok"]
    assert 2 == run(["replay", toml, "--segments", str(tmp_path / "nowhere")])
    assert "nowhere' does not exist" in capsys.readouterr().err.replace("\n", " ")
    for words in (["why", toml, first], ["replay", toml], ["money", toml], ["journal", "verify", toml]):
        assert 6 == run(words)
        assert "which is not there: put it back" in capsys.readouterr().err
    assert 2 == run(["journal", "archive", toml, "--before", "yesterday", "--to", str(out)])


def test_without_a_key_nothing_is_signed(toml: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It is said, with what to do; and verify says what nothing shows then."""
    assert 3 == run(["journal", "checkpoint", toml])
    assert "no key is configured, so nothing was signed" in capsys.readouterr().err
    assert 0 == run(["journal", "verify", toml])
    assert "no checkpoint was signed" in capsys.readouterr().out


def test_what_is_archived_is_sealed(toml: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A checkpoint stands behind the row that says what was moved; where nothing was, nothing is signed."""
    sealed(toml)
    words = ["journal", "archive", toml, "--before", "2100-01-01", "--to", str(tmp_path / "out")]

    assert 0 == run(words)
    assert "; signed: row " in capsys.readouterr().out
    assert 0 == run(words)
    capsys.readouterr()
    found = told(capsys, "verify", toml)
    assert (1, found["row"]) == (found["checkpoints"], found["sealed"])


def test_a_journal_is_sealed_by_command(toml: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was signed is proven from the TOML, or by a ring that is named; checkpoints may be kept elsewhere."""
    sealed(toml)
    capsys.readouterr()
    made = told(capsys, "checkpoint", toml)
    kept = (state(toml) / FILE).rename(tmp_path / "kept.jws")
    elsewhere = ["--ring", str(tmp_path / "ring.json"), "--checkpoints", str(kept)]
    found = told(capsys, "verify", str(state(toml)), *elsewhere)

    assert (True, 1, made["seq"]) == (found["ok"], found["checkpoints"], found["sealed"])
    assert 3 == run(["journal", "verify", toml, "--checkpoints", "nothing.jws"])
    kept.rename(state(toml) / FILE)
    capsys.readouterr()
    assert 0 == run(["journal", "verify", str(state(toml))])
    assert "its checkpoints were not looked at" in capsys.readouterr().out
    edit(state(toml) / "journal.sqlite", "DELETE FROM log WHERE seq = ?", made["seq"])
    last = "SELECT seq, hash FROM log ORDER BY seq DESC LIMIT 1"
    edit(state(toml) / "journal.sqlite", f"UPDATE head SET (seq, hash) = ({last})")  # noqa: S608 - ours
    assert "its end was cut off" in told(capsys, "verify", toml, code=11)["problem"]
    assert 6 == run(["journal", "verify", str(tmp_path / "nothing" / "journal.sqlite")])
