"""What a journal does not cover of a month: stretches in which nothing was watched, and why."""

from collections.abc import Iterator
from typing import Literal

import msgspec

from sqlalchemy import select

from brokers.facts import BarClosed, LinkDown, LinkUp, Reconciled
from runtime.journal.reader import JournalReader
from runtime.journal.schema import log

SHORTEST_MS = {"not running": 300_000, "out of reach": 3_600_000}
"""Of what is told."""
_SEEN = (LinkUp.__name__, Reconciled.__name__)
_OPENED = "RunOpened"

Why = Literal["not running", "out of reach"]


class Gap(msgspec.Struct, frozen=True):
    """Nothing was watched from a moment to another."""

    began: int
    ended: int
    why: Why


def gaps(reader: JournalReader, first: int, last: int, began: int, ended: int) -> list[Gap]:
    """Return the stretches between two moments, told in some rows, in which nobody watched; each as far as within."""
    found = []
    for gap in _gaps(reader, first, last):
        cut = Gap(max(gap.began, began), min(gap.ended, ended), gap.why)
        if cut.ended - cut.began >= SHORTEST_MS[gap.why]:
            found.append(cut)
    return found


def _gaps(reader: JournalReader, first: int, last: int) -> Iterator[Gap]:
    query = select(log.c.at, log.c.kind).where(log.c.seq >= first, log.c.seq <= last)
    seen = lost = 0
    why: Why | None = None
    kinds = (*_SEEN, _OPENED, LinkDown.__name__, BarClosed.__name__)
    for rows in reader.stream(query.where(log.c.kind.in_(kinds)).order_by(log.c.seq), 5000):
        for at, kind in rows:
            if kind in _SEEN:
                if why is not None and lost:
                    yield Gap(lost, at, why)
                seen, why = max(seen, at), None
            elif kind == _OPENED:
                lost, why = lost if why is not None else seen, "not running"
            elif why is None and kind == BarClosed.__name__:
                seen = max(seen, at)
            elif why is None:
                lost, why = at, "out of reach"
