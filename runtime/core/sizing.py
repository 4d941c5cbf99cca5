"""How many lots an entry has: by its strategy's rule of size, never more than its risk allows."""

from typing import NamedTuple, assert_never

from market.types import Symbol
from runtime.core.risk import size
from strategies.sizing import AnySizing, ByKelly, ByLots, ByRisk, ByVolatility, kelly, payoff_of


class Bet(NamedTuple):
    """What a size is reckoned of."""

    equity: float
    """Account money: balance and open profit."""
    risk: float
    """Most that is lost at the stop, a share of equity, as the strategy says."""
    exposure: float
    """Share of it that the gate leaves, 0 to 1."""
    stop: float
    """Distance to the stop, price."""
    target: float
    """Distance to the target, price; 0.0: none."""
    contract: float
    at_stop: float
    """Account money for one unit of profit currency at the stop: what is lost there is paid at that price."""
    now: float
    """The same at the quote."""
    range: float
    """Average true range, price; NaN where the rule reads none, or none is known yet."""
    score: float
    """The prediction behind the want."""


def lots_of(rule: AnySizing, bet: Bet, symbol: Symbol) -> float:
    """Return the lots of an entry, on the symbol's steps; 0.0 where they are fewer than the least that is traded."""
    most = _at_stop(bet, bet.risk, symbol)
    match rule:
        case ByRisk():
            return most
        case ByLots():
            return min(most, _stepped(rule.lots * bet.exposure, symbol))
        case ByVolatility():
            share = rule.target * bet.exposure
            return min(most, _sized(bet.equity, share, bet.range, bet.contract, bet.now, symbol))
        case ByKelly():
            share = rule.part * kelly(bet.score, payoff_of(rule, bet.stop, bet.target))
            return min(most, _at_stop(bet, share, symbol))
        case _:
            assert_never(rule)


def _at_stop(bet: Bet, risk: float, symbol: Symbol) -> float:
    return _sized(bet.equity, risk * bet.exposure, bet.stop, bet.contract, bet.at_stop, symbol)


def _sized(equity: float, risk: float, distance: float, contract: float, rate: float, s: Symbol) -> float:
    return size(equity, risk, distance, contract, rate, s.volume_step, s.volume_min, s.volume_max)


def _stepped(lots: float, symbol: Symbol) -> float:
    """Return lots on the steps of a symbol, as if one lost one of equity."""
    return _sized(lots, 1.0, 1.0, 1.0, 1.0, symbol)
