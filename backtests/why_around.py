"""What stood around a decision: a person's word in its way, what took its entry back, and what people were told."""

import re

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import or_, select

from runtime.journal.reader import JournalReader
from runtime.journal.schema import tables

Row = Mapping[str, Any]

WORDS = {"halt": "halt", "close-only": "close-only", "flatten": "flatten", "flattening": "flatten"}
"""Holds that are a level, by the command that laid them."""


def word_in_force(reader: JournalReader, decision: Row) -> dict[str, Any] | None:
    """Return the command that stood in a decision's way, the last of its level that was obeyed; None where none did."""
    wanted = {WORDS[name] for name in (hold.partition(":")[0] for hold in decision["holds"] or ()) if name in WORDS}
    return _last(reader, decision["at"], wanted, decision) if wanted else None


def taken_back(reader: JournalReader, order: Row) -> dict[str, Any] | None:
    """Return the command by which a resting entry was taken back in the same moment; None where it was none."""
    return _last(reader, order["at_decided"], set(WORDS.values()), order, only_then=True)


def _last(
    reader: JournalReader, at: int, wanted: set[str], of: Row, *, only_then: bool = False
) -> dict[str, Any] | None:  # fmt: skip
    """Return the last word of a level until a moment that was about the strategy of a row, by whatever scope."""
    c = tables.tables["commands"].c
    about = c.scope.in_(["account", f"strategy:{of['strategy']}", f"symbol:{of['symbol']}"])
    query = select(tables.tables["commands"]).where(c.accepted == 1, c.at <= at, c.command.in_(sorted(wanted)))
    query = query.where(or_(about, c.scope.startswith("model:")))
    if only_then:
        query = query.where(c.at == at)
    rows = reader.ask(query.order_by(c.at.desc(), c.generation.desc()).limit(1))
    return next((dict(row._mapping) for row in rows), None)  # noqa: SLF001 - its documented name


def alerts_about(reader: JournalReader, orders: Iterable[Row], deals: Iterable[Row]) -> list[dict[str, Any]]:
    """Return what people were told of these orders and of the positions of these deals, in its order."""
    names = {f"entry {order['instruction']}" for order in orders}
    names |= {f"position {deal['position']}" for deal in deals if deal["position"]}
    if not names:
        return []
    c = tables.tables["alerts"].c
    query = select(tables.tables["alerts"]).where(or_(*(c.text.contains(name) for name in sorted(names))))
    meant = re.compile("|".join(rf"\b{name}\b" for name in names))
    rows = [dict(row._mapping) for row in reader.ask(query.order_by(c.at, c.id))]  # noqa: SLF001 - likewise
    return [row for row in rows if meant.search(row["text"])]


def notes(story: Iterable[str], happening: str) -> Iterator[str]:
    """Yield what is noted in an order's story of what has happened to it, as `doubt` or `absent`."""
    for line in story:
        if f" -{happening}-> " in line and line.endswith(")"):
            yield line.partition("(")[2][:-1]
