"""What a journal does not cover of a month: stretches in which nothing was watched, and why."""

from collections.abc import Iterator
from typing import Literal

import msgspec

from brokers.facts import BarClosed, LinkDown, LinkUp, Reconciled
from runtime.journal.reader import JournalReader
from runtime.recorder import decode_fact

SHORTEST_MS = {"not running": 300_000, "out of reach": 3_600_000}
"""Of what is told."""
_SEEN = (LinkUp.__name__, Reconciled.__name__)
_OPENED = "RunOpened"
OFTEN = 1000
"""Looks in a month; of fewer, bars say too that somebody watched."""

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
    seen = lost = 0
    why: Why | None = None
    for _, at, kind in _told(reader, (first, last + 1)):
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


def _told(reader: JournalReader, rows: tuple[int, int]) -> list[tuple[int, int, str]]:
    """Return row, moment and kind of all that says whether anybody watched; bars only where nobody looked every day."""
    found = [
        (seq, decode_fact(raw).at if raw else 0, kind)
        for kind in (*_SEEN, LinkDown.__name__, _OPENED)
        for seq, raw in reader.facts_where(kind, seq=rows)
    ]
    if sum(kind in _SEEN for _, _, kind in found) < OFTEN:
        bars = reader.facts_where(BarClosed.__name__, seq=rows)
        found += [(seq, decode_fact(raw).at, BarClosed.__name__) for seq, raw in bars]
    return sorted(found)
