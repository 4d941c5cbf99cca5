"""The package's process-global side: one line to a terminal, one last error, and what a call left behind."""

import json
import os
import socket

from collections.abc import Callable
from pathlib import Path
from typing import Any

from brokers.mt5.lookalike.wire import Wire, frame, read_reply, receive

SUCCESS = (1, "Success")
NOT_FOUND = (-4, "Terminal: Not found")
NO_LINE = (-10004, "No IPC connection")
SEND_FAILED = (-10001, "IPC send failed")
RECEIVE_FAILED = (-10002, "IPC recv failed")
BROKEN = frozenset({SEND_FAILED[0], RECEIVE_FAILED[0]})
"""Told by a server that plays a broken pipe: the line is closed, as it would be."""
INITIALIZE_FAILED = -10003
PLACES = "terminals"
"""A trade server's own folder is one terminal; every folder beneath `terminals` in it is another."""


class Failed(Exception):
    """A call that came to nothing: the package's error code and text."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.error = (code, text)


def dialled(path: str) -> tuple[Wire, str]:
    """Return a connection to the trade server to which the terminal at `path` belongs, and the token it asks for."""
    port = json.loads(_port_file(path).read_text())
    line = socket.create_connection((port["host"], port["port"]))
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line, port["token"]


class Line:
    """The one connection of this process, and the error its last call left."""

    __slots__ = ("dial", "error", "left", "socket")

    def __init__(self) -> None:
        self.dial: Callable[[str], tuple[Wire, str]] = dialled
        """How a server is reached; a test whose server is in its own process dials otherwise."""
        self.socket: Wire | None = None
        self.error: tuple[int, str] = (0, "")
        self.left: BaseException | None = None  # set by C code that did not look, to come out later

    def open(self, path: str) -> None:
        """Connect to the trade server to which the terminal at `path` belongs, dropping an older connection.

        `path` is a terminal's folder or its program: the server's own folder, or any beneath `terminals` in it.
        """
        self.close()
        try:
            self.socket, token = self.dial(path)
        except (OSError, ValueError, KeyError, TypeError):
            raise Failed(INITIALIZE_FAILED, _not_started(path)) from None
        try:
            self.ask("hello", [token, os.path.realpath(path)])
        except Failed:
            self.close()
            raise Failed(INITIALIZE_FAILED, "IPC initialize failed, Pipe server didn't answer") from None

    def close(self) -> None:
        """Let the connection go; the terminal keeps running."""
        line, self.socket = self.socket, None
        if line is not None:
            line.close()

    def ask(self, verb: str, arguments: list[Any]) -> Any:  # noqa: ANN401 - each verb has its own value
        """Make one call and return its value; blocks for as long as the terminal is silent, as the package does."""
        line = self.socket
        if line is None:
            raise Failed(*NO_LINE)
        try:
            line.sendall(frame((verb, arguments)))
        except OSError:
            self.close()
            raise Failed(*SEND_FAILED) from None
        try:
            body = receive(line)
        except (OSError, ValueError):
            body = None
        if body is None:
            self.close()
            raise Failed(*RECEIVE_FAILED)
        code, text, value = read_reply(body)
        if code in BROKEN:
            self.close()
        if code != SUCCESS[0]:
            raise Failed(code, text)
        return value


LINE = Line()


def _not_started(path: str) -> str:
    """Return the package's complaint about a program; it has none for a path beyond the code page of the West."""
    try:
        path.encode("cp1252")
    except UnicodeEncodeError:
        return "IPC initialize failed, "
    return f"IPC initialize failed, Process create failed '{path}'"


def _port_file(path: str) -> Path:
    """Return where the server of a terminal tells its port, whether or not there is one."""
    asked = Path(path).resolve()
    home = asked if asked.is_dir() else asked.parent
    above = (folder.parent for folder in (asked, *asked.parents) if folder.name == PLACES)
    return next((folder / "port" for folder in (home, *above) if (folder / "port").exists()), home / "port")
