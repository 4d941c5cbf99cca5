"""decisions, why, orders, outcomes and journal verify over a journal with one vetoed and one traded decision."""

import sqlite3

from pathlib import Path
from typing import Any

import msgspec
import pytest

from runtime.core.decision import OUTCOMES
from runtime.core.risk import CHECKS
from runtime.journal.entries import Entry, Row
from runtime.journal.schema import FIRST, VERSION
from runtime.journal.writer import JournalWriter
from runtime.start import only_daemon
from tidegate.cli import run
from tidegate.story import CLASSES

BAR = 1_072_828_800_000  # 2003-12-31 00:00
NAN = float("nan")


def text(value: object) -> str:
    """Return a JSON column's text."""
    return msgspec.json.encode(value).decode()


def decision(n: int, class_: str, **more: object) -> Row:
    """Return a row of `decisions`."""
    checks = [[name, 10.0 + i, 100.0] for i, name in enumerate(CHECKS)]
    columns: dict[str, Any] = {
        "id": f"1-{n}", "seq": n, "run": 1, "n": n, "at": BAR + 86_400_000 * n, "bar_time": BAR + 86_400_000 * (n - 1),
        "strategy": "trend", "symbol": "SP500", "timeframe": "D1", "class": class_, "action": 1.0, "kind": "market",
        "score": 1.25, "features": text([1108.48, 1100.02, 11.5]), "regime": 0, "posterior": text([0.93, 0.07]),
        "log_density": -2.5, "gate_mode": "enforce", "gate_open": 1, "gate_reason": "0.93 of 0.6", "level": "run",
        "novelty": 0.625, "exposure": 0.75, "shut": "stop to 1090.5",
        "holds": text([]), "bid": 1108.48, "ask": 1108.98, "volume": 28.98, "price": 1108.98, "stop": 1074.48,
        "target": 0.0, "risk": 999.81, "checks": text(checks), "reasons": text([]), "instruction": 7, "magic": 42,
        "model": "5e" * 32, "config": "c0" * 32,
    }  # fmt: skip
    return "decisions", columns | more


ORDER: Row = ("orders", {
    "instruction": 7, "run": 1, "decision": "1-2", "strategy": "trend", "symbol": "SP500", "side": 1, "kind": "market",
    "volume": 28.98, "price": 1108.98, "stop": 1074.48, "target": 0.0, "magic": 42, "state": "FILLED",
    "order_ticket": 11, "deal_ticket": 12, "fill_price": 1109.08, "code": 0, "reason": "", "at_decided": BAR,
    "at_answered": BAR + 1, "story": text(["SENT", "FILLED"]),
})  # fmt: skip
DEAL: Row = ("deals", {
    "ticket": 12, "run": 1, "seq": 2, "order_ticket": 11, "position": 12, "decision": "1-2", "strategy": "trend",
    "at": BAR, "symbol": "SP500", "side": 1, "entry": "in", "volume": 28.98, "price": 1109.08, "profit": 0.0,
    "commission": 0.0, "swap": 0.0, "fee": 0.0, "reason": "expert", "comment": "\x1b[2Jtidegate", "magic": 42,
})  # fmt: skip
OUTCOME: Row = ("outcomes", {
    "id": "1-2", "run": 1, "decision": "1-2", "strategy": "trend", "book": "live", "symbol": "SP500", "side": 1,
    "volume": 28.98, "opened": BAR, "closed": BAR + 86_400_000, "entry_price": 1109.08, "exit_price": 1119.08,
    "profit": 289.8, "commission": 0.0, "swap": 0.0, "fee": 0.0, "net": 289.8, "r": 0.29, "mae": -5.0, "mfe": 12.0,
    "bars": 1, "exit_reason": "target", "regime": 0, "model": "5e" * 32, "tag": "manual",
})  # fmt: skip


@pytest.fixture
def account(tmp_path: Path) -> str:
    """Return a state folder with such a journal."""
    vetoed = decision(
        1, "vetoed_by_regime", gate_open=0, gate_reason="0.31 of 0.6", holds=text(["LINK"]), reasons=text(["spread"]),
        checks=text([["spread", 120.0, 100.0], ["value", NAN, 500000.0]]), volume=0.0, instruction=0,
    )  # fmt: skip
    with JournalWriter(tmp_path / "journal.sqlite") as writer:
        writer.append(Entry("BarClosed", BAR, BAR, b"", b"", (vetoed,)))
        writer.append(Entry("BarClosed", BAR, BAR, b"", b"", (decision(2, "traded"), ORDER, DEAL, OUTCOME)))
    return str(tmp_path)


def json_lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return what was printed, line by line."""
    return [msgspec.json.decode(line) for line in capsys.readouterr().out.splitlines()]


def test_decisions_are_listed_oldest_first(account: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A table says when, who, what and why not."""
    assert 0 == run(["decisions", account])
    head, *lines = capsys.readouterr().out.splitlines()
    assert ["id", "bar_time", "strategy", "symbol", "class"] == head.split()[:5]
    assert ["1-1", "1-2"] == [line.split()[0] for line in lines]
    assert "2003-12-31 00:00" in lines[0]
    assert "LINK" in lines[0]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], ["1-1", "1-2"]),
        (["--last", "1"], ["1-2"]),
        (["--class", "vetoed_by_regime"], ["1-1"]),
        (["--class", "missed"], []),
        (["--strategy", "trend"], ["1-1", "1-2"]),
        (["--strategy", "reversion"], []),
        (["--run", "2"], []),
    ],
)
def test_decisions_can_be_narrowed(
    account: str, capsys: pytest.CaptureFixture[str], options: list[str], expected: list[str]
) -> None:
    """By class, strategy, run and number; for programs as JSON, with lists as lists."""
    assert 0 == run(["decisions", account, "--json", *options])
    found = json_lines(capsys)
    assert expected == [row["id"] for row in found]
    assert all(isinstance(row["posterior"], list) for row in found)


