"""What each gate and each check of a backtest was worth: its record, judged as the journals of accounts are."""

from collections import Counter, defaultdict
from collections.abc import Iterator

import numpy as np

from backtests.attribution_columns import COLUMNS, money_of
from backtests.attribution_groups import By, Group, Read, groups_of
from backtests.attribution_runs import EVERY
from backtests.decided import PLACES, parts
from backtests.engine_record import CompiledRecord
from backtests.record import Record, Trade
from runtime.core.decision import Decision
from runtime.outcomes.kept_out import GATE_OF, Check, kept_out, once, said


def gates_worth(record: Record) -> tuple[list[Group], list[Group]]:
    """Return what each gate was worth, by the books without it, and what each check was."""
    trades = [*record.trades, *record.missed]
    classes: dict[str, Counter[str]] = {}
    for (_, class_), count in record.classes.items():
        if class_ in GATE_OF:
            classes.setdefault(GATE_OF[class_], Counter())[class_] += count
    by_gate = _groups("gate", trades, [t.gate for t in trades], classes)
    checks, signals = _refused(record, {t.decision for t in trades if t.book == "shadow"})
    books: defaultdict[str, set[str]] = defaultdict(set)
    for trade in trades:
        books[trade.strategy].add(trade.gate)
    kept = [t for t in trades if t.decision in checks and once(t.gate, checks[t.decision], books[t.strategy])]
    by_check = _groups("check", kept, [said(checks[t.decision]) for t in kept], signals)
    return by_gate, by_check


def _groups(by: By, trades: list[Trade], group: list[str], signals: dict[str, Counter[str]]) -> list[Group]:
    columns = [[getattr(t, name) for t in trades] for name in COLUMNS]
    return groups_of(
        Read(money_of(columns, [""] * len(trades), group, [EVERY] * len(trades)), signals, set(), set()), by
    )


def _refused(record: Record, wanted: set[str]) -> tuple[dict[str, tuple[Check, ...]], dict[str, Counter[str]]]:
    """Return what kept out the entries that were wanted, by the decision's id, and how often what did."""
    found: dict[str, tuple[Check, ...]] = {}
    signals: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for decision in _decisions(record):
        if decision.position or abs(decision.action) != 1.0:
            continue
        checks = kept_out(decision.outcome, decision.holds, decision.reasons)
        signals[said(checks)][decision.outcome] += 1
        if decision.id in wanted:
            found[decision.id] = checks
    return found, signals


def _decisions(record: Record) -> Iterator[Decision]:
    """Yield the decisions of classes that keep an entry out, words being made of no others."""
    refused, begin = [PLACES[class_] for class_ in GATE_OF], 0
    for part in parts(record.decided):
        rows = begin + np.flatnonzero(np.isin(part.outcome, refused))
        begin += len(part.outcome)
        made = record.decisions
        yield from made.words(rows) if isinstance(made, CompiledRecord) else (made[row] for row in rows.tolist())
