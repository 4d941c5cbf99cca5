"""Commission of the simulated venue: how a broker charges for a deal, each way a value of its own.

A charge is negative money of the account, to the cent, and stands on the deal; a position never has one.
"""

from functools import cache
from typing import Literal, assert_never

import msgspec

from market.kernel import kernel
from market.money import cents

Charged = Literal["both", "in", "out"]
"""Which deal pays: what opens, what closes, or both; one that turns a netting position round is both, each in part."""


class _Policy(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="per", gc=False
):  # what all have in common
    on: Charged = "both"

    def __post_init__(self) -> None:
        """Refuse a negative rate: a commission is never a gift."""
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, int | float) and not value >= 0.0:
                msg = f"{name}: expected a number from 0, got {value:g}"
                raise ValueError(msg)


class PerLot(_Policy, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="lot"):
    """So much for a lot (recorded on gold: 5 a lot, on the way in only)."""

    rate: float
    minimum: float = 0.0
    """At least so much for a deal."""


class PerDeal(_Policy, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="deal"):
    """So much for a deal, whatever its volume."""

    rate: float


class Turnover(_Policy, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="turnover"):
    """A share of the deal's value, in percent."""

    percent: float
    minimum: float = 0.0
    """At least so much for a deal."""


# What a policy charges by, in numbers.
LOT, DEAL, TURNOVER = 0.0, 1.0, 2.0

Commission = float | PerLot | PerDeal | Turnover
"""How a deal is charged; a number is money a lot, on both sides."""


@kernel
def commission(rate: float, volume: float) -> float:
    """Return the commission of one deal, negative, to the cent; `rate` is money a lot and side."""
    return 0.0 - cents(rate * volume)


@kernel
def at_least(charge: float, minimum: float) -> float:
    """Return a charge (negative), or the minimum where that is more.

    >>> at_least(-0.35, 1.0), at_least(-3.5, 1.0)
    (-1.0, -3.5)
    """
    if charge > 0.0 - minimum:
        return 0.0 - cents(minimum)
    return charge


@kernel
def charged(per: float, rate: float, minimum: float, lots: float, value: float) -> float:
    """Return what a deal of so many lots is charged by a policy that is told by numbers; `value` is a lot's.

    >>> charged(LOT, 3.5, 0.0, 2.0, 0.0), charged(DEAL, 3.5, 0.0, 2.0, 0.0), charged(TURNOVER, 0.01, 1.0, 2.0, 100.0)
    (-7.0, -3.5, -1.0)
    """
    if lots == 0.0:
        return 0.0
    if per == DEAL:
        return commission(rate, 1.0)
    if per == TURNOVER:
        return at_least(commission(rate / 100.0 * value, lots), minimum)
    return at_least(commission(rate, lots), minimum)


Flat = tuple[float, float, float, float, float]
"""What is charged by, the rate, the minimum, and whether what opens and what closes pays (1.0 or 0.0)."""


def flat(policy: Commission) -> Flat:
    """Return a policy as `charged` reads it."""
    match policy:
        case PerLot():
            return LOT, policy.rate, policy.minimum, *_paying(policy.on)
        case PerDeal():
            return DEAL, policy.rate, 0.0, *_paying(policy.on)
        case Turnover():
            return TURNOVER, policy.percent, policy.minimum, *_paying(policy.on)
        case float() | int():
            return LOT, float(policy), 0.0, 1.0, 1.0
        case _:
            assert_never(policy)


def _paying(on: Charged) -> tuple[float, float]:
    return float(on != "out"), float(on != "in")


def charge(policy: Commission, opened: float, closed: float, value: float) -> float:
    """Return what a deal costs that opens and closes so many lots; `value` is a lot's in account money."""
    per, rate, minimum, opens, closes = _flat(policy)
    return charged(per, rate, minimum, opened * opens + closed * closes, value)


_flat = cache(flat)  # asked with every deal
