"""`tidegate report client`: files, JSON and one-line refusals."""

import csv
import json
import sys

from pathlib import Path

import pytest

from tests.documented import answered, documented
from tests.lives import DAY, Life, journaled
from tests.venues import HOUR, MONDAY
from tidegate.cli import run


@pytest.fixture
def account(tmp_path: Path) -> str:
    """Return the state folder of an account with a trade, and a look after the month's end."""
    life = Life()
    life.trade(MONDAY + 2 * DAY, MONDAY + 3 * DAY, 300.0, commission=-7.0)
    life.look(MONDAY + 31 * DAY + HOUR)
    journaled(tmp_path / "one", life.facts)
    return str(tmp_path / "one")


def test_two_forms_are_not_written_to_one_file(
    account: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The statement would take the report's place, and both be told as written."""
    file = str(tmp_path / "a.html")

    assert 2 == run(["report", "client", account, "--month", "2024-01", "--out", file, "--csv", file])
    assert "name another file for each" in capsys.readouterr().err
    assert not (tmp_path / "a.html").exists()


def test_each_form_is_written(account: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """HTML, PDF and CSV; the screen shows how the numbers add up, and which files there are."""
    files = [tmp_path / "out" / name for name in ("a.html", "a.pdf", "a.csv")]
    words = [word for pair in zip(("--out", "--pdf", "--csv"), map(str, files), strict=True) for word in pair]

    assert 0 == run(["report", "client", account, "--month", "2024-01", *words])
    said = capsys.readouterr().out
    assert "Trading made 293.00 after all costs" in said
    assert [f"written: {file}" for file in files] == said.splitlines()[-3:]
    assert [b"<!DOCTYPE", b"%PDF", b"date,"] == [
        file.read_bytes()[:n] for file, n in zip(files, (9, 4, 5), strict=True)
    ]
    assert b"\r\n" in files[2].read_bytes()
    with files[2].open(newline="", encoding="utf-8") as opened:
        assert "10293.00" == list(csv.DictReader(opened))[-1]["balance"]


def test_without_a_file_it_is_named_after_account_and_month(
    account: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And lies where one stands."""
    monkeypatch.chdir(tmp_path)

    assert 0 == run(["report", "client", account, "--month", "2024-01"])
    assert (tmp_path / "one-2024-01.html").exists()


def test_programs_are_told_in_documented_keys(account: str, capsys: pytest.CaptureFixture[str]) -> None:
    """No file is written where none is asked for."""
    (found,) = answered(["report", "client", account, "--month", "2024-01"], 0, capsys)

    assert documented("report client") == set(found)
    assert (True, 293.0, 10_293.0, []) == (found["ok"], found["made"], found["ended"]["worth"], found["files"])


def test_what_does_not_add_up_is_an_answer_of_no(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The report is told all the same."""
    life = Life()
    life.balance += 5.0
    life.look(MONDAY + 20 * DAY)
    journaled(tmp_path, life.facts)

    assert 11 == run(["report", "client", str(tmp_path), "--month", "2024-01", "--json"])
    said = capsys.readouterr()
    assert (False, 5.0) == tuple(json.loads(said.out)[key] for key in ("ok", "off"))
    assert "+5.00 of the balance are not explained" in said.err


@pytest.mark.parametrize(
    ("month", "code", "said"),
    [
        ("2024-13", 2, "expected a month like 2026-03, got '2024-13'"), ("9998-01", 2, "expected a month"),
        ("8999-12", 2, "8999-12 is yet to come"), ("2023-11", 4, "it goes from 2024-01 to 2024-02"),
    ],
)  # fmt: skip
def test_a_month_that_cannot_be_told_is_refused_in_one_line(
    month: str, code: int, said: str, account: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says what to do."""
    assert code == run(["report", "client", account, "--month", month])
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_an_account_that_nobody_knows_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And one that was never started."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "latch").touch()

    assert 2 == run(["report", "client", "nobody", "--month", "2024-01"])
    assert 6 == run(["report", "client", str(tmp_path / "empty"), "--month", "2024-01"])
    assert 2 == len(capsys.readouterr().err.splitlines())


def test_without_the_extra_a_pdf_is_refused_in_one_line(
    account: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It names the extra; the HTML needs none."""
    monkeypatch.setitem(sys.modules, "fpdf", None)

    assert 0 != run(["report", "client", account, "--month", "2024-01", "--pdf", str(tmp_path / "a.pdf")])
    assert "tidegate[clients]" in capsys.readouterr().err
    assert 0 == run(["report", "client", account, "--month", "2024-01", "--out", str(tmp_path / "a.html")])
