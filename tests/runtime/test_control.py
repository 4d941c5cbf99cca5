"""The control socket: it answers while the loop is busy, tightens by itself, and takes nothing from strangers."""

import concurrent.futures
import os
import socket
import subprocess
import sys
import threading

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from brokers.latch import Command
from runtime.operator import control, latch
from runtime.operator.control import Asked, Control, ask
from runtime.operator.socketfile import socket_path
from tests.latches import command, latched

Answer = concurrent.futures.Future[dict[str, Any]]
Listen = Callable[..., Control]


class Loop:
    """A daemon's event loop as the socket sees it: it may be stuck."""

    def __init__(self) -> None:
        """Begin with nothing handed over."""
        self.handed: list[tuple[Command, Answer]] = []
        self.woken = threading.Event()

    def loosen(self, given: Command) -> Answer:
        """Take a command, and leave it."""
        answer: Answer = concurrent.futures.Future()
        self.handed.append((given, answer))
        return answer


@pytest.fixture
def loop() -> Loop:
    """Return a loop that does nothing by itself."""
    return Loop()


@pytest.fixture
def listen(tmp_path: Path, loop: Loop) -> Iterator[Listen]:
    """Listen for an account whose latch stands at run, or at another level."""
    with ExitStack() as stack:

        def make(folder: Path = tmp_path / "a", level: Any = "run", status: Any = None) -> Control:  # noqa: ANN401
            if not folder.exists():
                latched(folder, level)
            ear = Control(folder, status or (lambda: {"bars": 7}), loop.loosen, loop.woken.set)
            stack.callback(ear.close)
            return ear

        yield make


def said(ear: Control, raw: bytes) -> dict[str, Any]:
    """Send bytes as they are; return the answer."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(10)
        line.connect(str(ear.ear.path))
        line.sendall(raw)
        line.shutdown(socket.SHUT_WR)
        answer = b""
        while part := line.recv(65536):
            answer += part
    found: dict[str, Any] = msgspec.json.decode(answer)
    return found


# --- questions --------------------------------------------------------------------------------------------------------


def test_status_is_told(listen: Listen) -> None:
    """The daemon's own words, and that all is well."""
    assert {"ok": True, "bars": 7} == ask(listen().folder, Asked(do="status"))


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (b"", "not understood"), (b"\n", "not understood"), (b"{", "not understood"), (b"\xff\xfe\n", "not understood"),
        (b'{"do": 1}\n', "not understood"), (b'{"do":"status","shell":"rm"}\n', "not understood"),
        (b'{"do":"dance"}\n', "unknown question 'dance'"), (b'{"do":"level"}\n', "unknown question 'level'"),
    ],
)  # fmt: skip
def test_nonsense_is_answered_and_the_ear_stays_open(listen: Listen, raw: bytes, word: str) -> None:
    """Broken JSON and unknown words are told what is wrong with them."""
    ear = listen()
    found = said(ear, raw)

    assert not found["ok"]
    assert word in found["problem"]
    assert ask(ear.folder, Asked(do="status"))["ok"]


@pytest.mark.parametrize("raw", [b'{"do":"status"}' + b" " * 70_000, b"x" * 65_536, b"x" * 1_000_000])
def test_a_line_without_end_is_hung_up_on(listen: Listen, raw: bytes) -> None:
    """Nobody fills the daemon's memory; the next question is heard."""
    ear = listen()
    with pytest.raises((OSError, msgspec.DecodeError)):
        said(ear, raw)

    assert ask(ear.folder, Asked(do="status"))["ok"]


@pytest.mark.parametrize("why", ["", "  "])
def test_a_level_needs_a_reason(listen: Listen, why: str) -> None:
    """Without one nothing is latched."""
    ear = listen()

    assert "a reason is needed" in ask(ear.folder, Asked(do="level", command=command("halt", why=why)))["problem"]
    assert "run" == latch.read(ear.folder).level


def test_who_says_nothing_keeps_nobody_from_being_heard(listen: Listen) -> None:
    """A line that is opened and left is one thread's patience, not everybody's."""
    ear = listen()
    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(str(ear.ear.path))
        found = ask(ear.folder, Asked(do="status"))

    assert found["ok"]


