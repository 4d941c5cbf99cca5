"""Whole accounts as real processes, with secrets wherever one can be: none stands in anything that others may read."""

import http.server
import json
import os
import subprocess
import sys
import threading

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from brokers.mt5.lookalike.setup import SETUP_FILE, ServerSetup
from runtime.bus.caller import change_remote
from tests.demos import ROOT, Demo, toml
from tests.listeners import House
from tests.mosquittos import guarded
from tests.postgres import Postgres

MT5, URL_WORD, LOST_WORD, SQL = "mt5-Wo0rd", "alert-t0ken", "alert-1ost", "sql-Wo0rd"
UNREACHED = 9
DIALLED = threading.Event()


class Post(http.server.BaseHTTPRequestHandler):
    """Takes what is posted."""

    def do_POST(self) -> None:
        """Take one message."""
        self.rfile.read(int(self.headers["Content-Length"]))
        DIALLED.set()
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Return what is taken down afterwards."""
    with ExitStack() as found:
        yield found


def sections(house: House, port: int, password: Path) -> str:
    """Return the sections of the TOML that name secrets, each by its place."""
    return (
        f'[bus]\nhost = "127.0.0.1"\nport = {port}\ntls = false\nuser = "demo"\npassword = {{ file = "{password}" }}\n'
        f'key = "{house.key("daemon")}"\noperators = "{house.ring}"\n\n'
        '[alerts]\n[alerts.owners.ann]\nurls = { env = "TIDEGATE_TEST_ANN" }\n'
        '[alerts.owners.ben]\nurls = { env = "TIDEGATE_TEST_BEN" }\n[alerts.routes]\npage = ["ben", "ann"]\n'
    )


def begun_by(pid: int) -> list[int]:
    """Return a process and all that its threads have begun, and theirs."""
    found = [pid]
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text(encoding="ascii").split():
            found += begun_by(int(child))
    return found


def rows_of(url: str) -> bytes:
    """Return all that a server's journal holds, and what the server tells of who speaks to it."""
    import psycopg.sql  # noqa: PLC0415 - where there is a server only

    with psycopg.connect(url) as connection:
        named = connection.execute("SELECT schemaname, tablename FROM pg_tables WHERE schemaname !~ '^(pg|info)'")
        tables = [*named.fetchall(), ("pg_catalog", "pg_stat_activity")]
        queries = [psycopg.sql.SQL("SELECT * FROM {}").format(psycopg.sql.Identifier(*table)) for table in tables]
        cells = (cell for query in queries for row in connection.execute(query).fetchall() for cell in row)
        return b"\n".join(cell if isinstance(cell, bytes) else str(cell).encode() for cell in cells)


def guard(account: Path, log: Path, stack: ExitStack) -> subprocess.Popen[bytes]:
    """Begin the guardian of an account, as a user would."""
    file = stack.enter_context(log.open("wb"))
    guardian = subprocess.Popen(
        [sys.executable, "-m", "tidegate.cli", "guard", str(account)], stdout=file, stderr=file, cwd=ROOT
    )
    stack.callback(guardian.wait)
    stack.callback(guardian.kill)
    return guardian


def read_in(folders: Iterable[Path], files: Iterable[Path], but: Path) -> dict[Path, bytes]:
    """Return what stands in all files of some folders, and in others, but one."""
    found = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return {path: path.read_bytes() for path in [*found, *files] if path != but}


