"""Why, of a troubled account: each sort of trouble is followed to what stood behind it, in words that say so."""

import datetime
import json
import shutil

from pathlib import Path
from typing import Any

import pytest

from backtests.replay import recompute
from backtests.why import chain
from config.errors import UsageError
from runtime.journal.reader import JournalReader
from runtime.journal.trace import decision_behind, decisions_at
from tests.journals import ask, edit
from tests.record_journal import DATA, unpacked
from tidegate.cli import run


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the journal, unpacked; nobody may write to it."""
    return unpacked(DATA / "troubled.sqlite.gz", tmp_path_factory.mktemp("troubled"))


def moment(day: str) -> int:
    """Return the beginning of a day, UTC milliseconds."""
    return int(datetime.datetime.fromisoformat(f"{day}T00:00Z").timestamp() * 1000)


def of(journal: Path, strategy: str, day: str) -> dict[str, Any]:
    """Return the chain of what a strategy decided on the bar of a day, recomputed to the last bit on the way."""
    with JournalReader(journal) as reader:
        (row,) = reader.lines("decisions", strategy=strategy, bar_time=moment(day))
        whole = chain(reader, row)
    assert 0 <= recompute(journal, row["seq"]) < row["seq"]
    return whole


STORIES = {
    "a person takes a part": (
        "main", "2004-01-05",
        "Left in parts: 10 lots at 1131.82 by a person at the terminal, 30 lots at 1142.72 by target.",
    ),
    "a limit": ("beside", "2004-01-06", "it broke a limit: collar."),
    "several limits": ("beside", "2004-01-07", "it broke limits: volume, value, margin."),
    "a halt takes it back": (
        "beside", "2004-01-08", "The order is CANCELLED: taken back by halt (root said so: the feed looks odd)."
    ),
    "a halt": ("beside", "2004-01-15", "No order: halt (root said so: the feed looks odd; lifted by tidegate resume)"),
    "a shut gate": ("vetoed", "2004-01-05", "Without the regime gate it would have made +620.21"),
    "a shut gate, again": ("vetoed", "2004-01-07", "but the regime gate was shut (regime not allowed: 0.0"),
    "its stop": ("main", "2004-01-23", "Closed at 1129.95, by stop: -1,049.79 (-1.04 R) after costs."),
    "a stranger's position": ("beside", "2004-01-27", "it broke a limit: positions."),
    "the daemon was away": ("beside", "2004-01-28", "the bar closed while the daemon was away"),
    "a part was filled": ("beside", "2004-02-04", "Filled with 16.6 of 33.2 lots at 1127.12."),
    "it left": ("main", "2004-02-06", "of the trade of decision 3-5: strategy. Closed at 1142.66, by strategy"),
    "the venue refused": ("main", "2004-02-09", "The order is REFUSED: Request rejected."),
    "in doubt, and found": (
        "main", "2004-02-10",
        "For a while nobody knew what had become of it: the process ended while it was on its way. Filled at 1145.44.",
    ),
    "missing": (
        "main", "2004-02-19",
        "The order is MISSING: not among positions, orders or deals after the settle window.",
    ),
    "close-only": ("main", "2004-02-26", "close-only (root said so: month's end; lifted by tidegate resume)"),
    "it left in close-only": ("beside", "2004-02-26", "of the trade of decision 6-12: strategy. Closed at 1145.7"),
    "a person closes it": ("main", "2004-03-01", "Closed at 1150.93, by a person: -193.99 (-0.15 R) after costs."),
    "a stop-out": ("main", "2004-03-09", "Closed at 1106.68, by the broker's stop-out: -729.67 (-0.58 R) after costs."),
    "no margin": ("beside", "2004-03-11", "it broke a limit: margin."),
    "no lot": ("main", "2004-03-12", "it was too small: its size below the minimum volume."),
    "open": ("main", "2004-03-22", "Filled at 1095.3. It is still open."),
}  # fmt: skip
"""Strategy, day of the bar, and words of the sentence that tells of it."""


@pytest.mark.parametrize(("strategy", "day", "words"), STORIES.values(), ids=STORIES.keys())
def test_a_trouble_is_followed_to_what_stood_behind_it(troubled: Path, strategy: str, day: str, words: str) -> None:
    """From the bar on, by every bit; the sentence says what happened, and who or what did it."""
    whole = of(troubled, strategy, day)

    assert whole["bar"]["time"] == whole["decision"]["bar_time"]
    assert words in whole["short"]


def test_what_people_were_told_of_a_trade_is_part_of_its_story(troubled: Path) -> None:
    """A part that a person closed, a stop that a hand dragged; an order that is nowhere."""
    dragged, missing = (of(troubled, "main", day)["alerts"] for day in ("2004-01-05", "2004-02-19"))

    assert ["was partly closed: 30 lots are left", "its stop at 1097.72 was widened to 1062.82 by hand"] == [
        alert["text"].partition("5000000002")[2].strip(" :").partition(",")[0].partition(";")[0] for alert in dragged
    ]
    assert ["is MISSING"] == [alert["text"][alert["text"].index("is M") :].partition(":")[0] for alert in missing]


def test_orders_and_deals_lead_to_the_decision_behind_them(troubled: Path) -> None:
    """Whichever it was: to enter, to take back, to move a stop; a part by hand, a target, a stop-out."""
    orders = ask(troubled, "SELECT 'order:' || instruction, decision FROM orders")
    deals = ask(troubled, "SELECT 'deal:' || ticket, decision FROM deals WHERE decision <> ''")

    with JournalReader(troubled) as reader:
        found = [(what, decision_behind(reader, what)["id"]) for what, _ in (*orders, *deals)]

    assert [*orders, *deals] == found
    assert (17, 18) == (len(orders), len(deals))


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("SELECT ticket FROM deals WHERE reason = 'client' AND decision = ''", "no decision of ours is behind it"),
        ("SELECT deal FROM ledger WHERE kind = 'dividend'", "is no trade: dividend of +120.50"),
        ("SELECT deal FROM ledger WHERE kind = 'credit'", "is no trade: credit of +500.00"),
    ],
)
def test_a_deal_that_is_none_of_ours_is_said_to_be_what_it_is(troubled: Path, what: str, said: str) -> None:
    """A stranger's, or money that came without a trade."""
    ((ticket,), *_) = ask(troubled, what)

    with JournalReader(troubled) as reader, pytest.raises(UsageError, match=said.replace("+", r"\+")):
        decision_behind(reader, f"deal:{ticket}")


