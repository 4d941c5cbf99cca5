"""Limits of one account, and the kernels by which the core and the gateway hold an order against them.

The same arithmetic runs twice: in the core before an order is approved, and in the worker's gateway immediately before
it is sent, on a fresh tick. A limit that is broken is a name and two numbers, never an exception.
"""

import msgspec

from market.kernel import kernel
from market.money import cents


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What no order of this account may exceed; mandatory in every account's configuration."""

    max_volume: float
    """Lots in one order."""
    max_value: float
    """Value of one order, in account money."""
    max_positions: int
    """Open positions and resting entries of the account, foreign ones too."""
    max_risk: float
    """Loss of one trade at its stop, as a share of equity."""
    max_daily_loss: float
    """Loss since the day began, as a share of the day's first equity; beyond it no entry until the next day."""
    max_spread: float
    """Points between bid and ask at which an entry is still taken."""
    max_orders_per_minute: int
    """Requests the gateway lets through in any 60 s of server time."""
    collar: float = 0.02
    """Distance of an order's price from the quote, as a share of it."""
    max_margin: float = 0.5
    """Margin in use after the order, as a share of equity."""
    max_age_s: float = 30.0
    """Server seconds between decision and sending."""
    max_spread_ratio: float = 10.0
    """Spread of an entry as a multiple of what is usual in that hour of the day, as the gateway has seen it."""
    max_price_age_s: float = 120.0
    """Age of the price that an entry is sent at: by the newest price of the account, and since it last moved."""
    max_orders_per_second: int = 10
    """Requests that take risk, in any second of server time."""
    max_orders_per_day: int = 2_000
    """Likewise, in a day of UTC; the count outlives the process that sends."""
    max_jump: float = 0.02
    """Distance of the quote from the median of the last minute, as a share of that, as the gateway has seen it."""
    repeat_s: float = 1.0
    """Within so many seconds of server time the same entry of a strategy is taken for the one before, sent twice."""
    lease_s: float = 5.0
    """A daemon that was silent for longer since it was told of the market takes no risk: it decided before that.

    It renews the lease every second while its event loop goes round."""


GATES = (
    "halted",
    "stop present",
    "symbol allowed",
    "spread",
    "volume",
    "value",
    "collar",
    "age",
    "rate",
    "duplicate",
    "no price",
    "session",
    "usual spread",
    "price age",
    "rate a second",
    "rate a day",
    "repeated",
    "lease",
    "jump",
    "target",
)
"""The gateway's checks in their order; a refusal's code is 1 + the index here."""

LONGEST_NAME = 29  # UTF-16 units a MetaTrader 5 symbol or comment may have


def units(text: str) -> int:
    """Return the length of a text as a terminal counts it: UTF-16 units, of which an emoji has two.

    >>> units("EURUSD.m"), units("🙂")
    (8, 2)
    """
    return len(text) + sum(letter > "\uffff" for letter in text)


@kernel
def spread_points(bid: float, ask: float, scale: float) -> float:
    """Return ask minus bid in points; scale is 10**digits."""
    return (ask - bid) * scale


@kernel
def order_value(volume: float, contract: float, price: float, rate: float) -> float:
    """Return the value of an order in account money; rate converts profit currency to account currency."""
    return cents(volume * contract * price * rate)


@kernel
def stop_loss(volume: float, contract: float, price: float, stop: float, rate: float) -> float:
    """Return the loss at the stop in account money, as a positive number, costs not counted."""
    return cents(abs(price - stop) * volume * contract * rate)


@kernel
def collar_distance(price: float, bid: float, ask: float) -> float:
    """Return how far a price lies outside the quote, as a share of its nearer side; 0.0 inside, 1e9 without a quote."""
    if not bid > 0.0 or not ask > 0.0:
        return 1e9
    if price > ask:
        return price / ask - 1.0
    if price < bid:
        return 1.0 - price / bid
    return 0.0


@kernel
def jump(bid: float, ask: float, usual: float) -> float:
    """Return how far the middle of a quote lies from where it usually was, as a share of that; NaN: nobody knows.

    >>> jump(1.19, 1.21, 1.0), jump(0.79, 0.81, 1.0)
    (0.19999999999999996, 0.19999999999999996)
    """
    return abs((bid + ask) / 2.0 / usual - 1.0)
