"""A batch: what one commit writes, packed so that every table is one statement with many rows."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any

from sqlalchemy import Dialect, Insert, insert
from sqlalchemy.dialects import postgresql, sqlite

from runtime.journal.chain import row_hash, snapshot_hash
from runtime.journal.entries import Entry, Head, Row
from runtime.journal.packing import Packer, packed_state
from runtime.journal.schema import LIVING, TOLD_AGAIN, VERSION, tables

Values = tuple[Any, ...]
Shape = tuple[str, tuple[str, ...]]
"""A table, and the columns that are given."""

Statement = tuple[str, list[Values]]
"""SQL with the marks of its database, and the rows to run it with."""

TOGETHER = (64, 8)
"""Rows that a statement for a file holds: of 42 columns, they are within the values that any SQLite takes."""

HURRY = 2000
"""Rows of a commit above which none is packed: so many wait only for a writer that has fallen behind."""

LOG = ("log", ("seq", "run", "at", "wall", "kind", "schema", "fact", "step", "prev", "hash"))
WORDS = ("words", ("number", "seq", "bytes"))
SNAPSHOTS = ("snapshots", ("seq", "run", "schema", "state", "prev", "hash"))


HEADS = {"sqlite": "UPDATE head SET seq = ?, hash = ?", "postgresql": "UPDATE head SET seq = %s, hash = %s"}
"""How each database is told where the log ends."""


@lru_cache(maxsize=256)
def statement(shape: Shape, database: str = "sqlite") -> tuple[str, Callable[[dict[str, Any]], Values]]:
    """Return the insert for a shape, written once by SQLAlchemy, and what takes its values from a row.

    In a living table the same key again changes the columns that are given.
    """
    name, columns = shape
    table = tables.tables[name]
    unknown = set(columns) - set(table.c.keys())
    if unknown:
        raise KeyError(f"table {name} has no column {', '.join(sorted(unknown))}")
    compiled = _insert(name, columns, database).compile(dialect=_dialect(database), column_keys=columns)
    order: list[str] = list(compiled.positiontup or ())
    return str(compiled), _nulled(order) if database == "postgresql" else _taken(order)


def _taken(order: Sequence[str]) -> Callable[[dict[str, Any]], Values]:
    take = itemgetter(*order)
    return take if len(order) > 1 else lambda row: (take(row),)


def _nulled(order: Sequence[str]) -> Callable[[dict[str, Any]], Values]:
    """Take values as SQLite keeps them: what is no number is NULL."""
    return lambda row: tuple(None if (value := row[name]) != value else value for name in order)


def _dialect(database: str) -> Dialect:
    if database == "postgresql":
        from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg  # noqa: PLC0415 - where it is used

        return PGDialect_psycopg(paramstyle="format")  # type: ignore[no-untyped-call] # theirs
    return sqlite.dialect(paramstyle="qmark")


def _insert(name: str, columns: Sequence[str], database: str) -> Insert:
    table = tables.tables[name]
    living = postgresql.insert(table) if database == "postgresql" else sqlite.insert(table)
    if name in TOLD_AGAIN:
        return living.on_conflict_do_nothing()
    if name not in LIVING:
        return insert(table)
    keys = [column.name for column in table.primary_key]
    changed = {column: living.excluded[column] for column in columns if column not in keys}
    if not changed:
        return living.on_conflict_do_nothing(index_elements=keys)
    return living.on_conflict_do_update(index_elements=keys, set_=changed)


def at_once(sql: str, rows: Sequence[Values]) -> Iterator[Statement]:
    """Split what one statement writes into statements of several rows each, for a file.

    A thread that writes lets go of the interpreter with each statement, and has to wait for it after each.
    """
    head, values, marks = sql.partition(" VALUES ")
    if not marks.endswith(")"):  # it says what becomes of a key that is there
        yield sql, [*rows]
        return
    begun = 0
    for many in TOGETHER:
        text = f"{head}{values}{', '.join([marks] * many)}"
        while len(rows) - begun >= many:
            yield text, [tuple(chain.from_iterable(rows[begun : begun + many]))]
            begun += many
    if begun < len(rows):
        yield sql, [*rows[begun:]]


def project(rows: Sequence[Row], database: str = "sqlite") -> list[Statement]:
    """Group the rows of projections by statement; rows of a living table keep their order."""
    statements: list[Statement] = []
    current: dict[Shape, tuple[list[Values], Callable[[dict[str, Any]], Values]]] = {}
    last: dict[str, Shape] = {}
    for table, values in rows:
        shape = (table, tuple(values))
        group = current.get(shape)
        if group is None:
            sql, take = statement(shape, database)
            group = current[shape] = ([], take)
            statements.append((sql, group[0]))
            if table in LIVING:
                current.pop(last.get(table, ("", ())), None)
                last[table] = shape
        group[0].append(group[1](values))
    return statements


def pack(
    things: Sequence[Entry | bytes], run: int, head: Head, packer: Packer, database: str = "sqlite"
) -> tuple[list[Statement], Head]:
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
        log.append((seq, run, thing.at, thing.wall, thing.kind, VERSION, fact, step, prev, last))
        rows.extend(thing.rows)
    words = [(one.number, one.seq, one.bytes) for one in packer.fresh]
    packer.fresh = []
    chained = [
        (statement(shape, database)[0], values)
        for shape, values in ((WORDS, words), (LOG, log), (SNAPSHOTS, states))
        if values
    ]
    return [*chained, *project(rows, database)], Head(seq, last)
