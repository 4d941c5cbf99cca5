"""The recorder: every fact once, with the step it led to; what must be on disk before it is acted upon says so."""

from pathlib import Path
from typing import Any

import pytest

from brokers.facts import DealMade, InDoubt, LinkDown, LinkUp
from runtime.clock import Clock
from runtime.core.facts import AnyFact, BalanceTaken, RunStarted, TradeWrittenOff
from runtime.core.instructions import DURABLE, Asker, ClosePosition, Submit
from runtime.journal.reader import JournalReader
from runtime.journal.writer import JournalWriter
from runtime.outcomes.books import Books
from runtime.recorder import Recorder, decode_fact, decode_step, encode, rest_of
from tests.cores import (
    BALANCE,
    LEAVE,
    Script,
    a_lane,
    a_plan,
    an_account,
    buy,
    closed,
    hour,
    level,
    opening,
    reconciled,
)
from tests.journals import ask
from tests.told import Told, only, position_of

RUN = {
    "run": 1, "started": 1, "mode": "live", "config": "{}", "config_hash": "c0", "model_hashes": "{}", "bundles": "{}",
    "kernel_hash": "k", "platform": "p", "symbols": "{}",
}  # fmt: skip


def recorded(path: Path, *facts: AnyFact, script: Script | None = None) -> list[tuple[AnyFact, Any, bool]]:
    """Record facts of a core that buys on bar 4; return each with its step and whether it must be on disk."""
    with JournalWriter(path) as journal:
        core = Told(a_plan(a_lane(script or {4: buy()})), opened=False).core
        recorder = Recorder(core, Books(core, {}), journal, Clock())
        recorder.begin(RUN)
        found = [(fact, *recorder.take(fact)) for fact in facts]
        recorder.end("the test is over")
    return [(fact, step, durable) for fact, step, _, durable in found]


FACTS = [*opening(), closed(3), closed(4), LinkDown(at=hour(5), reason="maintenance"), level("halt", hour(5))]


def test_every_fact_is_written_once_with_its_step(tmp_path: Path) -> None:
    """What comes off the disk is what was handled, in its order, between the run's begin and end."""
    done = recorded(tmp_path / "journal.sqlite", *FACTS)
    with JournalReader(tmp_path / "journal.sqlite") as reader:
        rows = list(reader.rows())

    assert ["RunOpened", *(type(fact).__name__ for fact in FACTS), "RunClosed"] == [row.kind for row in rows]
    assert [(fact, encode(step)) for fact, step, _ in done] == [
        (decode_fact(row.fact), row.step) for row in rows if row.fact
    ]
    assert any(isinstance(w, Submit) for row in rows if row.fact for w in decode_step(row.step).instructions)


def test_a_close_in_doubt_is_shown_as_done_once_its_deal_told(tmp_path: Path) -> None:
    """People read in the table of orders what became of it, whichever fact told."""
    told = Told(a_plan(a_lane({3: buy(), 4: LEAVE})), opened=False)
    entered = told.tell(*opening(), closed(3)).instructions[-1]
    assert isinstance(entered, Submit)
    bought = told.deal(entered, "in", 100.1)
    facts = [*opening(), closed(3), DealMade(at=hour(4), deal=bought), closed(4)]
    with JournalWriter(tmp_path / "journal.sqlite") as journal:
        core = Told(told.core.plan, opened=False).core
        recorder = Recorder(core, Books(core, {}), journal, Clock())
        recorder.begin(RUN)
        wish = only([recorder.take(fact)[0] for fact in facts][-1], ClosePosition)
        recorder.take(InDoubt(at=hour(5), id=wish.id, code=1, reason="timeout"))
        recorder.take(DealMade(at=hour(5), deal=told.deal(bought, "out", 100.0)))
    with JournalReader(tmp_path / "journal.sqlite") as reader:
        rows = {row["instruction"]: row["state"] for row in reader.orders()}

    assert "FILLED" == rows[wish.id]


