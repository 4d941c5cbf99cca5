"""Sweeps and walks forward as a user calls them: what they print, write and refuse, and what Ctrl-C leaves."""

import json
import signal
import subprocess
import sys
import time

from pathlib import Path

import pytest

from tests.demos import ROOT
from tests.documented import documented
from tidegate.cli import run

HEARING = """
import signal

from tidegate.cli import main

signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""
"""The command as a terminal starts it: what a shell puts into the background is started deaf to Ctrl-C."""
GRID = ["--grid", "strategies.trend.params.fast=10,60", "--grid", "strategies.trend.params.slow=50,100"]


pytestmark = pytest.mark.usefixtures("home")


def test_a_sweep_is_told_to_programs(account: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One object with the documented keys; points and report are where it says."""
    words = ["sweep", str(account), *GRID, "--bars", "60", "--report", "sweep.html", "--json"]

    code = run(words)

    found = json.loads(capsys.readouterr().out)
    assert 0 == code
    assert documented("sweep") == set(found)
    assert (4, 3, 1) == (found["points"], found["done"], found["refused"])
    assert [10, 50] in [line["values"] for line in found["lines"]]
    assert str(home / "demo.sweep.jsonl") == found["file"]
    assert 5 == len(Path(found["file"]).read_text(encoding="utf-8").splitlines())
    assert Path(found["report"]).read_text(encoding="utf-8").endswith("</html>\n")


def test_a_sweep_is_told_to_people(account: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A table with the best first, then what it is worth; only so many as are asked for."""
    code = run(["sweep", str(account), *GRID, "--bars", "60", "--best", "1", "--random", "3", "--processes", "1"])

    out = capsys.readouterr().out
    assert 0 == code
    assert ["fast", "slow", "trades", "net", "Sharpe", "deflated", "drawdown"] == out.splitlines()[0].split()
    assert "" == out.splitlines()[2]
    assert "(deflated Sharpe ratio)" in out
    assert "ways to make two halves of the time" in out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--grid", "fast"], 2, "expected KEY=VALUE,VALUE"),
        (["--grid", "strategies.trend.rsk=1"], 2, "no such key"),
        (["--grid", "regimes.calm-or-storm.states=2,3"], 2, "a sweep turns what strategies, limits and costs say"),
        ([*GRID, "--from", "2010-01-01", "--to", "2009-01-01"], 2, "no day lies between them"),
        ([*GRID, "--processes", "0"], 2, "greater than or equal to 1"),
        ([], 2, "Missing option '--grid'"),
    ],
)
def test_a_sweep_that_cannot_be_is_refused(
    account: Path, words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line that says what to do; nothing is written."""
    assert code == run(["sweep", str(account), *words])

    assert said in capsys.readouterr().err
    assert [] == list(Path().glob("*.jsonl"))


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process there")
def test_ctrl_c_leaves_finished_points_usable(account: Path, home: Path) -> None:
    """Exit code 130, what is done is judged, no process is left, and the same command goes on."""
    grid = f"strategies.reversion.params.n={','.join(map(str, range(5, 65)))}"
    words = [sys.executable, "-c", HEARING, "sweep", str(account), "--grid", grid, "--bars", "250"]
    file = home / "demo.sweep.jsonl"

    with subprocess.Popen(
        [*words, "--out", str(file)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as begun:
        until = time.monotonic() + 60
        while time.monotonic() < until and not (file.exists() and file.read_bytes().count(b"\n") > 3):
            time.sleep(0.02)
        begun.send_signal(signal.SIGINT)
        out, err = begun.communicate(timeout=30)

    points = file.read_bytes().count(b"\n") - 1
    assert 130 == begun.returncode, err
    assert f"interrupted: {points} points kept; the same command goes on from there" in out
    assert 3 <= points < 60


def test_a_walk_forward_is_told_to_programs(account: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One object with the documented keys; the summary in it is a backtest's, and the report too."""
    words = ["walkforward", str(account), "--learn", "120 months", "--trade", "30 months", "--json"]

    code = run([*words, "--grid", "strategies.trend.params.fast=10,20", "--report", "walk.html"])

    found = json.loads(capsys.readouterr().out)
    assert 0 == code
    assert documented("walkforward") == set(found)
    assert (2, 2) == (found["planned"], len(found["folds"]))
    assert all(fold["values"] in ([10], [20]) for fold in found["folds"])
    assert found["summary"]["trades"] == sum(fold["trades"] for fold in found["folds"])
    assert str(home / "walk.html") == found["summary"]["report"]


def test_a_walk_forward_is_told_to_people(account: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each fold, the screen of a backtest, and what is left of what was learnt."""
    code = run(["walkforward", str(account), "--learn", "120 months", "--trade", "30 months", "--anchored"])

    out = capsys.readouterr().out
    assert 0 == code
    assert "learnt from" in out.splitlines()[0]
    assert "2004-01-02 to 2014-01-01" in out.splitlines()[1]
    assert "deepest drawdown" in out
    assert "which nothing had learnt from" in out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--learn", "20 bars"], 2, '--learn: expected a span like "12 months"'),
        (["--learn", "240 months"], 4, "nothing is left to trade"),
        (["--grid", "strategies.trend.rsk=1"], 2, "no such key"),
    ],
)
def test_a_walk_forward_that_cannot_be_is_refused(
    account: Path, words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line that says what to do."""
    assert code == run(["walkforward", str(account), *words])

    assert said in capsys.readouterr().err
