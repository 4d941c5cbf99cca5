"""Copies of a journal: a backup is a journal in one file, of whichever database; it is proven before it is used."""

import os

from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select

from config.journal import Where
from runtime.journal.entries import Verdict
from runtime.journal.errors import JournalError, NoJournal, explaining
from runtime.journal.opening import one_file, one_moment, open_to_read, open_to_write
from runtime.journal.schema import tables
from runtime.journal.verify import check, stored_head

PATIENCE = 5.0
AT_ONCE = 1000
"""Rows that are carried at a time."""


def backup(where: Where, file: Path) -> Verdict:
    """Copy a journal as it stands, also while it is written, to a new file; return what its chain says there.

    The file has its name only when it is whole. JournalError where there is something already, or it is not whole.
    """
    if file.exists():
        raise JournalError(f"journal {file}: there is a file already: name another")
    if not file.absolute().parent.is_dir():
        raise JournalError(f"journal {file}: there is no folder {file.parent}: make it, or name a file elsewhere")
    making = file.with_name(f"{file.name}.making")
    making.unlink(missing_ok=True)
    try:
        _copy(where, making)
        one_file(making)
        verdict = _whole(making)
        os.replace(making, file)  # noqa: PTH105 - replaces on Windows too
    finally:
        making.unlink(missing_ok=True)
    return verdict


def restore(file: Path, where: Where) -> Verdict:
    """Make a journal of a backup where there is none; JournalError where there is one, or the backup is not whole."""
    _whole(file)
    _must_be_free(where)
    _copy(file, where)
    return _whole(where)


def _must_be_free(where: Where) -> None:
    try:
        with closing(open_to_read(where)) as connection:
            rows = stored_head(connection).seq
    except NoJournal:
        return
    if rows or isinstance(where, Path):
        raise JournalError(f"journal {where}: there is one of {rows} rows already: move it away, then restore")


def _whole(where: Where) -> Verdict:
    with explaining(where), closing(open_to_read(where)) as connection:
        verdict = check(connection)
    if not verdict.ok:
        raise JournalError(f"journal {where}: {verdict.problem}: it is not whole, and no copy of it would be")
    return verdict


def _copy(source: Where, target: Where) -> None:
    with (
        explaining(source),
        closing(open_to_read(source)) as reading,
        explaining(target),
        closing(open_to_write(target, PATIENCE)) as writing,
    ):
        one_moment(reading)
        for table in reversed(tables.sorted_tables):
            if table.name != "log":
                writing.execute(delete(table))
        for name in tables.tables:
            carry(name, reading, writing)
        writing.commit()


def carry(name: str, source: Connection, target: Connection) -> None:
    """Copy the rows of a table in the order of its key."""
    table = tables.tables[name]
    for rows in source.execute(select(table).order_by(*table.primary_key)).mappings().partitions(AT_ONCE):
        target.execute(insert(table), [dict(row) for row in rows])
