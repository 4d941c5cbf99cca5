"""A port of the loopback, for Windows: a token that is made anew at every start stands for the signature.

Port and token lie in the account's own folder, which on Windows is its owner's by the folder's access list.
"""

import contextlib
import json
import os
import secrets
import socket

from pathlib import Path

PORT_FILE = "control.port"
_TOKEN = 64


class Loopback:
    """A port of the loopback, told with its token in a file of the account's folder."""

    def __init__(self, folder: Path, name: str = "control") -> None:
        """Listen for the account of a folder."""
        self.path = folder / f"{name}.port"
        self.token = secrets.token_hex(_TOKEN // 2).encode()
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=16)
        told = json.dumps({"port": self.socket.getsockname()[1], "token": self.token.decode()})
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()
        with os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(told)

    def accept(self) -> socket.socket:
        """Wait for a caller."""
        return self.socket.accept()[0]

    def welcome(self, line: socket.socket) -> bool:
        """Tell whether the caller has read the token."""
        shown = b""
        while len(shown) < _TOKEN:
            part = line.recv(_TOKEN - len(shown))
            if not part:
                return False
            shown += part
        return secrets.compare_digest(shown, self.token)

    def close(self) -> None:
        """Stop listening and remove the file."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        with contextlib.suppress(OSError):
            self.path.unlink()


def call_loopback(folder: Path, timeout_s: float, name: str = "control") -> socket.socket:
    """Return a line to the daemon of an account, with the token shown; OSError where nobody listens."""
    place = folder / f"{name}.port"
    try:
        told = json.loads(place.read_text())
        port, token = int(told["port"]), str(told["token"]).encode()
    except (ValueError, KeyError, TypeError) as error:
        raise ConnectionError(f"{place} does not say where the daemon listens") from error
    line = socket.create_connection(("127.0.0.1", port), timeout=timeout_s)
    try:
        line.sendall(token)
    except OSError:
        line.close()
        raise
    return line
