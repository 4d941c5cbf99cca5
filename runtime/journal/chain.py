"""The chain: what a row of the log, or a snapshot, hashes to.

Every byte that replay reads is under the hash. Fields of variable length are preceded by all lengths, so no two
different rows are hashed from the same bytes.
"""

import struct

from hashlib import sha256

GENESIS = bytes(32)
"""What the first row of the first log follows."""

BEFORE = b""
"""What a row keeps of the hash before its own, which is over it: the row before has it already."""

_ROW = struct.Struct(">32sIqqqqIII")
_SNAPSHOT = struct.Struct(">32sIqqI")


def row_hash(
    prev: bytes, schema: int, run: int, seq: int, at: int, wall: int, kind: bytes, fact: bytes, step: bytes
) -> bytes:
    """Return the SHA-256 of a row that follows `prev`."""
    head = _ROW.pack(prev, schema, run, seq, at, wall, len(kind), len(fact), len(step))
    return sha256(b"".join((head, kind, fact, step))).digest()


def snapshot_hash(prev: bytes, schema: int, run: int, seq: int, state: bytes) -> bytes:
    """Return the SHA-256 of the state that stood after the row whose hash is `prev`."""
    return sha256(_SNAPSHOT.pack(prev, schema, run, seq, len(state)) + state).digest()