def test_no_trade_at_a_time_is_told_of_each_strategy(troubled: Path) -> None:
    """In a halt, one was vetoed and would have been held, one had a position, one was held; each says so."""
    with JournalReader(troubled) as reader:
        rows = decisions_at(reader, "SP500", moment("2004-01-17"))
        found = {row["strategy"]: chain(reader, row)["short"] for row in rows}

    assert "halt, positions would have forbidden it" in found["vetoed"]
    assert "it had a position already" in found["main"]
    assert "No order: halt (root said so" in found["beside"]


def test_an_exit_is_told_as_one(troubled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """To leave so many lots, and because of what; it is refused nothing, and no gate was asked that it has not."""
    whole = of(troubled, "main", "2004-02-13")

    code = run(["why", str(troubled), whole["decision"]["id"], "--replay"])

    told = capsys.readouterr().out
    lines = {line.split("  ")[0]: line.partition("  ")[2].strip() for line in told.splitlines() if "  " in line}
    assert 0 == code
    assert ("leave 41.83 lots at the market", "time stop") == (lines["intent"], lines["because"])
    assert "none: it listens to no regime" == lines["gate"]
    assert "refused" not in lines
    assert "the same to the last bit" in told


def test_a_word_about_another_strategy_is_no_reason(troubled: Path, tmp_path: Path) -> None:
    """A halt of another strategy that came after the account's did not stand in its way."""
    copy = Path(shutil.copy(troubled, tmp_path / "journal.sqlite"))
    edit(
        copy,
        "INSERT INTO commands (id, at, command, scope, who, why, accepted, generation) "
        "SELECT 'x', at + 1, command, 'strategy:main', 'Eve', 'another', 1, 9 FROM commands WHERE command = 'halt'",
    )

    whole = of(copy, "beside", "2004-01-15")

    assert "No order: halt (root said so: the feed looks odd" in whole["short"]


def test_a_trade_that_was_adopted_is_not_told_as_open_when_it_is_left(troubled: Path, tmp_path: Path) -> None:
    """No decision of ours has entered it: its order to leave is told, and nothing that is not known."""
    copy = Path(shutil.copy(troubled, tmp_path / "journal.sqlite"))
    edit(copy, "UPDATE orders SET decision = '' WHERE kind = 'close'")

    whole = of(copy, "main", "2004-02-06")

    assert "It left its position: strategy." == whole["short"]
    assert ["close"] == [order["kind"] for order in whole["orders"]]


def test_an_order_that_never_filled_has_no_fill_price(troubled: Path) -> None:
    """One that rested had the price it rested at, as if it had been executed there."""
    unfilled = ask(troubled, "SELECT state, fill_price FROM orders WHERE state <> 'FILLED'")

    assert {("CANCELLED", None), ("REFUSED", None), ("MISSING", None)} == {*unfilled}


def test_a_handover_calls_money_by_its_kind(troubled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A credit is no part of the balance, and a charge is no withdrawal; an order that is nowhere has no reason."""
    code = run(["handover", str(troubled.parent), "--since", "2004-02-05", "--json"])

    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    money = [event["text"] for event in told if event["what"] == "money"]
    orders = [event["text"] for event in told if event["what"] == "order"]
    assert 0 == code
    assert [
        "deposit +25000.00 deposit", "dividend +120.50", "charge -35.00 data feed", "credit +500.00", "credit -500.00",
        "monthly commission -4.20",
    ] == money[:6]  # fmt: skip
    assert ["main: market SP500 is REFUSED: Request rejected", "main: market SP500 is MISSING"] == orders
