"""Why: from an order, a deal or a moment back to the decision, from its bar on to its money, and recomputed."""

import shutil

from pathlib import Path
from typing import Any

import msgspec
import pytest

from backtests.replay import ReplayMismatch, recompute
from backtests.why import chain
from backtests.why_short import SAID
from config.errors import UsageError
from runtime.core.decision import OUTCOMES
from runtime.journal.reader import JournalReader
from runtime.journal.trace import decision_behind, decisions_at
from tests.journaled import REVERSION, a_config, lived, put, traded
from tests.journals import ask, edit


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the journal of two strategies over 120 hours."""
    folder = tmp_path_factory.mktemp("why")
    traded(folder / "journal.sqlite", a_config(folder))
    return folder / "journal.sqlite"


def told(journal: Path, what: str) -> dict[str, Any]:
    """Return the chain of what a person names."""
    with JournalReader(journal) as reader:
        return chain(reader, decision_behind(reader, what))


def closed(journal: Path) -> tuple[Any, ...]:
    """Return decision, position, instruction and ticket of the first deal of a live trade that came to its end."""
    (found,) = ask(
        journal,
        "SELECT o.decision, d.position, r.instruction, d.ticket FROM outcomes AS o "
        "JOIN deals AS d ON d.decision = o.decision AND d.entry = 'in' "
        "JOIN orders AS r ON r.decision = o.decision AND r.kind NOT IN ('close', 'move stop', 'cancel') "
        "WHERE o.book = 'live' ORDER BY o.closed, r.instruction LIMIT 1",
    )
    return tuple(found)


def test_an_order_a_deal_and_a_position_lead_to_their_decision(journal: Path) -> None:
    """Each by its number, with its sort before it."""
    decision, position, instruction, deal = closed(journal)

    for what in (decision, f"position:{position}", f"order:{instruction}", f"deal:{deal}"):
        assert decision == told(journal, what)["decision"]["id"]


def test_a_trade_is_followed_from_its_bar_to_its_money(journal: Path) -> None:
    """Nothing of the chain is missing, and the sentence says how it ended."""
    whole = told(journal, closed(journal)[0])

    assert whole["bar"]["time"] == whole["decision"]["bar_time"]
    assert list(whole["named"].values()) == whole["decision"]["features"]
    assert not any(name.isdecimal() for name in whole["named"])
    assert {"in", "out"} == {deal["entry"] for deal in whole["deals"]}
    (live,) = [o for o in whole["outcomes"] if o["book"] == "live"]
    assert whole["short"].startswith("It was sent: go ")
    assert f"by {live['exit_reason']}: {live['net']:+,.2f}" in whole["short"]


def test_a_trade_that_was_kept_out_is_followed_to_what_its_shadows_made(tmp_path: Path) -> None:
    """Each book without a gate that stood in the way, by its name; the sentence tells of the one that leaves least."""
    journal = tmp_path / "journal.sqlite"
    traded(journal, a_config(tmp_path, REVERSION.replace("advise", "enforce")))
    ((kept_out,),) = ask(journal, "SELECT decision FROM outcomes WHERE gate = 'regime' ORDER BY opened LIMIT 1")

    whole = told(journal, kept_out)

    assert [] == whole["outcomes"]
    assert {"regime", "all"} == {one["gate"] for one in whole["shadows"]}
    (alone,) = [one for one in whole["shadows"] if one["gate"] == "regime"]
    assert f"Without the regime gate it would have made {alone['net']:+,.2f}" in whole["short"]


@pytest.mark.parametrize("what", ["9-9", "order:0", "deal:0", "moon:1", "deal:x", "0"])
def test_what_nobody_decided_is_a_usage_error(journal: Path, what: str) -> None:
    """A mistyped number, or sort."""
    with JournalReader(journal) as reader, pytest.raises(UsageError):
        decision_behind(reader, what)


def test_a_strangers_deal_is_said_to_be_one(journal: Path, tmp_path: Path) -> None:
    """It is in the journal, and no decision is behind it."""
    copy = Path(shutil.copy(journal, tmp_path / "journal.sqlite"))
    edit(copy, "INSERT INTO deals (ticket, decision, position) VALUES (99999, '', 99999)")

    with JournalReader(copy) as reader, pytest.raises(UsageError, match="no decision of ours is behind it"):
        decision_behind(reader, "deal:99999")


def test_a_moment_leads_to_what_each_strategy_last_decided(journal: Path) -> None:
    """Made before it, one for each strategy on the symbol; or of one."""
    rows = ask(journal, "SELECT at FROM decisions WHERE strategy = 'breakout' ORDER BY at")
    at = rows[40][0] + 1

    with JournalReader(journal) as reader:
        found = decisions_at(reader, "SP500", at)
        only = decisions_at(reader, "SP500", at, "breakout")
        before = [row["at"] < at for row in found]

        assert (["breakout", "reversion"], [True, True]) == ([row["strategy"] for row in found], before)
        assert [rows[40][0]] == [row["at"] for row in only]
        for symbol, moment in (("MOON", at), ("SP500", 0)):
            with pytest.raises(UsageError, match="strategies trade SP500"):
                decisions_at(reader, symbol, moment)


def test_every_decision_of_the_journal_has_a_sentence(journal: Path) -> None:
    """Whatever its class; no class is without words."""
    with JournalReader(journal) as reader:
        sentences = [chain(reader, row)["short"] for row in reader.decisions(limit=60)]

    assert all(one.endswith(".") for one in sentences)
    assert {*OUTCOMES} - {"traded"} == {*SAID}


def test_a_decision_recomputed_from_its_facts_is_the_same(journal: Path) -> None:
    """From the last snapshot before it on, to the last bit."""
    ((seq,),) = ask(journal, "SELECT max(seq) FROM decisions")

    assert 1 <= recompute(journal, seq) < seq


def test_a_changed_decision_is_found_out_by_recomputing_it(journal: Path, tmp_path: Path) -> None:
    """The first field that differs is named."""
    copy = Path(shutil.copy(journal, tmp_path / "journal.sqlite"))
    *_, (seq, fact, step) = lived(copy, "BarClosed")
    moved = msgspec.structs.replace(step.decisions[0], bid=step.decisions[0].bid + 1.0)
    put(copy, seq, fact, msgspec.structs.replace(step, decisions=(moved, *step.decisions[1:])))

    with pytest.raises(ReplayMismatch) as caught:
        recompute(copy, seq)

    assert (seq, "decisions[0].bid") == (caught.value.seq, caught.value.field)