@pytest.fixture(params=["file", "server"])
def journal_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the URL of a database whose user needs a password; empty: the journal is a file."""
    if request.param == "file":
        yield ""
        return
    import psycopg  # noqa: PLC0415

    server: Postgres = request.getfixturevalue("postgres")
    open_url = server.new_database()
    with psycopg.connect(open_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE keeper LOGIN SUPERUSER PASSWORD '{SQL}'".encode())
        file = server.data / "pg_hba.conf"
        file.write_text(f"local all keeper scram-sha-256\n{file.read_text()}")
        connection.execute("SELECT pg_reload_conf()")
    yield open_url.replace("tidegate@", f"keeper:{SQL}@")
    with psycopg.connect(open_url, autocommit=True) as connection:
        connection.execute("REASSIGN OWNED BY keeper TO tidegate")
        connection.execute("DROP ROLE keeper")


def test_no_secret_stands_in_logs_journal_errors_or_process_lists(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch, stack: ExitStack, journal_url: str
) -> None:
    """Passwords of terminal, broker and database, addresses with tokens, and the seeds of keys, while all are in use.

    Who begins a daemon gives it its secrets; none of the processes that a daemon or a guardian begins inherits one.
    """
    server = stack.enter_context(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Post))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stack.callback(server.shutdown)
    monkeypatch.setenv("TIDEGATE_TEST_MT5", MT5)
    monkeypatch.setenv("TIDEGATE_TEST_ANN", f"json://ann:{URL_WORD}@127.0.0.1:{server.server_port}")
    monkeypatch.setenv("TIDEGATE_TEST_BEN", f"json://ben:{LOST_WORD}@127.0.0.1:1")
    (tmp_path / "house").mkdir()
    house, broker = House(tmp_path / "house"), guarded(tmp_path / "guarded", stack)
    text = toml(model).replace('path = "terminal"', 'path = "terminal"\npassword = { env = "TIDEGATE_TEST_MT5" }', 1)
    monkeypatch.setenv("TIDEGATE_TEST_SQL", journal_url)
    if journal_url:
        text = text.replace("[limits]", '[journal]\nurl = { env = "TIDEGATE_TEST_SQL" }\n\n[limits]', 1)
    text = text.replace("[limits]", f"{sections(house, broker.port, broker.folder / 'demo.password')}\n[limits]", 1)
    demo = Demo.set_up(tmp_path / "demo", text, bars=None)
    stack.callback(demo.close)
    setup = demo.home / SETUP_FILE
    asked = msgspec.json.decode(setup.read_bytes(), type=ServerSetup)
    mine = msgspec.structs.replace(asked.accounts[0], password=MT5)
    asked = msgspec.structs.replace(asked, accounts=(mine,))
    setup.write_bytes(msgspec.json.encode(asked))
    demo.slow_orders()
    demo.begin()
    demo.until_bar(5)
    guardian = guard(demo.file, tmp_path / "guard.log", stack)
    password = broker.folder / "risk.password"
    change_remote(house.remote("risk", broker.port, password, user="risk"), "halt", "smoke")
    assert DIALLED.wait(20.0)
    assert demo.daemon is not None
    processes = [begun_by(demo.daemon.pid), begun_by(guardian.pid)]
    commands = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pids in processes for pid in pids}
    environs = {pid: Path(f"/proc/{pid}/environ").read_bytes() for pids in processes for pid in pids[1:]}
    words = ("status", "alerts", "orders", "config check")
    shown = [demo.tidegate(word, *([] if word == "config check" else ["--json"])) for word in words]
    demo.stop()
    shown += [demo.tidegate("status", "--json", code=UNREACHED), demo.tidegate("journal verify")]
    kept = read_in([demo.state, demo.home], [demo.log, tmp_path / "guard.log"], setup)
    kept |= {Path(f"cmdline-{pid}"): command for pid, command in commands.items()}
    kept |= {Path(f"environ-{pid}"): environ for pid, environ in environs.items()}
    kept |= {Path("rows"): rows_of(journal_url)} if journal_url else {}
    kept |= {Path(f"shown-{n}"): text.encode() for n, text in enumerate(shown)}
    seeds = [json.loads(file.read_text())["d"] for file in house.folder.glob("*.jwk")]
    secrets = [MT5, SQL, URL_WORD, LOST_WORD, "demo-secret", "risk-secret", *seeds]

    assert [] == [(path.name, secret) for path, raw in kept.items() for secret in secrets if secret.encode() in raw]
    assert b"json" in kept[demo.log]  # who was not reached is told by the kind of his address
    assert all(b"PATH=" in environ for environ in environs.values())
    assert not journal_url or b"keeper" in kept[Path("rows")]
    begun = b" ".join(commands.values())
    assert [True] * 4 == [word in begun for word in (b"run", b"brokers.mt5.process", b"runtime.alerts.mouth", b"guard")]


def test_an_error_names_the_place_of_a_secret_and_never_the_secret(tmp_path: Path, model: Path) -> None:
    """A journal on a server that is not there: run, doctor and who reads it say so."""
    demo = Demo.set_up(tmp_path / "demo", toml(model), bars=5)
    text = demo.file.read_text(encoding="utf-8")
    demo.file.write_text(text.replace("[limits]", '[journal]\nurl = { env = "TIDEGATE_TEST_SQL" }\n\n[limits]', 1))
    there = {**os.environ, "TIDEGATE_TEST_SQL": f"postgresql://tidegate:{SQL}@127.0.0.1:1/books"}
    said = []
    for words in (["run"], ["doctor", "--json"], ["journal", "verify"], ["orders", "--json"]):
        command = [sys.executable, "-m", "tidegate.cli", *words, str(demo.file)]
        done = subprocess.run(command, cwd=ROOT, env=there, capture_output=True, text=True, check=False)
        said.append((done.returncode != 0, done.stdout + done.stderr))

    assert [(True, True)] * 4 == [(failed, "127.0.0.1" in text) for failed, text in said]
    assert [] == [text for _, text in said if SQL in text or "Traceback" in text]
