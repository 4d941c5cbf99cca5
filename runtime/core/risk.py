"""Risk: what an intent would put at stake, held against every limit; only `Approved` can become an order."""

import msgspec

from brokers.limits import Limits, collar_distance, order_value, spread_points, stop_loss
from market.kernel import kernel
from market.money import lots_down
from market.types import OrderKind, Side

CHECKS = ("spread", "daily loss", "positions", "volume", "value", "risk", "margin", "collar", "symbol volume")
"""Every check, in the order of `Decision.numbers` and `Decision.limits`."""

REACHED = "daily loss reached"
"""Why an entry is refused although less is lost by now: what may be lost in a day was lost today."""

TOO_SMALL = "size below the minimum volume"
"""Why an entry is refused of which the risk leaves less than the smallest lot."""

NAN = float("nan")

NO_LIMIT = 1e9
"""Lots that no account has: the limit of a symbol without one."""


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """An entry with its size: what we would like to send."""

    strategy: str
    symbol: str
    side: Side
    kind: OrderKind
    volume: float
    price: float
    stop: float
    target: float
    expiry: int


class UnprotectedError(ValueError):
    """An order without a protective stop on its losing side was about to be approved: a bug, never a refusal."""


class Approved(msgspec.Struct, frozen=True):
    """An intent that passed every check; it cannot be built without a protective stop."""

    intent: Intent

    def __post_init__(self) -> None:
        """Refuse to exist unprotected."""
        i = self.intent
        if not (i.stop > 0.0 and i.volume > 0.0 and (i.price - i.stop) * i.side > 0.0):
            msg = f"{i.strategy} on {i.symbol}: stop {i.stop} does not protect side {i.side} at {i.price} x {i.volume}"
            raise UnprotectedError(msg)


class RefusedByRisk(msgspec.Struct, frozen=True):
    """An intent that failed: by which checks."""

    intent: Intent
    reasons: tuple[str, ...]


@kernel
def size(
    equity: float, risk: float, distance: float, contract: float, rate: float, step: float, low: float, high: float
) -> float:
    """Return the lots that lose `risk` (a share) of equity over `distance` (price), rounded down; 0.0 if too small.

    step, low, high: volume step, minimum and maximum in lots; rate converts profit currency to account
    currency at the stop.
    """
    loss_a_lot = distance * contract * rate
    if not loss_a_lot > 0.0 or not equity > 0.0 or not step > 0.0:
        return 0.0
    lots = equity * risk / loss_a_lot
    if lots > high:
        lots = high
    lots = lots_down(lots, step)
    if not lots >= low:
        return 0.0
    return lots


@kernel
def share(part: float, whole: float) -> float:
    """Return part / whole; a large number where there is no whole."""
    if whole > 0.0:
        return part / whole
    if part > 0.0:
        return 1e9
    return 0.0


@kernel
def worst(before: float, lost: float) -> float:
    """Return the greater of two losses; one that is no number counts for none.

    >>> worst(0.01, 0.03), worst(0.03, -0.02)
    (0.03, 0.03)
    """
    if lost > before:
        return lost
    return before


@kernel
def foreign_margin(known: float, told: float, ours: float) -> float:
    """Return the margin of what is not ours, account money: as contracts make it, or all that ours does not explain.

    known: of foreign positions whose contract we know; told: the account's margin as the broker says; ours: of our own
    positions. Never less than either way of counting.
    """
    if told - ours > known:
        return told - ours
    return known


class Exposure(msgspec.Struct, frozen=True, gc=False):
    """What the account carries before the intent: all the checks need to know of it."""

    equity: float
    day_equity: float
    margin: float
    open: int
    bid: float
    ask: float
    scale: float
    contract: float
    rate: float
    day_size: float
    """The least that `day_equity` was today: a deposit widens no limit before the next day."""


def limits_of(limits: Limits, volume_limit: float = 0.0) -> tuple[float, ...]:
    """Return the limit of each check, in the order of CHECKS; volume_limit is the symbol's own, 0.0: none."""
    return (
        limits.max_spread,
        limits.max_daily_loss,
        float(limits.max_positions),
        limits.max_volume,
        limits.max_value,
        limits.max_risk,
        limits.max_margin,
        limits.collar,
        volume_limit or NO_LIMIT,
    )


def standing_numbers(now: Exposure) -> tuple[float, float, float]:
    """Return the numbers that need no intent: spread (points), loss of the day (share), positions open."""
    return (
        spread_points(now.bid, now.ask, now.scale),
        share(now.day_equity - now.equity, now.day_size),
        float(now.open),
    )


def numbers_of(intent: Intent, now: Exposure, margin: float, lots: float, at_stop: float) -> tuple[float, ...]:
    """Return the number of each check for an intent, in the order of CHECKS; `margin` is the order's own.

    lots: what the account has in the intent's direction already, open and resting, ours and foreign. at_stop: account
    money for one unit of profit currency at the stop, where its loss is paid.
    """
    spread, loss, held = standing_numbers(now)
    return (
        spread,
        loss,
        held + 1.0,
        intent.volume,
        order_value(intent.volume, now.contract, intent.price, now.rate),
        share(stop_loss(intent.volume, now.contract, intent.price, intent.stop, at_stop), now.equity),
        share(now.margin + margin, now.equity),
        collar_distance(intent.price, now.bid, now.ask),
        lots + intent.volume,
    )


def judge(
    intent: Intent, numbers: tuple[float, ...], limits: tuple[float, ...], also: tuple[str, ...] = ()
) -> Approved | RefusedByRisk:
    """Hold every number against its limit, never stopping at the first that fails; `also` is refused in any case."""
    if intent.volume <= 0.0:
        return RefusedByRisk(intent, (TOO_SMALL, *also))
    reasons = tuple(name for name, x, top in zip(CHECKS, numbers, limits, strict=True) if not x <= top) + also
    if not (intent.price - intent.stop) * intent.side > 0.0 or not intent.stop > 0.0:
        reasons = (*reasons, "no protective stop")
    return RefusedByRisk(intent, reasons) if reasons else Approved(intent)
