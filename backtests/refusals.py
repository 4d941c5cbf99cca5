"""Refusals by gate: entries that were wanted and not taken, why, and what the shadow books made of those trades."""

import math

from collections import Counter, defaultdict

import msgspec
import numpy as np

from backtests.decided import GATES, Array, Decided, Why, parts
from backtests.gate_value import gated
from backtests.record import Record, Trade
from market.money import cents


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Entries that one gate kept out for one reason."""

    gate: str
    """regime, hold, risk, mode observe, or away."""
    reason: str
    """As the gate says it; several at once are one reason of their own."""
    decisions: int
    """Bars on which it was so: a signal refused on twenty bars in a row is twenty of these."""
    missed: int | None
    """Trades that only the shadow books have, and that began on such a bar; None where no shadow book leaves it out."""
    net: float | None
    """What those made, account money: the gate is worth as much less."""
    r: float | None
    """The same in multiples of the risk each took."""


def refusals_of(record: Record) -> list[Refusal]:
    """Return what kept entries out, gate by gate, the most frequent reason first.

    Where no shadow book leaves a gate out, nobody knows what that was worth.
    """
    counts = _counts(record.decided)
    missed = _missed(record)
    judged = {t.gate for t in record.missed} | ({"regime"} if record.shadows and gated(record) else set())
    rows = []
    for (gate, reason), count in counts.items():
        trades = missed.get((gate, reason), []) if gate in judged else None
        rows.append(
            Refusal(
                gate=gate,
                reason=reason,
                decisions=count,
                missed=None if trades is None else len(trades),
                net=None if trades is None else cents(math.fsum(t.net for t in trades)),
                r=None if trades is None else math.fsum(t.r or 0.0 for t in trades),
            )
        )
    order = list(GATES.values())
    return sorted(rows, key=lambda row: (order.index(row.gate), -row.decisions, row.reason))


def _counts(decided: Decided) -> dict[Why, int]:
    counts: Counter[int] = Counter()
    for part in parts(decided):
        places, many = np.unique(part.why[part.why >= 0], return_counts=True)
        counts.update(dict(zip(places.tolist(), many.tolist(), strict=True)))
    return {decided.whys[place]: count for place, count in counts.items()}


def _missed(record: Record) -> dict[Why, list[Trade]]:
    """Return trades that are in a shadow book alone, by what its gate said in the live decision at their entry."""
    live = {_trade_key(t) for t in record.trades if t.book == "live"}
    shadows = (t for t in (*record.trades, *record.missed) if t.book == "shadow")
    alone = [t for t in shadows if _trade_key(t) not in live]
    found: defaultdict[Why, list[Trade]] = defaultdict(list)
    for place, name in enumerate(record.decided.strategies):
        mine = [t for t in alone if t.strategy == name]
        whys = _whys(record.decided, place, np.array([t.opened for t in mine], np.int64))
        for trade, why in zip(mine, whys.tolist(), strict=True):
            if why >= 0 and record.decided.whys[why][0] == trade.gate:
                found[record.decided.whys[why]].append(trade)
    return found


def _whys(decided: Decided, strategy: int, moments: Array) -> Array:
    """Return what kept an entry out of a strategy's last decision at or before each moment; -1: nothing did."""
    found = np.full(len(moments), -1)
    for part in parts(decided) if len(moments) else ():
        mine = part.strategy == strategy
        at, why = part.at[mine], part.why[mine]
        last = np.searchsorted(at, moments, "right") - 1
        found = np.where(last >= 0, why[np.maximum(last, 0)], found) if len(at) else found
    return found


def _trade_key(trade: Trade) -> tuple[str, int, int]:
    return trade.strategy, trade.opened, trade.side
