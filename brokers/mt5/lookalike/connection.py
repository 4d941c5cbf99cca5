"""One connection of the trade server: bytes come in as calls, outcomes go out as frames."""

import socket

from collections.abc import Iterator

from brokers.mt5.lookalike.wire import HEADER, Call, Reply, frame, length_of, read_call

PATIENCE_S = 5.0
"""A client that does not take its reply for so long is dropped."""


class Connection:
    """What a client has sent of its next call, and which terminal it has shown to be."""

    __slots__ = ("buffer", "line", "place")

    def __init__(self, line: socket.socket) -> None:
        """Begin with a stranger: `place` is None until it has shown the token."""
        line.settimeout(0.0)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.line = line
        self.buffer = b""
        self.place: str | None = None

    def send(self, message: Reply) -> None:
        """Send a reply; only one too long for the system's buffer costs waiting, and OSError when nobody takes it."""
        reply = frame(message)
        try:
            sent = self.line.send(reply)
        except BlockingIOError:
            sent = 0
        if sent < len(reply):
            self.line.settimeout(PATIENCE_S)
            self.line.sendall(memoryview(reply)[sent:])
            self.line.settimeout(0.0)

    def calls(self) -> Iterator[Call]:
        """Take the whole calls out of what has come so far."""
        while len(self.buffer) >= HEADER and len(self.buffer) >= (length := length_of(self.buffer)):
            body, self.buffer = self.buffer[HEADER:length], self.buffer[length:]
            yield read_call(body)
