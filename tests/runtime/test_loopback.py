"""The loopback ear, which Windows has in place of a socket file, hears its owner alone; it runs on every platform."""

import socket
import sys
import threading

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.operator.loopback import PORT_FILE, Loopback, call_loopback


@pytest.fixture
def ear(tmp_path: Path) -> Iterator[Loopback]:
    """Listen for a fresh account."""
    made = Loopback(tmp_path)
    yield made
    made.close()


def welcomed(ear: Loopback, word: bytes) -> bool:
    """Say whether the ear welcomes a stranger that shows a word and then goes."""
    with socket.create_connection(("127.0.0.1", ear.socket.getsockname()[1]), timeout=2) as stranger:
        stranger.sendall(word)
        stranger.shutdown(socket.SHUT_WR)
        line = ear.accept()
        with line:
            line.settimeout(2)
            return ear.welcome(line)


def test_who_reads_the_token_is_heard(ear: Loopback, tmp_path: Path) -> None:
    """A caller with the account's folder shows the token and then speaks."""
    with call_loopback(tmp_path, 2.0) as caller, ear.accept() as line:
        caller.sendall(b"{}\n")

        assert ear.welcome(line)
        assert b"{}\n" == line.recv(10)


@pytest.mark.parametrize("word", [b"", b"guess", b"0" * 64])
def test_a_stranger_is_not_heard(ear: Loopback, word: bytes) -> None:
    """No word, half a word and a wrong word are all refused."""
    assert not welcomed(ear, word)


def test_the_token_is_the_owners_and_new_at_every_start(tmp_path: Path) -> None:
    """The file is closed to others, goes with the ear, and never tells the same token twice."""
    tokens = set()
    for _ in range(2):
        one = Loopback(tmp_path)
        tokens.add(one.token)
        mode = one.path.stat().st_mode & 0o077
        one.close()

        assert sys.platform == "win32" or mode == 0  # where modes say nothing, the folder's access list does
        assert not one.path.exists()

    assert 2 == len(tokens)


def test_nobody_listening_is_an_os_error(tmp_path: Path) -> None:
    """No file, a torn file and a file of a daemon that is gone are told like a socket nobody listens at."""
    one = Loopback(tmp_path)
    told = one.path.read_text()
    one.close()

    for content in (None, "", "{}", "[]", told):
        if content is not None:
            (tmp_path / PORT_FILE).write_text(content)
        with pytest.raises(OSError, match=r"."):
            call_loopback(tmp_path, 0.5)


def test_closing_ends_a_wait_for_callers(ear: Loopback) -> None:
    """The thread that waits for a caller comes back when the ear is closed."""
    ended = threading.Event()

    def wait() -> None:
        with pytest.raises(OSError, match=r"."):
            ear.accept()
        ended.set()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    ear.close()
    thread.join(2)

    assert ended.is_set()
