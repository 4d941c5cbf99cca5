"""What two drives of one account have to show alike: every field of every decision and deal but numbers of tickets."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from backtests.drive import Drive
from brokers.facts import DealMade
from market.types import Deal
from runtime.core.decision import Decision
from runtime.journal.reader import JournalReader
from runtime.recorder import decode_fact, decode_step

TICKETS = frozenset({"ticket", "order", "position"})
"""What a venue numbers as it likes."""
OF_A_RUN = frozenset({"run", "n", "magic", "instruction", "comment", "config"})
"""What differs between an account that was begun again, or lies in another folder, and one that was not."""
MOST = 10


def journaled(journal: Path) -> tuple[list[Decision], list[Deal]]:
    """Return all decisions and deals of a journal's log."""
    decisions: list[Decision] = []
    deals: list[Deal] = []
    with JournalReader(journal) as reader:
        for row in reader.rows():
            decisions += decode_step(row.step).decisions if row.fact else ()
            fact = decode_fact(row.fact) if row.fact else None
            deals += [fact.deal] if isinstance(fact, DealMade) else []
    return decisions, deals


def told(drive: Drive) -> list[Deal]:
    """Return the deals of a backtest, without its deposit."""
    return [deal for deal in drive.deals if deal.entry != "none"]


def unlike(journal: Path, drive: Drive) -> list[str]:
    """Return where a journal and a backtest differ, the first few."""
    decisions, deals = journaled(journal)
    return [*differences(decisions, drive.decisions), *differences(deals, told(drive), TICKETS)][:MOST]


def differences(
    found: Sequence[msgspec.Struct], expected: Sequence[msgspec.Struct], but: frozenset[str] = frozenset()
) -> list[str]:
    """Return where two sequences differ, the first few; NaN equals NaN."""
    return list(_differences(found, expected, but))[:MOST]


def _differences(
    found: Sequence[msgspec.Struct], expected: Sequence[msgspec.Struct], but: frozenset[str]
) -> Iterator[str]:
    for number, (a, b) in enumerate(zip(found, expected, strict=False)):
        left, right = _fields(a, but), _fields(b, but)
        if repr(left) != repr(right):
            yield from (
                f"{type(a).__name__} {number}: {field} is {left[field]!r}, not {right[field]!r}"
                for field in left
                if repr(left[field]) != repr(right[field])
            )
    if len(found) != len(expected):
        yield f"{len(found)} instead of {len(expected)}"


def _fields(value: msgspec.Struct, but: frozenset[str]) -> dict[str, Any]:
    return {field: getattr(value, field) for field in value.__struct_fields__ if field not in but}
