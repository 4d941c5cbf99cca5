"""The alerts that are open, as values: what stands, who was called, who has taken it; no clock, no file, no call.

An alert is known by what it is about. What comes back within the quiet time after it was over is the same one: it is
counted, and nobody is called anew. Moments are wall clock, UTC milliseconds: an alert outlives the process.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from runtime.core.kinds import KINDS, Alarm, Kind


class Entry(msgspec.Struct, kw_only=True):
    """One alert."""

    id: int
    kind: Kind
    about: str
    text: str
    opened: int
    due: int
    """When the next one is to be called; 0: nobody any more."""
    called: int = 0
    """Calls made so far."""
    suppressed: int = 0
    """How often it was told again, and nobody was called for that."""
    once: bool = False
    """It was told as having happened, and does not stand: a person's word alone ends it."""
    acked_by: str = ""
    acked_at: int = 0
    acked_why: str = ""
    cleared: int = 0
    """When it was over; 0: it stands."""
    told_over: bool = False

    @property
    def key(self) -> str:
        """What makes two alerts the same."""
        return f"{self.kind}:{self.about}"

    @property
    def severity(self) -> str:
        """Whether it wakes somebody."""
        return KINDS[self.kind].severity

    @property
    def open(self) -> bool:
        """It stands, and somebody was called for it."""
        return not self.cleared and self.called > 0


class Book(msgspec.Struct, kw_only=True):
    """All alerts of one account."""

    last: int = 0
    """The highest id that was given."""
    entries: dict[str, Entry] = {}
    holds: dict[str, int] = {}
    """Hold -> since when it lies."""


class Pace(NamedTuple):
    """How patient the people on call are, milliseconds."""

    quiet: int
    escalate: int


def stand(book: Book, alarms: Iterable[Alarm], now: int, pace: Pace) -> list[Entry]:
    """Open what stands and is new, end what stands no more; return what is over and was told to somebody.

    What is about a hold stands as long as that lies, told again or not: it may have been told to an earlier process.
    """
    there = {alarm.key: alarm for alarm in alarms}
    over = [
        entry
        for key, entry in book.entries.items()
        if not (key in there or entry.about in book.holds or entry.once or entry.cleared)
    ]
    for alarm in there.values():
        raised(book, alarm, now, pace)
    return [told for entry in over for told in _end(book, entry, now)]


def raised(book: Book, alarm: Alarm, now: int, pace: Pace, *, once: bool = False) -> Entry:
    """Note an alarm: a new alert, or one more time that a known one is told."""
    entry = book.entries.get(alarm.key)
    if entry is None or (entry.cleared and now - entry.cleared > pace.quiet):
        book.last += 1
        entry = book.entries[alarm.key] = Entry(
            id=book.last, kind=alarm.kind, about=alarm.about, text=alarm.text, opened=now,
            due=now + int(alarm.after_s * 1000), once=once,
        )  # fmt: skip
    elif entry.severity == "warn":
        entry.suppressed += 1
    elif entry.cleared:
        entry.cleared, entry.suppressed, entry.text = 0, entry.suppressed + 1, alarm.text
    elif entry.text != alarm.text or once:
        entry.suppressed, entry.text = entry.suppressed + 1, alarm.text
    return entry


def _end(book: Book, entry: Entry, now: int) -> Iterator[Entry]:
    """End an alert; one that nobody was called for leaves nothing behind, and its end is told once."""
    entry.cleared = now
    if not entry.called:
        del book.entries[entry.key]
    elif not entry.told_over:
        entry.told_over = True
        yield entry


def ended(book: Book, key: str, now: int) -> list[Entry]:
    """End one alert, if it is open."""
    entry = book.entries.get(key)
    return [] if entry is None or entry.cleared else list(_end(book, entry, now))


def due(book: Book, now: int, pace: Pace) -> list[tuple[Entry, int]]:
    """Return whom to call now: an alert, and the how many-eth of its chain; a page goes on until it is acknowledged."""
    found = []
    for entry in book.entries.values():
        if not entry.due or entry.due > now or entry.cleared:
            continue
        found.append((entry, entry.called))
        entry.called += 1
        entry.due = now + pace.escalate
        if entry.severity == "warn":
            entry.due, entry.cleared, entry.told_over = 0, now, True
    return found


def next_due(book: Book) -> int:
    """Return when somebody is to be called next; 0: nobody is."""
    return min((e.due for e in book.entries.values() if e.due and not e.cleared), default=0)


def acknowledge(book: Book, ident: int, who: str, why: str, now: int) -> Entry | None:
    """Have a person take an alert: nobody else is called; None where no such alert is open."""
    entry = next((e for e in book.entries.values() if e.id == ident and not e.cleared), None)
    if entry is None:
        return None
    entry.acked_by, entry.acked_at, entry.acked_why, entry.due = who, now, why, 0
    if entry.once:
        entry.cleared, entry.told_over = now, True
    return entry


def sweep(book: Book, now: int, pace: Pace) -> None:
    """Forget what has been over for longer than the quiet time, and notes, which stand for nothing."""
    for key, entry in list(book.entries.items()):
        if entry.cleared and now - entry.cleared > pace.quiet:
            del book.entries[key]


def note_holds(book: Book, holds: Mapping[str, str], now: int) -> None:
    """Note since when each hold lies."""
    book.holds = {hold: book.holds.get(hold, now) for hold in holds}
