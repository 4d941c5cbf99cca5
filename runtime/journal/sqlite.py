"""A journal in a file: one SQLite database with a write-ahead log, synced at every commit."""

from pathlib import Path

from sqlalchemy import URL, Connection, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from runtime.journal.errors import JournalError

DURABLE = ("synchronous=FULL", "fullfsync=1")


def connect_to_write(place: str | Path, patience: float) -> Connection:
    """Return a connection whose commits are on disk when they return; JournalError where the place is none."""
    return _connect(_url(place), patience, *DURABLE)


def connect_to_read(path: Path, patience: float, *, as_it_lies: bool = False) -> Connection:
    """Return a connection that cannot write; `as_it_lies` reads in a folder that cannot be written either."""
    query = {"mode": "ro", "uri": "true", **({"immutable": "1"} if as_it_lies else {})}
    url = URL.create("sqlite", database=path.absolute().as_uri(), query=query)
    return _connect(url, patience, "query_only=1")


def make_wal(place: str | Path, connection: Connection) -> None:
    """Have the file keep a write-ahead log; JournalError where its folder cannot hold one."""
    if connection.exec_driver_sql("PRAGMA journal_mode=WAL").scalar() != "wal":
        raise JournalError(f"journal {place}: its folder cannot hold a write-ahead log: name one on a local disk")
    connection.rollback()


def hold(connection: Connection) -> None:
    """Begin a transaction that keeps other writers out until it ends."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _url(place: str | Path) -> URL:
    if isinstance(place, Path) or "://" not in place:
        return URL.create("sqlite", database=str(place))
    try:
        url = make_url(place)
    except ArgumentError as error:
        raise JournalError(f"journal {place}: it is neither a path nor a URL") from error
    if url.get_backend_name() != "sqlite":
        said = url.render_as_string(hide_password=True)
        raise JournalError(f"journal {said}: name a file; a server is named by the section [journal] of the account")
    return url


def _connect(url: URL, patience: float, *pragmas: str) -> Connection:
    options = {"timeout": patience, "check_same_thread": False}
    engine = create_engine(url, poolclass=NullPool, connect_args=options)

    def prepare(connection: DBAPIConnection, _record: object) -> None:
        for pragma in pragmas:
            connection.cursor().execute(f"PRAGMA {pragma}")

    event.listen(engine, "connect", prepare)
    return engine.connect()
