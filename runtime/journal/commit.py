"""A commit: how the groups of a batch go to their database, all or none, with the word where the log ends."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Connection

from runtime.journal.batch import Group, Shape, Values, dialect_of, insert_of
from runtime.journal.entries import Head
from runtime.journal.schema import LIVING, TOLD_AGAIN, tables

TOGETHER = (64, 8)
"""Rows that a statement for a file holds: of 42 columns, they are within the values that any SQLite takes."""
MANY = 16
"""Rows of a group from which on it is copied to a server: a copy waits for its answer twice, an insert for none."""

BOUNDS = {"smallint": 2**15, "integer": 2**31}

HEADS = {"sqlite": "UPDATE head SET seq = ?, hash = ?", "postgresql": "UPDATE head SET seq = %s, hash = %s"}
"""How each database is told where the log ends."""


def commit(connection: Connection, groups: Sequence[Group], head: Head) -> None:
    """Write a batch, and where the log ends behind it; all of it is on disk when this returns."""
    if connection.dialect.name == "postgresql":
        _to_server(connection.connection.driver_connection, groups, head)
    else:
        _to_file(connection, groups, head)


def _to_file(connection: Connection, groups: Sequence[Group], head: Head) -> None:
    for shape, rows in groups:
        for sql, values in at_once(insert_of(shape).sql, rows):
            connection.exec_driver_sql(sql, values)
    connection.exec_driver_sql(HEADS["sqlite"], (head.seq, head.hash))
    connection.commit()


def at_once(sql: str, rows: Sequence[Values]) -> Iterator[tuple[str, list[Values]]]:
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


def _to_server(server: Any, groups: Sequence[Group], head: Head) -> None:  # noqa: ANN401 - psycopg's, where it is installed
    """Copy what is much, and send the rest and the end of the transaction without waiting between."""
    with server.cursor() as cursor:
        for shape, rows in groups:
            if _copied(shape, rows):
                _copy(cursor, shape, rows)
        with server.pipeline():
            for shape, rows in groups:
                if not _copied(shape, rows):
                    cursor.executemany(insert_of(shape, "postgresql").sql, rows)
            cursor.execute(HEADS["postgresql"], (head.seq, head.hash))
            server.commit()


def _copied(shape: Shape, rows: Sequence[Values]) -> bool:
    """Tell whether rows are copied: a copy cannot say what becomes of a key that is there."""
    return len(rows) >= MANY and shape[0] not in LIVING | TOLD_AGAIN


def _copy(cursor: Any, shape: Shape, rows: Sequence[Values]) -> None:  # noqa: ANN401 - psycopg's
    sql, types, narrow = _copying(shape)
    for place, most in narrow:
        if any(not -most <= (row[place] or 0) < most for row in rows):
            raise OverflowError(f"a number is too large for {shape[0]}.{insert_of(shape, 'postgresql').columns[place]}")
    with cursor.copy(sql) as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


@lru_cache(maxsize=64)
def _copying(shape: Shape) -> tuple[str, list[str], list[tuple[int, int]]]:
    """Return the words that begin a copy of a shape, its columns' types, and the places of narrow ones and their bound.

    A copy takes the lower bytes of a number that is too large, and says nothing.
    """
    table = tables.tables[shape[0]]
    columns = insert_of(shape, "postgresql").columns
    dialect = dialect_of("postgresql")
    names = ", ".join(f'"{name}"' for name in columns)
    types = [table.c[name].type.compile(dialect).lower() for name in columns]
    narrow = [(place, BOUNDS[kind]) for place, kind in enumerate(types) if kind in BOUNDS]
    return f"COPY {table.name} ({names}) FROM STDIN (FORMAT BINARY)", types, narrow
