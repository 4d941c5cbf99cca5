"""The dead man's switch: where those who watch an account say nothing for too long, people are called, and it tightens.

What it does it does through the latch, so that it is journaled and lasts: a heartbeat that comes back loosens nothing,
a person's `resume` does. Time counts by looks of a daemon that was awake: of a machine that slept, only the last piece.
"""

import contextlib

from collections.abc import Callable
from pathlib import Path

import structlog

from brokers.latch import RANK, Command, Level
from config.watching import DeadManSection
from runtime.clock import Clock
from runtime.operator import latch
from runtime.operator.fall import fall
from runtime.operator.keyboard import command_of

HEARTBEAT_FILE = "heartbeat"
"""Touched by those who watch; when it was is all that it says."""
LONGEST_S = 5.0
"""More than so much counts of no pause between two looks."""
AGAIN_S = 10.0
"""How long after a latch that could not be written it is tried again."""


def beat(folder: Path) -> None:
    """Say that somebody watches the account of a folder; OSError where that cannot be written."""
    (folder / HEARTBEAT_FILE).touch(mode=0o600)


class DeadMan:
    """Notices that nobody watches."""

    def __init__(
        self, folder: Path, section: DeadManSection, clock: Clock, call: Callable[[str], object] = lambda _: None
    ) -> None:
        """Begin as if somebody had just looked; `call` calls people with a text, empty once somebody watches again."""
        self.folder, self.section, self.clock, self.call = folder, section, clock, call
        self.seen = self._stamp()
        self.last = clock.elapsed()
        self.silent_s = self.again = 0.0
        self.called = False
        self.latched: set[Level] = set()
        self.log = structlog.get_logger()

    def look(self) -> None:
        """Look for a heartbeat, and do what is due without one."""
        now = self.clock.elapsed()
        passed, self.last = min(now - self.last, LONGEST_S), now
        stamp = self._stamp()
        if stamp != self.seen:
            self.seen, self.silent_s = stamp, 0.0
            self._heard()
            return
        self.silent_s += passed
        section = self.section
        if self.silent_s >= section.alert_s and not self.called:
            self.called = True
            text = f"nobody watches: no heartbeat for {self.silent_s:.0f} s"
            self.log.warning("alert", severity="page", text=text)
            self.call(text)
        if self.silent_s >= section.close_only_s:
            self._latch("close-only")
        if 0.0 < section.flatten_s <= self.silent_s:
            self._latch("flatten")

    def _heard(self) -> None:
        if self.called:
            self.log.warning("watched again", level=latch.read(self.folder).level)
            self.call("")
        self.called = False
        self.latched.clear()

    def _latch(self, level: Level) -> None:
        """Latch a level, once in each silence; one that is as tight already stands, but a halt does not close."""
        if level in self.latched or self.clock.elapsed() < self.again:
            return
        stands = latch.read(self.folder).level
        if stands != level and (RANK[stands] < RANK[level] or level == "flatten"):
            why = f"dead man: no heartbeat of those who watch for {self.silent_s:.0f} s"
            problem = self._problem(command_of(level, why, "deadman", "dead man"))
            if problem:
                self.log.warning("dead man", problem=f"not latched: {problem}")
                self.again = self.clock.elapsed() + AGAIN_S
                return
        self.latched.add(level)

    def _problem(self, command: Command) -> str:
        """Latch a command; return why it does not stand: what reads as halt for want of room is no flatten."""
        try:
            with contextlib.suppress(latch.LatchError):  # tightened meanwhile
                fallen = fall(self.folder, command, lambda: None, patience_s=0.0)
                return "" if fallen["ok"] else str(fallen["problem"])
        except OSError as error:
            return str(error)
        return ""

    def _stamp(self) -> int:
        try:
            return (self.folder / HEARTBEAT_FILE).stat().st_mtime_ns
        except OSError:
            return 0
