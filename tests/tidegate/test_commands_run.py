"""demo, backtest and train as a user calls them: what they print, write and refuse."""

import json
import subprocess
import sys

from pathlib import Path
from typing import Any

import pytest

from backtests.demo_folder import MARK, claimed
from config.errors import AlreadyRunning
from config.new_account import account_text
from tests.demos import ROOT
from tidegate.cli import run

KEYS = {
    "bars", "decisions", "by_class", "orders", "deals", "initial_balance", "final_balance", "realised_pnl",
    "vetoed_by_regime", "shadow_pnl", "regimes", "gate_value", "gate_sentence", "notes", "report",
}  # fmt: skip


pytestmark = pytest.mark.usefixtures("home")


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Return the one JSON document on stdout."""
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_demo_runs_from_beginning_to_report(home: Path) -> None:
    """Real processes, sixty bars: stdout is one JSON document, progress goes to stderr, the report is there."""
    command = [sys.executable, "-m", "tidegate.cli", "demo", "--bars", "60", "--out", str(home / "out"), "--json"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    assert 0 == done.returncode, done.stderr
    found = json.loads(done.stdout)
    assert set() == KEYS - set(found)
    assert (60, 120) == (found["bars"], found["decisions"])
    assert found["decisions"] == sum(found["by_class"].values())
    assert "training the regime model" in done.stderr
    assert Path(found["report"]).read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert (home / "out" / MARK).exists()


def test_an_account_without_a_regime_has_nothing_to_train(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The regime is what is missing: its bars are not asked for."""
    (home / "plain.toml").write_text(account_text("plain", kind="lookalike", login=7), encoding="utf-8")

    for words in (["train"], ["regimes", "fit"], ["regimes", "refit"]):
        assert 3 == run([*words, "plain.toml"])
        assert "no regime is configured" in capsys.readouterr().err


