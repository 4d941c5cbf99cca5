"""The one writer of a journal: entries in, tickets out, one thread that commits them in groups."""

import threading

from types import TracebackType
from typing import Self

from sqlalchemy.exc import DBAPIError

from runtime.journal.batch import pack
from runtime.journal.commit import commit
from runtime.journal.entries import Entry, Head, Recovered
from runtime.journal.errors import JournalFailed, explain, explaining
from runtime.journal.opening import Place, closed_on_error, open_to_write
from runtime.journal.packing import Packer
from runtime.journal.ticket import Ticket, settle_all
from runtime.journal.verify import newest_words, recover

LINGER = 0.25
"""Seconds after which a grouped entry is on disk, on a disk that takes a commit in a fifth of them."""
WAITING = 0.8
"""Share of the linger that is spent waiting for company; the rest is for the commit."""
MOST = 1000
"""Entries that are committed without waiting for more."""


class JournalWriter:
    """Appends to one journal; every method may be called from any thread, in the order that shall be the log's.

    The first append that fails breaks its ticket, all that were queued, and every later append: nothing more is
    written. Raises JournalError when the journal cannot be opened, is of another version or does not hold its chain.
    """

    def __init__(self, place: Place, *, linger: float = LINGER, most: int = MOST, patience: float = 2.0) -> None:
        self._place = place
        self._linger, self._most = linger, most
        self._connection = open_to_write(place, patience)
        self._database = self._connection.dialect.name
        self._recovered = self._recover()
        self._run = self._recovered.next_run
        self._head = Head(self._recovered.seq, self._recovered.hash)
        self._seq = self._recovered.seq
        self._queue: list[tuple[Ticket, Entry | bytes]] = []
        self._urgent = self._closing = False
        self._failure: tuple[str, int] | None = None
        self._wake = threading.Condition(threading.Lock())
        self._settling = threading.Lock()
        self._thread = threading.Thread(target=self._write, name="journal", daemon=True)
        self._thread.start()

    def recover(self) -> Recovered:
        """Return where the journal stood when it was opened, and the number the next run may have."""
        return self._recovered

    @property
    def run(self) -> int:
        """The run that entries are written under: the next one, unless `begin` named another."""
        return self._run

    @property
    def next_seq(self) -> int:
        """The number the next entry will have."""
        return self._seq + 1

    @property
    def head(self) -> Head:
        """Where the log ends on disk: up to there everything was acknowledged, or is about to be."""
        return self._head

    def begin(self, run: int) -> None:
        """Write under this run, which must be new; before the first entry (a lost journal starts above the venue's)."""
        if run < self._recovered.next_run or self._seq != self._recovered.seq:
            raise ValueError(f"run {run} cannot begin: this journal's next run is {self._recovered.next_run}")
        self._run = run

    def append(self, entry: Entry, *, durable: bool = False) -> Ticket:
        """Queue an entry; a durable one is committed at once, with all that were queued before it."""
        with self._wake:
            self._refuse_if_over()
            self._seq += 1
            return self._put(entry, urgent=durable)

    def snapshot(self, seq: int, state: bytes) -> Ticket:
        """Queue the core's state after entry `seq`, which must be the last one appended; the first of a seq stays."""
        with self._wake:
            self._refuse_if_over()
            if seq != self._seq:
                raise ValueError(f"a snapshot is taken after the last entry, {self._seq}, not after {seq}")
            return self._put(state, urgent=False)

    def close(self) -> None:
        """Write what is queued and let go of the journal; raise JournalFailed if anything was not written."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()
        if self._failure is not None:
            raise JournalFailed(*self._failure)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            self.close()
        except JournalFailed:
            if error is None:
                raise

    def _recover(self) -> Recovered:
        with explaining(self._place), closed_on_error(self._connection):
            found = recover(self._place, self._connection)
            self._packer = Packer(newest_words(self._connection))
            self._connection.rollback()  # who waits for the first entry holds nothing that others wait for
        return found

    def _refuse_if_over(self) -> None:
        if self._failure is not None:
            raise JournalFailed(*self._failure)
        if self._closing:
            raise JournalFailed(f"journal {self._place}: it is closed; nothing more can be written")

    def _put(self, thing: Entry | bytes, *, urgent: bool) -> Ticket:
        ticket = Ticket(self._seq, self._settling)
        self._queue.append((ticket, thing))
        if urgent or len(self._queue) >= self._most:
            self._urgent = True
        if self._urgent or len(self._queue) == 1:
            self._wake.notify()
        return ticket

    def _next_batch(self) -> list[tuple[Ticket, Entry | bytes]]:
        """Wait for entries, then for company unless one is urgent; empty when the journal is closed."""
        with self._wake:
            self._wake.wait_for(lambda: self._queue or self._closing)
            self._wake.wait_for(lambda: self._urgent or self._closing, self._linger * WAITING)
            batch, self._queue, self._urgent = self._queue, [], False
            return batch

    def _write(self) -> None:
        batch: list[tuple[Ticket, Entry | bytes]] = []
        try:
            while batch := self._next_batch():
                self._commit([thing for _ticket, thing in batch])
                settle_all(ticket for ticket, _thing in batch)
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing more may be written
            self._fail(error, batch)
        self._let_go()

    def _commit(self, things: list[Entry | bytes]) -> None:
        groups, head = pack(things, self._run, self._head, self._packer, self._database)
        commit(self._connection, groups, head)
        self._head = head

    def _fail(self, error: Exception, batch: list[tuple[Ticket, Entry | bytes]]) -> None:
        said, code = explain(self._place, error)
        with self._wake:
            self._failure = (f"{said}; the last row on disk is {self._head.seq}", code)
            lost, self._queue = [*batch, *self._queue], []
        settle_all((ticket for ticket, _thing in lost), self._failure)

    def _let_go(self) -> None:
        try:
            self._connection.close()
        except DBAPIError as error:
            self._failure = self._failure or explain(self._place, error)
