"""What a gateway holds against the price: is there one, how old is it, and is the order within the limits at it."""

import math

import msgspec

from brokers.book import mode_of, units_of
from brokers.fills import CROSS, unit_rate
from brokers.limits import LONGEST_NAME, Limits, collar_distance, jump, order_value, spread_points, units
from brokers.mt5.pace import FINE, Broken
from brokers.requests import CloseByRequest, CloseRequest, EntryRequest, ModifyRequest
from market.types import Symbol

Priced = EntryRequest | CloseRequest | CloseByRequest | ModifyRequest
"""Requests that are right for the moment they were decided at, and for its price.

But for a person's close: the latch says at every moment whether it is still wanted, and between two facts the core does
not know how late it is.
"""


class Tick(msgspec.Struct, frozen=True):
    """The price at which a request would be sent, read for it alone."""

    at: int
    """Server time, UTC milliseconds."""
    bid: float
    ask: float
    usual: float = float("nan")
    """Spread that is usual in this hour, points; NaN: nobody knows."""
    age_s: float = 0.0
    """How old it is: by the newest price of the account, or by how long it has not moved under our eyes."""
    recent: float = float("nan")
    """Median of what was in the middle of bid and ask within the last minute; NaN: nobody knows."""


def priced(request: Priced, tick: Tick, limits: Limits, spec: Symbol, currency: str) -> Broken:
    """Return what a request breaks at a price, or nothing."""
    if not (tick.bid > 0.0 and tick.ask >= tick.bid):
        return "no price", f"no price of {request.symbol}"
    comment = "" if isinstance(request, ModifyRequest) else request.comment
    if units(request.symbol) > LONGEST_NAME or units(comment) > LONGEST_NAME:
        return "symbol allowed", f"symbol and comment may have {LONGEST_NAME} UTF-16 units"
    operator = isinstance(request, CloseRequest | CloseByRequest) and request.operator
    if not operator and tick.at - request.decided_at > limits.max_age_s * 1000:
        return "age", f"decided {(tick.at - request.decided_at) / 1000:.1f} s ago, at most {limits.max_age_s}"
    if isinstance(request, CloseRequest) and request.max_spread > 0.0:
        spread = spread_points(tick.bid, tick.ask, spec.scale)
        if not spread <= request.max_spread:
            return "spread", f"spread {spread:.1f} points, at most {request.max_spread:g}"
    if isinstance(request, EntryRequest):
        return _entered(request, tick, limits, spec, currency)
    return _collared(request, tick, limits) if isinstance(request, ModifyRequest) else FINE


def _entered(r: EntryRequest, tick: Tick, limits: Limits, spec: Symbol, currency: str) -> Broken:
    """Hold an entry against the limits; a number that is none (NaN) is within no limit."""
    for price in (r.price, r.limit or r.price):
        if not (r.stop > 0.0 and (price - r.stop) * r.side > 0.0):
            return "stop present", f"no protective stop on the losing side: {r.stop} at {price}"
    if (said := _fair(tick, limits, spec))[0]:
        return said
    if not 0.0 < r.volume <= limits.max_volume:
        return "volume", f"volume {r.volume}, at most {limits.max_volume}"
    if (said := _collared(r, tick, limits))[0]:
        return said
    for price in (r.price, r.limit or r.price):
        if r.target and not (r.target > 0.0 and 0.0 < (r.target - price) * r.side < math.inf):
            return "target", f"target {r.target} is on no winning side of {price}"
    value = _value(r, spec, currency, tick.bid)
    return FINE if value <= limits.max_value else ("value", f"value {value}, at most {limits.max_value}")


def _fair(tick: Tick, limits: Limits, spec: Symbol) -> Broken:
    """Hold the price itself against the limits: its spread, and its age."""
    spread = spread_points(tick.bid, tick.ask, spec.scale)
    if not spread <= limits.max_spread:
        return "spread", f"spread {spread:.1f} points, at most {limits.max_spread}"
    if spread > limits.max_spread_ratio * tick.usual:
        most = f"at most {limits.max_spread_ratio:g} times the {tick.usual:.1f} that are usual in this hour"
        return "usual spread", f"spread {spread:.1f} points, {most}"
    if not tick.age_s <= limits.max_price_age_s:
        return "price age", f"the price is {tick.age_s:.0f} s old, at most {limits.max_price_age_s:g}"
    return FINE


def _collared(r: EntryRequest | ModifyRequest, tick: Tick, limits: Limits) -> Broken:
    """Hold every price at which an order may rest against the collar, and the quote against those of a minute."""
    if (jumped := jump(tick.bid, tick.ask, tick.recent)) > limits.max_jump:
        why = f"{tick.bid}/{tick.ask} is {jumped:.1%} from {tick.recent:g}, where it was within the last minute"
        return "jump", f"{why}, at most {limits.max_jump:.1%}"
    for price in (r.price, r.limit or r.price):
        if not (price > 0.0 and collar_distance(price, tick.bid, tick.ask) <= limits.collar):
            return "collar", f"price {price} is further than {limits.collar:.1%} from {tick.bid}/{tick.ask}"
    return FINE


def _value(r: EntryRequest, spec: Symbol, currency: str, bid: float) -> float:
    """Return the value as the core reckons it, at this price; NaN, which no limit allows, where none can be said."""
    mode = mode_of(spec, currency)
    rate = unit_rate(CROSS if mode is None else mode, bid)
    return order_value(r.volume, units_of(spec, currency), r.price, rate)
