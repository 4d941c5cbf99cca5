"""A socket in the file system: the operating system's peer credentials stand for the signature. Not on Windows."""

import contextlib
import hashlib
import os
import socket
import struct
import sys
import tempfile

from pathlib import Path

assert sys.platform != "win32"  # noqa: S101 - tells the type checker that nothing below exists there

_LONGEST_PATH = 100
_UCRED = struct.Struct("3i")


def socket_path(folder: Path, name: str = "control") -> Path:
    """Return where the daemon of an account listens; a long path is shortened, since sockets allow about 100 bytes."""
    path = folder.resolve() / f"{name}.sock"
    if len(os.fsencode(path)) <= _LONGEST_PATH:
        return path
    owner = folder.stat().st_uid if folder.exists() else os.getuid()
    home = Path(tempfile.gettempdir()) / f"tidegate-{owner}"
    with contextlib.suppress(FileExistsError):
        home.mkdir(mode=0o700)
    if home.lstat().st_uid not in {owner, os.getuid()}:
        raise PermissionError(f"{home} belongs to somebody else: remove it, or give the account a shorter state path")
    return home / f"{hashlib.sha256(os.fsencode(path)).hexdigest()[:16]}.sock"


class SocketFile:
    """A socket in the file system, which only its owner may open."""

    def __init__(self, folder: Path, name: str = "control") -> None:
        """Listen for the account of a folder."""
        self.path = socket_path(folder, name)
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(str(self.path))
        self.path.chmod(0o600)
        self.socket.listen(16)

    def accept(self) -> socket.socket:
        """Wait for a caller."""
        return self.socket.accept()[0]

    def welcome(self, line: socket.socket) -> bool:
        """Tell whether the caller runs as our user, or as the system's own."""
        if not hasattr(socket, "SO_PEERCRED"):
            return True
        raw = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
        return int(_UCRED.unpack(raw)[1]) in {os.getuid(), 0}

    def close(self) -> None:
        """Stop listening and remove the file."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()


def call_socket_file(folder: Path, timeout_s: float, name: str = "control") -> socket.socket:
    """Return a line to the daemon of an account; OSError where nobody listens."""
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        line.settimeout(timeout_s)
        line.connect(str(socket_path(folder, name)))
    except OSError:
        line.close()
        raise
    return line