def test_demo_leaves_a_folder_alone_that_is_not_its_own(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder with anything else in it is refused, and stays as it is."""
    mine = home / "mine"
    (mine / "state").mkdir(parents=True)

    assert 2 == run(["demo", "--out", str(mine)])

    assert "no demo made it" in capsys.readouterr().err
    assert [mine / "state"] == list(mine.iterdir())


@pytest.mark.parametrize("log", ["nowhere/daemon.log", "."])
def test_a_log_is_not_put_where_there_is_no_folder_for_it(
    home: Path, log: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistyped path is refused before anything is said to it: nobody would look there."""
    before = list(home.iterdir())

    assert 2 == run(["run", "one.toml", "--log", log])

    assert f"--log: {log} cannot be a file: make its folder first" in capsys.readouterr().err
    assert before == list(home.iterdir())


def test_two_demos_do_not_share_a_folder(home: Path) -> None:
    """The second is refused while the first one runs; afterwards the folder may be used again."""
    with claimed(home / "out"):
        assert 8 == run(["demo", "--out", str(home / "out")])
        with pytest.raises(AlreadyRunning), claimed(home / "out"):
            pass
    with claimed(home / "out"):
        pass


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["demo", "--speed", "fast"], 2),
        (["demo", "--speed", "0"], 2),
        (["demo", "--speed", "nan"], 2),
        (["demo", "--symbol", "GOLD"], 2),
        (["demo", "--data", "bars.csv", "--symbol", 'a"]'], 2),
        (["demo", "--data", "bars.csv"], 4),
        (["demo", "--bars", "0"], 2),
        (["backtest", "no-such.toml"], 3),
        (["backtest", "config/demo.toml", "--data", "bars.csv"], 4),
        (["backtest", "config/demo.toml", "--from", "2030-01-01"], 4),
        (["train", "config/demo.toml", "--regime", "weather"], 3),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_is_refused_in_one_line(words: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code tells what was wrong, nothing is printed on stdout, and there is no traceback."""
    assert code == run(words)

    said = capsys.readouterr()
    assert "" == said.out
    assert "Traceback" not in said.err
    assert said.err.strip()


def test_backtest_of_the_shipped_demo_writes_nothing_beside_it(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From any folder; its model is trained once, into the user's cache, and that is said."""
    before = sorted((ROOT / "config").rglob("*.json"))

    assert 0 == run(["backtest", "config/demo.toml", "--bars", "60", "--json"])

    first = capsys.readouterr()
    found = json.loads(first.out)
    assert set() == KEYS - set(found)
    assert found["decisions"] == sum(found["by_class"].values())
    assert "training it into" in first.err
    assert before == sorted((ROOT / "config").rglob("*.json"))
    assert list((home / "cache").rglob("champion"))
    assert 0 == run(["backtest", "config/demo.toml", "--bars", "60", "--json"])
    second = capsys.readouterr()
    assert "training" not in second.err
    assert {**json.loads(second.out), "seconds": 0, "bars_per_second": 0} == {
        **found, "seconds": 0, "bars_per_second": 0,
    }  # fmt: skip


def test_backtest_shows_one_screen_and_writes_a_report(
    account: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """For people: numbers, classes, regimes, strategies and the sentence on the gate fit on a screen."""
    assert 0 == run(["backtest", str(account), "--bars", "60", "--report", "out/my.html"])

    shown = capsys.readouterr().out
    assert len(shown.splitlines()) <= 50
    assert max(map(len, shown.splitlines()[:20])) <= 100
    for word in ("SP500 D1, 2004-01-02 to", "in position", "calm-or-storm", "reversion", "final balance", "gate"):
        assert word in shown
    assert (home / "out" / "my.html").stat().st_size > 1_000_000


def test_backtest_takes_another_file_and_days(account: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The bars of the one symbol come from --data, the days from --from and --to."""
    rows = "".join(f"2020-{1 + i // 28:02d}-{1 + i % 28:02d},100,{101 + i % 3},99,{100 + i % 2}\n" for i in range(300))
    (home / "mine.csv").write_text(f"Date,Open,High,Low,Close\n{rows}", encoding="utf-8")
    text = (
        account.read_text(encoding="utf-8")
        .replace("bars = 1256", "bars = 130")
        .replace("warmup = 1256", "warmup = 130")
    )
    (home / "demo.toml").write_text(text, encoding="utf-8")

    assert 0 == run(
        ["backtest", "demo.toml", "--data", "mine.csv", "--from", "2020-06-01", "--to", "2020-07-28", "--json"]
    )

    found = printed(capsys)
    assert ("2020-06-01", "2020-07-28", 56) == (found["first"], found["last"], found["bars"])


def test_backtest_without_shadow_books_says_so(account: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The shadow's numbers are null, and the sentence claims nothing."""
    assert 0 == run(["backtest", str(account), "--bars", "60", "--no-shadow", "--json"])

    found = printed(capsys)
    assert (None, None, None) == (found["shadow_pnl"], found["gate_value"], found["shadow_trades"])
    assert "nobody knows" in found["gate_sentence"]


def test_backtest_judges_every_gate_where_it_is_asked_to(account: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the numbers and in tables below them; without shadow books there is nothing to judge by."""
    assert 0 == run(["backtest", str(account), "--bars", "60", "--gates", "--json"])
    found = printed(capsys)
    assert 0 == run(["backtest", str(account), "--bars", "60", "--gates"])
    shown = capsys.readouterr().out

    assert {"gate"} == {group["by"] for group in found["gates"]}
    assert [] == found["checks"]
    assert "shadow: modelled, without the gate that is named" in shown
    assert "nothing was kept out" in shown
    assert 2 == run(["backtest", str(account), "--gates", "--no-shadow"])


def test_train_prints_each_states_profile(account: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For people a table of the states, for programs one document by regime."""
    assert 0 == run(["train", str(account)])
    shown = capsys.readouterr().out
    assert 0 == run(["train", str(account), "--json"])
    report = printed(capsys)["calm-or-storm"]

    assert "occupancy" in shown
    assert "59.4 %" in shown
    assert report["fingerprint"][:12] in shown
    assert [0, 1] == [profile["state"] for profile in report["profiles"]]
    assert (account.parent / "models" / "calm-or-storm" / "champion").exists()
