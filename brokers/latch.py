"""The halt latch: its format on disk and in the shared word, and how to read both; the operator's room writes them.

Two copies of one state: a file (who, why, when, for people and restarts) and a word of 24 bytes that the gateway reads
immediately before every send. Absent, corrupt or contradicting copies read as halt.
"""

import struct

from typing import Literal

import msgspec

Level = Literal["run", "close-only", "halt", "flatten"]
LEVELS: tuple[Level, ...] = ("run", "close-only", "halt", "flatten")
"""From loosest to tightest; flatten is the way to halt through closing our positions."""

WORD = struct.Struct("<4sIQQ")
"""Magic, level index, generation, SENDING: the magic number of the order between check and answer, or 0."""
MAGIC = b"TGL1"
WORD_SIZE = WORD.size
SENDING_AT = 16
HIGHEST = 2**53
"""No latch is ever changed so often: a generation outside 0 to this is a corrupt one."""
LATCH_FILE = "latch.json"
WORD_FILE = "latch.word"


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One change of level: who asked for what, and why."""

    id: str
    level: Level
    who: str
    why: str
    wall: int
    """Wall clock, UTC milliseconds: for people."""
    path: str
    """By which path it came: direct, socket, daemon."""
    force: bool = False
    """Flatten: close also what is in doubt or broken, of which nobody knows whether it stands."""


class Latch(msgspec.Struct, frozen=True, kw_only=True):
    """The latched state of an account."""

    level: Level
    generation: int
    command: Command | None = None


HALTED = Latch(level="halt", generation=0)
"""What anything unreadable means."""


def decode_latch(raw: bytes | None) -> Latch:
    """Return the latch written in a file; anything absent or corrupt reads as halt."""
    if raw is None:
        return HALTED
    try:
        latch = msgspec.json.decode(raw, type=Latch)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return HALTED
    return latch if 0 <= latch.generation <= HIGHEST else HALTED


def encode_latch(latch: Latch) -> bytes:
    """Return the bytes of a latch file."""
    return msgspec.json.format(msgspec.json.encode(latch), indent=1)


def encode_word(latch: Latch, sending: int = 0) -> bytes:
    """Return the shared word of a latch."""
    return WORD.pack(MAGIC, LEVELS.index(latch.level), latch.generation, sending)


def read_word(raw: bytes) -> tuple[Level, int, int]:
    """Return (level, generation, sending) of a shared word; anything malformed reads as halt, generation 0."""
    if len(raw) != WORD_SIZE:
        return "halt", 0, 0
    magic, index, generation, sending = WORD.unpack(raw)
    if magic != MAGIC or index >= len(LEVELS) or generation > HIGHEST:
        return "halt", 0, sending
    return LEVELS[index], generation, sending


def agreed(latch: Latch, word: tuple[Level, int, int]) -> Level:
    """Return the level both copies tell, or halt where they contradict each other."""
    level, generation, _ = word
    if level != latch.level or generation != latch.generation:
        return "halt"
    return level
