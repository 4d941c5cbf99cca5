"""A symbol's contract, from SymbolInfo of the package to our words; what it cannot say keeps its usual value."""

from collections.abc import Callable
from typing import Any

from market.calendar import SwapDays
from market.types import CalcMode, Execution, Filling, SwapMode, Symbol, TradeMode

_CALC: dict[int, CalcMode] = {
    0: "forex",
    1: "futures",
    3: "cfd_index",
    4: "cfd_leverage",
    5: "forex_no_leverage",
    33: "futures",
}
"""SYMBOL_CALC_MODE_*; CFDs, shares and all else take the whole price as margin: `cfd`."""
_TRADE_MODES: dict[int, TradeMode] = {1: "long_only", 2: "short_only", 3: "close_only", 4: "full"}
"""SYMBOL_TRADE_MODE_*; one we do not know is disabled: when unsure, we may not."""
_EXECUTIONS: dict[int, Execution] = {0: "request", 1: "instant", 2: "market", 3: "exchange"}
_FILLINGS: tuple[tuple[int, Filling], ...] = ((1, "fok"), (2, "ioc"))
"""Bits of the filling mask, which are not the numbers an order names."""
_SWAP_MODES: dict[int, SwapMode] = {
    1: "points",
    2: "symbol",
    3: "margin",
    4: "deposit",
    5: "interest_current",
    6: "interest_open",
}
"""SYMBOL_SWAP_MODE_*; those that reopen positions are not simulated, and count as none."""
_SUNDAY, _SATURDAY = 0, 6


def contract_of(info: Any, name: str, utc: Callable[[int], int]) -> Symbol:  # noqa: ANN401 - a structure of the package
    """Translate SymbolInfo; `utc` turns the server's milliseconds into UTC, 0 staying 0."""
    return Symbol(
        name=name, digits=info.digits, tick_size=info.trade_tick_size, contract_size=info.trade_contract_size,
        volume_min=info.volume_min, volume_max=info.volume_max, volume_step=info.volume_step,
        currency_base=info.currency_base, currency_profit=info.currency_profit, currency_margin=info.currency_margin,
        calc=_CALC.get(info.trade_calc_mode, "cfd"), execution=_EXECUTIONS.get(info.trade_exemode, "market"),
        fillings=tuple(filling for bit, filling in _FILLINGS if info.filling_mode & bit),
        trade_mode=_TRADE_MODES.get(info.trade_mode, "disabled"), order_mask=info.order_mode,
        expiration_mask=info.expiration_mode, expires_at=utc(info.expiration_time * 1000),
        volume_limit=info.volume_limit, tick_value=info.trade_tick_value, margin_initial=info.margin_initial,
        margin_hedged=info.margin_hedged, stops_level=info.trade_stops_level, freeze_level=info.trade_freeze_level,
        swap_mode=_SWAP_MODES.get(info.swap_mode, "disabled"), swap_long=info.swap_long, swap_short=info.swap_short,
        swap_days=swap_days(info.swap_rollover3days),
    )  # fmt: skip


def swap_days(triple: int) -> SwapDays:
    """Return the factors of the week by the one day of it that the package names, where a night counts three.

    triple: 0 for Sunday … 6 for Saturday. The other factors of a broker stand in its calendar file alone.

    >>> swap_days(3)
    (1.0, 1.0, 3.0, 1.0, 1.0, 0.0, 0.0)
    """
    days = [1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0]
    if _SUNDAY < triple < _SATURDAY:
        days[triple - 1] = 3.0
    return tuple(days)  # type: ignore[return-value]  # seven of them
