"""What strategies foretold against what came of it: which scores are chances, and which labels are there yet."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import msgspec
import numpy as np

from sqlalchemy import select, text

from backtests.attribution_columns import money_of
from backtests.attribution_groups import Figures, figures
from backtests.chances import Reliability, reliability_of
from backtests.words import number, share
from config.errors import UsageError
from config.journal import Where
from runtime.journal.reader import JournalReader
from runtime.journal.schema import WANTED, tables

GONE = frozenset({"REFUSED", "CANCELLED", "MISSING"})
"""States of an order that never became a trade."""
OPEN = [(None, None, None)]
"""The end of a trade that has none yet."""
FIFTHS = 5

OF_FIFTHS = ("score from", "to", "trades", "mean R", "R from", "R to", "hit rate", "interval")
"""What the columns are in which a fifth is told."""


class Labels(msgspec.Struct, frozen=True, kw_only=True):
    """Which decisions to trade have come to an end, and how long that took."""

    traded: int
    labelled: int
    """Closed, so that it is known what came of them."""
    never_filled: int
    open: int
    """Neither: they stand, or their end was not told."""
    coverage: float | None
    """Labelled, of those that were filled; None where none was."""
    lag_s: float | None
    """From decision to label, the median; None where nothing is labelled."""
    lag_s_most: float | None
    """What nine of ten stay below."""


class Fifth(msgspec.Struct, frozen=True, kw_only=True):
    """A fifth of a strategy's trades, by score in the direction of the trade."""

    low: float
    high: float
    came: Figures


class Foretold(msgspec.Struct, frozen=True, kw_only=True):
    """What one strategy foretold."""

    strategy: str
    labels: Labels
    chances: Reliability | None
    """That a trade makes money after costs; None where its score is no chance, or nothing is labelled."""
    no_chance: int
    """Labelled trades whose score lies outside 0 to 1 although it should be a chance: left out."""
    fifths: tuple[Fifth, ...]
    """Of a score that is no chance."""
    sentence: str


def foretold(journals: Sequence[tuple[str, Where]], named: Collection[str] = ()) -> list[Foretold]:
    """Return of each strategy what it foretold; `named`: those whose score is a chance although they are not sized so.

    UsageError where one of these is no strategy of the journals.
    """
    rows: defaultdict[str, list[Any]] = defaultdict(list)
    chances = set(named)
    for _, path in journals:
        with JournalReader(path) as reader:
            chances |= set(_by_kelly(reader))
            for strategy, row in _traded(reader):
                rows[strategy].append(row)
    if unknown := set(named) - rows.keys():
        raise UsageError(f"--chance: {', '.join(sorted(unknown))} traded nothing: there are {', '.join(sorted(rows))}")
    return [_judged(name, rows[name], chance=name in chances) for name in sorted(rows)]


def _by_kelly(reader: JournalReader) -> Iterator[str]:
    """Yield strategies that are sized by Kelly's rule, which takes their score for the chance to win."""
    runs = tables.tables["runs"]
    for (config,) in reader.ask(select(runs.c.config).distinct()):
        for strategy in msgspec.json.decode(config)["strategies"] if config else ():
            if (strategy.get("size") or {}).get("by") == "kelly":
                yield strategy["name"]


