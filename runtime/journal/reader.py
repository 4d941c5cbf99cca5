"""Reading a journal while another process writes it: the log for replay and checks, the projections for people."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import chain, islice
from types import TracebackType
from typing import Any, Self

import msgspec

from sqlalchemy import Connection, Select, select, text

from runtime.journal.chain import GENESIS
from runtime.journal.entries import EVER, Head, LogRow, Snapshot, Span, Verdict
from runtime.journal.errors import JournalError, explaining
from runtime.journal.opening import Place, one_moment, open_to_read
from runtime.journal.packing import Unpacker, plain_state
from runtime.journal.schema import tables
from runtime.journal.segments import Earlier, Segment, segments
from runtime.journal.verify import ROWS, Noted, check, check_archived, checked_snapshot, snapshot_fault, stored_head
from runtime.memory import uncollected

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

MANY = 10_000
"""Rows that are read at once where columns are wanted."""
Line = dict[str, Any]
"""A row of a projection by column; JSON columns are text."""


class JournalReader:
    """A view of one journal that cannot change it; raises JournalError, one line, when it cannot be read."""

    def __init__(self, place: Place, earlier: Earlier | None = None) -> None:
        """Open one; `earlier` reads what was archived."""
        self._place, self._earlier = place, earlier
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
        """Yield the log in order, as it stood when the first row was asked for, archived rows before the others."""
        with self.asking() as connection:
            yield from map(self._plain, self._archived(connection, (from_seq, EVER[1])))
            for row in connection.execute(ROWS, {"first": from_seq}).yield_per(500):
                yield self._plain(LogRow(*row))

    def facts(self, kind: str, limit: int, *, last: bool = False) -> Iterator[tuple[int, bytes]]:
        """Yield the first facts of a kind, or the last, the last first, each with its number in the log."""
        yield from self.facts_where(kind, limit=limit, last=last)

    def facts_where(
        self, kind: str, at: Span = EVER, seq: Span = EVER, *,
        limit: int | None = None, last: bool = False, many: int = 500,
    ) -> Iterator[tuple[int, bytes]]:  # fmt: skip
        """Yield facts of a kind, likewise, of a time and of some rows; so many are read at once."""
        log = tables.tables["log"]
        query = select(log.c.seq, log.c.fact, log.c.step).where(log.c.kind == kind)
        for column, (first, end) in ((log.c.at, at), (log.c.seq, seq)):
            query = query.where(column >= first, column < end)
        query = query.order_by(log.c.seq.desc() if last else log.c.seq).limit(limit)
        query = query.execution_options(yield_per=many)
        with self.asking() as connection, closing(connection.execute(query)) as rows:
            here = ((row.seq, row.fact, row.step) for row in rows)
            before = (
                (row.seq, row.fact, row.step) for row in self._archived(connection, seq, backwards=last)
                if row.kind == kind and at[0] <= row.at < at[1]
            )  # fmt: skip
            for number, fact, step in islice(chain(here, before) if last else chain(before, here), limit):
                yield number, self._unpacker.plain(fact, step)[0]

    def _plain(self, row: LogRow) -> LogRow:
        fact, step = self._unpacker.plain(row.fact, row.step)
        return msgspec.structs.replace(row, fact=fact, step=step)

    def _archived(self, connection: Connection, span: Span, *, backwards: bool = False) -> Iterator[LogRow]:
        """Yield the archived rows of a span as stored; JournalError where there are any that nobody reads."""
        found = [one for one in segments(connection) if span[0] <= one.last and one.first < span[1]]
        for segment in found[::-1] if backwards else found:
            yield from self._reads(segment).rows(segment, span, backwards=backwards)

    def _reads(self, segment: Segment) -> Earlier:
        if self._earlier is None:
            raise JournalError(
                f"journal {self._place}: rows {segment.first} to {segment.last} were archived, in "
                f"{segment.file}: this command does not look there"
            )
        return self._earlier

    def _words(self, number: int) -> bytes | None:
        said: bytes | None = self._connection.execute(WORDS, {"number": number}).scalar()
        return said

    def last_snapshot(self) -> Snapshot | None:
        """Return the newest snapshot, or raise JournalError when it does not belong to the log."""
        with self.asking() as connection:
            return _plain(checked_snapshot(self._place, connection))

    def snapshot_before(self, seq: int) -> Snapshot | None:
        """Return the last snapshot before a row; JournalError when it does not belong to the log."""
        snapshots = tables.tables["snapshots"]
        found = self.ask(select(snapshots).where(snapshots.c.seq < seq).order_by(snapshots.c.seq.desc()).limit(1))
        snapshot = Snapshot(*found[0]) if found else self._archived_snapshot(seq)
        if snapshot is None:
            return None
        there = next((row.hash for row in self.rows(snapshot.seq)), None) if snapshot.seq else GENESIS
        if problem := snapshot_fault(snapshot, there):
            raise JournalError(f"journal {self._place}: {problem}: it cannot be replayed from there")
        return _plain(snapshot)

    def _archived_snapshot(self, seq: int) -> Snapshot | None:
        with self.asking() as connection:
            before = [one for one in segments(connection) if one.first < seq]
        found = (self._reads(segment).snapshot_before(segment, seq) for segment in reversed(before))
        return next((one for one in found if one is not None), None)

    def verify(self, noted: Noted | None = None) -> Verdict:
        """Check every row and snapshot, as they stood at one moment; archived rows too, where we can read them.

        Hashes of the rows that are keys of `noted` are put there as they are passed.
        """
        with self.asking() as connection:
            one_moment(connection)
            before = check_archived(connection, self._earlier, noted) if self._earlier else None
            return before if before and not before.ok else check(connection, noted)

    def hash_of(self, seq: int) -> bytes:
        """Return the hash of a row that stands in the database; of row 0 what the first row follows."""
        log = tables.tables["log"]
        found = self.ask(select(log.c.hash).where(log.c.seq == seq))
        return found[0][0] if found else GENESIS

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

    def columns(self, query: Select[Any]) -> list[list[Any]]:
        """Return the same by column: of hundreds of thousands of rows none is kept as one, which takes half the time.

        Values are the driver's own: a select of numbers and texts is meant.
        """
        found: list[list[Any]] = [[] for _ in query.selected_columns]
        with self.asking() as connection, uncollected():
            cursor: Any = connection.execute(query).cursor
            while rows := cursor.fetchmany(MANY):
                for column, part in zip(found, zip(*rows, strict=True), strict=True):
                    column.extend(part)
        return found

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
