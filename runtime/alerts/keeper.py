"""One account's alerts, worked by whoever lives: the daemon's router, or its supervisor while there is no daemon.

Each turn changes the book under its lock, has people called, and writes down what has become of what.
"""

from collections.abc import Callable
from pathlib import Path

import structlog

from config.alerts import AlertsSection
from runtime.alerts import shelf
from runtime.alerts.book import Book, Entry, Pace, due, next_due, sweep
from runtime.alerts.caller import Caller
from runtime.alerts.people import body, called, chain, over, pace_of, reached, title
from runtime.alerts.shelf import Line, line_of
from runtime.clock import Clock

Change = Callable[[Book, int, Pace], list[Entry]]
"""What is done with the book at a moment; which alerts it ends is returned, and told."""


class Keeper:
    """Keeps the alerts of one account."""

    def __init__(self, folder: Path, account: str, section: AlertsSection, caller: Caller, clock: Clock) -> None:
        """Keep them in the account's state folder."""
        self.folder, self.account, self.section, self.caller, self.clock = folder, account, section, caller, clock
        self.pace = pace_of(section)
        self.log = structlog.get_logger()
        self.next = 0
        """When somebody is to be called next, UTC milliseconds; 0: nobody is."""
        self.stamp = (0, 0)
        self.unsaved: Book | None = None
        """What the disk has refused: nobody is called twice for that."""
        self.lines: list[Line] = []
        """What belongs into the history, once people are called: a disk that refuses keeps nobody waiting."""

    @property
    def wanted(self) -> bool:
        """Somebody is to be called by now, or somebody else has changed the book."""
        return 0 < self.next <= self.clock.wall_ms() or shelf.stamp(self.folder) != self.stamp

    def turn(self, change: Change | None = None) -> None:
        """Change the book, and call whoever is to be called by now; OSError where the disk refuses."""
        now = self.clock.wall_ms()
        with shelf.changing(self.folder, self.unsaved) as book:
            self.unsaved = book
            ends = change(book, now, self.pace) if change is not None else []
            for entry, nth in due(book, now, self.pace):
                self._call(entry, nth, now)
            for entry in ends:
                self._over(entry, now)
            sweep(book, now, self.pace)
            self.next = next_due(book)
        self.stamp, self.unsaved = shelf.stamp(self.folder), None
        shelf.remember(self.folder, *self.lines)
        self.lines.clear()

    def _call(self, entry: Entry, nth: int, now: int) -> None:
        """Call one of the chain; where the account names nobody, the log is all there is."""
        names = called(self.section, entry, nth)
        self.lines.append(line_of("called" if nth else "opened", entry, now, ", ".join(names)))
        if entry.severity == "page" or not nth:
            self.log.warning(
                "alert open", alert=entry.id, kind=entry.kind, severity=entry.severity, text=entry.text, called=names
            )
        for name in names:
            self.caller.call(
                name, title(self.account, entry), body(self.account, entry, self.section), self._told(entry)
            )

    def _over(self, entry: Entry, now: int) -> None:
        self.log.warning("alert over", alert=entry.id, kind=entry.kind, text=entry.text)
        for name in reached(self.section, entry):
            self.caller.call(name, *over(self.account, entry), self._logged)
        self.lines.append(line_of("over", entry, now))

    def _told(self, entry: Entry) -> Callable[[str, str], None]:
        """Return what notes that somebody was not reached, and has the next one called at once, one time each."""
        ident, nth = entry.id, entry.called

        def told(who: str, why: str) -> None:
            self._logged(who, why)
            if not why:
                return
            with shelf.changing(self.folder) as book:
                found = next((e for e in book.entries.values() if e.id == ident), None)
                if found is None:
                    return
                if found.due and found.called == nth < len({*chain(self.section, found)}):
                    found.due = 1
            self.next = 1
            shelf.remember(self.folder, line_of("failed", found, self.clock.wall_ms(), who, why))

        return told

    def _logged(self, who: str, why: str) -> None:
        if why:
            self.log.warning("not told", who=who, why=why)
        else:
            self.log.info("told", who=who)
