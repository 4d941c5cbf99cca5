"""The daemon's side of the halt latch: what was latched since the last look becomes facts, whichever path it came by."""

import concurrent.futures

from pathlib import Path
from typing import Any

from brokers.latch import Command, Latch, Level
from runtime.clock import Clock
from runtime.core.facts import LevelChanged
from runtime.operator import latch
from runtime.operator.client import command_of

Answer = concurrent.futures.Future[dict[str, Any]]


class Switch:
    """Reads the latch of one account, and loosens it for those who may."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """Begin without having read anything."""
        self.folder, self.clock = folder, clock
        self.generation = -1
        self.waiting: dict[str, Answer] = {}

    def changes(self, at: int) -> list[LevelChanged]:
        """Return every change since the last look, oldest first; an unreadable latch is a change to halt."""
        now = latch.read(self.folder)
        if now.generation == self.generation:
            return []
        missed = latch.logged(self.folder, self.generation) if self.generation >= 0 else []
        told = [LevelChanged(at=at, command=e.command, generation=e.generation) for e in missed]
        self.generation = now.generation
        if not told or told[-1].generation != now.generation or told[-1].command.level != now.level:
            told.append(LevelChanged(at=at, command=self._current(now), generation=now.generation))
        return told

    def _current(self, now: Latch) -> Command:
        if now.command is not None:
            return now.command
        why = "the latch is absent, corrupt or contradicts itself: it reads as halt"
        wall = self.clock.wall_ms()
        return Command(id=f"unreadable-{wall}", level=now.level, who="tidegate", why=why, wall=wall, path="daemon")

    def expect(self, command: Command) -> Answer:
        """Promise an answer to a loosening command; safe from any thread."""
        answer: Answer = concurrent.futures.Future()
        self.waiting[command.id] = answer
        return answer

    def loosen(self, command: Command) -> None:
        """Latch a looser level."""
        latch.loosen(self.folder, command)

    def answer(self, command: Command, level: Level, generation: int) -> None:
        """Keep the promise, after the change was taken in and written down."""
        promised = self.waiting.pop(command.id, None)
        if promised is not None:
            promised.set_result({"ok": True, "level": level, "generation": generation})

    def core_asks(self, level: Level, why: str, at: int, ident: int) -> LevelChanged:
        """Latch what the core asked for: the end of a flatten, or a halt."""
        latched = latch.loosen(self.folder, command_of(level, why, "daemon", "core"))
        assert latched.command is not None  # noqa: S101 - just written
        self.generation = latched.generation
        return LevelChanged(at=at, command=latched.command, generation=latched.generation, id=ident)
