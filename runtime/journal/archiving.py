"""Archiving: rows that lie in a segment are taken out of the log, by a transaction that writes down where they went."""

from contextlib import closing

import msgspec

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.exc import DBAPIError

from config.journal import Where
from runtime.journal.batch import insert_of, pack
from runtime.journal.commit import HEADS
from runtime.journal.entries import Entry, Head
from runtime.journal.errors import JournalError, explaining
from runtime.journal.guards import TAKING_AWAY
from runtime.journal.opening import open_to_write
from runtime.journal.packing import Packer
from runtime.journal.schema import log, snapshots
from runtime.journal.segments import ARCHIVED, Segment, base, segments
from runtime.journal.verify import stored_head

PATIENCE = 2.0


def archivable(connection: Connection, before: int) -> tuple[Head, Head]:
    """Return the row behind which the log begins, and the last one that may go; the same where none may.

    before: clock of this machine, UTC milliseconds, from which on rows stay. The newest snapshot, and with it all that
    a restart replays, stays too.
    """
    begin = base(segments(connection))
    later = connection.execute(select(func.min(log.c.seq)).where(log.c.wall >= before)).scalar()
    newest = connection.execute(select(func.max(snapshots.c.seq))).scalar() or 0
    last = min((later or newest) - 1, newest - 1)
    row = connection.execute(select(log.c.seq, log.c.hash).where(log.c.seq == last)).one_or_none()
    return begin, begin if row is None else Head(row.seq, row.hash)


def take_away(where: Where, segment: Segment, wall: int) -> None:
    """Take the rows of a segment out of the log, and name it there; JournalError where they are not its first rows.

    wall: clock of this machine, UTC milliseconds.
    """
    with closing(open_to_write(where, PATIENCE)) as connection, explaining(where):
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        known = segments(connection)
        found = connection.execute(select(log.c.hash).where(log.c.seq == segment.last)).scalar()
        begin = base(known)
        if (begin.seq + 1, begin.hash.hex()) != (segment.first, segment.prev) or (found or b"").hex() != segment.hash:
            raise JournalError(f"journal {where}: {segment.file} does not hold its first rows: nothing was taken away")
        _delete(connection, segment.last)
        _append(connection, (*known, segment), wall)
        connection.commit()
        _shrink(connection)


def _delete(connection: Connection, last: int) -> None:
    """Let rows be deleted for once, within the transaction."""
    let, forbid = TAKING_AWAY[connection.dialect.name]
    connection.exec_driver_sql(let)
    connection.execute(delete(log).where(log.c.seq <= last))
    connection.exec_driver_sql(forbid)
    connection.execute(delete(snapshots).where(snapshots.c.seq <= last))


def _append(connection: Connection, named: tuple[Segment, ...], wall: int) -> None:
    database, end = connection.dialect.name, stored_head(connection)
    run, at = connection.execute(select(log.c.run, log.c.at).where(log.c.seq == end.seq)).one()
    groups, head = pack([Entry(ARCHIVED, at, wall, b"", msgspec.json.encode(named))], run, end, Packer(), database)
    for shape, rows in groups:
        connection.exec_driver_sql(insert_of(shape, database).sql, rows[0])
    connection.exec_driver_sql(HEADS[database], (head.seq, head.hash))


def _shrink(connection: Connection) -> None:
    """Give the space back to the disk where that can be: what is left of it is used for new rows anyhow."""
    if connection.dialect.name == "sqlite":
        try:
            connection.exec_driver_sql("VACUUM")
        except DBAPIError:
            connection.rollback()
