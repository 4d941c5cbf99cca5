"""What stands latched: the levels of an account and its scopes with who set each, and what each leaves in place."""

from pathlib import Path

import msgspec

from brokers.latch import Command, Latch, Level
from runtime.operator import latch

UNLATCHED = "nothing is latched of it"


class Latched(msgspec.Struct, frozen=True, kw_only=True):
    """A level as the latch has it, and who set it; who, when and path are empty where the latch does not tell."""

    level: Level
    generation: int
    who: str = ""
    at: int = 0
    """Wall clock of who set it, UTC milliseconds."""
    why: str
    """The reason given; what to do, where the latch is absent or cannot be read."""
    path: str = ""
    scope: str = ""
    """What it is the level of; empty: the account."""
    scopes: tuple["Latched", ...] = ()
    """Of the account: all that is latched by itself."""


def latched(folder: Path, scope: str = "") -> Latched:
    """Return what the latch tells of a scope; of the account with those of all scopes."""
    now = latch.read(folder)
    by = now.command
    if by is None:
        return Latched(level=now.level, generation=now.generation, why=latch.unread(folder))
    scopes = tuple(_told(one.level, one.generation, one.command) for one in now.scopes)
    if scope:
        none = Latched(level="run", generation=now.generation, why=UNLATCHED, scope=scope)
        return next((one for one in scopes if one.scope == scope), none)
    return msgspec.structs.replace(_told(now.level, now.generation, by), scopes=scopes)


def _told(level: Level, generation: int, by: Command) -> Latched:
    return Latched(level=level, generation=generation, who=by.who, at=by.wall, why=by.why, path=by.path, scope=by.scope)


def above(now: Latch, scope: str) -> list[str]:
    """Return what holds a scope though it is let go itself."""
    return [f"the account itself stands at {now.level}"] if scope and now.level != "run" else []


def beside(now: Latch, scope: str) -> list[str]:
    """Return what else is latched by itself, and keeps holding that."""
    return [f"{one.scope} still stands at {one.level}" for one in now.scopes if one.scope != scope]
