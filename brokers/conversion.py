"""How money of one currency becomes another's at the quotes of currency pairs: the route, and the rate along it.

Who has money to sell gets the bid of its pair, who must buy it pays the ask: a profit is worth a little less than a
loss costs. So do a terminal's tick values for profit and loss differ (USDJPY on a pound account: 0.531375, 0.531805).
"""

from collections.abc import Mapping
from typing import Protocol

import msgspec

from market.kernel import kernel
from market.money import cents
from market.types import Symbol


class Leg(msgspec.Struct, frozen=True):
    """One pair on the way; `forward` where its base currency becomes its profit currency."""

    symbol: str
    forward: bool


Route = tuple[Leg, ...]


class Quoted(Protocol):
    """What has a quote; zeros before the first."""

    bid: float
    ask: float


def route_of(symbols: Mapping[str, Symbol], source: str, target: str) -> Route | None:
    """Return the shortest way from one currency to another, by the first pairs that make it; None without one."""
    ways: dict[str, Route] = {source: ()}
    waiting = [source]
    for currency in waiting:  # grows while it is walked
        for s in symbols.values():
            if not s.calc.startswith("forex") or currency not in {s.currency_base, s.currency_profit}:
                continue
            forward = currency == s.currency_base
            reached = s.currency_profit if forward else s.currency_base
            if reached not in ways:
                ways[reached] = (*ways[currency], Leg(symbol=s.name, forward=forward))
                waiting.append(reached)
    return ways.get(target)


def rate(quotes: Mapping[str, Quoted], route: Route, *, gain: bool) -> float:
    """Return what one unit is worth at the end of a route, sold if it is a gain, else bought; 0.0 without a quote."""
    worth = 1.0
    for leg in route:
        pair = quotes[leg.symbol]
        worth = worth * leg_rate(1.0 if leg.forward else 0.0, 1.0 if gain else 0.0, pair.bid, pair.ask)
    return worth


@kernel
def leg_rate(forward: float, gain: float, bid: float, ask: float) -> float:
    """Return what one unit becomes through one pair; 0.0 where it has no quote.

    >>> leg_rate(1.0, 1.0, 1.25, 1.26), leg_rate(0.0, 1.0, 80.0, 100.0), leg_rate(0.0, 0.0, 80.0, 100.0)
    (1.25, 0.01, 0.0125)
    """
    if not bid > 0.0 or not ask > 0.0:
        return 0.0
    if forward > 0.0:
        return bid if gain > 0.0 else ask
    return 1.0 / ask if gain > 0.0 else 1.0 / bid


@kernel
def converted(money: float, gain: float, loss: float) -> float:
    """Return money as the account's, not rounded: gains at one rate, losses at the other.

    >>> converted(80.0, 1.25, 1.5), converted(-80.0, 1.25, 1.5)
    (100.0, -120.0)
    """
    return money * gain if money > 0.0 else money * loss


@kernel
def converted_cents(money: float, gain: float, loss: float) -> float:
    """Return money as the account's, to the cent; that it is rounded last is assumed: no cross pair was recorded."""
    return cents(converted(money, gain, loss))
