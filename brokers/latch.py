"""The halt latch: its format on disk and in the shared word, and how to read both; the operator's room writes them.

Two copies of one state: a file (level and scopes, each with who, why and when) and a word of 24 bytes; the gateway
reads both immediately before every send. Absent, corrupt or contradicting copies read as halt.
"""

import re
import zlib

from collections.abc import Collection, Iterable
from typing import Literal, NamedTuple

import msgspec

from brokers.word import MAGIC, WORD, WORD_SIZE
from market.undecoded import UNDECODED

Level = Literal["run", "close-only", "halt", "flatten"]
LEVELS: tuple[Level, ...] = ("run", "close-only", "halt", "flatten")
"""From loosest to tightest; flatten is the way to halt through closing our positions."""

RANK: dict[Level, int] = {"run": 0, "close-only": 1, "halt": 2, "flatten": 2}
"""How tight a level is; flatten is the way to halt."""

SCOPES = ("strategy", "symbol", "model")
"""What may have a level of its own beside the account: `strategy:NAME`, `symbol:NAME`, `model:NAME` or
`model:FINGERPRINT`, of which the first eight digits do. The account as a whole is the scope of the empty name."""
FINGERPRINT = re.compile("model:[0-9a-f]{8,64}")

HIGHEST = 2**53
"""No latch is ever changed so often: a generation outside 0 to this is a corrupt one."""


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
    foreign: bool = False
    """Flatten: close also what is not ours, and take back orders that are not."""
    scope: str = ""
    """What it is about; empty: the account."""


class Scoped(msgspec.Struct, frozen=True, kw_only=True):
    """The latched state of a scope; one that runs has none."""

    scope: str
    level: Level
    generation: int
    command: Command


class Latch(msgspec.Struct, frozen=True, kw_only=True):
    """The latched state of an account."""

    level: Level
    generation: int
    """Of the last change, whichever scope it was about."""
    command: Command | None = None
    """Who set the level of the account."""
    scopes: tuple[Scoped, ...] = ()

    def own(self, scope: str) -> Level:
        """Return the level of a scope by itself."""
        if not scope:
            return self.level
        return next((one.level for one in self.scopes if one.scope == scope), "run")

    @property
    def newest(self) -> Command | None:
        """The command that was latched last, None where nobody knows it."""
        last = [one.command for one in self.scopes if one.generation == self.generation]
        return last[0] if last and self.command is not None else self.command


HALTED = Latch(level="halt", generation=0)
"""What anything unreadable means."""


def decode_latch(raw: bytes | None) -> Latch:
    """Return the latch written in a file; anything absent or corrupt reads as halt."""
    if raw is None:
        return HALTED
    try:
        latch = msgspec.json.decode(raw, type=Latch)
    except UNDECODED:
        return HALTED
    return latch if 0 <= latch.generation <= HIGHEST else HALTED


def encode_latch(latch: Latch) -> bytes:
    """Return the bytes of a latch file."""
    return msgspec.json.format(msgspec.json.encode(latch), indent=1)


def check_of(scopes: Iterable[Scoped]) -> int:
    """Return the 24 bits by which the word knows the scopes of the file; 0: there is none.

    >>> check_of(())
    0
    """
    told = [f"{one.scope}={one.level}" for one in scopes]
    return (zlib.crc32("\n".join(told).encode(errors="backslashreplace")) & 0xFFFFFF or 1) if told else 0


def encode_word(latch: Latch, sending: int = 0) -> bytes:
    """Return the shared word of a latch."""
    return WORD.pack(MAGIC, LEVELS.index(latch.level) | check_of(latch.scopes) << 8, latch.generation, sending)


class Word(NamedTuple):
    """What the shared word says."""

    level: Level
    generation: int
    sending: int
    check: int = 0


def read_word(raw: bytes) -> Word:
    """Return what a shared word says; anything malformed reads as halt, generation 0."""
    if len(raw) != WORD_SIZE:
        return Word("halt", 0, 0)
    magic, index, generation, sending = WORD.unpack(raw)
    if magic != MAGIC or index & 0xFF >= len(LEVELS) or generation > HIGHEST:
        return Word("halt", 0, sending)
    return Word(LEVELS[index & 0xFF], generation, sending, index >> 8)


def agreed(latch: Latch, word: Word) -> Latch:
    """Return the latch as both copies tell it; halt, set by nobody, where they contradict each other."""
    if (latch.level, latch.generation, check_of(latch.scopes)) == (word.level, word.generation, word.check):
        return latch
    return Latch(level="halt", generation=max(latch.generation, word.generation))


def concerns(scope: str, scopes: Collection[str] | None) -> bool:
    """Say whether a latched scope is among those that something is in; None: nobody said, so every one may be meant.

    >>> concerns("symbol:GOLD", {"strategy:trend", "symbol:GOLD"}), concerns("strategy:x", None)
    (True, True)
    >>> concerns("model:00c0ffee", {"model:calm", "model:00c0ffee12345678"}), concerns("model:cal", {"model:calm"})
    (True, False)
    """
    if scopes is None:
        return True
    if FINGERPRINT.fullmatch(scope):
        return any(name.startswith(scope) for name in scopes)
    return scope in scopes


def scope_problem(scope: str) -> str:
    """Return why a text names no scope; empty where it does.

    >>> scope_problem("strategy:trend"), scope_problem("")
    ('', '')
    >>> scope_problem("desk:7")
    "expected strategy:NAME, symbol:NAME or model:NAME, got 'desk:7'"
    """
    kind, _, name = scope.partition(":")
    if not scope or (kind in SCOPES and name.strip() == name != ""):
        return ""
    return f"expected strategy:NAME, symbol:NAME or model:NAME, got {scope[:80]!r}"
