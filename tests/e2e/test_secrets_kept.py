"""Whole accounts as real processes, with secrets wherever one can be: none stands in anything that others may read."""

import http.server
import json
import os
import subprocess
import sys
import threading

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from brokers.mt5.lookalike.setup import SETUP_FILE, ServerSetup
from runtime.bus.caller import change_remote
from tests.demos import ROOT, Demo, toml
from tests.listeners import House
from tests.mosquittos import guarded

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


def commands_of(pid: int) -> dict[int, bytes]:
    """Return the command lines of a process and of all that its threads have begun."""
    found = {pid: Path(f"/proc/{pid}/cmdline").read_bytes()}
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text(encoding="ascii").split():
            found |= commands_of(int(child))
    return found


def test_no_secret_stands_in_logs_journal_errors_or_process_lists(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch, stack: ExitStack
) -> None:
    """Password of terminal and broker, addresses with tokens, and the seeds of keys, while all of them are in use."""
    server = stack.enter_context(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Post))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stack.callback(server.shutdown)
    monkeypatch.setenv("TIDEGATE_TEST_MT5", MT5)
    monkeypatch.setenv("TIDEGATE_TEST_ANN", f"json://ann:{URL_WORD}@127.0.0.1:{server.server_port}")
    monkeypatch.setenv("TIDEGATE_TEST_BEN", f"json://ben:{LOST_WORD}@127.0.0.1:1")
    (tmp_path / "house").mkdir()
    house, broker = House(tmp_path / "house"), guarded(tmp_path / "guarded", stack)
    text = toml(model).replace('path = "terminal"', 'path = "terminal"\npassword = { env = "TIDEGATE_TEST_MT5" }', 1)
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
    guarding = (tmp_path / "guard.log").open("wb")
    stack.callback(guarding.close)
    guardian = subprocess.Popen(
        [sys.executable, "-m", "tidegate.cli", "guard", str(demo.file)], stdout=guarding, stderr=guarding, cwd=ROOT
    )
    stack.callback(guardian.wait)
    stack.callback(guardian.kill)
    password = broker.folder / "risk.password"
    change_remote(house.remote("risk", broker.port, password, user="risk"), "halt", "smoke")
    assert DIALLED.wait(20.0)
    assert demo.daemon is not None
    commands = commands_of(demo.daemon.pid) | commands_of(guardian.pid)
    words = ("status", "alerts", "orders", "config check")
    shown = [demo.tidegate(word, *([] if word == "config check" else ["--json"])) for word in words]
    demo.stop()
    shown += [demo.tidegate("status", "--json", code=UNREACHED), demo.tidegate("journal verify")]
    files = [path for folder in (demo.state, demo.home) for path in folder.rglob("*") if path.is_file()]
    kept = {path: path.read_bytes() for path in [*files, demo.log, tmp_path / "guard.log"] if path != setup}
    kept |= {Path(f"cmdline-{pid}"): command for pid, command in commands.items()}
    kept |= {Path(f"shown-{n}"): text.encode() for n, text in enumerate(shown)}
    seeds = [json.loads(file.read_text())["d"] for file in house.folder.glob("*.jwk")]
    secrets = [MT5, URL_WORD, LOST_WORD, "demo-secret", "risk-secret", *seeds]

    assert [] == [(path.name, secret) for path, raw in kept.items() for secret in secrets if secret.encode() in raw]
    assert b"json" in kept[demo.log]  # who was not reached is told by the kind of his address
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
