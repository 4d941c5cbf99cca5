"""Why a decision that was lived and the one that was made again differ: the first cause that explains the rest."""

from collections.abc import Collection, Sequence
from typing import Literal

import msgspec

from runtime.core.birth import beside
from runtime.core.decision import Decision
from runtime.core.feeds import FeedKey
from runtime.core.plan import Plan

Cause = Literal[
    "configuration", "away", "missing bar", "revised bar", "earlier", "hold", "veto", "spread", "size", "unexplained"
]
MEANING: dict[Cause, str] = {
    "configuration": "another configuration or model was in force",
    "away": "the daemon was away when the bar closed",
    "missing bar": "a bar is in one of both only, or one before it is",
    "revised bar": "a bar, this or one before it, is told otherwise now",
    "earlier": "a trade before it went otherwise, so that another position stood",
    "hold": "a level or a hold stood in the way in one of both",
    "veto": "the gate stood otherwise",
    "spread": "only the quote differs, and what is reckoned from it",
    "size": "equity or exposure differs, and lots with it",
    "unexplained": "none of these: a bug, or a feature that knows more than its bars",
}

OF_FEED = ("features", "regime", "posterior", "log_density", "novelty", "action", "kind", "score")
FIELDS: tuple[tuple[Cause, tuple[str, ...]], ...] = (
    ("configuration", ("config", "model", "gate_mode")),
    ("earlier", ("position", "held_bars")),
    ("revised bar", OF_FEED),
    ("veto", ("gate_open", "gate_reason", "allowed", "exposure", "shut")),
    ("hold", ("level", "holds")),
    ("size", ("side",)),
    ("spread", ("bid", "ask")),
    ("size", ("numbers", "limits", "risk", "volume", "price", "stop", "target", "outcome", "reasons")),
)
"""What a decision is made of, in the order in which one follows from the other, with what is to blame."""


Wrong = tuple[int, FeedKey, Cause]
"""When a bar opened, of which feed, and what is wrong with it."""


def blamed(wrong: Sequence[Wrong], read: Collection[FeedKey], until: int) -> Cause | None:
    """Return what is wrong with the last bar up to one that opened at `until`, of those that a strategy reads.

    None where none of them is: a bar that it never saw explains nothing of what it wanted.
    """
    return next((cause for time, key, cause in reversed(wrong) if time <= until and key in read), None)


def feeds_read(plan: Plan) -> dict[str, set[FeedKey]]:
    """Return the feeds that each strategy reads: its own, its regime's, and those that it is shown beside its own."""
    regimes = {r.name: (r.symbol, r.told) for r in plan.regimes}
    return {
        s.name: {
            (s.symbol, s.timeframe),
            regimes.get(s.regime, (s.symbol, s.timeframe)),
            *(shown.key for shown in beside(s).values()),
        }
        for s in plan.strategies
    }


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One bar of one strategy on which life and the backtest went apart."""

    cause: Cause
    strategy: str
    symbol: str
    bar_time: int
    field: str
    """The first field that differs; empty where only one of both decided."""
    lived: str
    again: str
    was: str
    """What the decision came to; empty: none was made."""
    would: str
    """What it came to when it was made again; likewise."""


def difference_of(lived: Decision, again: Decision, *, bars: Cause | None) -> Difference | None:
    """Return how two decisions on one bar differ, None if in nothing; `bars` says what is wrong with their bars."""
    if lived.outcome == "missed":
        return _told("away", lived, again, "outcome")
    if lived.holds != again.holds and f"MODEL:{lived.strategy}" in lived.holds:  # it would have wanted something
        return _told("hold", lived, again, "holds")
    for cause, fields in FIELDS:
        for field in fields:
            if repr(getattr(lived, field)) != repr(getattr(again, field)):
                return _told((bars or "unexplained") if cause == "revised bar" else cause, lived, again, field)
    return None


def alone(lived: Decision | None, again: Decision | None, cause: Cause) -> Difference:
    """Return the difference of a decision that only one of both made."""
    return _told(cause, lived, again, "")


def _told(cause: Cause, lived: Decision | None, again: Decision | None, field: str) -> Difference:
    of = lived or again
    assert of is not None  # noqa: S101 - one of both was made
    return Difference(
        cause=cause, strategy=of.strategy, symbol=of.symbol, bar_time=of.bar_time, field=field,
        lived=str(getattr(lived, field, "")), again=str(getattr(again, field, "")),
        was=lived.outcome if lived else "", would=again.outcome if again else "",
    )  # fmt: skip
