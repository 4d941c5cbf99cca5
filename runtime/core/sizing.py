"""How many lots an entry has: by its strategy's rule of size, never more than its risk allows.

What the venue would book at the stop, to the cent and by its own formula, is held against what may be lost: rounding
never raises a risk.
"""

from typing import NamedTuple, assert_never

from brokers.fills import profit, unit_rate
from market.kernel import kernel
from market.money import lots_down
from market.types import Symbol
from runtime.core.risk import size
from strategies.sizing import AnySizing, ByKelly, ByLots, ByRisk, ByVolatility, kelly

BY_RISK, BY_LOTS, BY_VOLATILITY, BY_KELLY = 0.0, 1.0, 2.0, 3.0

_ROUNDING = 0.0203
"""Account money: what a venue that rounds both values to the cent may book beyond what it found too much already."""
_DUST = 1e-9
"""Account money: what a budget in binary lacks of the same one in decimals."""


class Bet(NamedTuple):
    """What a size is reckoned of."""

    equity: float
    """Account money: balance and open profit."""
    risk: float
    """Most that is lost at the stop, a share of equity, as the strategy says."""
    exposure: float
    """Share of it that the gate leaves, 0 to 1."""
    side: float
    price: float
    stop: float
    target: float
    """Prices; 0.0: no target."""
    mode: float
    contract: float
    """How a symbol's profit is reckoned (`brokers.fills`), and of how many units a lot is."""
    now: float
    """Account money for one unit of profit currency at the quote."""
    range: float
    """Average true range, price; NaN where the rule reads none, or none is known yet."""
    score: float
    """The prediction behind the want."""


def lots_of(rule: AnySizing, bet: Bet, s: Symbol) -> float:
    """Return the lots of an entry, on the symbol's steps; 0.0 where they are fewer than the least that is traded."""
    return lots_by(*flat_rule(rule), *bet, s.volume_step, s.volume_min, s.volume_max)


def flat_rule(rule: AnySizing) -> tuple[float, float, float]:
    """Return a rule as a kernel reads it: which it is, its own number, and the payoff of a bet, 0.0: not said."""
    match rule:
        case ByRisk():
            return BY_RISK, 0.0, 0.0
        case ByLots():
            return BY_LOTS, rule.lots, 0.0
        case ByVolatility():
            return BY_VOLATILITY, rule.target, 0.0
        case ByKelly():
            return BY_KELLY, rule.part, rule.payoff or 0.0
        case _:
            assert_never(rule)


@kernel
def lots_by(  # noqa: PLR0913, PLR0917 - a kernel takes numbers, no struct
    rule: float, part: float, payoff: float, equity: float, risk: float, exposure: float, side: float, price: float,
    stop: float, target: float, mode: float, contract: float, now: float, reach: float, score: float, step: float,
    low: float, high: float,
) -> float:  # fmt: skip
    """Return the lots of an entry by a rule (`flat_rule`), of what a `Bet` tells; never more than the risk allows.

    step, low, high: volume step, minimum and maximum in lots. A loss is paid at the rate of the stop's price.
    """
    distance, at_stop = abs(price - stop), unit_rate(mode, stop)
    budget = equity * (risk * exposure)
    lots = size(equity, risk * exposure, distance, contract, at_stop, step, low, high)
    if rule == BY_LOTS:
        lots = least(lots, size(part * exposure, 1.0, 1.0, 1.0, 1.0, step, low, high))
    elif rule == BY_VOLATILITY:
        lots = least(lots, size(equity, part * exposure, reach, contract, now, step, low, high))
    elif rule == BY_KELLY:
        pays = payoff
        if not pays > 0.0 and distance > 0.0 and target > 0.0:
            pays = abs(target - price) / distance
        share = part * kelly(score, pays) * exposure
        lots = least(lots, size(equity, share, distance, contract, at_stop, step, low, high))
    return within(lots, budget, mode, side, price, stop, contract, step, low)


@kernel
def least(a: float, b: float) -> float:
    """Return the lesser of two numbers of lots."""
    return b if b < a else a


@kernel
def within(
    lots: float, budget: float, mode: float, side: float, price: float, stop: float, contract: float, step: float,
    low: float,
) -> float:  # fmt: skip
    """Return lots at whose stop the venue books no more than a budget (account money): these, or the next fewer.

    >>> [within(1.0, most, 0.0, 1.0, 100.0, 99.0, 100.0, 0.01, 0.01) for most in (100.0, 99.99)]
    [1.0, 0.99]
    """
    if not lots > 0.0 or not stop > 0.0:
        return lots
    over = 0.0 - profit(mode, side, price, stop, lots, contract) - budget
    if over <= _DUST:
        return lots
    fewer = lots_down(lots - step, step)
    if 0.0 - profit(mode, side, price, stop, fewer, contract) - budget > _DUST:
        fewer = lots_down(lots - (over + _ROUNDING) / (abs(price - stop) * contract * unit_rate(mode, stop)), step)
    if not fewer >= low:
        return 0.0
    return fewer
