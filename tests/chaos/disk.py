"""The journal in memory: the writer's and the reader's face, and a disk that keeps after a crash only what it must.

A crash keeps all that was committed and any number of the rows behind it, in their order: group commit may have got
that far, and no further.
"""

import threading

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from runtime.core.instructions import DURABLE
from runtime.journal.batch import pack
from runtime.journal.entries import Entry, Head, LogRow, Recovered, Row, Snapshot
from runtime.journal.packing import Packer, plain_state
from runtime.journal.schema import LIVING, TOLD_AGAIN, tables
from runtime.journal.segments import START
from runtime.journal.ticket import Ticket, settle_all
from runtime.recorder import decode_fact, decode_step
from tests.chaos.points import Killed
from tests.chaos.virtual import VirtualLoop

LINGER_S = 0.2
ANSWERS = frozenset({"Accepted", "Rejected", "Refused", "InDoubt", "DealMade", "OrderGone"})


def wished(entry: Entry) -> bool:
    """Say whether an entry holds an instruction that must be on disk before it is acted upon."""
    step = entry.step
    return b"Submit" in step or b"ClosePosition" in step or b"ModifyStop" in step or b"Cancel" in step


class Plain(Packer):
    """Packs nothing: what is kept in memory is looked at."""

    def pack(self, seq: int, fact: bytes, step: bytes, *, hurried: bool = False) -> tuple[bytes, bytes]:  # noqa: ARG002 - as is asked
        """Return both as they are."""
        return fact, step


class Disk:
    """What outlives every process: rows of the log, snapshots, and the projections' rows in the order of writing."""

    def __init__(self) -> None:
        self.log: list[LogRow] = []
        self.snapshots: list[Snapshot] = []
        self.rows: list[tuple[str, dict[str, Any]]] = []
        self.head: Head = START
        self.sent: set[int] = set()
        """Instructions whose intent is committed."""
        self.keys: set[tuple[object, ...]] = set()
        self.again: list[str] = []
        """Rows written a second time where the house's own tables take one only."""

    def write(self, things: list[Entry | bytes], run: int) -> None:
        """Commit a batch, chained by the house's own packing."""
        groups, head = pack(things, run, self.head, Plain())
        for (table, columns), rows in groups[:2]:
            if table == "log":
                assert columns == LogRow.__struct_fields__
                self.log += [LogRow(*row) for row in rows]
            elif table == "snapshots":
                assert columns == Snapshot.__struct_fields__
                read = [Snapshot(*row) for row in rows]
                self.snapshots += [msgspec.structs.replace(one, state=plain_state(one.state)) for one in read]
        for thing in things:
            if isinstance(thing, Entry):
                self.rows += thing.rows
                self._once(thing.rows)
                if wished(thing):
                    self.sent.update(w.id for w in decode_step(thing.step).instructions if isinstance(w, DURABLE))
        self.head = head

    def _once(self, rows: tuple[Row, ...]) -> None:
        """Note what the house's own disk would refuse: its journal fails, and the daemon stops."""
        for table, values in rows:
            if table not in LIVING | TOLD_AGAIN:
                key = (table, *(values[column.name] for column in tables.tables[table].primary_key))
                if key in self.keys:
                    self.again.append(" ".join(map(str, key)))
                self.keys.add(key)

    def table(self, name: str, key: str) -> dict[Any, dict[str, Any]]:
        """Return a projection: later rows of a key change the columns they name."""
        found: dict[Any, dict[str, Any]] = {}
        for table, values in self.rows:
            if table == name:
                found.setdefault(values[key], {}).update(values)
        return found


