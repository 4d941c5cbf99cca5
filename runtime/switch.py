"""The daemon's side of the halt latch: what was latched since the last look becomes facts, by whichever path."""

import concurrent.futures
import os

from pathlib import Path
from typing import Any

import msgspec

from brokers.latch import Command, Latch
from brokers.mt5.inplace import READ, read_at
from brokers.word import SENDING_AT, WORD_FILE
from runtime.clock import Clock
from runtime.core.facts import LevelChanged
from runtime.core.instructions import SetLevel
from runtime.dead_man import DeadMan
from runtime.operator import latch
from runtime.operator.keyboard import command_of

LOOK_EVERY_S = 0.5
WRITING_S = 0.25
"""For so long two copies that contradict each other may be a change being written; the gateway halts at once."""

Answer = concurrent.futures.Future[dict[str, Any]]


class Switch:
    """Reads the latch of one account, and loosens it for those who may."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """Begin without having read anything."""
        self.folder, self.clock = folder, clock
        self.generation = -1
        self.level = ""
        """As told last; empty: the latch could not be read."""
        self.heard = -1
        """The highest generation ever told: what came before is history, even where the copies of it are lost."""
        self._word_path = folder / WORD_FILE
        self._word = -1
        self._seen = b""
        self._next_look = 0.0
        self._torn_since = 0.0
        self.dead_man: DeadMan | None = None
        """Who latches where nobody watches; None: nobody need."""
        self.waiting: dict[str, tuple[Answer, int]] = {}

    def changes(self, at: int) -> list[LevelChanged]:
        """Return every change since the last look, oldest first; an unreadable latch is a change to halt."""
        if self.dead_man is not None:
            self.dead_man.look()
        if self._quiet():
            return []
        now = latch.read(self.folder)
        if self._being_written(now):
            self._seen = b""  # look again in the next round
            return []
        level = now.level if now.command is not None else ""  # what cannot be read is not the halt that is read later
        if (now.generation, level) == (self.generation, self.level):
            return []
        missed = latch.logged(self.folder, self.heard)
        told = [LevelChanged(at=at, command=e.command, generation=e.generation) for e in missed if self.generation >= 0]
        self.heard = max([self.heard, now.generation, *(entry.generation for entry in missed)])
        self.generation, self.level = now.generation, level
        if not told or told[-1].generation != now.generation or now.command is None:
            told.append(LevelChanged(at=at, command=self._current(now), generation=now.generation))
        return [*told[:-1], msgspec.structs.replace(told[-1], whole=now)]

    def _being_written(self, now: Latch) -> bool:
        """Say whether the copies contradict each other as they do between the two writes of a change."""
        elapsed = self.clock.elapsed()
        if now.command is not None:
            self._torn_since = 0.0
            return False
        self._torn_since = self._torn_since or elapsed
        return elapsed - self._torn_since < WRITING_S

    def _quiet(self) -> bool:
        """Say whether the shared word is as it was; the files themselves are read twice a second in any case."""
        elapsed = self.clock.elapsed()
        word = read_at(self._word, SENDING_AT, 0) if self._word >= 0 else b""
        if word and word == self._seen and elapsed < self._next_look:
            return True
        self._next_look = elapsed + LOOK_EVERY_S
        self._open()
        self._seen = read_at(self._word, SENDING_AT, 0) if self._word >= 0 else b""
        return False

    def _open(self) -> None:
        if self._word >= 0:
            os.close(self._word)
        try:
            self._word = os.open(self._word_path, READ)
        except OSError:
            self._word = -1

    def _current(self, now: Latch) -> Command:
        if now.newest is not None:
            return now.newest
        why = "the latch is absent, corrupt or contradicts itself: it reads as halt"
        wall = self.clock.wall_ms()
        return Command(id=f"unreadable-{wall}", level=now.level, who="tidegate", why=why, wall=wall, path="daemon")

    def expect(self, command: Command, since: int | None = None) -> Answer:
        """Promise an answer to a loosening command, and note what level it was asked at; safe from any thread.

        since: the generation that who asked has seen; None: who asks stands here, and sees it now.
        """
        answer: Answer = concurrent.futures.Future()
        self.waiting[command.id] = answer, latch.read(self.folder).generation if since is None else since
        return answer

    def loosen(self, command: Command) -> Answer | None:
        """Latch a looser level; return who waits for it, or None: refused, or nobody waits any more.

        A command that was given up, or that was asked before somebody tightened, must not undo anything.
        """
        answer, since = self.waiting.pop(command.id, (None, 0))
        if answer is None or not answer.set_running_or_notify_cancel():
            return None
        try:
            latch.loosen(self.folder, command, since)
        except (latch.LatchError, OSError) as error:
            rule = isinstance(error, latch.LatchError)
            answer.set_result({"ok": False, "problem": f"not changed: {error}", "refused": rule})
            return None
        return answer

    def core_asks(self, wish: SetLevel, at: int) -> LevelChanged:
        """Latch what the core asked for: a halt, or the end of a flatten.

        What a person has latched since the core last heard stands instead: a flatten must not end before it began.
        """
        try:
            command = command_of(wish.level, wish.why, "daemon", "core", scope=wish.scope)
            latched = latch.tighten(self.folder, command, self.generation)
        except latch.LatchError:
            latched = latch.read(self.folder)
        self.generation, self.level = latched.generation, latched.level
        self.heard = max(self.heard, latched.generation)
        return LevelChanged(
            at=at, command=self._current(latched), generation=latched.generation, id=wish.id, whole=latched
        )
