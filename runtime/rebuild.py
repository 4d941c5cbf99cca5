"""The tables that people read, made again from the log: every fact through a core once more, every row compared."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from operator import itemgetter
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from sqlalchemy import URL, Connection, Text, create_engine, delete, func, select
from sqlalchemy.pool import NullPool

from config.journal import Where
from runtime.journal.batch import Values, insert_of, project
from runtime.journal.copying import carry
from runtime.journal.entries import LogRow, Row
from runtime.journal.errors import JournalError, explaining
from runtime.journal.opening import open_to_write
from runtime.journal.projections import rows_of
from runtime.journal.reader import JournalReader
from runtime.journal.schema import VERSION, tables
from runtime.journal.segments import Earlier
from runtime.recorder import decode_fact, encode
from runtime.revive import Pair, next_pair

SOURCES = frozenset({"schema_version", "log", "head", "words", "snapshots"})
"""What is no projection."""
PROJECTIONS = tuple(name for name in tables.tables if name not in SOURCES)
AT_ONCE = 500
"""Rows of the log whose projections are written at a time."""


class Rebuilt(msgspec.Struct, frozen=True, kw_only=True):
    """What came of making the tables again."""

    rows: int
    """Of the log."""
    older: int
    """Of these, rows that a program of an earlier schema wrote, which may have told the same otherwise."""
    tables: dict[str, int]
    """Rows of each table as it was made."""
    differences: dict[str, int]
    """Rows that the journal has otherwise, or only one of both has, by table; those without any are left out."""


def rebuild(where: Where, *, write: bool = False, earlier: Earlier | None = None) -> Rebuilt:
    """Make all projections again and compare them; `write` puts them in place of the journal's, all or nothing.

    `earlier` reads what was archived. JournalError where a fact leads to another step than it did: this program then
    decides otherwise.
    """
    with _aside() as made, JournalReader(where, earlier) as reader:
        tables.create_all(made)
        rows, older = _make(reader, made)
        with reader.asking() as journal:
            found = Rebuilt(rows=rows, older=older, tables=_counts(made), differences=_differences(made, journal))
        if write and found.differences:
            _put(where, made)
    return found


@contextmanager
def _aside() -> Iterator[Connection]:
    """Lend a database in a file that goes with it."""
    with TemporaryDirectory(prefix="tidegate-") as folder:
        engine = create_engine(URL.create("sqlite", database=f"{folder}/made.sqlite"), poolclass=NullPool)
        with engine.connect() as made:
            for pragma in ("journal_mode=OFF", "synchronous=OFF"):
                made.exec_driver_sql(f"PRAGMA {pragma}")
            yield made


def _make(reader: JournalReader, made: Connection) -> tuple[int, int]:
    waiting: list[Row] = []
    seq = older = 0
    for row, rows in told_again(reader):
        seq, older = row.seq, older + (row.schema < VERSION)
        waiting += rows
        if seq % AT_ONCE == 0:
            _write(made, waiting)
            waiting = []
    _write(made, waiting)
    made.commit()
    return seq, older


def _write(made: Connection, rows: list[Row]) -> None:
    for shape, values in project(rows):
        made.exec_driver_sql(insert_of(shape).sql, values)


def told_again(reader: JournalReader) -> Iterator[tuple[LogRow, list[Row]]]:
    """Yield each row of the log with its projections."""
    runs = {run["run"]: run for run in reader.runs()}
    pair: Pair | None = None
    for row in reader.rows():
        if row.kind in {"RunOpened", "RunClosed"}:
            told = _run_rows(row, runs.get(row.run))
            if row.kind == "RunOpened":  # a core is made of what the log says, not of the table that is compared
                pair = next_pair(pair, told[0][1])
            yield row, told
        elif pair is not None and row.fact:
            yield row, _handled(row, pair)
        else:
            yield row, []


def _run_rows(row: LogRow, run: dict[str, Any] | None) -> list[Row]:
    """Return what a row says of its run; one that was written before rows said it is taken as it stands."""
    if row.step:
        return [("runs", msgspec.json.decode(row.step))]
    if row.kind != "RunOpened":
        return []
    if run is None:
        raise JournalError(f"nothing says what run {row.run} was made of: its row of `runs` is gone")
    return [("runs", run)]


def _handled(row: LogRow, pair: Pair) -> list[Row]:
    core, books = pair
    fact = decode_fact(row.fact)
    step = core.handle(fact)
    outcomes = books.observe(fact, step)
    if encode(step) != row.step:
        raise JournalError(f"row {row.seq} leads to another step than it did: `tidegate replay` says in what")
    return [*rows_of(row.seq, fact, step, outcomes, core, books.live)]


def _counts(made: Connection) -> dict[str, int]:
    asked = {name: select(func.count()).select_from(tables.tables[name]) for name in PROJECTIONS}
    return {name: count for name, query in asked.items() if (count := made.execute(query).scalar_one())}


def _differences(made: Connection, journal: Connection) -> dict[str, int]:
    return {name: count for name in PROJECTIONS if (count := _differing(made, journal, name))}


def _differing(made: Connection, journal: Connection, name: str) -> int:
    keys = [column.name for column in tables.tables[name].primary_key]
    places = [place for place, column in enumerate(tables.tables[name].c) if column.name in keys]
    return differing(_rows(made, name), _rows(journal, name), itemgetter(*places))


def differing(ours: Iterator[Values], theirs: Iterator[Values], key: Callable[[Values], Any]) -> int:
    """Return how many rows of two tables, each in the order of its key, only one has, or both have otherwise.

    One row of each is held at a time: a journal may be larger than the memory of its machine.
    """
    found = 0
    a, b = next(ours, None), next(theirs, None)
    while a is not None or b is not None:
        first = b is None or (a is not None and key(a) <= key(b))
        second = a is None or (b is not None and key(b) <= key(a))
        found += not (first and second and a == b)
        a = next(ours, None) if first else a
        b = next(theirs, None) if second else b
    return found


def _rows(connection: Connection, name: str) -> Iterator[Values]:
    """Yield a table in the order of its key, texts by their code points as Python has them."""
    table = tables.tables[name]
    texts = connection.dialect.name == "postgresql"
    order = [column.collate("C") if texts and isinstance(column.type, Text) else column for column in table.primary_key]
    for row in connection.execute(select(table).order_by(*order)).yield_per(AT_ONCE):
        yield tuple(row)


def _put(where: Where, made: Connection) -> None:
    with closing(open_to_write(where, 2.0)) as connection, explaining(where):
        for name in PROJECTIONS:
            connection.execute(delete(tables.tables[name]))
            carry(name, made, connection)
        connection.commit()