class Reader:
    """The reader's face, as `revive` needs it; every row that is read is a point of a recovery."""

    def __init__(self, disk: Disk, hook: Any = lambda _point: None) -> None:  # noqa: ANN401 - a world's hook
        self.disk, self.hook = disk, hook

    def runs(self) -> list[dict[str, Any]]:
        """Return every run."""
        return list(self.disk.table("runs", "run").values())

    def rows(self, from_seq: int = 1) -> Iterator[LogRow]:
        """Yield the log."""
        for row in self.disk.log[from_seq - 1 :]:
            if row.seq % 5 == 0:
                self.hook("recovery: half replayed")
            yield row

    def last_snapshot(self) -> Snapshot | None:
        """Return the newest snapshot."""
        return self.disk.snapshots[-1] if self.disk.snapshots else None


class MemoryJournal:
    """One process's writer."""

    def __init__(self, disk: Disk, loop: VirtualLoop, hook: Any, commit_s: float) -> None:  # noqa: ANN401 - a world's hook
        self.disk, self.loop, self.hook, self.commit_s = disk, loop, hook, commit_s
        log = disk.log
        self.next_run = 1 + max((row.run for row in log), default=0)
        self.run = self.next_run
        self._seq = disk.head.seq
        self._queue: list[tuple[Ticket, Entry | bytes]] = []
        self._lock = threading.Lock()
        self._due = 0.0
        self.dead = False

    def recover(self) -> Recovered:
        """Return where the log stood."""
        return Recovered(seq=self.disk.head.seq, hash=self.disk.head.hash, next_run=self.next_run)

    @property
    def next_seq(self) -> int:
        """The number the next entry will have."""
        return self._seq + 1

    def begin(self, run: int) -> None:
        """Write under this run."""
        self.run = run

    def append(self, entry: Entry, *, durable: bool = False) -> Ticket:
        """Queue an entry; a durable one is committed soon, the others within the linger."""
        about = "intent" if wished(entry) else "answer" if entry.kind in ANSWERS else ""
        if about:
            self.pass_by(f"{about}: before append")
        self._seq += 1
        ticket = Ticket(self._seq, self._lock)
        self._queue.append((ticket, entry))
        self._commit_in(self.commit_s if durable else LINGER_S, durable=durable)
        if about:
            self.pass_by(f"{about}: appended")
        return ticket

    def pass_by(self, point: Any) -> None:  # noqa: ANN401 - a Point
        """Pass a point of the daemon's process."""
        self.hook(point)

    def snapshot(self, seq: int, state: bytes) -> Ticket:
        """Queue the core's state after the last entry."""
        assert seq == self._seq
        ticket = Ticket(self._seq, self._lock)
        self._queue.append((ticket, state))
        self._commit_in(LINGER_S, durable=False)
        return ticket

    def _commit_in(self, seconds: float, *, durable: bool) -> None:
        due = self.loop.now + seconds
        if not self._due or due < self._due:
            self._due = due
            self.loop.call_later(seconds, self._commit, durable)

    def _commit(self, durable: bool) -> None:  # noqa: FBT001 - a callback takes no keywords
        """Commit all that is queued, in the writer's thread."""
        if self.dead or not self._queue:
            return
        try:
            if durable:
                self.hook("intent: before commit")
            self.flush()
            if durable:
                self.hook("intent: committed")
        except Killed:
            return
        for ticket, _ in self._written:
            settle_all([ticket])

    def flush(self) -> None:
        """Write what is queued."""
        self._written, self._queue, self._due = self._queue, [], 0.0
        self.disk.write([thing for _, thing in self._written], self.run)

    def close(self) -> None:
        """Write what is queued, politely."""
        if not self.dead:
            self.flush()

    def die(self, kept: int) -> None:
        """Keep at most so many of the rows that were not committed."""
        if not self.dead:
            self.dead = True
            self.disk.write([thing for _, thing in self._queue[:kept]], self.run)

    @property
    def waiting(self) -> int:
        """How many things are not committed yet."""
        return len(self._queue)


def facts_of(rows: Iterable[LogRow]) -> Iterator[Any]:
    """Yield the facts of a log."""
    for row in rows:
        if row.fact:
            yield decode_fact(row.fact)
