"""Refusals by gate: entries that were wanted and not taken, why, and what the shadow books made of those trades."""

import math

from bisect import bisect_right
from collections import Counter, defaultdict
from operator import attrgetter

import msgspec

from backtests.gate_value import gated
from backtests.record import Record, Trade
from market.money import cents
from runtime.core.decision import Decision

GATES = {
    "vetoed_by_regime": "regime",
    "held": "hold",
    "refused_by_risk": "risk",
    "observed": "mode observe",
    "missed": "away",
}
"""What keeps an entry out, by the class of the decision, in the order in which they are told."""


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

    Shadow books leave the regime gate out and nothing else: of holds and risk checks nobody knows what they were worth.
    """
    counts = Counter(key for d in record.decisions if (key := _key(d)) is not None)
    missed = _missed(record)
    judged = set(gated(record)) if record.shadows else set()
    rows = []
    for (gate, reason), count in counts.items():
        trades = missed.get((gate, reason), []) if gate == "regime" and judged else None
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


def _key(decision: Decision) -> tuple[str, str] | None:
    """Return gate and reason of an entry that was wanted and refused; None for any other decision."""
    gate = GATES.get(decision.outcome)
    if gate is None or decision.position or abs(decision.action) != 1.0:
        return None
    if gate == "regime":
        return gate, decision.gate_reason
    if gate == "hold":
        return gate, ", ".join(decision.holds)
    return gate, ", ".join(decision.reasons)


def _missed(record: Record) -> dict[tuple[str, str], list[Trade]]:
    """Return the trades that are in the shadow books only, by what the live decision said when they were entered."""
    live = {_trade_key(t) for t in record.trades if t.book == "live"}
    decisions: defaultdict[str, list[Decision]] = defaultdict(list)
    for decision in record.decisions:
        decisions[decision.strategy].append(decision)
    found: defaultdict[tuple[str, str], list[Trade]] = defaultdict(list)
    for trade in record.trades:
        if trade.book == "shadow" and _trade_key(trade) not in live:
            told = decisions[trade.strategy]
            at = bisect_right(told, trade.opened, key=attrgetter("at")) - 1
            key = _key(told[at]) if at >= 0 else None
            if key is not None:
                found[key].append(trade)
    return found


def _trade_key(trade: Trade) -> tuple[str, int, int]:
    return trade.strategy, trade.opened, trade.side
