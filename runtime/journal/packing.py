"""Packing: a row of the log keeps its fact and step deflated against words, which are rows that came before it.

What a daemon writes repeats itself: names of fields, hashes, limits. A packed fact begins with a byte that begins no
message of ours and the number of its words, which is a part of their digest; behind them is the step, too, of which
the row says where it begins. The chain is over the bytes as they are stored. Each row is read alone, with its words.
"""

import struct
import zlib

from collections.abc import Callable
from hashlib import sha256

import msgspec

from runtime.journal.errors import JournalError

MARK = 0xC1
"""The one byte that begins nothing in msgpack."""
LEVEL, WINDOW, MEMORY = 6, -13, 5
STATE_LEVEL = 6
MOST = 6000
"""Bytes of words at most: each row pays for looking through them."""
EXAMPLE = (200, 3000)
"""Bytes of a row from which, and up to which, others may learn from it."""
GAIN = 0.18
"""A row that keeps more than this share of its length may teach others: words of several rows pack better."""
PATIENCE = 2000
"""Rows between two sets of words, once there are `EARLY`."""
EARLY = 8

_PACKED = bytes([MARK])
_HEAD = struct.Struct(">Bq")
HEAD = _HEAD.size
_WORTH = 80
"""Bytes of a row below which nothing is to be gained."""


class Words(msgspec.Struct, frozen=True):
    """What rows of a log are deflated against."""

    number: int
    seq: int
    """The first row that was packed with them."""
    bytes: bytes


def number_in(fact: bytes) -> int | None:
    """Return the number of the words that a stored fact names in its first `HEAD` bytes; None where it stands plain."""
    return _HEAD.unpack_from(fact)[1] if fact[:1] == _PACKED else None


def number_of(words: bytes) -> int:
    """Return the number of words: who changes them, changes it."""
    return int.from_bytes(sha256(words).digest()[:8], "big", signed=True)


class Packer:
    """Packs one row after another, and learns words from those that it has no words for."""

    def __init__(self, words: Words | None = None) -> None:
        """Go on with the newest words of a journal."""
        self.fresh: list[Words] = []
        """Words that are not in the journal yet."""
        self._made, self._since = 0, 0
        self._use(words)

    def pack(self, seq: int, fact: bytes, step: bytes, *, hurried: bool = False) -> tuple[bytes, bytes]:
        """Return fact and step as they are stored; who is `hurried` saves time, not room."""
        size = len(fact) + len(step)
        self._since += 1
        if not fact or ((hurried or size < _WORTH) and fact[0] != MARK):
            return fact, step
        packed = self._deflated(fact, step)
        if len(packed[0]) + len(packed[1]) > GAIN * size and self._learn(seq, (fact + step)[: EXAMPLE[1]]):
            packed = self._deflated(fact, step)
        return packed

    def _learn(self, seq: int, row: bytes) -> bool:
        if len(row) < EXAMPLE[0] or (self._made >= EARLY and self._since < PATIENCE):
            return False
        known = self._words.bytes if self._words else b""
        new = (known + row)[-MOST:]
        if new == known:
            return False
        self._made, self._since = self._made + 1, 0
        self._use(Words(number_of(new), seq, new))
        self.fresh.append(Words(number_of(new), seq, new))
        return True

    def _use(self, words: Words | None) -> None:
        self._words = words
        said = words.bytes if words else b""
        self._head = _HEAD.pack(MARK, number_of(said))
        self._base = zlib.compressobj(LEVEL, zlib.DEFLATED, WINDOW, MEMORY, zlib.Z_DEFAULT_STRATEGY, said)

    def _deflated(self, fact: bytes, step: bytes) -> tuple[bytes, bytes]:
        base = self._base.copy()
        return self._head + base.compress(fact + step) + base.flush(), b"%d" % len(fact)


class Unpacker:
    """Returns facts and steps as they were written; asks for words that it does not know."""

    def __init__(self, ask: Callable[[int], bytes | None]) -> None:
        """Find words by `ask`: None where there are none of a number."""
        self._ask = ask
        self._known: dict[int, bytes] = {number_of(b""): b""}

    def plain(self, fact: bytes, step: bytes) -> tuple[bytes, bytes]:
        """Return a row's fact and step; JournalError where its words are missing or are others."""
        number = number_in(fact)
        if number is None:
            return fact, step
        words = self._words(number)
        inflate = zlib.decompressobj(WINDOW, zdict=words)
        try:
            whole, ends = inflate.decompress(fact[_HEAD.size :]) + inflate.flush(), int(step)
        except (zlib.error, ValueError) as error:
            raise JournalError(f"a row cannot be unpacked ({error}): keep the journal, put back a copy") from None
        return whole[:ends], whole[ends:]

    def _words(self, number: int) -> bytes:
        if number not in self._known:
            said = self._ask(number)
            if said is None or number_of(said) != number:
                raise JournalError(f"words {number} of this journal are missing or changed: put back a copy")
            self._known[number] = said
        return self._known[number]


def packed_state(state: bytes) -> bytes:
    """Return a snapshot's state as it is stored, by itself."""
    if len(state) < _WORTH and state[:1] != _PACKED:
        return state
    return _PACKED + zlib.compress(state, STATE_LEVEL)


def plain_state(stored: bytes) -> bytes:
    """Return a snapshot's state as it was written."""
    return zlib.decompress(stored[1:]) if stored[:1] == _PACKED else stored
