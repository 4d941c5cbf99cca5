"""Functions of the package about positions, orders, deals and trade requests."""

from typing import Any

from brokers.mt5.lookalike.arguments import (
    ARGUMENTS,
    GROUP_MOST,
    TEXT_MOST,
    UNNAMED,
    Invalid,
    c_double,
    c_mask,
    exactly,
    named,
    symbol_of,
    text,
    uint64,
)
from brokers.mt5.lookalike.client import LINE
from brokers.mt5.lookalike.dates import moment
from brokers.mt5.lookalike.fields import request
from brokers.mt5.lookalike.functions import function, plain
from brokers.mt5.lookalike.structs import (
    OrderCheckResult,
    OrderSendResult,
    TradeDeal,
    TradeOrder,
    TradePosition,
    TradeRequest,
)
from brokers.mt5.lookalike.structseq import Structure

__all__ = [
    "history_deals_get",
    "history_deals_total",
    "history_orders_get",
    "history_orders_total",
    "order_calc_margin",
    "order_calc_profit",
    "order_check",
    "order_send",
    "orders_get",
    "orders_total",
    "positions_get",
    "positions_total",
]

_DATES = 2

Rows = tuple[Structure, ...] | None


def _selection(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """Return [by, value]: ticket goes before symbol, symbol before group, whatever the documentation says."""
    if args:
        raise Invalid(UNNAMED)
    if "ticket" in kwargs:
        return ["ticket", uint64(kwargs["ticket"], named("ticket"))]
    if "symbol" in kwargs:
        return ["symbol", text(kwargs["symbol"], TEXT_MOST, named("symbol"))]
    return ["group", _group(kwargs)] if "group" in kwargs else ["all", None]


def _group(kwargs: dict[str, Any]) -> str | None:
    return text(kwargs["group"], GROUP_MOST, named("group")) if "group" in kwargs else None


def _past(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """Return [by, value]: dates go before ticket, ticket before position."""
    if len(args) == _DATES:
        group = _group(kwargs)
        return ["dates", [moment(args[0]), moment(args[1]), group]]
    if args:
        raise Invalid(UNNAMED if kwargs.keys() & {"ticket", "position"} else ARGUMENTS)
    for name in ("ticket", "position"):
        if name in kwargs:
            return [name, uint64(kwargs[name], named(name))]
    raise Invalid(ARGUMENTS)


def _dates(args: tuple[Any, ...]) -> list[Any]:
    exactly(args, _DATES)
    return ["dates", [moment(args[0]), moment(args[1]), None]]


@plain()
def positions_total() -> int | None:
    """Return the number of open positions."""
    return int(LINE.ask("positions_total", []))


@function(keywords=True)
def positions_get(*args: Any, **kwargs: Any) -> Rows:  # noqa: ANN401 - judged by the package's own rules
    """positions_get([symbol="SYMBOL"],[ticket=TICKET],[group="GROUP"]): open positions, () for none."""
    return tuple(TradePosition(row) for row in LINE.ask("positions", _selection(args, kwargs)))


@plain()
def orders_total() -> int | None:
    """Return the number of resting orders."""
    return int(LINE.ask("orders_total", []))


@function(keywords=True)
def orders_get(*args: Any, **kwargs: Any) -> Rows:  # noqa: ANN401 - judged by the package's own rules
    """orders_get([symbol="SYMBOL"],[ticket=TICKET],[group="GROUP"]): resting orders, () for none."""
    return tuple(TradeOrder(row) for row in LINE.ask("orders", _selection(args, kwargs)))


@function()
def history_orders_total(*args: Any) -> int | None:  # noqa: ANN401 - judged by the package's own rules
    """Return the number of past orders."""
    return int(LINE.ask("history_orders_total", _dates(args)))


@function(keywords=True)
def history_orders_get(*args: Any, **kwargs: Any) -> Rows:  # noqa: ANN401 - judged by the package's own rules
    """history_orders_get([date_from, date_to, [group="GROUP"]],[position=POSITION],[ticket=TICKET]): past orders."""
    return tuple(TradeOrder(row) for row in LINE.ask("history_orders", _past(args, kwargs)))


@function()
def history_deals_total(*args: Any) -> int | None:  # noqa: ANN401 - judged by the package's own rules
    """Return the number of deals."""
    return int(LINE.ask("history_deals_total", _dates(args)))


@function(keywords=True)
def history_deals_get(*args: Any, **kwargs: Any) -> Rows:  # noqa: ANN401 - judged by the package's own rules
    """history_deals_get([date_from, date_to, [group="GROUP"]],[position=POSITION],[ticket=TICKET]): deals.

    `ticket` is that of the order.
    """
    return tuple(TradeDeal(row) for row in LINE.ask("history_deals", _past(args, kwargs)))


# --- requests -------------------------------------------------------------------------------------------------------


@function(keywords=True)
def order_check(*args: Any, **kwargs: Any) -> Structure | None:  # noqa: ANN401 - judged by the package's own rules
    """Say what a request would come to; 0 and "Done" where it would pass."""
    fields = request(args, kwargs)
    return OrderCheckResult([*LINE.ask("check", fields), TradeRequest(fields)])


@function(keywords=True)
def order_send(*args: Any, **kwargs: Any) -> Structure | None:  # noqa: ANN401 - judged by the package's own rules
    """Have a trade request worked."""
    fields = request(args, kwargs)
    return OrderSendResult([*LINE.ask("send", fields), TradeRequest(fields)])


@function()
def order_calc_margin(*args: Any) -> float | None:  # noqa: ANN401 - judged by the package's own rules
    """Return the margin of an order in the account's money."""
    exactly(args, 4)
    action, volume, price = c_mask(args[0]), c_double(args[2]), c_double(args[3])
    return float(LINE.ask("margin", [action, symbol_of(args[1]), volume, price]))


@function()
def order_calc_profit(*args: Any) -> float | None:  # noqa: ANN401 - judged by the package's own rules
    """Profit in account money."""
    exactly(args, 5)
    action, numbers = c_mask(args[0]), [c_double(x) for x in args[2:]]
    return float(LINE.ask("profit", [action, symbol_of(args[1]), *numbers]))