def test_a_deal_told_again_still_names_its_decision(tmp_path: Path) -> None:
    """What one deal led to was heard before the others told with it: the trade is over when its exit comes again."""
    told = Told(a_plan(a_lane({3: buy()})), opened=False)
    entered = only(told.tell(*opening(), closed(3)), Submit)
    bought = told.deal(entered, "in", 100.1)
    sold = told.deal(bought, "out", 100.0, reason="stop")
    deals = [DealMade(at=hour(4), deal=deal) for deal in (bought, sold, bought, sold)]
    recorded(tmp_path / "journal.sqlite", *opening(), closed(3), *deals, script={3: buy()})
    found = ask(tmp_path / "journal.sqlite", "SELECT ticket, decision, seq FROM deals")
    first = len(opening()) + 3

    assert [(bought.ticket, "1-1", first), (sold.ticket, "1-1", first + 1)] == found


def test_a_deal_told_before_its_entry_is_given_its_decision_by_it(tmp_path: Path) -> None:
    """Until then nobody knew whose it was."""
    told = Told(a_plan(a_lane({3: buy()})), opened=False)
    entered = only(told.tell(*opening(), closed(3)), Submit)
    bought = told.deal(entered, "in", 100.1)
    sold = told.deal(bought, "out", 100.0, reason="mobile", magic=0)
    path = tmp_path / "journal.sqlite"
    recorded(path, *opening(), closed(3), *(DealMade(at=hour(4), deal=d) for d in (sold, bought)), script={3: buy()})

    assert [("in", "1-1", "lane1"), ("out", "1-1", "lane1")] == ask(path, "SELECT entry, decision, strategy FROM deals")
    assert [("1-1", 100.0, "person")] == ask(path, "SELECT decision, exit_price, exit_reason FROM outcomes")


def test_a_deal_says_what_it_cost_once_it_is_known_whose_it_is(tmp_path: Path) -> None:
    """Also one that was told before its entry; half the spread of a tenth, and what its stop was missed by."""
    told = Told(a_plan(a_lane({3: buy()})), opened=False)
    entered = only(told.tell(*opening(), closed(3)), Submit)
    bought = told.deal(entered, "in", 100.1)
    sold = told.deal(bought, "out", 98.9, reason="stop", comment="sl 99.10")
    path = tmp_path / "journal.sqlite"
    recorded(path, *opening(), closed(3), *(DealMade(at=hour(4), deal=d) for d in (sold, bought)), script={3: buy()})
    found = ask(path, "SELECT entry, round(delay, 6), round(spread, 6), round(execution, 6) FROM deals ORDER BY entry")

    assert [("in", 0.0, 0.05, 0.0), ("out", 0.0, 0.0, 0.2)] == found


def test_the_money_of_a_trade_written_off_is_the_ledgers(tmp_path: Path) -> None:
    """Outcomes and ledger make the balance; what shows after all still names its decision."""
    told = Told(a_plan(a_lane({3: buy()})), opened=False)
    entered = only(told.tell(*opening(), closed(3)), Submit)
    bought = told.deal(entered, "in", 100.1)
    late = told.deal(bought, "out", 99.1, profit=-100.0, reason="stop")
    looks = [reconciled(BALANCE - 100.0, at=hour(4), settled=settled) for settled in (False, True)]
    ann = Asker(id="ann-1", who="ann", why="support says so", wall=0)
    gone = TradeWrittenOff(at=hour(4), asker=ann, position=bought.position)
    path = tmp_path / "journal.sqlite"
    recorded(
        path, *opening(), closed(3), DealMade(at=hour(4), deal=bought), *looks, gone, gone,
        DealMade(at=hour(5), deal=late), script={3: buy()},
    )  # fmt: skip

    assert [("written off", -100.0)] == ask(path, "SELECT kind, money FROM ledger WHERE deal < 0")
    assert [("1-1",), ("1-1",)] == ask(path, "SELECT decision FROM deals")
    assert [("written off", None)] == ask(path, "SELECT exit_reason, exit_price FROM outcomes")


