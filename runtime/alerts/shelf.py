"""Where an account's open alerts are kept: one file that every process changes under a lock, and their history beside.

The daemon, its supervisor and a person's `tidegate ack` all write it; none of them needs another one to live.
"""

import contextlib

from collections.abc import Iterator
from pathlib import Path

import msgspec

from brokers.mt5.inplace import append, content, put
from brokers.mt5.locks import locked
from market.undecoded import UNDECODED
from runtime.alerts.book import Book, Entry

BOOK_FILE = "alerts.json"
HISTORY_FILE = "alerts.log"
LOCK_FILE = "alerts.lock"
OLDER_FILE = "alerts.log.1"
LONGEST = 5_000_000
"""Bytes after which a history is put aside; one that was before it is gone then."""
PATIENCE_S = 2.0


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the history."""

    at: int
    """Wall clock, UTC milliseconds."""
    what: str
    """opened, called, failed, acknowledged, over, note; of holds held and lifted."""
    id: int = 0
    kind: str = ""
    about: str = ""
    text: str = ""
    who: str = ""
    """Who was called, has acknowledged, or has written the note."""
    why: str = ""


def read(folder: Path) -> Book:
    """Return the alerts of an account; none where the file is absent or cannot be read."""
    raw = content(f"{folder}/{BOOK_FILE}")
    if raw is None:
        return Book()
    try:
        return msgspec.json.decode(raw, type=Book)
    except UNDECODED:
        return Book()


@contextlib.contextmanager
def changing(folder: Path, unsaved: Book | None = None) -> Iterator[Book]:
    """Change the alerts of an account; what was changed is on disk afterwards. OSError where the disk refuses.

    unsaved: what the disk refused the last time: that is gone on with.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _locked(folder):
        book = unsaved or read(folder)
        before = b"" if unsaved else msgspec.json.encode(book)
        yield book
        after = msgspec.json.encode(book)
        if after != before:
            put(folder / f"{BOOK_FILE}.new", folder / BOOK_FILE, after)


def stamp(folder: Path) -> tuple[int, int]:
    """Return what shows that the file was changed, as cheaply as can be; zeros where it is not there."""
    try:
        found = (folder / BOOK_FILE).stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_ino


def remember(folder: Path, *lines: Line) -> None:
    """Append to the history; a line that was torn does not take the next one with it."""
    if not lines:
        return
    with contextlib.suppress(OSError):
        if (folder / HISTORY_FILE).stat().st_size > LONGEST:
            (folder / HISTORY_FILE).replace(folder / OLDER_FILE)
    append(folder / HISTORY_FILE, b"".join(msgspec.json.encode(line) + b"\n" for line in lines))


def history(folder: Path, since: int = 0) -> list[Line]:
    """Return what happened since a moment, oldest first; a line that cannot be read is left out."""
    found = []
    files = [content(f"{folder}/{name}") or b"" for name in (OLDER_FILE, HISTORY_FILE)]
    for raw in b"\n".join(files).splitlines():
        with contextlib.suppress(*UNDECODED):
            line = msgspec.json.decode(raw, type=Line)
            if line.at >= since:
                found.append(line)
    return found


def line_of(what: str, entry: Entry, at: int, who: str = "", why: str = "") -> Line:
    """Return the line that tells what has become of an alert."""
    return Line(
        at=at, what=what, id=entry.id, kind=entry.kind, about=entry.about, text=entry.text, who=who, why=why
    )  # fmt: skip


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the writers' lock; who does not let go of it in time, and a disk that refuses it, are passed.

    An alert may be told twice, never not.
    """
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            stack.enter_context(locked(folder / LOCK_FILE, PATIENCE_S))
        yield
