"""Checking a journal: every row follows the one before, none is missing, none was changed."""

import struct

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from sqlalchemy import Connection, func, select, text

from runtime.journal.chain import BEFORE, GENESIS, row_hash, snapshot_hash
from runtime.journal.entries import Head, Recovered, Snapshot, Verdict
from runtime.journal.errors import JournalError
from runtime.journal.opening import Place
from runtime.journal.packing import HEAD, Words, number_in, number_of
from runtime.journal.schema import head, log, runs, snapshots, words
from runtime.journal.segments import START, Earlier, base, segments

ROWS = text("SELECT seq, run, at, wall, kind, schema, fact, step, prev, hash FROM log WHERE seq >= :first ORDER BY seq")
HEADS = text("SELECT min(seq), substr(fact, 1, :size) AS begins FROM log GROUP BY begins")
STATES = text(
    "SELECT s.seq, s.run, s.schema, s.state, s.prev, s.hash, log.hash FROM snapshots AS s "
    "LEFT JOIN log ON log.seq = s.seq ORDER BY s.seq"
)

Noted = dict[int, bytes]
"""Hashes by row: a walk of the chain notes those of the rows that are its keys."""


def stored_head(connection: Connection) -> Head:
    """Return where the journal says its log ends."""
    row = connection.execute(select(head.c.seq, head.c.hash)).one_or_none()
    return START if row is None else Head(row.seq, row.hash)


def last_snapshot(connection: Connection) -> Snapshot | None:
    """Return the newest snapshot, unchecked."""
    row = connection.execute(select(snapshots).order_by(snapshots.c.seq.desc()).limit(1)).mappings().one_or_none()
    return None if row is None else Snapshot(**row)


def newest_words(connection: Connection) -> Words | None:
    """Return the words that rows were packed against at last."""
    row = connection.execute(select(words).order_by(words.c.seq.desc()).limit(1)).one_or_none()
    return None if row is None else Words(*row)


def _wordless(connection: Connection) -> int:
    """Return the first row whose words are gone, or no more what they were; 0 where all are there."""
    found = connection.execute(select(words.c.number, words.c.bytes))
    there = {number_of(b""), *(number for number, said in found if number_of(said) == number)}
    named = ((seq, number_in(bytes(begin or b""))) for seq, begin in connection.execute(HEADS, {"size": HEAD}))
    return min((seq for seq, number in named if number is not None and number not in there), default=0)


def _fault(row: Sequence[Any], before: Head) -> str:
    """Return what is wrong with a row of the log that should follow `before`; empty when nothing is."""
    seq, run, at, wall, kind, schema, fact, step, prev, found = row
    if seq != before.seq + 1:
        return f"rows {before.seq + 1} to {seq - 1} are missing"
    if prev not in (BEFORE, before.hash):
        return f"row {seq} does not follow row {before.seq}"
    try:
        expected = row_hash(before.hash, schema, run, seq, at, wall, kind.encode(), fact, step)
    except (AttributeError, TypeError, struct.error):
        return f"row {seq} was changed: a value has another type"
    doubt = f", or row {before.seq}" if before.seq and not prev else ""
    return "" if found == expected else f"row {seq} was changed{doubt}: its hash does not fit"


def follow(rows: Iterable[Sequence[Any]], after: Head, noted: Noted | None = None) -> tuple[Verdict, Head]:
    """Check the chain of rows that should follow `after`; return the last good one too, and note what is asked."""
    last, asked = after, {} if noted is None else noted
    for row in rows:
        problem = _fault(row, last)
        if problem:
            return Verdict(ok=False, seq=last.seq + 1, problem=problem), last
        last = Head(row[0], row[9])
        if last.seq in asked:
            asked[last.seq] = last.hash
    return Verdict(ok=True, seq=last.seq), last


