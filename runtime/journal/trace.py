"""From an order, a deal, a position or a moment back to the decision behind it."""

from collections.abc import Iterator
from typing import Any

import msgspec

from sqlalchemy import select

from config.errors import UsageError
from runtime.journal.reader import JournalReader, Line
from runtime.journal.schema import tables

ASKED = ("order", "deal", "position")
"""What may stand before a number, as in `deal:12`."""

MOST = (1 << 63) - 1
"""The greatest number that a database keeps."""

_PLACES: dict[str, tuple[tuple[str, str], ...]] = {
    "order": (("orders", "instruction"), ("orders", "order_ticket"), ("deals", "order_ticket")),
    "deal": (("deals", "ticket"), ("orders", "deal_ticket")),
    "position": (("deals", "position"),),
}
"""The tables and columns a number of each sort is looked for in."""


def decision_behind(reader: JournalReader, what: str) -> Line:
    """Return the decision that a person means by its id, or by `order:N`, `deal:N`, `position:N` or a bare N.

    UsageError where there is none, where it belongs to no decision of ours, or to several.
    """
    if (found := reader.decision(what)) is not None:
        return found
    sort, colon, number = what.rpartition(":")
    if not number.isdecimal() or (colon and sort not in ASKED):
        raise UsageError(f"no decision {what!r}: name a decision's id, or order:N, deal:N, position:N")
    ids, there = _ids(reader, (sort,) if colon else ASKED, int(number)) if int(number) <= MOST else ([], False)
    if len(ids) == 1 and (found := reader.decision(ids[0])) is not None:
        return found
    if ids:
        raise UsageError(f"{what} is of the decisions {', '.join(ids)}: name one of them")
    if there:
        if paid := _paid(reader, int(number)):
            raise UsageError(f"{what} is no trade: {paid}; no decision is behind it")
        raise UsageError(f"{what} is here, but no decision of ours is behind it: a person's, or another program's")
    raise UsageError(f"no {sort or 'order, deal or position'} {number} in this journal")


def _ids(reader: JournalReader, sorts: tuple[str, ...], number: int) -> tuple[list[str], bool]:
    """Return the decisions behind a number, and whether it was found at all."""
    found: dict[str, None] = {}
    for table, column in (place for sort in sorts for place in _PLACES[sort]):
        c = tables.tables[table].c
        found |= dict.fromkeys(row[0] or "" for row in reader.ask(select(c.decision).where(c[column] == number)))
    return [one for one in found if one], bool(found)


def _paid(reader: JournalReader, deal: int) -> str:
    """Return what money a deal put in or took out without a trade; empty where it was a trade's."""
    rows = reader.lines("ledger", deal=deal)
    return f"{rows[0]['kind']} of {rows[0]['amount']:+,.2f}" if rows else ""


def decisions_at(reader: JournalReader, symbol: str, at: int, strategy: str | None = None) -> list[Line]:
    """Return the last decision of each strategy on a symbol that was made before `at`, UTC milliseconds.

    UsageError where none ever was.
    """
    names = sorted({one["name"] for one in _strategies(reader) if one["symbol"] == symbol})
    d = tables.tables["decisions"]
    found = []
    for name in names if strategy is None else [strategy]:
        query = select(d).where(d.c.symbol == symbol, d.c.bar_time < at, d.c.at < at, d.c.strategy == name)
        rows = reader.ask(query.order_by(d.c.bar_time.desc(), d.c.seq.desc()).limit(1))
        found += [dict(row._mapping) for row in rows]  # noqa: SLF001 - its documented name
    if not found:
        of = f" of {strategy!r}" if strategy else ""
        there = sorted({one["symbol"] for one in _strategies(reader)})
        raise UsageError(f"no decision{of} on {symbol!r} before that: strategies trade {', '.join(there) or 'nothing'}")
    return found


def _strategies(reader: JournalReader) -> Iterator[dict[str, Any]]:
    runs = tables.tables["runs"]
    for (config,) in reader.ask(select(runs.c.config).distinct()):
        yield from msgspec.json.decode(config)["strategies"] if config else ()


def run_at(reader: JournalReader, at: int) -> Line | None:
    """Return the run that was under way at a moment; None where the account had no daemon."""
    return next((r for r in reversed(reader.runs()) if r["started"] <= at and (r["ended"] or at + 1) > at), None)
