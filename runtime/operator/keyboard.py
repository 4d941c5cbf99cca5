"""Who is at this keyboard, and what is sent in his name."""

import getpass
import os

from brokers.latch import Command, Level
from runtime.clock import Clock
from runtime.core.instructions import Asker

LONGEST = 2_000
"""Letters of a reason: what is pasted beyond is cut, so that every path can carry it, and every screen show it."""


def command_of(
    level: Level, why: str, path: str, who: str = "", *, scope: str = "", force: bool = False, foreign: bool = False
) -> Command:  # fmt: skip
    """Return a command of the person at this keyboard."""
    by = asker_of(why, who)
    return Command(
        id=by.id, level=level, who=by.who, why=by.why, wall=by.wall, path=path, force=force, foreign=foreign,
        scope=legible(scope),
    )  # fmt: skip


def legible(text: str) -> str:
    """Return a text with each half of a character spelled out: no halt may fail for an umlaut of another encoding."""
    return text.encode(errors="backslashreplace").decode()


def _person() -> str:
    """Return who is at this keyboard: by name, or by number where the system knows no name for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return f"user {os.getuid()}" if hasattr(os, "getuid") else "unknown"


def asker_of(why: str, who: str = "") -> Asker:
    """Return who asks, at this keyboard; the id is made of who, when and which process."""
    wall = Clock().wall_ms()
    who, why = legible(who or _person()), legible(why)[:LONGEST]
    return Asker(id=f"{who}-{wall}-{os.getpid()}", who=who, why=why, wall=wall)
