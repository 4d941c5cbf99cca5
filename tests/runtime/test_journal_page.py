"""Every query of docs/journal.md runs on both databases, and answers what it says."""

import re

from pathlib import Path
from typing import Any

import pytest

from sqlalchemy import text

from config.journal import JournalServer
from runtime.journal.opening import open_to_write
from runtime.journal.writer import JournalWriter
from tests.journals import entry

PAGE = Path(__file__).parents[2] / "docs" / "journal.md"
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
NOW = 1_700_000_000_000
HOUR = 3_600_000


@pytest.fixture
def filled(place: Path | JournalServer) -> Path | JournalServer:
    """Return a journal with a trade of each kind that is asked for."""
    decision = {"strategy": "trend", "symbol": "GOLD", "bar_time": NOW, "volume": 1.0, "holds": '["LINK"]'}
    decision |= {"reasons": '["spread"]'}
    shadow = {"strategy": "trend", "symbol": "GOLD", "book": "shadow", "gate": "regime", "closed": NOW - HOUR}
    money = {"commission": -1.0, "swap": 0.0, "fee": 0.0}
    deal = {"symbol": "GOLD", "entry": "in", "delay": 0.25, "spread": 0.5, "execution": -0.5}
    with JournalWriter(place) as writer:
        writer.append(
            entry(
                1,
                ("decisions", decision | {"id": "1-1", "class": "held"}),
                ("decisions", decision | {"id": "1-2", "class": "traded", "bar_time": NOW + HOUR}),
                ("outcomes", shadow | money | {"id": "s1", "decision": "1-1", "net": 5.0, "r": 0.5}),
                ("outcomes", shadow | money | {"id": "s2", "decision": "1-2", "net": 7.0, "r": 0.7}),
                ("outcomes", shadow | money | {"id": "s3", "decision": "1-1", "net": -2.0, "r": -0.5}),
                ("outcomes", money | {"id": "l2", "book": "live", "strategy": "trend", "decision": "1-2", "net": 6.0}),
                ("deals", deal | {"ticket": 1, "at": 30 * HOUR}),
                ("deals", {"ticket": 2, "symbol": "GOLD", "entry": "out", "at": 30 * HOUR}),
            )
        )
    return place


def answers(place: Path | JournalServer, other: Path | JournalServer) -> list[list[tuple[Any, ...]]]:
    """Return what each query of the page finds in a journal, beside another account's."""
    connection = open_to_write(place, 1.0)
    if isinstance(other, JournalServer):
        found = [query.replace("other.", f'"{other.schema}".') for query in QUERIES]
    else:
        connection.exec_driver_sql(f"ATTACH '{other}' AS other")
        found = QUERIES
    told = [
        [tuple(row) for row in connection.execute(text(query), {"now": NOW} if ":now" in query else {})]
        for query in found
    ]
    connection.close()
    return told


def test_the_queries_of_the_page_answer(filled: Path | JournalServer, tmp_path: Path) -> None:
    """Missed winners, slippage by hour, what each gate cost, refusals, and the same signal across accounts."""
    if isinstance(filled, JournalServer):
        other: Path | JournalServer = JournalServer(filled.url, f"{filled.schema}-b")
    else:
        other = tmp_path / "other.db"
    theirs = {"id": "1-1", "strategy": "trend", "symbol": "GOLD", "bar_time": NOW, "volume": 2.0, "class": "traded"}
    with JournalWriter(other) as writer:
        writer.append(entry(1, ("decisions", theirs)))

    missed, slippage, gates, checks, refused, across = answers(filled, other)

    assert [("trend", "GOLD", "regime", "held", NOW - HOUR, 5.0, 0.5)] == missed
    assert [(6, "GOLD", "in", 1, 0.25, 0.5, -0.5)] == slippage
    assert [("trend", "live", None, 1, 6.0, -1.0), ("trend", "shadow", "regime", 3, 10.0, -3.0)] == gates
    assert [("held", '["LINK"]', '["spread"]', "regime", 2, 3.0, 0.0)] == checks
    assert [("trend", "held", '["spread"]', 1)] == refused
    assert [(NOW, "trend", "GOLD", "held", "traded", 1.0, 2.0)] == across