def test_the_money_of_a_balance_that_a_person_took_is_the_ledgers(tmp_path: Path) -> None:
    """No trade has it; what was refused took nothing."""
    looks = [reconciled(BALANCE - 12.5, at=hour(n)) for n in (4, 5)]
    taken = [
        BalanceTaken(at=hour(5), asker=Asker(id=f"ann-{n}", who="ann", why="a swap of May was mended", wall=0))
        for n in (1, 2)
    ]
    path = tmp_path / "journal.sqlite"
    recorded(path, *opening(), *looks, *taken)

    assert [("balance taken", -12.5)] == ask(path, "SELECT kind, money FROM ledger WHERE deal < 0")
    assert [("balance", 1), ("balance", 0)] == ask(path, "SELECT scope, accepted FROM commands WHERE command = 'ack'")


def test_an_order_names_the_decision_of_the_run_that_opened_its_trade(tmp_path: Path) -> None:
    """A close sent in a later run is about the same decision as the entry."""
    told = Told(a_plan(a_lane({3: buy(), 4: LEAVE})), opened=False)
    entered = only(told.tell(*opening(), closed(3)), Submit)
    filled = DealMade(at=hour(4), deal=told.deal(entered, "in", 100.1))
    later = (
        RunStarted(at=hour(4), run=2),
        level("run", hour(4)),
        LinkUp(at=hour(4), account=an_account()),
        reconciled(BALANCE, position_of(filled.deal), at=hour(4)),
    )
    path = tmp_path / "journal.sqlite"
    recorded(path, *opening(), closed(3), filled, *later, closed(4), script={3: buy(), 4: LEAVE})

    assert [(1, "market", "1-1"), (2, "close", "1-1")] == ask(path, "SELECT run, kind, decision FROM orders")


def test_what_leads_to_an_order_or_a_level_must_be_on_disk_first(tmp_path: Path) -> None:
    """Intents and changes of level are durable; a bar without an order, or a lost link, may be a little late."""
    done = recorded(tmp_path / "journal.sqlite", *FACTS)
    wanted = [
        type(fact).__name__ == "LevelChanged" or any(isinstance(wish, DURABLE) for wish in step.instructions)
        for fact, step, _ in done
    ]

    assert wanted == [durable for *_, durable in done]
    assert {"LevelChanged", "BarClosed"} == {type(fact).__name__ for fact, _, durable in done if durable}
    assert {"RunStarted", "LinkUp", "BarClosed", "Reconciled", "LinkDown"} == {
        type(fact).__name__ for fact, _, durable in done if not durable
    }


def test_a_durable_step_is_on_disk_when_its_ticket_is_settled(tmp_path: Path) -> None:
    """Another process reads it there, and all that came before it."""
    path = tmp_path / "journal.sqlite"
    with JournalWriter(path) as journal:
        core = Told(a_plan(a_lane({})), opened=False).core
        recorder = Recorder(core, Books(core, {}), journal, Clock())
        recorder.begin(RUN)
        recorder.take(RunStarted(at=0, run=1))
        _, ticket, durable = recorder.take(level("run"))
        ticket.wait(10)
        with JournalReader(path) as reader:
            found = [row.kind for row in reader.rows()]

    assert (True, ["RunOpened", "RunStarted", "LevelChanged"]) == (durable, found)


@pytest.mark.parametrize("every", [1, 2, 5])
def test_snapshots_come_at_begin_end_and_every_so_many_facts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every: int
) -> None:
    """Each holds core and books as they were after its row; the last one is the run's end."""
    monkeypatch.setattr("runtime.recorder.SNAPSHOT_EVERY", every)
    path = tmp_path / "journal.sqlite"
    recorded(path, *FACTS)
    with JournalReader(path) as reader:
        last, head = reader.last_snapshot(), reader.head()
        verdict = reader.verify()
    twin = Told(a_plan(a_lane({4: buy()})), opened=False)
    twin.tell(*FACTS)

    assert last is not None
    assert (head.seq, True) == (last.seq, verdict.ok)
    assert twin.core.snapshot() == rest_of(last.state).core
