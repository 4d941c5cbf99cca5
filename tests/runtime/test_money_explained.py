"""What a journal's own rows make of the balance, and what is said where they do not."""

import json
import sqlite3

from pathlib import Path

import pytest

from brokers.facts import DealMade
from market.types import Deal
from runtime.clock import Clock
from runtime.core.facts import AnyFact
from runtime.core.instructions import Submit
from runtime.journal.reader import JournalReader
from runtime.journal.writer import JournalWriter
from runtime.outcomes.books import Books
from runtime.outcomes.explained import Explained, explained
from runtime.recorder import Recorder
from tests.cores import BALANCE, a_lane, a_plan, buy, closed, hour, opening, reconciled
from tests.documented import documented
from tests.told import Told, only
from tidegate.cli import run

FLOW = {"order": 0, "position": 0, "at": hour(5), "symbol": "", "side": 1, "entry": "none", "volume": 0.0, "price": 0.0}


def recorded(folder: Path) -> tuple[str, Recorder]:
    """Write a journal of one closed trade and one open, a stranger's turn, a deposit and a commission of the month."""
    plan = a_plan(a_lane({3: buy(), 5: buy()}))
    told = Told(plan, opened=False)
    bought = told.deal(only(told.tell(*opening(), closed(3)), Submit), "in", 100.1, commission=-3.0)
    turned = told.deal(bought, "inout", 101.0, volume=3.0, profit=90.0, commission=-9.01, magic=0, reason="client")
    alien = told.deal(bought, "out", 100.0, side=1, volume=2.0, profit=11.5, magic=0, reason="client")
    facts: list[AnyFact] = [*opening(), closed(3), DealMade(at=hour(4), deal=bought)]
    facts += [DealMade(at=hour(4), deal=deal) for deal in (turned, alien)]
    flows = (("balance", 500.0), ("monthly commission", -7.25), ("credit", 50.0))
    facts += [
        DealMade(at=hour(5), deal=Deal(ticket=40 + n, flow=flow, profit=profit, reason="balance", **FLOW))  # type: ignore[arg-type]
        for n, (flow, profit) in enumerate(flows)
    ]
    facts.append(reconciled(BALANCE + 90.0 - 3.0 - 9.01 + 11.5 + 500.0 - 7.25, at=hour(5), last_deal=42))
    path = folder / "journal.sqlite"
    with JournalWriter(path) as journal:
        core = Told(plan, opened=False).core
        recorder = Recorder(core, Books(core, {}), journal, Clock())
        recorder.begin({"run": 1, "mode": "live"})
        for fact in facts:
            recorder.take(fact)
    return str(folder), recorder


def test_rows_of_a_journal_make_the_balance(tmp_path: Path) -> None:
    """As the books do that followed it; the credit is none of the balance."""
    _, recorder = recorded(tmp_path)
    with JournalReader(tmp_path / "journal.sqlite") as reader:
        found = explained(reader)

    assert found == Explained(
        since=hour(0), began=BALANCE, outcomes=84.0, standing=0.0, foreign=round(11.5 - 6.01, 2),
        ledger={"deposit": 500.0, "monthly commission": -7.25, "credit": 0.0}, balance=10_582.24,
    )  # fmt: skip
    assert 0.0 == found.unexplained == recorder.books.unexplained


def test_a_cent_that_is_missing_is_an_answer_of_no(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An outcome that says a cent more than its deals made is found."""
    folder, _ = recorded(tmp_path)

    assert 0 == run(["money", folder])
    assert "monthly commission" in capsys.readouterr().out
    with sqlite3.connect(tmp_path / "journal.sqlite") as connection:
        connection.execute("UPDATE outcomes SET net = net + 0.01")
    assert 11 == run(["money", folder, "--json"])
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert documented("money") == set(told)
    assert (False, -0.01) == (told["ok"], told["unexplained"])
    assert "-0.01 of the balance are not explained" in said.err


def test_before_the_venue_was_looked_at_nothing_is_explained(tmp_path: Path) -> None:
    """There is no balance yet."""
    with JournalWriter(tmp_path / "journal.sqlite"):
        pass
    with JournalReader(tmp_path / "journal.sqlite") as reader:
        assert explained(reader) is None
    assert 2 == run(["money", str(tmp_path)])
