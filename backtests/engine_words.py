"""What the codes of a compiled drive mean: deals, reasons and gates in the words that core and venue use."""

from collections.abc import Sequence
from functools import cache

from backtests.engine_layout import (
    ALLOWS,
    ALLOWS_NOT,
    BLINDED,
    BY_STOP,
    BY_STOP_OUT,
    BY_TARGET,
    BY_US,
    D_AT,
    D_COMMISSION,
    D_ENTRY,
    D_NUMBER,
    D_ONE,
    D_ORDER,
    D_POSITION,
    D_PRICE,
    D_PROFIT,
    D_REASON,
    D_SIDE,
    D_SWAP,
    D_TICKET,
    D_TWO,
    D_VOLUME,
    HURRIED,
    NO_EXPOSURE,
    NOTHING_YET,
    REACHED_TODAY,
    SAID_LOTS,
    SAID_STOP,
    SMALL,
    STALE,
    TOO_OLD,
    UNEXPLAINED,
    UNPROTECTED,
    UNREAD_YET,
    W_BROKEN,
    W_WHY,
)
from market.features import FeatureRef
from market.types import BUY, SELL, Deal, DealReason
from regimes.likeness import contradiction
from regimes.novelty import name_of
from runtime.core.desk import magic_of
from runtime.core.gates import NOTHING_READ, OLD, OUTLIVED
from runtime.core.gates import UNLIKE as OTHER_BARS
from runtime.core.plan import NoModel, Plan, StrategyPlan
from runtime.core.risk import CHECKS, REACHED, TOO_SMALL
from runtime.core.shutting import GATE_SHUT

WHY = ("", "end of data", "strategy", "time stop", "stop passed", GATE_SHUT)
"""Why a trade was left, by the code of a wish."""
REASONS: tuple[DealReason, ...] = ("expert", "stop", "target", "stop_out")
LONGEST = 29
"""Letters of a comment."""


def shut_said(code: float, amount: float) -> str:
    """Return what the policy of a shut gate wanted."""
    if code == SAID_STOP:
        return f"stop to {amount:g}"
    return f"close {amount:g} lots" if code == SAID_LOTS else ""


def reasons_of(wish: Sequence[float]) -> tuple[str, ...]:
    """Return why a trade was left, or why risk refused an entry."""
    if wish[W_WHY]:
        return (WHY[int(wish[W_WHY])],)
    broken = wish[W_BROKEN]
    if broken == SMALL:
        return (TOO_SMALL,)
    also = ((REACHED, REACHED_TODAY), ("no protective stop", UNPROTECTED))
    checks = tuple(name for k, name in enumerate(CHECKS) if int(broken) >> k & 1)
    return (*checks, *(name for name, weight in also if int(broken) & int(weight)))


def gate_reason(code: float, about: int, plan: Plan, lane: StrategyPlan) -> str:
    """Return why the gate of a strategy stands as it does."""
    regime = next((regime for regime in plan.regimes if regime.name == lane.regime), None)
    features = () if regime is None or isinstance(regime.model, NoModel) else regime.model.features
    return _gate_reason(code, about, features, regime.timeframe if regime else lane.timeframe)


@cache
def _gate_reason(code: float, about: int, features: tuple[FeatureRef, ...], timeframe: str) -> str:
    said = {
        UNREAD_YET: "no regime bar yet",
        ALLOWS: "regime allowed",
        ALLOWS_NOT: "regime not allowed",
        NO_EXPOSURE: "regime allowed, at no exposure",
        HURRIED: f"{OTHER_BARS}: the last follow one another sooner than bars of {timeframe} can",
        TOO_OLD: OUTLIVED,
        NOTHING_YET: NOTHING_READ,
        STALE: OLD,
        BLINDED: f"its features have had no value for {about} bars",
    }
    if code in said:
        return said[code]
    if code == UNEXPLAINED:
        return f"no trained regime explains this ({name_of(about, [name for name, _ in features])})"
    return f"{OTHER_BARS}: {contradiction(float(about), features)}"


def deal_of(row: Sequence[float], lane: StrategyPlan, run: int, digits: int) -> Deal:
    """Return a deal as the venue tells it."""
    number = int(row[D_NUMBER])
    return Deal(
        ticket=int(row[D_TICKET]),
        order=int(row[D_ORDER]),
        position=int(row[D_POSITION]),
        at=int(row[D_AT]),
        symbol=lane.symbol,
        side=BUY if row[D_SIDE] > 0.0 else SELL,
        entry="in" if row[D_ENTRY] else "out",
        volume=row[D_VOLUME],
        price=row[D_PRICE],
        profit=row[D_PROFIT],
        commission=row[D_COMMISSION],
        swap=row[D_SWAP],
        magic=magic_of(lane.number, run, number),
        reason=REASONS[int(row[D_REASON])] if row[D_REASON] < BY_US else "expert",
        comment=_comment(row, f"tg {lane.number}.{run}.{number}", digits),
    )


def _comment(row: Sequence[float], entered: str, digits: int) -> str:
    code, one, two = row[D_REASON], row[D_ONE], row[D_TWO]
    if code == BY_STOP:
        return f"sl {one:.{digits}f}"
    if code == BY_TARGET:
        return f"tp {one:.{digits}f}"
    if code == BY_STOP_OUT:
        level = f"{one / two:.2%}" if two > 0.0 else "0.00%"
        return f"so: {level}/{one:.2f}/{two:.2f}"
    return f"tg {WHY[int(code - BY_US)]}"[:LONGEST] if code > BY_US else entered
