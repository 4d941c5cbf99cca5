"""A journal on a real PostgreSQL: what it refuses to begin with, and that it stops where the server does."""

import os
import shutil
import subprocess
import traceback

from collections.abc import Iterator
from typing import Any

import pytest

from config.journal import JournalServer
from config.secrets import Secret
from runtime.journal.entries import Entry
from runtime.journal.errors import JournalError, JournalFailed, NoJournal
from runtime.journal.postgres import connect
from runtime.journal.reader import JournalReader
from runtime.journal.writer import JournalWriter
from tests.journals import ask, connected, entry, journal, on_server
from tests.postgres import Postgres

GONE = r"the server does not answer any more.*the last row on disk is 1"
LONG = 60.0
"""A linger that no test waits for."""


@pytest.fixture
def there(database: str) -> JournalServer:
    """Return where a journal may be made."""
    return on_server(database)


@pytest.fixture
def own() -> Iterator[Postgres]:
    """Return a server that the test may kill."""
    server = Postgres()
    yield server
    server.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log SET wall = 0",
        "DELETE FROM log",
        "TRUNCATE log",
        "INSERT INTO log SELECT 2, run, at, 0, kind, schema, fact, step, prev, hash FROM log WHERE seq = 3",
    ],
)
def test_the_servers_log_refuses_to_be_changed(there: JournalServer, statement: str) -> None:
    """UPDATE, DELETE, TRUNCATE and a row that is not behind the last abort, whoever tries."""
    import psycopg  # noqa: PLC0415 - there is a server

    journal(there, 3)

    with connected(there) as connection, pytest.raises(psycopg.Error, match="the log is append only"):
        connection.execute(statement)


def test_a_server_that_is_gone_is_told_of_by_us_alone(own: Postgres, caplog: pytest.LogCaptureFixture) -> None:
    """No library logs a traceback about a connection that was lost while rows were on their way: the error says it."""
    from psycopg import OperationalError  # noqa: PLC0415 - there is a server

    connection = connect(on_server(own.url()), 1.0, write=True)
    driver: Any = connection.connection.driver_connection
    own.kill()
    with (
        pytest.raises(OperationalError),
        driver.pipeline(),
    ):  # as rows are written: SQLAlchemy sees no error
        driver.execute("SELECT 1")

    connection.close()

    assert [] == caplog.record_tuples


def test_what_is_no_number_is_kept_as_nothing(there: JournalServer) -> None:
    """A sum over a column is not lost in one NaN: it is NULL, as SQLite keeps it."""
    row = ("decisions", {"id": "1-1", "seq": 1, "price": float("nan"), "score": 1.5})

    with JournalWriter(there) as writer:
        writer.append(entry(1, row))

    assert [(None, 1.5)] == ask(there, "SELECT price, score FROM decisions")


def test_accounts_share_a_database(database: str) -> None:
    """Each has its schema; one does not see the rows of the other, and whoever asks for both names both."""
    one, two = on_server(database), on_server(database)
    with JournalWriter(one) as first, JournalWriter(two) as second:
        first.append(entry(1))
        for number in (1, 2):
            second.append(entry(number))

    rows = [ask(one, f'SELECT count(*) FROM "{each.schema}".log') for each in (one, two)]  # noqa: S608 - our own names
    assert [[(1,)], [(2,)]] == rows


def test_a_second_writer_is_refused_at_once(there: JournalServer) -> None:
    """The first holds a lock for as long as it lives; afterwards the next goes on."""
    with JournalWriter(there) as writer:
        with pytest.raises(JournalError, match="another process writes this journal"):
            JournalWriter(there, patience=0.1)
        writer.append(entry(1), durable=True).wait(5)

    with JournalWriter(there) as writer:
        assert 1 == writer.recover().seq


def test_a_journal_that_is_not_there_is_said(there: JournalServer) -> None:
    """A reader makes nothing; it says that there is nothing."""
    with pytest.raises(NoJournal, match="there is none: start the account once"):
        JournalReader(there)


@pytest.mark.parametrize(
    ("url", "said", "code"),
    [
        ("postgresql://u:topsecret@127.0.0.1:1/x", "the server does not answer: start it", 10),
        ("postgresql://u:topsecret@host:port/x", "it is no URL that can be used", 6),
    ],
)
def test_a_server_that_is_not_there_is_said_without_its_password(url: str, said: str, code: int) -> None:
    """One line says what to do; who may use the server is in none of them."""
    with pytest.raises(JournalError, match=said) as refusal:
        JournalWriter(JournalServer(Secret(url), "a"), patience=0.1)

    assert code == refusal.value.exit_code
    assert "topsecret" not in "".join(traceback.format_exception(refusal.value))


