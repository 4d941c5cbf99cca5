"""What a journal tells of an account until the end of a day: the bars it was told, what it decided, its deals."""

import datetime

from pathlib import Path
from typing import Any

import msgspec

from backtests.archived import joined
from backtests.recorded import day_ms
from brokers.facts import BarClosed, BarRevised, DataEnded, DealMade, LinkUp
from config.errors import DataError
from config.journal import Where
from market.bars import Bars, bars_of
from market.types import DAY_MS, Bar, Deal
from runtime.core.decision import Decision
from runtime.core.facts import AnyFact
from runtime.core.feeds import FeedKey
from runtime.recorder import decode_fact, decode_step

LATER = 7 * DAY_MS
"""So long after a day a next bar is looked for: over a weekend and a holiday."""


class Lived(msgspec.Struct, kw_only=True):
    """An account's life from its first run to the end of a day, and what came a little after, oldest first."""

    run: dict[str, Any]
    """Row of its first run: configuration, models and contracts."""
    start: int
    """Opening time of the first bar that was no history to it, UTC ms."""
    balance: float
    bars: dict[FeedKey, dict[int, Bar]]
    """As they were told last, by opening time."""
    revised: set[tuple[FeedKey, int]]
    """Bars that were told otherwise at first."""
    decisions: list[Decision]
    deals: list[Deal]
    ended: bool
    """Its data was recorded, and over by then."""

    def reaches(self, end: int) -> bool:
        """Say whether every feed has told a bar that opened at `end` or later."""
        return bool(self.bars) and all(next(reversed(told)) >= end for told in self.bars.values())

    def decided_on(self, day: datetime.date) -> int:
        """Return how many bars of a day were decided."""
        begin = day_ms(day)
        return sum(begin <= d.bar_time < begin + DAY_MS for d in self.decisions)

    def tape(self, key: FeedKey) -> Bars:
        """Return the bars of a feed as columns."""
        told = sorted(self.bars[key].items())
        rows = [(t, b.open, b.high, b.low, b.close, b.volume, b.spread) for t, b in told]
        return bars_of(*key, rows)


def lived(journal: Where, day: datetime.date, segments: Path | None = None) -> Lived:
    """Read a journal as `lived_until` does; DataError where nothing was decided on the day."""
    found = lived_until(journal, day, segments)
    if not found.decided_on(day):
        raise DataError(f"{journal}: nothing was decided on {day}: name a day on which the account ran")
    return found


def lived_until(journal: Where, day: datetime.date, segments: Path | None = None) -> Lived:
    """Read a journal until each feed has told a bar of after a day; DataError where it holds no run."""
    end = day_ms(day) + DAY_MS
    with joined(journal, segments) as reader:
        runs = reader.runs()
        if not runs:
            raise DataError(f"{journal}: no run is journaled here: nothing was lived that could be compared")
        found = Lived(run=runs[0], start=0, balance=0.0, bars={}, revised=set(), decisions=[], deals=[], ended=False)
        for row in reader.rows():
            if row.fact:
                fact = decode_fact(row.fact)
                if fact.at >= end + LATER or found.reaches(end):
                    break
                _hear(found, fact)
                found.decisions += decode_step(row.step).decisions if row.fact else ()
    return found


def _hear(found: Lived, fact: AnyFact) -> None:
    match fact:
        case BarClosed():
            key = (fact.bar.symbol, fact.bar.timeframe)
            found.bars.setdefault(key, {}).setdefault(fact.bar.time, fact.bar)
            if fact.phase != "warm" and (not found.start or fact.bar.time < found.start):
                found.start = fact.bar.time
        case BarRevised():
            key = (fact.bar.symbol, fact.bar.timeframe)
            found.bars.setdefault(key, {})[fact.bar.time] = fact.bar
            found.revised.add((key, fact.bar.time))
        case LinkUp() if not found.balance:
            found.balance = fact.account.balance
        case DealMade():
            found.deals.append(fact.deal)
        case DataEnded():
            found.ended = True
        case _:
            pass
