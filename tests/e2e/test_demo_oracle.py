"""The demo's money and the ownership of its deals, by an oracle that knows nothing of how they were made."""

import ast
import json

from pathlib import Path

import pytest

from tests.demos import Demo
from tests.journals import edit
from tests.oracle import MAGIC, STOP, complaints, deals_of, sends, table

ORACLE = Path(__file__).parents[1] / "oracle.py"


def test_the_oracle_is_independent() -> None:
    """The oracle imports nothing of the house."""
    tree = ast.parse(ORACLE.read_text(encoding="utf-8"))
    named = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    named |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert {"json", "sqlite3", "collections.abc", "contextlib", "decimal", "pathlib", "typing"} == named


def test_record_and_journal_of_the_whole_demo_agree(whole: Demo) -> None:
    """Money adds up to the cent, every deal belongs to one decision, and both tell the same deals."""
    assert [] == complaints(whole.ledger, whole.journal)


def test_the_whole_demo_is_long_enough_to_mean_something(whole: Demo) -> None:
    """Thousands of bars, dozens of deals, some vetoes: and every decision is of exactly one class."""
    decisions = table(whole.journal, "decisions")
    bars = {decision["bar_time"] for decision in decisions}

    assert len(bars) >= 3500
    assert len(deals_of(whole.ledger)) >= 30
    assert 0 < sum(decision["class"] == "vetoed_by_regime" for decision in decisions)
    assert 2 * len(bars) == len(decisions)


def test_outcomes_are_all_the_money_there_is(whole: Demo) -> None:
    """What the live book made is what the balance changed by."""
    deals = deals_of(whole.ledger)
    made = sum(row["net"] for row in table(whole.journal, "outcomes") if row["book"] == "live")

    assert round(float(deals[-1]["balance"] - deals[0]["balance"]), 2) == round(made, 2)


@pytest.fixture
def copied(whole: Demo, tmp_path: Path) -> tuple[Path, Path]:
    """Return copies of the demo's record and journal, to be spoilt."""
    ledger, journal = tmp_path / "ledger.jsonl", tmp_path / "journal.sqlite"
    ledger.write_bytes(whole.ledger.read_bytes())
    journal.write_bytes(whole.journal.read_bytes())
    return ledger, journal


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE deals SET profit = profit + 0.01 WHERE ticket = ?", "profit is"),
        ("UPDATE deals SET decision = '1-1' WHERE ticket = ?", "the journal names another"),
        ("DELETE FROM deals WHERE ticket = ?", "is not in the journal"),
        ("UPDATE deals SET ticket = 1 WHERE ticket = ?", "is in the journal only"),
        ("DELETE FROM decisions WHERE id = (SELECT decision FROM deals WHERE ticket = ?)", "belongs to 0 decisions"),
    ],
)
def test_the_oracle_sees_a_journal_that_was_changed(copied: tuple[Path, Path], statement: str, said: str) -> None:
    """A deal that is missing, moved or worth a cent more does not pass."""
    ledger, journal = copied
    edit(journal, statement, deals_of(ledger)[10]["ticket"])

    assert any(said in complaint for complaint in complaints(ledger, journal))


def test_the_oracle_sees_a_record_that_was_changed(copied: tuple[Path, Path]) -> None:
    """A deal that is worth a cent more, and one that is told twice, do not pass."""
    ledger, journal = copied
    lines = ledger.read_text(encoding="utf-8").splitlines()
    number = [i for i, line in enumerate(lines) if '"entry":"out"' in line][5]
    line = json.loads(lines[number])
    line["deal"]["profit"] += 0.01
    ledger.write_text("\n".join([*lines[:number], json.dumps(line), *lines[number:]]), encoding="utf-8")

    found = complaints(ledger, journal)

    assert any("money makes the balance" in complaint for complaint in found)
    assert any("is there twice" in complaint for complaint in found)


def test_what_the_whole_demo_sent_was_sent_once(whole: Demo) -> None:
    """Every intent is on disk, was sent at most once and with a stop, and has come to its end."""
    assert [] == sends(whole.ledger, whole.journal)


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [(MAGIC, None, "was sent 2 times"), (MAGIC, 1, "no intent of it is on disk"), (STOP, 0.0, "without a stop")],
)
def test_the_oracle_sees_what_should_not_have_been_sent(
    copied: tuple[Path, Path], place: int, value: object, said: str
) -> None:
    """A request that is there twice, one that nobody decided, and one without a stop do not pass."""
    ledger, journal = copied
    lines = ledger.read_text(encoding="utf-8").splitlines()
    line = json.loads(next(line for line in lines if line.startswith('{"in":"request"')))
    if value is not None:
        line["request"][place] = value
    ledger.write_text("\n".join([*lines, json.dumps(line)]), encoding="utf-8")

    assert any(said in complaint for complaint in sends(ledger, journal))
