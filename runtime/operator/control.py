"""The local control socket: served by a thread of its own, so that it answers while the event loop is busy.

One JSON line in, one JSON line out. The operating system's peer credentials stand for the signature: only the user that
runs the daemon is heard. Tightening is done here and now, in this thread; loosening is handed to the daemon.
"""

import concurrent.futures
import contextlib
import hashlib
import os
import socket
import struct
import tempfile
import threading

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from brokers.latch import Command
from runtime.operator import latch

_LONGEST_PATH = 100
_LONGEST_LINE = 65536
LOOSEN_S = 20.0
"""How long a daemon that is busy may take to loosen."""
_UCRED = struct.Struct("3i")


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question at the socket."""

    do: str
    """status, or level."""
    command: Command | None = None


def socket_path(folder: Path) -> Path:
    """Return where the daemon of an account listens; a long path is shortened, since sockets allow about 100 bytes."""
    path = folder.resolve() / "control.sock"
    if len(os.fsencode(path)) <= _LONGEST_PATH:
        return path
    owner = folder.stat().st_uid if folder.exists() else os.getuid()
    home = Path(tempfile.gettempdir()) / f"tidegate-{owner}"
    with contextlib.suppress(FileExistsError):
        home.mkdir(mode=0o700)
    if home.lstat().st_uid not in {owner, os.getuid()}:
        raise PermissionError(f"{home} belongs to somebody else: remove it, or give the account a shorter state path")
    return home / f"{hashlib.sha256(os.fsencode(path)).hexdigest()[:16]}.sock"


class Control:
    """The daemon's ear."""

    def __init__(
        self,
        folder: Path,
        status: Callable[[], dict[str, Any]],
        loosen: Callable[[Command], "concurrent.futures.Future[dict[str, Any]]"],
        wake: Callable[[], object],
    ) -> None:
        """Listen for an account: `status` and `wake` are safe from any thread, `loosen` is worked by the daemon."""
        self.folder, self.status, self.loosen, self.wake = folder, status, loosen, wake
        self.path = socket_path(folder)
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(str(self.path))
        self.path.chmod(0o600)
        self.socket.listen(16)
        self.thread = threading.Thread(target=self._serve, name="control", daemon=True)
        self.thread.start()

    def close(self) -> None:
        """Stop listening."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()
        self.thread.join(timeout=2)

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._hear, args=(line,), daemon=True).start()

    def _hear(self, line: socket.socket) -> None:
        with line, contextlib.suppress(OSError):
            line.settimeout(30)
            if not _same_user(line):
                return
            raw = b""
            while not raw.endswith(b"\n") and len(raw) < _LONGEST_LINE:
                part = line.recv(4096)
                if not part:
                    break
                raw += part
            if len(raw) >= _LONGEST_LINE:
                return
            line.sendall(msgspec.json.encode(self._answer(raw)) + b"\n")

    def _answer(self, raw: bytes) -> dict[str, Any]:
        try:
            asked = msgspec.json.decode(raw, type=Asked)
        except msgspec.MsgspecError as error:
            return {"ok": False, "problem": f"not understood: {error}"}
        if asked.do == "status":
            return {"ok": True, **self.status()}
        if asked.do != "level" or asked.command is None:
            return {"ok": False, "problem": f"unknown question {asked.do!r}"}
        return self._level(asked.command)

    def _level(self, command: Command) -> dict[str, Any]:
        if not command.why.strip():
            return {"ok": False, "problem": "a reason is needed"}
        try:
            latched = latch.tighten(self.folder, command)
        except latch.LatchError:
            return self._loosen(command)
        except OSError as error:
            return {"ok": False, "problem": f"not latched: {error}: stop the daemon"}
        self.wake()
        in_flight = latch.wait_sent(self.folder, 2.0)
        return {"ok": True, "level": latched.level, "generation": latched.generation, "in_flight": in_flight}

    def _loosen(self, command: Command) -> dict[str, Any]:
        """Hand it over, and take it back where the daemon is too busy: it must not come true behind our back."""
        answer = self.loosen(command)
        with contextlib.suppress(concurrent.futures.TimeoutError):
            return answer.result(timeout=LOOSEN_S)
        if not answer.cancel():
            return answer.result(timeout=LOOSEN_S)
        return {"ok": False, "problem": f"the daemon did not answer within {LOOSEN_S:g} s: its level is unchanged"}


def _same_user(line: socket.socket) -> bool:
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    raw = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    return int(_UCRED.unpack(raw)[1]) in {os.getuid(), 0}


def ask(folder: Path, asked: Asked, timeout_s: float = 30.0) -> dict[str, Any]:
    """Ask the daemon of an account; OSError where nobody listens or answers, TimeoutError where it is stuck."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(timeout_s)
        line.connect(str(socket_path(folder)))
        line.sendall(msgspec.json.encode(asked) + b"\n")
        raw = b""
        while part := line.recv(65536):
            raw += part
    if not raw.endswith(b"\n"):
        raise ConnectionError("the daemon did not answer: it may be another user's, or ending")
    answer: dict[str, Any] = msgspec.json.decode(raw)
    return answer