def test_a_killed_server_stops_the_journal(own: Postgres) -> None:
    """What was acknowledged is there when the server is back; what was not is told as failed, and not tried again."""
    there = on_server(own.url())
    writer = JournalWriter(there, linger=LONG)
    writer.append(entry(1), durable=True).wait(5)
    waiting = writer.append(entry(2))
    own.kill()

    with pytest.raises(JournalFailed, match=GONE) as failure:
        writer.append(entry(3), durable=True).wait(30)
    with pytest.raises(JournalFailed):
        waiting.result()
    with pytest.raises(JournalFailed):
        writer.append(entry(4))
    with pytest.raises(JournalFailed):
        writer.close()

    assert 10 == failure.value.exit_code
    own.start()
    with JournalWriter(there, patience=5.0) as successor:
        assert 1 == successor.recover().seq
        assert 2 == successor.append(entry(5), durable=True).wait(5)


def test_a_writer_whose_connection_is_ended_stops(there: JournalServer) -> None:
    """A person at the server who ends the connection ends the journal: another writer may have it by then."""
    writer = JournalWriter(there)
    writer.append(entry(1), durable=True).wait(5)
    ask(
        there,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND application_name = 'tidegate'",
    )

    with pytest.raises(JournalFailed, match="the server does not answer any more"):
        writer.append(entry(2), durable=True).wait(5)

    with pytest.raises(JournalFailed):
        writer.close()


def test_a_table_that_is_held_stops_the_journal(there: JournalServer) -> None:
    """Whoever locks the log for longer than patience lasts ends it in one line."""
    writer = JournalWriter(there, patience=0.1)
    with connected(there) as other:
        other.execute("LOCK TABLE log")

        with pytest.raises(JournalFailed, match="another process holds this journal"):
            writer.append(entry(1), durable=True).wait(5)

    with pytest.raises(JournalFailed):
        writer.close()


def test_a_user_who_may_not_write_is_refused_at_once(there: JournalServer) -> None:
    """A role that only reads, or a standby, cannot be written to; it is said before anything is sent."""
    journal(there, 1)
    role = there.schema.lower().replace("-", "_")
    with connected(there) as connection:
        connection.execute(f'CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA "{there.schema}" TO {role}'.encode())
        connection.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA "{there.schema}" TO {role}'.encode())
    reader = JournalServer(Secret(there.url.reveal().replace("tidegate@", f"{role}@")), there.schema)

    with JournalReader(reader) as opened:
        assert opened.verify().ok
    with pytest.raises(JournalError, match="this user may not do that there"):
        JournalWriter(reader)


def test_a_server_that_does_not_sync_is_refused() -> None:
    """A server that says that a row is on disk when it is not is no place for a journal."""
    server = Postgres("fsync=off")
    try:
        with pytest.raises(JournalError, match="fsync = off, and what it says is on disk is not: set it to on"):
            JournalWriter(on_server(server.url()))
    finally:
        server.close()


@pytest.fixture
def small(own: Postgres) -> Iterator[JournalServer]:
    """Return a place on a server whose tables lie on a disk of 8 MiB."""
    disk = own.folder / "disk"
    disk.mkdir()
    mount = [shutil.which("mount") or "mount", "-t", "tmpfs", "-o", "size=8m,mode=777", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no small disk can be mounted here")
    (disk / "space").mkdir()
    os.chown(disk / "space", own.data.stat().st_uid, own.data.stat().st_gid)
    there = on_server(own.url())
    with connected(there) as connection:
        connection.autocommit = True
        connection.execute(f"CREATE TABLESPACE small LOCATION '{disk / 'space'}'".encode())
        connection.execute("ALTER DATABASE postgres SET default_tablespace = small")
    yield there
    subprocess.run([shutil.which("umount") or "umount", "-l", str(disk)], check=True)


def test_a_full_disk_of_the_server_stops_the_journal(small: JournalServer) -> None:
    """When the server's disk is full the append fails with what to do, and what was acknowledged stays."""
    writer = JournalWriter(small)
    acknowledged: list[int] = []

    with pytest.raises(JournalFailed, match="the server's disk is full: free space on it") as failure:
        fill(writer, acknowledged)
    with pytest.raises(JournalFailed):
        writer.close()

    assert 10 == failure.value.exit_code
    with JournalReader(small) as reader:
        assert acknowledged[-1] == reader.verify().seq


def fill(writer: JournalWriter, acknowledged: list[int]) -> None:
    """Write big entries until it fails, and note which were acknowledged."""
    while True:
        acknowledged.append(writer.append(Entry("Big", 0, 0, os.urandom(50_000), b""), durable=True).wait(5))
