"""Swap of the simulated venue: what a night costs or pays, each way a broker reckons it a value of its own.

Rates are for a lot and night, positive where the holder is paid. A night has the factor of the day whose evening began
it, by its date where the contract names that, else by its weekday; from Friday to Monday there are three nights.
"""

from typing import Literal, assert_never

import msgspec

from brokers.fills import INVERSE
from market.calendar import weekday
from market.kernel import kernel
from market.money import cents
from market.types import Symbol

Days = tuple[float, float, float, float, float, float, float]
"""Factors of the nights that begin on Monday, Tuesday … Sunday."""

Contract = tuple[float, float]
"""Contract size, and what a point of a lot is worth in profit currency."""


class _Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="by", gc=False):
    long: float
    short: float
    days: Days | None = None
    """None: the symbol's, and those of its dates."""

    def factor(self, symbol: Symbol, evening: int) -> float:
        """Return the factor of the night that begins on a day since 1970."""
        if self.days is not None:
            return self.days[weekday(evening)]
        return next((f for day, f in symbol.swap_dates if day == evening), symbol.swap_days[weekday(evening)])


class SwapPoints(_Policy, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="points"):
    """Points of the price."""


class SwapMoney(_Policy, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="money"):
    """A sum of money."""

    currency: Literal["base", "margin", "deposit"] = "deposit"


class SwapInterest(_Policy, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="interest"):
    """Percent a year of the position's value (recorded on BTCUSD: -30 of the night's price, over 360 days)."""

    on: Literal["current", "open"] = "current"
    """Reckoned at the price of the night, or at the price the position was opened at."""
    year: float = 360.0
    """Days in the broker's year."""


SwapPolicy = SwapPoints | SwapMoney | SwapInterest

Swap = bool | SwapPolicy
"""True: as the symbol's contract says; False: none; else in its place."""

_MONEY: dict[str, Literal["base", "margin", "deposit"]] = {"symbol": "base", "margin": "margin", "deposit": "deposit"}


def swap_of(symbol: Symbol, swap: Swap) -> SwapPolicy | None:
    """Return how a symbol's nights are reckoned, or None where they cost nothing."""
    if not isinstance(swap, bool):
        return swap
    if not swap or symbol.swap_mode == "disabled":
        return None
    long, short = symbol.swap_long, symbol.swap_short
    if symbol.swap_mode == "points":
        return SwapPoints(long=long, short=short)
    if symbol.swap_mode in _MONEY:
        return SwapMoney(long=long, short=short, currency=_MONEY[symbol.swap_mode])
    return SwapInterest(long=long, short=short, on="open" if symbol.swap_mode == "interest_open" else "current")


@kernel
def night_of_points(points: float, factor: float, volume: float, value: float) -> float:
    """Return a night's swap in profit currency, not rounded; `value` is the contract size times the point."""
    return points * factor * volume * value


@kernel
def night_of_interest(
    percent: float, factor: float, volume: float, contract: float, price: float, year: float
) -> float:
    """Return a night's interest in profit currency, not rounded.

    >>> night_of_interest(-30.0, 1.0, 0.5, 1.0, 72000.0, 360.0)
    -30.0
    """
    return volume * contract * price * percent / 100.0 / year * factor


@kernel
def night(mode: float, money: float, price: float) -> float:
    """Return a night's swap in account money, to the cent, of one in profit currency; INVERSE: over `price`."""
    if mode == INVERSE:
        return cents(money / price)
    return cents(money)


def night_money(policy: SwapPolicy, side: int, factor: float, volume: float, contract: Contract, price: float) -> float:
    """Return a night's swap, not rounded: in profit currency, or in that of a sum of money."""
    rate = policy.long if side > 0 else policy.short
    size, value = contract
    match policy:
        case SwapPoints():
            return night_of_points(rate, factor, volume, value)
        case SwapMoney():
            return rate * factor * volume
        case SwapInterest():
            return night_of_interest(rate, factor, volume, size, price, policy.year)
        case _:
            assert_never(policy)
