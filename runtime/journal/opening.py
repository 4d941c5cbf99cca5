"""Opening a journal file: to write it (made on first use) or to read it, and never one of another version."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, create_engine, event, insert, inspect, make_url, select, update
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from runtime.journal.chain import GENESIS
from runtime.journal.errors import JournalError, explain
from runtime.journal.schema import FIRST, VERSION, head, schema_version, tables

OLD = "use that version to read it, and begin a new file"
"""What to do with a journal that is older than any migration."""
FOREIGN = "it is a database of something else: name another file"


def _url(place: str | Path) -> URL:
    if isinstance(place, Path) or "://" not in place:
        return URL.create("sqlite", database=str(place))
    try:
        url = make_url(place)
    except ArgumentError as error:
        raise JournalError(f"journal {place}: it is neither a path nor a URL") from error
    if url.get_backend_name() != "sqlite":
        said = url.render_as_string(hide_password=True)
        raise JournalError(f"journal {said}: only SQLite is known here; name a file, or a sqlite:/// URL")
    return url


def _connect(url: URL, patience: float, *pragmas: str) -> Connection:
    options = {"timeout": patience, "check_same_thread": False}
    engine = create_engine(url, poolclass=NullPool, connect_args=options)

    def prepare(connection: DBAPIConnection, _record: object) -> None:
        for pragma in pragmas:
            connection.cursor().execute(f"PRAGMA {pragma}")

    event.listen(engine, "connect", prepare)
    return engine.connect()


def _check(place: str | Path, connection: Connection, names: list[str]) -> None:
    if schema_version.name not in names:
        raise JournalError(f"journal {place}: {FOREIGN}")
    found = connection.execute(select(schema_version.c.version)).scalar()
    if found is None or found > VERSION:
        raise JournalError(
            f"journal {place}: written by a newer Tidegate (schema {found}, this one knows {VERSION}): upgrade Tidegate"
        )
    if found < VERSION:
        raise JournalError(
            f"journal {place}: written by an older Tidegate (schema {found}, this one writes {VERSION}): "
            + (f"run `tidegate journal migrate {place}`" if found >= FIRST else OLD)
        )


def _create(connection: Connection) -> None:
    tables.create_all(connection, checkfirst=False)
    connection.execute(insert(schema_version).values(version=VERSION))
    connection.execute(insert(head).values(one=1, seq=0, hash=GENESIS))


@contextmanager
def _explained(place: str | Path) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise JournalError(*explain(place, error)) from error


@contextmanager
def _closed_on_error(connection: Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise


def open_to_write(place: str | Path, patience: float) -> Connection:
    """Return the one connection that writes a journal, after making the file if there is none.

    The whole schema is made in one transaction: a file is a journal or empty, never half of one.
    `patience` is how long to wait for another process that holds the file, in seconds.
    """
    with _explained(place):
        connection = _connect(_url(place), patience, "synchronous=FULL", "fullfsync=1")
        with _closed_on_error(connection):
            _prepare(place, connection)
    return connection


def _prepare(place: str | Path, connection: Connection) -> None:
    if connection.exec_driver_sql("PRAGMA journal_mode=WAL").scalar() != "wal":
        raise JournalError(f"journal {place}: its folder cannot hold a write-ahead log: name one on a local disk")
    connection.rollback()
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    names = inspect(connection).get_table_names()
    if names:
        _check(place, connection, names)
    else:
        _create(connection)
    connection.execute(update(head).values(seq=head.c.seq))  # a file without the right to write fails here, not later
    connection.commit()


def open_to_migrate(place: str | Path, patience: float) -> Connection:
    """Return a connection to a journal of any version, within a transaction that keeps other writers out."""
    if isinstance(place, Path) and not place.is_file():
        raise JournalError(f"journal {place}: there is no such file: name another")
    with _explained(place):
        connection = _connect(_url(place), patience, "synchronous=FULL", "fullfsync=1")
        with _closed_on_error(connection):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            if schema_version.name not in inspect(connection).get_table_names():
                raise JournalError(f"journal {place}: {FOREIGN}")
    return connection


def open_to_read(place: str | Path, patience: float = 2.0) -> Connection:
    """Return a connection that cannot write; a journal whose folder cannot be written either is read as it lies."""
    path = Path(place)
    if not path.is_file():
        raise JournalError(f"journal {place}: there is no such file: start the account once, or name another")
    with _explained(place):
        try:
            return _reading(path, patience, {"mode": "ro"})
        except OperationalError:
            if path.with_name(path.name + "-wal").exists():
                raise
            return _reading(path, patience, {"mode": "ro", "immutable": "1"})


def _reading(path: Path, patience: float, query: dict[str, str]) -> Connection:
    url = URL.create("sqlite", database=path.absolute().as_uri(), query={**query, "uri": "true"})
    connection = _connect(url, patience, "query_only=1")
    with _closed_on_error(connection):
        _check(path, connection, inspect(connection).get_table_names())
        connection.rollback()
    return connection
