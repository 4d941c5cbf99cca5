"""Writing the halt latch: the only writer of its two copies and of its log.

Tightening writes the word first, so that the gateway sees it at once; loosening writes it last. Between the two writes
the copies contradict each other, which reads as halt, of the whole account also where only a scope is latched. Every
change is appended to the latch's log, from which the daemon ingests commands by generation, whichever path they came
by.
"""

import contextlib
import os
import time

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

import msgspec

from brokers.latch import (
    HIGHEST,
    RANK,
    Command,
    Latch,
    Level,
    Scoped,
    Word,
    agreed,
    check_of,
    decode_latch,
    encode_latch,
    encode_word,
    read_word,
)
from brokers.mt5.inplace import content, put, write_at
from brokers.mt5.locks import locked
from brokers.word import LATCH_FILE, SENDING_AT, WORD_FILE, WORD_SIZE
from runtime.operator.latchlog import Logged, Read, add_line, read_log

LOG_FILE = "latch.log"
LOCK_FILE = "latch.lock"
PATIENCE_S = 2.0
"""How long another writer may hold the lock; then tightening goes past it."""


class LatchError(RuntimeError):
    """The latch cannot be what it was asked to be; one line says what to do."""


def read(folder: Path) -> Latch:
    """Return the latch as the gateway reads it: halt where its copies are absent, corrupt or contradicting."""
    return agreed(_file(folder), _word(folder))


def unread(folder: Path) -> str:
    """Return why a latch that was read names nobody who set its level, and what to do."""
    if any((folder / name).exists() for name in (LATCH_FILE, WORD_FILE)):
        return "its copies are damaged or contradict each other, which reads as halt; tidegate halt writes them anew"
    return "no latch yet: an account begins halted; tidegate resume lets it trade, once its daemon runs"


def create(folder: Path, command: Command) -> Latch:
    """Write the first latch of a new account; LatchError where there is one already."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _locked(folder):
        if (folder / LATCH_FILE).exists() or (folder / WORD_FILE).exists():
            raise LatchError(f"{folder} has a latch already; change it with tidegate halt or resume")
        return _rise(folder, Latch(level=command.level, generation=1, command=command), command, _found(folder))


def tighten(folder: Path, command: Command, since: int | None = None) -> Latch:
    """Latch the same or a tighter level, by any path; LatchError for a looser one, or where `since` is past.

    A full disk, a writer that hangs or a lock that cannot be had does not keep it from falling: with the word alone
    written, it reads as halt, of the account. OSError where not even that can be written.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _locked_if_may_be(folder) as held:
        found = _found(folder)
        own = found.own(command.scope)
        if RANK[command.level] < RANK[own]:
            raise LatchError(f"{command.level} is looser than {own}: only the running daemon may loosen")
        _unchanged(found.now, since)
        latch = _next(found, command)
        try:
            return _fall(folder, latch, command, found) if held else _break_in(folder, latch, command, found)
        except OSError:
            if read(folder).level != "halt":
                raise
            return Latch(level="halt", generation=latch.generation)


def loosen(folder: Path, command: Command, since: int | None = None) -> Latch:
    """Latch any level; for the daemon alone, after it has checked who asks and why.

    LatchError where the latch was changed after generation `since`: who asked did not know of it.
    """
    with _locked(folder) as held:
        if not held:
            raise LatchError("another process holds the latch: end it, then ask again")
        found = _found(folder)
        _unchanged(found.now, since)
        return _rise(folder, _next(found, command), command, found)


def _unchanged(now: Latch, since: int | None) -> None:
    if since is not None and now.generation != since:
        raise LatchError(f"the level was changed to {now.level} meanwhile: look again, then ask again")


def sending(folder: Path) -> int:
    """Return the instruction between check and answer in the gateway, or 0."""
    return _word(folder).sending


def wait_sent(folder: Path, patience_s: float) -> int:
    """Wait until no order is between check and answer; return 0, or the one still in flight when patience ends."""
    deadline = time.monotonic() + patience_s
    while (ident := sending(folder)) and time.monotonic() < deadline:
        time.sleep(0.001)
    return ident


def logged(folder: Path, after: int) -> list[Logged]:
    """Return the commands latched after a generation, oldest first; a torn last line is left for later."""
    return read_log(folder / LOG_FILE, after).lines


class _Found(NamedTuple):
    """What lies in a folder: each copy by itself, and the log."""

    file: Latch
    word: Word
    read: Read
    """What came after the file; all of it, where that says nothing."""

    @property
    def now(self) -> Latch:
        """The latch as the gateway reads it."""
        return agreed(self.file, self.word)

    def own(self, scope: str) -> Level:
        """Return the level at which a scope, or the account, stands by itself."""
        return _own(self.scopes(), scope) if scope else self.now.level

    def scopes(self) -> dict[str, Scoped]:
        """Return the scopes as the file has them, and what the log tells of tightenings that were cut off behind it.

        A file that cannot be read, or whose scopes are not those that the word knows, says nothing: all is the log's
        then.
        """
        file, log = self.file, self.read.lines
        if not _tells(file, self.word):
            return _remembered(log)
        scopes = {one.scope: one for one in file.scopes}
        for entry in log:
            scope, level = entry.command.scope, entry.command.level
            if scope and RANK[level] > RANK[_own(scopes, scope)]:
                scopes[scope] = _scoped(entry.command, entry.generation)
        return scopes


def _found(folder: Path) -> _Found:
    file, word = _file(folder), _word(folder)
    return _Found(file, word, read_log(folder / LOG_FILE, file.generation if _tells(file, word) else 0))


