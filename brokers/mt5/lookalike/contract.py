"""A symbol's contract as the package's SymbolInfo."""

from typing import Any

from brokers.mt5.lookalike import constants as c
from brokers.mt5.lookalike.series import Series
from brokers.mt5.lookalike.structs import SymbolInfo, names_of
from market.types import CalcMode, Execution, Filling, SwapMode, TradeMode

_CALC: dict[CalcMode, int] = {
    "forex": c.SYMBOL_CALC_MODE_FOREX,
    "forex_no_leverage": c.SYMBOL_CALC_MODE_FOREX_NO_LEVERAGE,
    "cfd": c.SYMBOL_CALC_MODE_CFD,
    "cfd_leverage": c.SYMBOL_CALC_MODE_CFDLEVERAGE,
    "cfd_index": c.SYMBOL_CALC_MODE_CFDINDEX,
    "futures": c.SYMBOL_CALC_MODE_FUTURES,
}
_TRADE: dict[TradeMode, int] = {
    "disabled": c.SYMBOL_TRADE_MODE_DISABLED,
    "long_only": c.SYMBOL_TRADE_MODE_LONGONLY,
    "short_only": c.SYMBOL_TRADE_MODE_SHORTONLY,
    "close_only": c.SYMBOL_TRADE_MODE_CLOSEONLY,
    "full": c.SYMBOL_TRADE_MODE_FULL,
}
_EXECUTION: dict[Execution, int] = {
    "request": c.SYMBOL_TRADE_EXECUTION_REQUEST,
    "instant": c.SYMBOL_TRADE_EXECUTION_INSTANT,
    "market": c.SYMBOL_TRADE_EXECUTION_MARKET,
    "exchange": c.SYMBOL_TRADE_EXECUTION_EXCHANGE,
}
_SWAP: dict[SwapMode, int] = {
    "disabled": c.SYMBOL_SWAP_MODE_DISABLED,
    "points": c.SYMBOL_SWAP_MODE_POINTS,
    "symbol": c.SYMBOL_SWAP_MODE_CURRENCY_SYMBOL,
    "margin": c.SYMBOL_SWAP_MODE_CURRENCY_MARGIN,
    "deposit": c.SYMBOL_SWAP_MODE_CURRENCY_DEPOSIT,
    "interest_current": c.SYMBOL_SWAP_MODE_INTEREST_CURRENT,
    "interest_open": c.SYMBOL_SWAP_MODE_INTEREST_OPEN,
}
_MASK: dict[Filling, int] = {"fok": 1, "ioc": 2, "return": 0}
"""Bits of the filling mask, which are not the numbers an order names."""

_SYMBOL_NAMES = names_of(SymbolInfo)
_SYMBOL_TEXTS = 13
_EMPTY_SYMBOL = dict.fromkeys(_SYMBOL_NAMES[:-_SYMBOL_TEXTS], 0) | dict.fromkeys(_SYMBOL_NAMES[-_SYMBOL_TEXTS:], "")
_FLOATS = _SYMBOL_NAMES[_SYMBOL_NAMES.index("bid") : -_SYMBOL_TEXTS]


def symbol_row(s: Series, worth: tuple[float, float], *, selected: bool) -> list[Any]:
    """Return a SymbolInfo, with a floating spread; `worth`: account money for one of the profit currency.

    Of a gain, and of a loss: tick values differ where the profit is converted at a pair's bid and ask.
    """
    x = s.setup.symbol
    gain, loss = (x.tick_value or x.contract_size * x.tick_size * rate for rate in worth)
    known = dict.fromkeys(_FLOATS, 0.0) | {
        "custom": False,
        "select": selected,
        "visible": selected,
        "margin_hedged_use_leg": False,
        "spread_float": True,
        "time": s.at // 1000,
        "digits": x.digits,
        "spread": round((s.ask - s.bid) * x.scale),
        "trade_calc_mode": _CALC[x.calc],
        "trade_mode": _TRADE[x.trade_mode],
        "trade_exemode": _EXECUTION[x.execution],
        "trade_stops_level": x.stops_level,
        "trade_freeze_level": x.freeze_level,
        "swap_mode": _SWAP[x.swap_mode],
        "swap_rollover3days": (x.swap_days.index(max(x.swap_days)) + 1) % 7,
        "expiration_mode": x.expiration_mask,
        "filling_mode": sum(_MASK[f] for f in x.fillings),
        "order_mode": x.order_mask,
        "point": x.point,
        "trade_tick_size": x.tick_size,
        "trade_contract_size": x.contract_size,
        "volume_min": x.volume_min,
        "volume_max": x.volume_max,
        "volume_step": x.volume_step,
        "volume_limit": x.volume_limit,
        "margin_initial": x.margin_initial,
        "margin_hedged": x.margin_hedged or 0.0,
        "expiration_time": x.expires_at // 1000,
        "swap_long": x.swap_long,
        "swap_short": x.swap_short,
        "currency_base": x.currency_base,
        "currency_profit": x.currency_profit,
        "currency_margin": x.currency_margin or x.currency_base,
        "description": s.setup.description,
        "name": x.name,
        "path": f"Recorded\\{x.name}",
    }
    known |= dict.fromkeys(("bid", "bidhigh", "bidlow"), s.bid) | dict.fromkeys(("ask", "askhigh", "asklow"), s.ask)
    known |= {"trade_tick_value": gain, "trade_tick_value_profit": gain, "trade_tick_value_loss": loss}
    return list((_EMPTY_SYMBOL | known).values())
