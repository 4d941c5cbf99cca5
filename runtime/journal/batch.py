"""A batch: the rows that one commit writes, in groups of one table and the same columns."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Dialect, Insert, Table, insert
from sqlalchemy.dialects import sqlite

from runtime.journal.chain import BEFORE, row_hash, snapshot_hash
from runtime.journal.entries import Entry, Head, Row
from runtime.journal.packing import Packer, packed_state
from runtime.journal.schema import LIVING, TOLD_AGAIN, VERSION, tables

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

Values = Sequence[Any]
Shape = tuple[str, tuple[str, ...]]
"""A table, and the columns that are given."""

Group = tuple[Shape, list[Values]]
"""Rows of one shape, each with its values in the order of its insert."""

HURRY = 2000
"""Rows of a commit above which none is packed: so many wait only for a writer that has fallen behind."""

LOG: Shape = ("log", ("seq", "run", "at", "wall", "kind", "schema", "fact", "step", "prev", "hash"))
WORDS: Shape = ("words", ("number", "seq", "bytes"))
SNAPSHOTS: Shape = ("snapshots", ("seq", "run", "schema", "state", "prev", "hash"))
_KEYS = {name: tables.tables[name].primary_key.columns.keys()[0] for name in LIVING}


class Written(NamedTuple):
    """How rows of a shape are written."""

    sql: str
    """An insert with the marks of its database."""
    columns: tuple[str, ...]
    """In the order of the marks."""
    take: Callable[[dict[str, Any]], Values]
    """What takes the values from a row, in that order."""


@lru_cache(maxsize=256)
def insert_of(shape: Shape, database: str = "sqlite") -> Written:
    """Return the insert for a shape, written once by SQLAlchemy.

    In a living table a key that is there has those columns changed that are given.
    """
    name, columns = shape
    table = tables.tables[name]
    unknown = set(columns) - set(table.c.keys())
    if unknown:
        raise KeyError(f"table {name} has no column {', '.join(sorted(unknown))}")
    compiled = _insert(name, columns, database).compile(dialect=dialect_of(database), column_keys=columns)
    order = tuple(compiled.positiontup or ())
    return Written(str(compiled), order, _nulled(order) if database == "postgresql" else _taken(order))


def _taken(order: Sequence[str]) -> Callable[[dict[str, Any]], Values]:
    take = itemgetter(*order)
    return take if len(order) > 1 else lambda row: (take(row),)


def _nulled(order: Sequence[str]) -> Callable[[dict[str, Any]], Values]:
    """Take values as SQLite keeps them: what is no number is NULL."""
    take = _taken(order)
    return lambda row: [None if value != value else value for value in take(row)]


def dialect_of(database: str) -> Dialect:
    """Return the dialect of a database; a server's is loaded by nobody who writes to a file."""
    if database == "postgresql":
        from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg  # noqa: PLC0415 - where it is used

        return PGDialect_psycopg(paramstyle="format")  # type: ignore[no-untyped-call] # theirs
    return sqlite.dialect(paramstyle="qmark")


def _begun(table: Table, database: str) -> "sqlite.Insert | postgresql.Insert":
    if database == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - as above

        return postgresql.insert(table)
    return sqlite.insert(table)


def _insert(name: str, columns: Sequence[str], database: str) -> Insert:
    table = tables.tables[name]
    living = _begun(table, database)
    if name in TOLD_AGAIN:
        return living.on_conflict_do_nothing()
    if name not in LIVING:
        return insert(table)
    keys = [column.name for column in table.primary_key]
    changed = {column: living.excluded[column] for column in columns if column not in keys}
    if not changed:
        return living.on_conflict_do_nothing(index_elements=keys)
    return living.on_conflict_do_update(index_elements=keys, set_=changed)


def project(rows: Sequence[Row], database: str = "sqlite") -> list[Group]:
    """Group the rows of projections by shape; of a living table each key is written once, as it was told at last."""
    groups: dict[Shape, tuple[list[Values], Callable[[dict[str, Any]], Values]]] = {}
    for table, values in _merged(rows):
        shape = (table, tuple(values))
        group = groups.get(shape)
        if group is None:
            group = groups[shape] = ([], insert_of(shape, database).take)
        group[0].append(group[1](values))
    return [(shape, values) for shape, (values, _take) in groups.items()]


def _merged(rows: Sequence[Row]) -> list[Row]:
    """Return rows with those of one key of a living table as one: a later one changes the columns that it names."""
    living: dict[tuple[str, Any], dict[str, Any]] = {}
    for table, values in rows:
        if table in LIVING:
            key = (table, values[_KEYS[table]])
            living[key] = living.get(key, {}) | values
    others = [row for row in rows if row[0] not in LIVING]
    return [*others, *((table, values) for (table, _key), values in living.items())]


def pack(
    things: Sequence[Entry | bytes], run: int, head: Head, packer: Packer, database: str = "sqlite"
) -> tuple[list[Group], Head]:
    """Chain entries, and snapshots (their state), behind `head`; return what to write and the new head."""
    log: list[Values] = []
    states: list[Values] = []
    rows: list[Row] = []
    seq, last = head.seq, head.hash
    for thing in things:
        if isinstance(thing, bytes):
            state = packed_state(thing)
            states.append((seq, run, VERSION, state, last, snapshot_hash(last, VERSION, run, seq, state)))
            continue
        seq, prev = seq + 1, last
        fact, step = packer.pack(seq, thing.fact, thing.step, hurried=len(things) > HURRY)
        last = row_hash(prev, VERSION, run, seq, thing.at, thing.wall, thing.kind.encode(), fact, step)
        log.append((seq, run, thing.at, thing.wall, thing.kind, VERSION, fact, step, BEFORE, last))
        rows.extend(thing.rows)
    words: list[Values] = [(one.number, one.seq, one.bytes) for one in packer.fresh]
    packer.fresh = []
    chained = [(shape, values) for shape, values in ((WORDS, words), (LOG, log), (SNAPSHOTS, states)) if values]
    return [*chained, *project(rows, database)], Head(seq, last)