def _tells(file: Latch, word: Word) -> bool:
    """Say whether a file can be read, and its scopes are those that the word knows."""
    return file.command is not None and (word.generation != file.generation or word.check == check_of(file.scopes))


def _next(found: _Found, command: Command) -> Latch:
    """Return the latch after a command: all but the scope it is about stays as it is.

    Where the copies contradict each other the account is at halt, and stays so if only a scope is latched.
    """
    known = [found.file.generation, found.word.generation, *(entry.generation for entry in found.read.lines)]
    generation, scopes, now = 1 + max(g for g in known if g < HIGHEST), found.scopes(), found.now
    if command.level == "run":
        scopes.pop(command.scope, None)
    elif command.scope:
        scopes[command.scope] = _scoped(command, generation)
    level, by = (now.level, now.command or _unreadable(command)) if command.scope else (command.level, command)
    return Latch(level=level, generation=generation, command=by, scopes=tuple(scopes[name] for name in sorted(scopes)))


def _own(scopes: dict[str, Scoped], scope: str) -> Level:
    return scopes[scope].level if scope in scopes else "run"


def _remembered(log: list[Logged]) -> dict[str, Scoped]:
    """Return the scopes that were latched after the last line of the log; one of which no line tells is at halt."""
    of = {entry.generation: entry.command for entry in log}
    names = log[-1].stands.items() if log else ()
    return {name: _scoped(of.get(number) or _untold(log[-1].command, name), number) for name, number in names}


def _scoped(command: Command, generation: int) -> Scoped:
    return Scoped(scope=command.scope, level=command.level, generation=generation, command=command)


def _unreadable(command: Command) -> Command:
    """Return who holds an account at halt whose copies could not be read when one of its scopes was latched."""
    why = f"its copies were absent or contradicted each other when {command.scope} was latched: that reads as halt"
    return Command(
        id=f"{command.id}-account", level="halt", who="tidegate", why=why, wall=command.wall, path=command.path
    )


def _untold(last: Command, scope: str) -> Command:
    """Return who holds a scope at halt of which the log's line was cut off, and whose file is lost since then."""
    why = f"the line that tells how {scope} was latched is missing from the log: that reads as halt"
    return msgspec.structs.replace(_unreadable(last), id=f"{last.id}-{scope}", why=why, scope=scope)


def _fall(folder: Path, latch: Latch, command: Command, found: _Found) -> Latch:
    """Write a change that tightens: it is in force with the word."""
    _write_word(folder, latch)
    _append(folder / LOG_FILE, _line(latch, command, found.read))
    _replace(folder / LATCH_FILE, encode_latch(latch))
    return latch


def _rise(folder: Path, latch: Latch, command: Command, found: _Found) -> Latch:
    """Write a change that loosens: it is in the file before the log tells of it, and in force when the word has it.

    LatchError where the word is not as it was found: somebody has tightened past our lock.
    """
    _replace(folder / LATCH_FILE, encode_latch(latch))
    _append(folder / LOG_FILE, _line(latch, command, found.read))
    if _word(folder)._replace(sending=found.word.sending) != found.word:  # that is the gateway's to change
        raise LatchError("the latch was tightened while it was written: it reads as halt")
    _write_word(folder, latch)
    return latch


def _line(latch: Latch, command: Command, read: Read) -> Logged:
    """Return the line of the log that tells of a change."""
    stands = {one.scope: one.generation for one in latch.scopes}
    if command.scope in stands:
        stands[command.scope] = latch.generation  # who goes past a lock has another one
    return Logged(latch.generation, command, stands, read.end, read.highest)


def _break_in(folder: Path, latch: Latch, command: Command, found: _Found) -> Latch:
    """Write the word past a writer that hangs, with a generation it does not have: the copies contradict, until later.

    Should it go on after all, it finds the word changed and leaves it (`_rise`).
    """
    latch = msgspec.structs.replace(latch, generation=latch.generation + 1)
    _write_word(folder, latch)
    _append(folder / LOG_FILE, _line(latch, command, found.read))
    return Latch(level="halt", generation=latch.generation)


def _write_word(folder: Path, latch: Latch) -> None:
    """Write level and generation in place, leaving the gateway's SENDING mark alone."""
    path = folder / WORD_FILE
    if len(content(str(path)) or b"") != WORD_SIZE:
        path.write_bytes(encode_word(latch))
        path.chmod(0o600)
    with path.open("r+b", buffering=0) as file:
        write_at(file.fileno(), encode_word(latch)[:SENDING_AT], 0)
        os.fsync(file.fileno())


def _file(folder: Path) -> Latch:
    """Return what the latch's file says by itself."""
    return decode_latch(content(f"{folder}/{LATCH_FILE}"))


def _word(folder: Path) -> Word:
    """Return what the shared word says by itself."""
    return read_word(content(f"{folder}/{WORD_FILE}") or b"")


_append = add_line


def _replace(path: Path, raw: bytes) -> None:
    put(path.with_suffix(".new"), path, raw)


@contextlib.contextmanager
def _locked_if_may_be(folder: Path) -> Iterator[bool]:
    """Hold the writers' lock; False where another keeps it, or the disk does not give it."""
    with contextlib.ExitStack() as stack:
        held = False
        with contextlib.suppress(OSError):
            held = stack.enter_context(_locked(folder))
        yield held


def _locked(folder: Path) -> AbstractContextManager[bool]:
    """Hold the writers' lock; it is False where another process does not let go of it in time."""
    return locked(folder / LOCK_FILE, PATIENCE_S)