def check_rows(connection: Connection, after: Head, noted: Noted | None = None) -> Verdict:
    """Check the chain from the row behind `after` to the end."""
    verdict, last = follow(connection.execute(ROWS, {"first": after.seq + 1}).yield_per(500), after, noted)
    if not verdict.ok:
        return verdict
    end = stored_head(connection)
    if end.seq > last.seq:
        return Verdict(ok=False, seq=last.seq + 1, problem=f"rows {last.seq + 1} to {end.seq} are missing")
    if end != last:
        return Verdict(ok=False, seq=last.seq, problem=f"row {last.seq} is not where the journal says its log ends")
    return Verdict(ok=True, seq=last.seq)


def snapshot_fault(row: Snapshot, row_hash_there: bytes | None) -> str:
    """Return what is wrong with a snapshot, given the hash of the log at its seq; empty when nothing is."""
    if row.prev != row_hash_there:
        return f"the snapshot at {row.seq} does not belong to this log"
    try:
        expected = snapshot_hash(row.prev, row.schema, row.run, row.seq, row.state)
    except (TypeError, struct.error):
        return f"the snapshot at {row.seq} was changed: a value has another type"
    return "" if row.hash == expected else f"the snapshot at {row.seq} was changed: its hash does not fit"


def check_archived(connection: Connection, earlier: Earlier, noted: Noted | None = None) -> Verdict:
    """Check what was archived, from row 1 to the row behind which the log begins."""
    last = START
    for segment in segments(connection):
        verdict, last = follow((msgspec.structs.astuple(row) for row in earlier.rows(segment)), last, noted)
        if not verdict.ok:
            return Verdict(ok=False, seq=verdict.seq, problem=f"{verdict.problem}, in {segment.file}")
        if last != base((segment,)):
            return Verdict(ok=False, seq=last.seq, problem=f"{segment.file} ends at row {last.seq}, not {segment.last}")
    return Verdict(ok=True, seq=last.seq)


def check(connection: Connection, noted: Noted | None = None) -> Verdict:
    """Check the whole log as it stands in the database, then every snapshot."""
    verdict = check_rows(connection, base(segments(connection)), noted)
    if not verdict.ok:
        return verdict
    for row in connection.execute(STATES).yield_per(10):
        there = row[6] if row[0] else GENESIS
        problem = snapshot_fault(Snapshot(*row[:6]), there)
        if problem:
            return Verdict(ok=False, seq=row[0], problem=problem)
    if seq := _wordless(connection):
        return Verdict(
            ok=False, seq=seq, problem=f"the words of row {seq} are missing or changed: it cannot be unpacked"
        )
    return verdict


def checked_snapshot(place: Place, connection: Connection) -> Snapshot | None:
    """Return the newest snapshot, or raise JournalError when it does not belong to the log."""
    snapshot = last_snapshot(connection)
    if snapshot is None:
        return None
    found = connection.execute(select(log.c.hash).where(log.c.seq == snapshot.seq)).scalar()
    there = found if snapshot.seq else GENESIS
    problem = snapshot_fault(snapshot, there)
    if problem:
        raise JournalError(f"journal {place}: {problem}: keep the file for inspection and put back a copy")
    return snapshot


def recover(place: Place, connection: Connection) -> Recovered:
    """Return where the log ends and what the next run may be called, after checking what a restart will replay.

    That is the newest snapshot and all rows behind it; `check` looks at the rest.
    """
    snapshot = checked_snapshot(place, connection)
    verdict = check_rows(connection, Head(snapshot.seq, snapshot.prev) if snapshot else base(segments(connection)))
    if not verdict.ok:
        raise JournalError(f"journal {place}: {verdict.problem}: keep the file for inspection and put back a copy")
    end = stored_head(connection)
    told = connection.execute(select(func.max(runs.c.run))).scalar() or 0
    logged = connection.execute(select(log.c.run).where(log.c.seq == end.seq)).scalar() or 0
    return Recovered(seq=end.seq, hash=end.hash, next_run=max(told, logged) + 1)
