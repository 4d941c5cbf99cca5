"""A batch: what one commit writes, packed so that every table is one statement with many rows."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Insert, insert
from sqlalchemy.dialects import sqlite

from runtime.journal.chain import row_hash, snapshot_hash
from runtime.journal.entries import Entry, Head, Row
from runtime.journal.schema import LIVING, TOLD_AGAIN, VERSION, tables

Values = tuple[Any, ...]
Shape = tuple[str, tuple[str, ...]]
"""A table, and the columns that are given."""

Statement = tuple[str, list[Values]]
"""SQL with question marks, and the rows to run it with."""

LOG = ("log", ("seq", "run", "at", "wall", "kind", "schema", "fact", "step", "prev", "hash"))
SNAPSHOTS = ("snapshots", ("seq", "run", "schema", "state", "prev", "hash"))


@lru_cache(maxsize=256)
def statement(shape: Shape) -> tuple[str, Callable[[dict[str, Any]], Values]]:
    """Return the insert for a shape, written once by SQLAlchemy, and what takes its values from a row.

    In a living table the same key again changes the columns that are given.
    """
    name, columns = shape
    table = tables.tables[name]
    unknown = set(columns) - set(table.c.keys())
    if unknown:
        raise KeyError(f"table {name} has no column {', '.join(sorted(unknown))}")
    compiled = _insert(name, columns).compile(dialect=sqlite.dialect(paramstyle="qmark"), column_keys=columns)
    order: list[str] = list(compiled.positiontup or ())
    take = itemgetter(*order)
    return str(compiled), take if len(order) > 1 else lambda row: (take(row),)


def _insert(name: str, columns: Sequence[str]) -> Insert:
    table = tables.tables[name]
    if name in TOLD_AGAIN:
        return sqlite.insert(table).on_conflict_do_nothing()
    if name not in LIVING:
        return insert(table)
    keys = [column.name for column in table.primary_key]
    living = sqlite.insert(table)
    changed = {column: living.excluded[column] for column in columns if column not in keys}
    if not changed:
        return living.on_conflict_do_nothing(index_elements=keys)
    return living.on_conflict_do_update(index_elements=keys, set_=changed)


def project(rows: Sequence[Row]) -> list[Statement]:
    """Group the rows of projections by statement; rows of a living table keep their order."""
    statements: list[Statement] = []
    current: dict[Shape, tuple[list[Values], Callable[[dict[str, Any]], Values]]] = {}
    last: dict[str, Shape] = {}
    for table, values in rows:
        shape = (table, tuple(values))
        group = current.get(shape)
        if group is None:
            sql, take = statement(shape)
            group = current[shape] = ([], take)
            statements.append((sql, group[0]))
            if table in LIVING:
                current.pop(last.get(table, ("", ())), None)
                last[table] = shape
        group[0].append(group[1](values))
    return statements


def pack(things: Sequence[Entry | bytes], run: int, head: Head) -> tuple[list[Statement], Head]:
    """Chain entries, and snapshots (their state), behind `head`; return what to write and the new head."""
    log: list[Values] = []
    states: list[Values] = []
    rows: list[Row] = []
    seq, last = head.seq, head.hash
    for thing in things:
        if isinstance(thing, bytes):
            states.append((seq, run, VERSION, thing, last, snapshot_hash(last, VERSION, run, seq, thing)))
            continue
        seq, prev = seq + 1, last
        last = row_hash(prev, VERSION, run, seq, thing.at, thing.wall, thing.kind.encode(), thing.fact, thing.step)
        log.append((seq, run, thing.at, thing.wall, thing.kind, VERSION, thing.fact, thing.step, prev, last))
        rows.extend(thing.rows)
    chained = [(statement(shape)[0], values) for shape, values in ((LOG, log), (SNAPSHOTS, states)) if values]
    return [*chained, *project(rows)], Head(seq, last)
