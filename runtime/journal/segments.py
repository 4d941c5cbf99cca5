"""Segments: rows of the log that were archived, and how the log itself says where they went.

The log begins with row 1, or behind its segments. A row of the log names them all, so the chain covers what was taken
away as it covers what is there.
"""

from collections.abc import Iterator
from typing import Any, Protocol

import msgspec

from sqlalchemy import Connection, func, select

from runtime.journal.chain import GENESIS
from runtime.journal.entries import EVER, Head, LogRow, Snapshot, Span
from runtime.journal.schema import log

ARCHIVED = "Archived"
"""The kind of the row that names all segments; its step is their JSON."""
START = Head(0, GENESIS)


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that follow each other, in a file."""

    first: int
    last: int
    prev: str
    """Hash of the row before the first, in hex."""
    hash: str
    """Hash of the last row."""
    file: str
    """Where it was written to."""


class Earlier(Protocol):
    """Reads what was archived; JournalError where it is not there."""

    def rows(self, segment: Segment, span: Span = EVER, *, backwards: bool = False) -> Iterator[LogRow]:
        """Yield the rows of a segment whose numbers are in a span, as they were stored; or the last first."""

    def snapshot_before(self, segment: Segment, seq: int) -> Snapshot | None:
        """Return the last snapshot in a segment that was taken before a row; None where it holds none."""


def segments(connection: Connection) -> tuple[Segment, ...]:
    """Return the segments that lie before the first row; none where the log begins with row 1, or does not say."""
    first = connection.execute(select(func.min(log.c.seq))).scalar()
    if first in (None, 1):
        return ()
    told = select(log.c.step).where(log.c.kind == ARCHIVED).order_by(log.c.seq.desc()).limit(1)
    found = of_step(connection.execute(told).scalar())
    return found if found and found[-1].last == first - 1 else ()


def of_step(step: Any) -> tuple[Segment, ...]:  # noqa: ANN401 - whatever a database holds there
    """Return the segments that a row names."""
    try:
        return msgspec.json.decode(step, type=tuple[Segment, ...])
    except (msgspec.MsgspecError, TypeError):
        return ()


def base(found: tuple[Segment, ...]) -> Head:
    """Return the row behind which the log begins."""
    return Head(found[-1].last, bytes.fromhex(found[-1].hash)) if found else START
