"""A journal on PostgreSQL: one schema of a database for each account, held by one writer through an advisory lock."""

import logging
import time

from typing import Any

from sqlalchemy import URL, Connection, create_engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from config.journal import JournalServer
from runtime.journal.errors import JournalError

LOST = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""When a connection counts as lost (seconds, and milliseconds): a daemon that waits for its journal sends nothing."""

LOCK = "SELECT pg_try_advisory_lock(hashtextextended('tidegate journal ' || %s, 0))"
SETTINGS = (
    ("fsync", "on", "what it says is on disk is not"),
    ("full_page_writes", "on", "a power cut can tear its pages"),
    ("server_encoding", "UTF8", "names would not come back as they are"),
)
"""What a server must be set to, and why."""

for _name in ("sqlalchemy.pool", "psycopg"):  # of a server that is gone they tell by tracebacks; we do by a sentence
    logging.getLogger(_name).setLevel(logging.CRITICAL)


def connect(server: JournalServer, patience: float, *, write: bool) -> Connection:
    """Return a connection that sees the account's schema; one to read sees each transaction as of one moment."""
    words = [f'search_path="{server.schema}"', "synchronous_commit=on", f"lock_timeout={int(patience * 1000)}"]
    words += [] if write else ["default_transaction_read_only=on"]
    options = " ".join(f"-c {word}" for word in words)
    more: dict[str, Any] = {} if write else {"isolation_level": "REPEATABLE READ"}
    given = {**LOST, "connect_timeout": max(2, int(patience)), "options": options, "application_name": "tidegate"}
    try:
        engine = create_engine(_url(server), poolclass=NullPool, connect_args=given, **more)
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise JournalError(f"journal {server}: it is no URL that can be used: correct the secret") from None
    except ImportError:
        raise JournalError(f"journal {server}: needs psycopg: install tidegate[postgres]") from None
    return engine.connect()


def _url(server: JournalServer) -> URL:
    return make_url(server.url.reveal()).set(drivername="postgresql+psycopg")


def hold(server: JournalServer, connection: Connection, patience: float) -> None:
    """Keep other writers out for as long as the connection lives; make the account's schema if there is none."""
    until = time.monotonic() + patience
    while not connection.exec_driver_sql(LOCK, (server.schema,)).scalar():
        if time.monotonic() >= until:
            raise JournalError(f"journal {server}: another process writes this journal: end it, then start again")
        time.sleep(0.05)
    for name, wanted, why in SETTINGS:
        if (found := connection.exec_driver_sql(f"SHOW {name}").scalar()) != wanted:
            raise JournalError(f"journal {server}: the server has {name} = {found}, and {why}: set it to {wanted}")
    connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{server.schema}"')
    connection.commit()