def test_why_shows_every_gate_with_number_and_limit(account: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A vetoed decision says by whom, and what else stood in its way."""
    assert 0 == run(["why", account, "1-1"])
    shown = capsys.readouterr().out
    for expected in (
        "decision 1-1: trend on SP500 D1, bar of 2003-12-31 00:00",
        "vetoed_by_regime: the market was not one it may enter in",
        "long market, score 1.25",
        "0, posterior 0.93, 0.07, log density -2.5",
        "enforce, shut: 0.31 of 0.6",
        "0.75",
        "stop to 1090.5",
        "0.625 of the limit",
        "LINK",
    ):
        assert expected in shown
    lines = [line.split() for line in shown.splitlines()]
    assert ["spread", "120", "100", "NO"] in lines
    assert ["value", "-", "500000", "-"] in lines
    assert "\norder" not in shown


def test_why_follows_a_trade_to_its_money(account: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Order, deals and outcome of a traded decision are shown, and nothing of a broker's is obeyed by the screen."""
    assert 0 == run(["why", account, "1-2"])
    shown = capsys.readouterr().out
    assert "order 7: FILLED" in shown
    assert "SENT, FILLED" in shown
    assert "289.8" in shown
    assert "28.98 lots at 1108.98, stop 1074.48, target 0, loss at the stop 999.81" in shown
    assert "\x1b" not in shown


def test_why_tells_programs_the_same(account: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One JSON object: the decision and what became of it."""
    assert 0 == run(["why", account, "1-2", "--json"])
    (whole,) = json_lines(capsys)
    assert ["1-2", [7], [12], ["1-2"]] == [
        whole["decision"]["id"],
        [row["instruction"] for row in whole["orders"]],
        [row["ticket"] for row in whole["deals"]],
        [row["id"] for row in whole["outcomes"]],
    ]


def test_a_decision_nobody_made_is_a_usage_error(account: str) -> None:
    """A mistyped id is told from a bug."""
    assert 2 == run(["why", account, "9-9"])


def test_every_class_is_explained() -> None:
    """`why` has a sentence for each outcome class."""
    assert list(OUTCOMES) == list(CLASSES)


def test_orders_and_outcomes_are_listed(account: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An order with what became of it, a trade with its money."""
    assert 0 == run(["orders", account])
    assert "FILLED" in capsys.readouterr().out
    assert 0 == run(["outcomes", account, "--book", "live", "--json"])
    assert [289.8] == [row["net"] for row in json_lines(capsys)]
    assert 0 == run(["outcomes", account, "--book", "shadow", "--json"])
    assert [] == json_lines(capsys)


def test_a_whole_journal_is_said_to_be_whole(account: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The head's hash is printed, so that it can be kept elsewhere."""
    assert 0 == run(["journal", "verify", account])
    assert capsys.readouterr().out.startswith("whole: 2 rows")


def test_a_changed_journal_ends_with_11(account: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever changed a row behind the journal's back is found."""
    with sqlite3.connect(Path(account) / "journal.sqlite") as connection:
        connection.execute("DROP TRIGGER log_no_update")
        connection.execute("UPDATE log SET step = x'00' WHERE seq = 1")
    connection.close()

    assert 11 == run(["journal", "verify", account])
    assert "row 1" in capsys.readouterr().err


def test_a_journal_of_this_schema_needs_no_migration(account: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It is said to be one, to programs too, and the journal is read as before."""
    assert 0 == run(["journal", "migrate", account])
    assert f"schema {VERSION} already\n" == capsys.readouterr().out
    assert 0 == run(["journal", "migrate", account, "--json", "--to", str(FIRST)])
    (found,) = json_lines(capsys)
    assert {"account": account, "from": VERSION, "to": FIRST} == found
    assert 0 == run(["journal", "migrate", account])
    assert 0 == run(["journal", "verify", account])


def test_a_journal_is_not_migrated_under_a_daemon(account: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever writes it knows one schema only."""
    with only_daemon(Path(account)):
        assert 8 == run(["journal", "migrate", account])
    assert "a daemon runs" in capsys.readouterr().err


def test_a_journal_that_is_not_there_ends_with_6(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An account that never ran has nothing to show."""
    assert 6 == run(["decisions", str(tmp_path)])
    assert 1 == len(capsys.readouterr().err.splitlines())


def test_why_answers_for_a_moment(account: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Why there was no trade on a symbol: what was last decided there by then, in a sentence."""
    with sqlite3.connect(Path(account) / "journal.sqlite") as connection:
        config = '{"strategies": [{"name": "trend", "symbol": "SP500"}]}'
        connection.execute("INSERT INTO runs (run, started, config) VALUES (1, 1, ?)", (config,))
    connection.close()

    assert 0 == run(["why", account, "--symbol", "SP500", "--at", "2004-01-01"])
    assert "No order: it wanted to go long, but the regime gate was shut (0.31 of 0.6)." in capsys.readouterr().out
    assert 2 == run(["why", account, "--symbol", "MOON", "--at", "2004-01-01"])


@pytest.mark.parametrize(
    "words", [[], ["1-1", "--symbol", "SP500"], ["--symbol", "SP500"], ["--symbol", "X", "--at", "x"]]
)
def test_why_wants_one_thing_named(account: str, words: list[str]) -> None:
    """A decision, or a moment on a symbol."""
    assert 2 == run(["why", account, *words])