def test_a_status_that_breaks_is_no_answer_and_breaks_nothing(listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asked is told that there was no answer; the next question is heard."""
    broke = threading.Event()
    monkeypatch.setattr(threading, "excepthook", lambda _: broke.set())
    told = [ValueError("a bug"), {"bars": 1}]

    def status() -> Any:  # noqa: ANN401 - a status, or it raises
        if isinstance(found := told.pop(0), Exception):
            raise found
        return found

    ear = listen(status=status)
    with pytest.raises(ConnectionError, match="did not answer"):
        ask(ear.folder, Asked(do="status"))

    assert {"ok": True, "bars": 1} == ask(ear.folder, Asked(do="status"))
    assert broke.wait(10.0)  # else the next test would be told of it


# --- levels, while the loop does not move ----------------------------------------------------------------------------


def test_tightening_needs_no_loop(listen: Listen, loop: Loop) -> None:
    """The thread latches by itself and wakes the loop; it says which order was in flight."""
    ear = listen()
    answer = ask(ear.folder, Asked(do="level", command=command("halt")))

    assert {"ok": True, "level": "halt", "generation": 2, "in_flight": 0} == answer
    assert ("halt", True, []) == (latch.read(ear.folder).level, loop.woken.is_set(), loop.handed)


def test_a_latch_that_cannot_be_written_is_told(listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread does not die of it."""

    def fails(*_: object) -> None:
        raise OSError("read-only file system")

    ear = listen()
    monkeypatch.setattr(latch, "tighten", fails)
    answer = ask(ear.folder, Asked(do="level", command=command("halt")))

    assert (False, "not latched: read-only file system: stop the daemon") == (answer["ok"], answer["problem"])


def test_loosening_is_the_loops_and_is_taken_back_where_it_is_stuck(
    listen: Listen, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was told that nothing changed must not find it changed later: the command is cancelled."""
    monkeypatch.setattr(control, "LOOSEN_S", 0.05)
    ear = listen(level="halt")
    answer = ask(ear.folder, Asked(do="level", command=command("run")))
    ((handed, promise),) = loop.handed

    assert "its level is unchanged" in answer["problem"]
    assert ("run", True) == (handed.level, promise.cancelled())
    assert "halt" == latch.read(ear.folder).level


def test_loosening_that_has_begun_is_waited_for(listen: Listen, loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the loop is at it, its answer counts, late as it may be."""
    monkeypatch.setattr(control, "LOOSEN_S", 0.1)

    def loosen(given: Command) -> Answer:
        answer = Loop.loosen(loop, given)
        answer.set_running_or_notify_cancel()
        threading.Timer(0.15, answer.set_result, [{"ok": True, "level": "run", "generation": 2}]).start()
        return answer

    monkeypatch.setattr(loop, "loosen", loosen)
    ear = listen(level="halt")

    assert {"ok": True, "level": "run", "generation": 2} == ask(ear.folder, Asked(do="level", command=command("run")))


# --- the socket itself ------------------------------------------------------------------------------------------------


def test_the_socket_is_its_owners_alone(listen: Listen) -> None:
    """No one else may connect, by the file's mode."""
    ear = listen()

    assert 0o600 == ear.ear.path.stat().st_mode & 0o777


SOMEBODY_ELSE = """
import os, socket, sys
os.chdir(sys.argv[1])
os.setuid(65534)
line = socket.socket(socket.AF_UNIX)
line.connect("control.sock")
try:
    line.sendall(b'{"do":"status"}\\n')
    print(line.recv(99))
except (BrokenPipeError, ConnectionResetError):
    print(b"")
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_somebody_else_is_not_heard(listen: Listen) -> None:
    """A user who gets past the file's mode is hung up on, by the system's word on who it is."""
    ear = listen()
    ear.ear.path.chmod(0o666)
    ear.folder.chmod(0o711)
    words = [sys.executable, "-c", SOMEBODY_ELSE, str(ear.folder)]

    assert "b''" == subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def test_a_stale_socket_is_replaced(listen: Listen, tmp_path: Path) -> None:
    """What a killed daemon left behind keeps the next one from nothing."""
    folder = latched(tmp_path / "a", "run")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(socket_path(folder)))
    with pytest.raises(OSError, match="refused"):
        ask(folder, Asked(do="status"))

    listen(folder)
    assert ask(folder, Asked(do="status"))["ok"]


def test_a_closed_ear_leaves_nothing(listen: Listen) -> None:
    """The socket's file goes with it, and closing twice is no error."""
    ear = listen()
    ear.close()
    ear.close()

    assert not ear.ear.path.exists()
    with pytest.raises(FileNotFoundError):
        ask(ear.folder, Asked(do="status"))


def test_a_long_path_is_shortened_alike_on_both_ends(
    listen: Listen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An account deep down is heard through a folder of its owner's; two accounts do not share a socket."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    deep = tmp_path / ("d" * 120)
    one, other = listen(deep / "one"), listen(deep / "other")

    assert len(os.fsencode(one.ear.path)) <= 107
    assert one.ear.path != other.ear.path
    assert 0o700 == one.ear.path.parent.stat().st_mode & 0o777
    assert ask(deep / "one", Asked(do="status"))["ok"]


def test_a_shared_folder_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who may prepare that folder could answer in the daemon's place."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    monkeypatch.setattr(os, "getuid", lambda: 4242)
    theirs = tmp_path / f"tidegate-{deep.stat().st_uid}"
    theirs.mkdir()
    if deep.stat().st_uid == 0:
        os.chown(theirs, 4343, 4343)
        with pytest.raises(PermissionError, match="belongs to somebody else"):
            socket_path(deep)
    else:
        assert socket_path(deep).parent == theirs
