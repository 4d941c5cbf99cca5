"""Reading a journal while another process writes it: the log for replay and checks, the projections for people."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import msgspec

from sqlalchemy import ColumnElement, Connection, Select, select, text

from runtime.journal.chain import GENESIS
from runtime.journal.entries import Head, LogRow, Snapshot, Verdict
from runtime.journal.errors import JournalError, explaining
from runtime.journal.opening import Place, one_moment, open_to_read
from runtime.journal.packing import Unpacker, plain_state
from runtime.journal.schema import tables
from runtime.journal.verify import ROWS, check, checked_snapshot, snapshot_fault, stored_head

ORDER: dict[str, tuple[str, ...]] = {
    "runs": ("run",),
    "decisions": ("seq", "n"),
    "orders": ("instruction",),
    "deals": ("at", "ticket"),
    "outcomes": ("closed", "id"),
    "ledger": ("at", "deal"),
    "commands": ("wall", "id"),
    "alerts": ("at", "id"),
}
"""The columns each projection is listed by."""

WORDS = text("SELECT bytes FROM words WHERE number = :number")

Line = dict[str, Any]
"""A row of a projection by column; JSON columns are text."""


class JournalReader:
    """A view of one journal that cannot change it; raises JournalError, one line, when it cannot be read."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._connection = open_to_read(place)
        self._unpacker = Unpacker(self._words)

    def close(self) -> None:
        """Let go of the journal."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def head(self) -> Head:
        """Return the last row's number and hash; seq 0 while the log is empty."""
        with self.asking() as connection:
            return stored_head(connection)

    def rows(self, from_seq: int = 1) -> Iterator[LogRow]:
        """Yield the log in order, as it stood when the first row was asked for."""
        with self.asking() as connection:
            for row in connection.execute(ROWS, {"first": from_seq}).yield_per(500):
                seq, run, at, wall, kind, schema, fact, step, prev, found = row
                fact, step = self._unpacker.plain(fact, step)
                yield LogRow(seq, run, at, wall, kind, schema, fact, step, prev, found)

    def facts(self, kind: str, limit: int, *, last: bool = False) -> list[tuple[int, bytes]]:
        """Return the first facts of a kind, or the last, the last first, each with its number in the log."""
        return list(self.facts_where(kind, limit=limit, last=last))

    def facts_where(
        self, kind: str, *where: ColumnElement[bool], limit: int | None = None, last: bool = False, many: int = 500
    ) -> Iterator[tuple[int, bytes]]:
        """Yield facts of a kind, likewise, for which conditions on the log's columns hold; so many are read at once."""
        log = tables.tables["log"]
        query = select(log.c.seq, log.c.fact, log.c.step).where(log.c.kind == kind, *where)
        query = query.order_by(log.c.seq.desc() if last else log.c.seq).limit(limit)
        with self.asking() as connection:
            for seq, fact, step in connection.execute(query.execution_options(yield_per=many)):
                yield seq, self._unpacker.plain(fact, step)[0]

    def _words(self, number: int) -> bytes | None:
        said: bytes | None = self._connection.execute(WORDS, {"number": number}).scalar()
        return said

    def last_snapshot(self) -> Snapshot | None:
        """Return the newest snapshot, or raise JournalError when it does not belong to the log."""
        with self.asking() as connection:
            return _plain(checked_snapshot(self._place, connection))

    def snapshot_before(self, seq: int) -> Snapshot | None:
        """Return the last snapshot before a row; JournalError when it does not belong to the log."""
        snapshots, log = tables.tables["snapshots"], tables.tables["log"]
        found = self.ask(select(snapshots).where(snapshots.c.seq < seq).order_by(snapshots.c.seq.desc()).limit(1))
        if not found:
            return None
        snapshot = Snapshot(*found[0])
        there = self.ask(select(log.c.hash).where(log.c.seq == snapshot.seq))
        if problem := snapshot_fault(snapshot, there[0][0] if there else GENESIS if not snapshot.seq else None):
            raise JournalError(f"journal {self._place}: {problem}: it cannot be replayed from there")
        return _plain(snapshot)

    def verify(self) -> Verdict:
        """Check every row and snapshot, as they stood at one moment."""
        with self.asking() as connection:
            one_moment(connection)
            return check(connection)

    def lines(self, table: str, *, limit: int | None = None, last: bool = False, **where: object) -> list[Line]:
        """Return rows of a projection in its order: the first `limit`, or the last; `where` names columns (`class_`).

        A condition of None is no condition.
        """
        columns = tables.tables[table].c
        order = [columns[name] for name in ORDER[table]]
        wanted = {name.rstrip("_"): value for name, value in where.items() if value is not None}
        query = select(tables.tables[table]).where(*(columns[name] == value for name, value in wanted.items()))
        query = query.order_by(*(column.desc() if last else column for column in order)).limit(limit)
        with self.asking() as connection:
            found = [dict(row) for row in connection.execute(query).mappings()]
        return found[::-1] if last else found

    def ask(self, query: Select[Any]) -> Sequence[Any]:
        """Return what a select over the projections finds, as tuples."""
        with self.asking() as connection:
            return connection.execute(query).all()

    def stream(self, query: Select[Any], many: int) -> Iterator[Sequence[Any]]:
        """Yield the same, so many tuples at once."""
        with self.asking() as connection:
            yield from connection.execute(query.execution_options(yield_per=many)).partitions()

    def since(self, table: str, column: str, at: int, **where: object) -> list[Line]:
        """Return rows of a projection whose `column` is a moment from `at` on, in its order."""
        columns = tables.tables[table].c
        query = select(tables.tables[table]).where(columns[column] >= at)
        query = query.where(*(columns[name] == value for name, value in where.items()))
        with self.asking() as connection:
            ordered = query.order_by(*(columns[name] for name in ORDER[table]))
            return [dict(row) for row in connection.execute(ordered).mappings()]

    def decisions(
        self,
        *,
        class_: str | None = None,
        strategy: str | None = None,
        run: int | None = None,
        limit: int | None = None,
        last: bool = False,
    ) -> list[Line]:
        """Return decisions in the order they were made."""
        return self.lines("decisions", class_=class_, strategy=strategy, run=run, limit=limit, last=last)

    def decision(self, id: str) -> Line | None:  # noqa: A002 - the column's name
        """Return one decision, or None."""
        return next(iter(self.lines("decisions", id=id)), None)

    def orders(self, *, run: int | None = None, limit: int | None = None, last: bool = False) -> list[Line]:
        """Return orders in the order they were decided."""
        return self.lines("orders", run=run, limit=limit, last=last)

    def outcomes(
        self,
        *,
        book: str | None = None,
        strategy: str | None = None,
        run: int | None = None,
        limit: int | None = None,
        last: bool = False,
    ) -> list[Line]:
        """Return outcomes in the order their trades closed."""
        return self.lines("outcomes", book=book, strategy=strategy, run=run, limit=limit, last=last)

    def commands(self, *, limit: int | None = None, last: bool = False) -> list[Line]:
        """Return operators' commands in the order they came."""
        return self.lines("commands", limit=limit, last=last)

    def runs(self) -> list[Line]:
        """Return every run of the account."""
        return self.lines("runs")

    @contextmanager
    def asking(self) -> Iterator[Connection]:
        """Lend the connection for questions of one's own; errors are explained, and nothing is left open."""
        with explaining(self._place):
            try:
                yield self._connection
            finally:
                self._connection.rollback()


def _plain(snapshot: Snapshot | None) -> Snapshot | None:
    return snapshot and msgspec.structs.replace(snapshot, state=plain_state(snapshot.state))
