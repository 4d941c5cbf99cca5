"""Frames between look-alike and trade server: four bytes of length, then msgpack; one call in flight on a connection.

A call is [verb, arguments]; a reply is [code, text, value] with the package's own error code, 1 for success.
"""

from typing import Any, Protocol

import msgspec

HEADER = 4
MOST = 64 * 1024 * 1024
"""No frame is longer; a longer one is a stranger on the line."""

Call = tuple[str, list[Any]]
Reply = tuple[int, str, Any]

_encode = msgspec.msgpack.Encoder().encode
read_call = msgspec.msgpack.Decoder(Call).decode
read_reply = msgspec.msgpack.Decoder(Reply).decode


class Stranger(ValueError):
    """What came over the line is not of this protocol."""


class Wire(Protocol):
    """What a line needs of a socket."""

    def sendall(self, data: bytes, /) -> object:
        """Send all of it; OSError where nobody is there."""
        ...

    def recv(self, size: int, /) -> bytes:
        """Return the next bytes, empty at the end."""
        ...

    def close(self) -> object:
        """Let go."""
        ...


def frame(message: Call | Reply) -> bytes:
    """Return a message with its length in front.

    >>> frame((1, "", None)).hex()
    '000000049301a0c0'
    """
    body = _encode(message)
    return len(body).to_bytes(HEADER, "big") + body


def length_of(buffer: bytes | bytearray) -> int:
    """Return the length of the frame that begins a buffer, its header included; Stranger for what cannot be one."""
    length = int.from_bytes(buffer[:HEADER], "big")
    if length > MOST:
        raise Stranger(f"frame of {length} bytes: this is not a trade server's line")
    return HEADER + length


def receive(line: Wire) -> bytes | None:
    """Read one frame from a blocking line and return its body, or None when the other side is gone."""
    data = line.recv(65536)
    while data and (len(data) < HEADER or len(data) < length_of(data)):
        more = line.recv(1 << 20)
        if not more:
            return None
        data += more
    return data[HEADER:] if data else None
