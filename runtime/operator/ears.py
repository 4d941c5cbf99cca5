"""Where the daemon listens for its owner, by platform: what an ear is, and which one is ours."""

import socket
import sys

from pathlib import Path
from typing import Protocol

if sys.platform == "win32":
    from runtime.operator.loopback import Loopback as Here
    from runtime.operator.loopback import call_loopback as call
else:
    from runtime.operator.socketfile import SocketFile as Here
    from runtime.operator.socketfile import call_socket_file as call

__all__ = ["DAEMON", "GUARDIAN", "HEARD_S", "Ear", "call", "open_ear"]

DAEMON, GUARDIAN = "control", "guardian"
"""Whose ear it is: the name of the file by which it is found."""

HEARD_S = 30.0
"""A caller that has not said its word by then is let go."""


class Ear(Protocol):
    """A place to listen at."""

    path: Path
    """The file by which it is found."""

    def accept(self) -> socket.socket:
        """Wait for a caller; OSError when the ear is closed."""
        ...

    def welcome(self, line: socket.socket) -> bool:
        """Tell whether a caller is the owner; reads from the line what proves it."""
        ...

    def close(self) -> None:
        """Stop listening and leave nothing behind."""
        ...


def open_ear(folder: Path, name: str = DAEMON) -> Ear:
    """Listen for the owner of an account's folder."""
    return Here(folder, name)
