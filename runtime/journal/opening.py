"""Opening a journal: to write it (made on first use), to read it, to migrate it; and never one of another version."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, insert, inspect, select, update
from sqlalchemy.exc import OperationalError

from config.journal import JournalServer, Where
from runtime.journal import postgres, sqlite
from runtime.journal.chain import GENESIS
from runtime.journal.errors import JournalError, NoJournal, explaining
from runtime.journal.schema import FIRST, VERSION, head, schema_version, tables

OLD = "use that version to read it, and begin a new file"
"""What to do with a journal that is older than any migration."""
FOREIGN = "it is a database of something else: name another file"

Place = Where | str
"""A file, a sqlite:/// URL, or a server."""


def open_to_write(place: Place, patience: float) -> Connection:
    """Return the one connection that writes a journal, after making the journal if there is none.

    The whole schema is made in one transaction: it is a journal or empty, never half of one.
    `patience` is how long to wait for another process that holds it, in seconds.
    """
    with _held(place, patience) as (connection, names):
        if names:
            _check(place, connection, names)
        else:
            _create(connection)
        connection.execute(update(head).values(seq=head.c.seq))  # without the right to write this fails here, not later
        connection.commit()
    return connection


def open_to_migrate(place: Place, patience: float) -> Connection:
    """Return a connection to a journal of any version, within a transaction that keeps other writers out."""
    if isinstance(place, Path) and not place.is_file():
        raise JournalError(f"journal {place}: there is no such file: name another")
    with _held(place, patience) as (connection, names):
        if schema_version.name not in names:
            raise JournalError(f"journal {place}: {FOREIGN}")
    return connection


def open_to_read(place: Place, patience: float = 2.0) -> Connection:
    """Return a connection that cannot write; a file whose folder cannot be written either is read as it lies."""
    if isinstance(place, JournalServer):
        with explaining(place):
            return _checked(place, postgres.connect(place, patience, write=False))
    path = Path(place)
    if not path.is_file():
        raise NoJournal(f"journal {place}: there is no such file: start the account once, or name another")
    with explaining(place):
        try:
            return _checked(path, sqlite.connect_to_read(path, patience))
        except OperationalError:
            if path.with_name(path.name + "-wal").exists():
                raise
            return _checked(path, sqlite.connect_to_read(path, patience, as_it_lies=True))


def one_file(path: Path) -> None:
    """Have a closed journal keep no files beside its own; whoever opens it to write changes that again."""
    connection = sqlite.connect_to_write(path, 1.0)
    connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
    connection.close()


def one_moment(connection: Connection) -> None:
    """Have all that a reader asks until it rolls back be answered as of one moment; a server does so by itself."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN")


@contextmanager
def _held(place: Place, patience: float) -> Iterator[tuple[Connection, list[str]]]:
    """Yield a connection that keeps other writers out, and the tables that are there."""
    with explaining(place):
        connection = _writing(place, patience)
        with closed_on_error(connection):
            _hold(place, connection, patience)
            yield connection, _tables_at(place, connection)


def _writing(place: Place, patience: float) -> Connection:
    if isinstance(place, JournalServer):
        return postgres.connect(place, patience, write=True)
    return sqlite.connect_to_write(place, patience)


def _hold(place: Place, connection: Connection, patience: float) -> None:
    if isinstance(place, JournalServer):
        postgres.hold(place, connection, patience)
    else:
        sqlite.make_wal(place, connection)
        sqlite.hold(connection)


def _tables_at(place: Place, connection: Connection) -> list[str]:
    schema = place.schema if isinstance(place, JournalServer) else None
    return inspect(connection).get_table_names(schema)


def _checked(place: Place, connection: Connection) -> Connection:
    with closed_on_error(connection):
        names = _tables_at(place, connection)
        if not names and isinstance(place, JournalServer):
            raise NoJournal(f"journal {place}: there is none: start the account once, or correct [journal]")
        _check(place, connection, names)
        connection.rollback()
    return connection


def _check(place: Place, connection: Connection, names: list[str]) -> None:
    if schema_version.name not in names:
        raise JournalError(f"journal {place}: {FOREIGN}")
    found = connection.execute(select(schema_version.c.version)).scalar()
    if found is None or found > VERSION:
        raise JournalError(
            f"journal {place}: written by a newer Tidegate (schema {found}, this one knows {VERSION}): upgrade Tidegate"
        )
    if found < VERSION:
        which = place if isinstance(place, Path) else "ACCOUNT"
        raise JournalError(
            f"journal {place}: written by an older Tidegate (schema {found}, this one writes {VERSION}): "
            + (f"run `tidegate journal migrate {which}`" if found >= FIRST else OLD)
        )


def _create(connection: Connection) -> None:
    tables.create_all(connection, checkfirst=False)
    connection.execute(insert(schema_version).values(version=VERSION))
    connection.execute(insert(head).values(one=1, seq=0, hash=GENESIS))


@contextmanager
def closed_on_error(connection: Connection) -> Iterator[None]:
    """Let go of a journal where something fails meanwhile."""
    try:
        yield
    except BaseException:
        connection.close()
        raise
