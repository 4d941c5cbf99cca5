"""Calling people for a daemon that cannot: by its supervisor or its guardian, from a thread that delays neither.

Whoever watches from outside says that an account makes no progress, and when it does again. Meanwhile this thread does
what the daemon's own would: it calls the next one until somebody has it.
"""

import queue
import threading

from pathlib import Path
from typing import NamedTuple

import structlog

from config.alerts import AlertsSection
from runtime.alerts.book import Book, Entry, Pace, ended, raised
from runtime.alerts.caller import Caller
from runtime.alerts.keeper import Change, Keeper
from runtime.alerts.people import NOBODY, owners_of
from runtime.clock import Clock
from runtime.core.kinds import Alarm

LOOK_S = 1.0
END_S = 5.0
OUTSIDE = "daemon"
"""What an alarm from outside is about: the daemon itself does not say when it is over."""


class Cry(NamedTuple):
    """What is said of one account."""

    folder: Path
    account: str
    section: AlertsSection
    text: str
    """Why somebody is called; empty: it is over."""


class Crier:
    """Calls people for accounts that make no progress."""

    def __init__(self, clock: Clock | None = None) -> None:
        """Begin without a thread: none is needed while all is well."""
        self.clock = clock or Clock()
        self.secrets: frozenset[str] = frozenset()
        """Variables of our environment that who speaks to people does not inherit: whoever watches knows them."""
        self.cried: set[Path] = set()
        """The accounts for which it was last said that they make no progress; the thread may not know yet."""
        self.keepers: dict[Path, Keeper] = {}
        self.inbox: queue.SimpleQueue[Cry | None] = queue.SimpleQueue()
        self.thread: threading.Thread | None = None
        self.log = structlog.get_logger()

    def cry(self, folder: Path, account: str, section: AlertsSection | None, text: str) -> None:
        """Say that an account makes no progress; returns at once."""
        if self.thread is None:
            self.thread = threading.Thread(target=self._run, name="crier", daemon=True)
            self.thread.start()
        self.cried.add(folder)
        self.inbox.put(Cry(folder, account, section or NOBODY, text))

    def over(self, folder: Path) -> None:
        """Say that an account does make progress; nothing is to be done where nobody said otherwise."""
        if folder in self.cried or folder in self.keepers:
            self.cried.discard(folder)
            self.inbox.put(Cry(folder, "", NOBODY, ""))

    def close(self) -> None:
        """End; calls under way have a moment left."""
        if self.thread is not None:
            self.inbox.put(None)
            self.thread.join(timeout=END_S)

    # --- the thread -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        working = True
        while working:
            try:
                working = self._turn()
            except Exception:  # whoever calls people must go on
                self.log.exception("crier")
        for keeper in self.keepers.values():
            keeper.caller.close()

    def _turn(self) -> bool:
        try:
            cry = self.inbox.get(timeout=LOOK_S)
        except queue.Empty:
            for keeper in list(self.keepers.values()):
                if keeper.wanted:
                    keeper.turn()
            return True
        if cry is not None:
            self._hear(cry)
        return cry is not None

    def _hear(self, cry: Cry) -> None:
        keeper = self.keepers.get(cry.folder)
        if keeper is None and cry.text:
            caller = Caller(owners_of(cry.section), secrets=self.secrets)
            caller.begin()
            keeper = self.keepers[cry.folder] = Keeper(cry.folder, cry.account, cry.section, caller, self.clock)
        if keeper is not None:
            keeper.turn(_raise(cry.text) if cry.text else _end)
        if keeper is not None and not cry.text:
            del self.keepers[cry.folder]
            keeper.caller.close()


def _raise(text: str) -> Change:
    def change(book: Book, now: int, pace: Pace) -> list[Entry]:
        raised(book, Alarm("no_progress", OUTSIDE, text), now, pace, once=True)
        return []

    return change


def _end(book: Book, now: int, _: Pace) -> list[Entry]:
    return ended(book, f"no_progress:{OUTSIDE}", now)
