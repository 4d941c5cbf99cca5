"""The recorder: every fact goes through it once: core, books, journal, in that order."""

from typing import Any, Protocol

import msgspec
import structlog

from brokers.facts import Reconciled
from runtime.clock import Clock
from runtime.core.core import Core
from runtime.core.decision import Step
from runtime.core.facts import AnyFact, CommandJudged, LevelChanged, PersonFact
from runtime.core.instructions import DURABLE
from runtime.journal.entries import Entry, Row
from runtime.journal.projections import rows_of
from runtime.journal.ticket import Ticket
from runtime.journal.writer import JournalWriter
from runtime.outcomes.books import Books
from runtime.outcomes.outcome import Outcome

SNAPSHOT_EVERY = 1000

encode = msgspec.msgpack.Encoder().encode
decode_fact = msgspec.msgpack.Decoder(AnyFact).decode
decode_step = msgspec.msgpack.Decoder(Step).decode


class Seal(Protocol):
    """What signs where a journal stands: it is told of each entry, and of the run's last."""

    def took(self, wall: int, ticket: Ticket) -> None:
        """Note an entry, and the clock when it was taken."""

    def ended(self, ticket: Ticket) -> None:
        """Sign once this entry is on disk."""


class Rest(msgspec.Struct, frozen=True):
    """Core and books at rest, and the plan they were made of."""

    config: str
    core: bytes
    books: bytes


class Recorder:
    """One account's facts, in their one order."""

    def __init__(self, core: Core, books: Books, journal: JournalWriter, clock: Clock) -> None:
        """Record into an open journal."""
        self.core, self.books, self.journal, self.clock = core, books, journal, clock
        self.facts = 0
        self.net = {"live": 0.0, "shadow": 0.0}
        self.off = 0.0
        """Of the balance, what neither trades nor the ledger explained at the last look."""
        self.log = structlog.get_logger()
        self.seal: Seal | None = None
        """What signs where the journal stands; None: there is no key."""

    def take(self, fact: AnyFact, *, durable: bool = False) -> tuple[Step, Ticket, bool]:
        """Handle one fact and queue it with its step; say whether the step must be on disk before it is acted upon."""
        step = self.core.handle(fact)
        outcomes = self.books.observe(fact, step)
        self._count(outcomes)
        if isinstance(fact, Reconciled) and (off := self.books.unexplained) != self.off:
            self.off = off
            self.log.error("money", unexplained=off, balance=self.core.ledger.balance, fact=self.journal.next_seq)
        rows = rows_of(self.journal.next_seq, fact, step, outcomes, self.core, self.books.live)
        durable |= isinstance(fact, LevelChanged | PersonFact) or any(
            isinstance(wish, DURABLE) for wish in step.instructions
        )
        durable |= isinstance(fact, CommandJudged) and not fact.refused  # its sequence is used up, whatever comes of it
        entry = Entry(type(fact).__name__, fact.at, self.clock.wall_ms(), encode(fact), encode(step), rows)
        ticket = self.journal.append(entry, durable=durable)
        if self.seal is not None:
            self.seal.took(entry.wall, ticket)
        self.facts += 1
        if self.facts % SNAPSHOT_EVERY == 0:
            self.journal.snapshot(ticket.seq, self.rest())
        return step, ticket, durable

    def _count(self, outcomes: tuple[Outcome, ...]) -> None:
        for outcome in outcomes:
            if outcome.gate in {"", "regime"}:
                self.net[outcome.book] += outcome.net

    def begin(self, run: dict[str, Any]) -> None:
        """Write down what this run is made of, all that a replay needs, and where it begins."""
        self.run = run
        row: Row = ("runs", run)
        first = self.journal.append(self._of_run("RunOpened", row))
        self.journal.snapshot(first.seq, self.rest())

    def _of_run(self, kind: str, row: Row) -> Entry:
        """Return an entry that holds what it says of the run itself, so that the chain covers that too."""
        return Entry(kind, self.core.ledger.at, self.clock.wall_ms(), b"", msgspec.json.encode(row[1]), (row,))

    def end(self, reason: str) -> None:
        """Write down why the run ended, and where everything stands."""
        row: Row = ("runs", {"run": self.run["run"], "ended": self.clock.wall_ms(), "reason": reason})
        last = self.journal.append(self._of_run("RunClosed", row))
        self.journal.snapshot(last.seq, self.rest())
        if self.seal is not None:
            self.seal.ended(last)

    def rest(self) -> bytes:
        """Return core and books as bytes."""
        return encode(Rest(self.core.plan.config, self.core.snapshot(), self.books.snapshot()))


def rest_of(raw: bytes) -> Rest:
    """Return what a snapshot holds."""
    return msgspec.msgpack.decode(raw, type=Rest)