def _traded(reader: JournalReader) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield what was traded, in order: strategy; score, direction, moment, order's state, and its end.

    Put together here: SQLite, which has counted nothing, takes few decisions to be traded and goes through all outcomes
    for each, or reads every decision to have those in order.
    """
    d, o, t = (tables.tables[name].c for name in ("decisions", "outcomes", "orders"))
    live = reader.columns(select(o.decision, o.closed, o.net, o.r).where(o.book == "live"))
    orders = reader.columns(select(t.instruction, t.state))
    ends: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for decision, *came in zip(*live, strict=True):
        ends[decision].append(tuple(came))
    states = dict(zip(*orders, strict=True))
    columns = (d.seq, d.n, d.id, d.instruction, d.strategy, d.score, d.action, d.at)
    made = reader.columns(select(*columns).where(text(WANTED), d["class"] == "traded"))
    for _, _, id_, instruction, strategy, *rest in sorted(zip(*made, strict=True)):
        for end in ends.get(id_, OPEN):
            yield strategy, (*rest, states.get(instruction), *end)


def _judged(name: str, rows: Sequence[Any], *, chance: bool) -> Foretold:
    closed = [row for row in rows if row[4] is not None]
    scores = np.array([row[0] if row[0] is not None else np.nan for row in closed])
    net = np.array([row[5] for row in closed])
    labels = _labels(rows, closed)
    fair = (scores >= 0.0) & (scores <= 1.0)
    found = reliability_of(scores[fair], net[fair] > 0.0) if chance and fair.any() else None
    return Foretold(
        strategy=name, labels=labels, chances=found, no_chance=int((~fair).sum()) if chance else 0,
        fifths=() if chance else tuple(_fifths(closed)), sentence=_said(name, labels, found, chance=chance),
    )  # fmt: skip


def _labels(rows: Sequence[Any], closed: Sequence[Any]) -> Labels:
    never = sum(row[4] is None and row[3] in GONE for row in rows)
    filled = len(rows) - never
    lags = np.array([(row[4] - row[2]) / 1000.0 for row in closed])
    middle, most = np.quantile(lags, (0.5, 0.9)).tolist() if len(lags) else (None, None)
    return Labels(
        traded=len(rows), labelled=len(closed), never_filled=never, open=filled - len(closed),
        coverage=len(closed) / filled if filled else None, lag_s=middle, lag_s_most=most,
    )  # fmt: skip


def _fifths(closed: Sequence[Any]) -> Iterator[Fifth]:
    """Yield the fifths of trades by score in the direction of the trade, the weakest first."""
    known = [row for row in closed if row[0] is not None]
    strength = np.array([row[0] * (1.0 if row[1] > 0.0 else -1.0) for row in known])
    closed, net, r = ([row[place] for row in known] for place in (4, 5, 6))
    none, unnamed = [0] * len(known), [""] * len(known)
    columns = (["live"] * len(known), closed, net, r, unnamed, none, none, none, unnamed)
    money = money_of(columns, unnamed, unnamed, none)
    for part in np.array_split(np.argsort(strength, kind="stable"), FIFTHS):
        came = figures(money, part)
        if came is not None:
            yield Fifth(low=float(strength[part].min()), high=float(strength[part].max()), came=came)


def fifth_told(fifth: Fifth) -> tuple[str, ...]:
    """Return a fifth as a row of a table, by `OF_FIFTHS`."""
    of = fifth.came
    return (
        number(fifth.low, 3), number(fifth.high, 3), number(of.trades, 0),
        *(number(x, 3) for x in (of.mean_r, of.mean_r_low, of.mean_r_high)), share(of.hit_rate), of.says,
    )  # fmt: skip


def _said(name: str, labels: Labels, found: Reliability | None, *, chance: bool) -> str:
    if not labels.labelled:
        return f"{name}: no trade has come to its end yet."
    if not chance:
        return (
            f"{name} gives no probability: it is not sized by Kelly's rule, so its score is in a unit of its own, and "
            "its trades are shown by fifths of it. `--chance` names a strategy whose score is a chance to win."
        )
    if found is None:
        return f"{name}: not one score lies between 0 and 1, so none is a chance."
    off = f"the calibration error is {found.error:.3f}; true chances would show up to {found.error_by_luck:.3f} by luck"
    if found.error > found.error_by_luck:
        way = "more" if found.foretold > found.came else "less"
        both = f"It foretold {share(found.foretold)}, {way} than the {share(found.came)} that came."
        return f"{name} is not calibrated: {off}. {both}"
    return f"{name}: nothing here contradicts its chances: {off}, from {found.count:,} trades."
