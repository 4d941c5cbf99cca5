"""Checkpoints: where a journal stood at a moment, signed by its daemon's key, one a line in a file beside it.

A chain proves that no row was changed without all that follow it. That its end was not cut off, or all of it written
anew with a chain of its own, only a signature shows that whoever did it could not make.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import structlog

from brokers.mt5.inplace import append, content
from config.checkpoints import FILE, CheckpointSection
from config.errors import ConfigError
from market.types import DAY_MS
from market.undecoded import UNDECODED
from runtime.clock import Clock
from runtime.journal.entries import Head, Verdict
from runtime.journal.errors import JournalFailed
from runtime.journal.reader import JournalReader
from runtime.journal.ticket import Ticket
from runtime.journal.verify import Noted
from runtime.journal.writer import JournalWriter
from runtime.operator.keyfiles import read_ring, read_signer
from runtime.operator.signing import Refusal, Ring, Signer


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """What is signed."""

    account: str
    seq: int
    """The last row on disk."""
    hash: str
    """Its hash, in hex."""
    at: int
    """Clock of this machine, UTC milliseconds."""


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """What the checkpoints of a journal say of it."""

    checkpoints: int = 0
    """That were checked."""
    last: int = 0
    """The row of the last of these."""
    problem: str = ""


def signer_for(section: CheckpointSection, account: str) -> Signer:
    """Return the key that signs; ConfigError where it cannot be read, or the ring would not know whose it is."""
    signer = read_signer(Path(section.key))
    if signer.kid not in read_ring(Path(section.ring)).daemons(account):
        raise ConfigError(f"{section.ring} has no key {signer.kid} of a daemon {account}: bring the ring up to date")
    return signer


def sign(folder: Path, signer: Signer, account: str, head: Head, at: int) -> Checkpoint:
    """Sign where a journal stands, and keep that beside it for good."""
    found = Checkpoint(account=account, seq=head.seq, hash=head.hash.hex(), at=at)
    append(folder / FILE, signer.sign(msgspec.json.encode(found)) + b"\n")
    return found


class Seal:
    """A daemon's: it signs at the end of every day, and when the run ends, whatever is on disk by then."""

    def __init__(self, folder: Path, signer: Signer, account: str, journal: JournalWriter, clock: Clock) -> None:
        """Begin within a day of which nothing is known yet."""
        self._folder, self._signer, self._account = folder, signer, account
        self._journal, self._clock, self._day = journal, clock, -1

    def took(self, wall: int, ticket: Ticket) -> None:
        """Note that an entry was appended; with the first of another day, the day before is signed."""
        day, before = wall // DAY_MS, self._day
        if day != before:
            self._day = day
            if before >= 0:
                self.ended(ticket)

    def ended(self, ticket: Ticket) -> None:
        """Sign as soon as an entry is on disk."""
        ticket.add_done_callback(self._sign)

    def _sign(self, ticket: Ticket) -> None:
        try:
            ticket.result()
            sign(self._folder, self._signer, self._account, self._journal.head, self._clock.wall_ms())
        except JournalFailed:
            return  # the daemon stops of it, and says why
        except OSError as error:
            structlog.get_logger().error("journal", problem=f"no checkpoint was written: {error}")


def check(file: Path, ring: Ring, reader: JournalReader, account: str = "") -> tuple[Verdict, Sealed]:
    """Follow the chain of a journal once, and hold it against each of its checkpoints.

    A line that was torn when the power went is none.
    """
    seen: list[Checkpoint] = []
    stranger = ""
    for number, line in enumerate((content(str(file)) or b"").splitlines(), 1):
        found = read(line, ring, account)
        if isinstance(found, Checkpoint):
            seen.append(found)
        elif found.fault != "form":
            stranger = f"checkpoint {number} of {file.name}: {found}"
            break
    noted = dict.fromkeys((one.seq for one in seen), b"")
    verdict = reader.verify(noted)
    problem = stranger or (next(_differences(seen, noted, verdict.seq), "") if verdict.ok else "")
    return verdict, Sealed(checkpoints=len(seen), last=max((one.seq for one in seen), default=0), problem=problem)


def read(line: bytes, ring: Ring, account: str = "") -> Checkpoint | Refusal:
    """Return a checkpoint that the daemon of an account has signed, any account's where none is named.

    A key that was revoked since is believed in what it signed before.
    """
    signed = ring.open(line, 0)
    if isinstance(signed, Refusal):
        return signed
    try:
        found = msgspec.json.decode(signed.payload, type=Checkpoint)
    except UNDECODED as error:
        return Refusal("form", f"no checkpoint: {error}")
    if signed.key.role != "daemon" or signed.key.who != found.account or account not in {"", found.account}:
        return Refusal("role", f"{signed.key.who} has signed it, of {found.account}")
    problem = signed.key.problem(found.at)
    return Refusal("key", problem) if problem else found


def _differences(seen: list[Checkpoint], noted: Noted, end: int) -> Iterator[str]:
    for one in sorted(seen, key=lambda one: one.seq):
        if one.seq > end:
            yield f"row {one.seq} was signed, and the log ends at row {end}: its end was cut off"
        elif noted[one.seq] and noted[one.seq].hex() != one.hash:
            yield f"row {one.seq} is not the one that was signed: the log was written anew up to there, or before"
