"""Shadow trades and decisions by the checks that kept the live one out, each trade in one book alone.

A trade that one gate kept out is taken from the book without that gate, one that several did from the book without
all; of a strategy that has no book without that gate, from the latter too. What a shadow book traded on a bar where
nothing was refused follows from a trade before it: it is in what a gate is worth, and no check's.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import compress
from typing import Any

import msgspec

from sqlalchemy import and_, func, or_, select, text

from backtests.attribution_columns import COLUMNS, coded
from runtime.journal.schema import REFUSED, tables
from runtime.outcomes.kept_out import GATE_OF, Check, Gate, kept_out, once, said

OF = COLUMNS.index("strategy")
REGIME: Gate = "regime"
"""The gate that a shadow book leaves out which names none: those of before there were others."""


@lru_cache(maxsize=10_000)
def checks_of(class_: str, holds: str, reasons: str) -> tuple[Check, ...]:
    """Return what kept an entry out, by the texts of a decision's row."""
    return kept_out(class_, msgspec.json.decode(holds or "[]"), msgspec.json.decode(reasons or "[]"))


def _entry() -> Any:  # noqa: ANN401 - a condition
    """Return the condition that a decision is of an entry that was refused; an exit that is held has no price."""
    d = tables.tables["decisions"].c
    return and_(d["class"].in_(GATE_OF), or_(d["class"] != "held", d.price > 0.0))


def shadow_trades(*, in_file: bool) -> Any:  # noqa: ANN401 - a select
    """Return the select of trades of shadow books whose entry was kept out of the live one, and what kept it out.

    A file does not look for the decisions of those that were traded: it looks for one after the other, and most are. A
    server, which goes through all at once, may take that list for too long to be kept.
    """
    o, d = tables.tables["outcomes"].c, tables.tables["decisions"].c
    both = tables.tables["outcomes"].join(tables.tables["decisions"], and_(d.id == o.decision, _entry()))
    why = (d["class"], d.holds, d.reasons)
    query = select(*(o[name] for name in COLUMNS), o.gate, *why)
    query = query.select_from(both).where(o.book == "shadow")
    return query.where(o.decision.not_in(select(o.decision).where(o.book == "live"))) if in_file else query


def by_check(columns: Sequence[list[Any]]) -> list[list[Any]]:
    """Return each trade once, by column, the last what kept it out, in words."""
    *trades, gate, class_, holds, reasons = columns
    numbers, sorts = coded(zip(trades[OF], gate, class_, holds, reasons, strict=True))
    books: defaultdict[str, set[str]] = defaultdict(set)
    for strategy, left_out, *_ in sorts:
        books[strategy].add(left_out or REGIME)
    found = [_once(left_out or REGIME, checks_of(*texts), books[strategy]) for strategy, left_out, *texts in sorts]
    words = [found[number] for number in numbers.tolist()]
    kept = [word is not None for word in words]
    return [list(compress(column, kept)) for column in (*trades, words)]


def _once(gate: str, why: Sequence[Check], books: set[str]) -> str | None:
    """Return what kept a trade out, in words; None where it counts in another book."""
    return said(why) if once(gate, why, books) else None


def refused() -> Any:  # noqa: ANN401 - a select
    """Return the select of decisions that refused an entry, counted by what they said."""
    d = tables.tables["decisions"].c
    why = (d["class"], d.holds, d.reasons)
    return select(*why, func.count()).where(text(REFUSED), _entry()).group_by(*why)


def counted(rows: Sequence[Any]) -> Iterator[tuple[str, str, int]]:
    """Yield what kept entries out, in words, their class and how many there were."""
    for class_, holds, reasons, count in rows:
        yield said(checks_of(class_, holds, reasons)), class_, count
