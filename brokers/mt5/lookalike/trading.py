"""Functions of the package about positions, orders, deals and trade requests."""

from typing import Any

from brokers.mt5.lookalike.arguments import (
    ARGUMENTS,
    NUMBER,
    TEXT_MOST,
    UNNAMED,
    Invalid,
    c_double,
    c_mask,
    exactly,
    moment,
    named,
    request,
    symbol_of,
    text,
    unsigned,
)
from brokers.mt5.lookalike.client import LINE, function, noargs
from brokers.mt5.lookalike.structs import (
    OrderCheckResult,
    OrderSendResult,
    Structure,
    TradeDeal,
    TradeOrder,
    TradePosition,
    TradeRequest,
)

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
        return ["ticket", unsigned(kwargs["ticket"], 8, named("ticket"))]
    if "symbol" in kwargs:
        return ["symbol", text(kwargs["symbol"], TEXT_MOST, named("symbol"))]
    if "group" in kwargs:
        return ["group", text(kwargs["group"], None, named("group"))]
    return ["all", None]


def _past(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """Return [by, value]: dates go before ticket, ticket before position."""
    if len(args) > _DATES:
        raise Invalid(NUMBER)
    if len(args) == _DATES:
        group = text(kwargs["group"], None, named("group")) if "group" in kwargs else None
        return ["dates", [moment(args[0]), moment(args[1]), group]]
    for name in () if args else ("ticket", "position"):
        if name in kwargs:
            return [name, unsigned(kwargs[name], 8, named(name))]
    raise Invalid(ARGUMENTS)


def _dates(args: tuple[Any, ...]) -> list[Any]:
    if len(args) != _DATES:
        raise Invalid(ARGUMENTS)
    return ["dates", [moment(args[0]), moment(args[1]), None]]


@noargs
@function()
def positions_total() -> int | None:
    """positions_total(): return the number of open positions."""
    return int(LINE.ask("positions_total", []))


@function(keywords=True)
def positions_get(*args: Any, **kwargs: Any) -> Rows:  # noqa: ANN401 - judged by the package's own rules
    """positions_get([symbol="SYMBOL"],[ticket=TICKET],[group="GROUP"]): open positions, () for none."""
    return tuple(TradePosition(row) for row in LINE.ask("positions", _selection(args, kwargs)))


@noargs
@function()
def orders_total() -> int | None:
    """orders_total(): return the number of resting orders."""
    return int(LINE.ask("orders_total", []))


@function(keywords=True)
def orders_get(*args: Any, **kwargs: Any) -> Rows:  # noqa: ANN401 - judged by the package's own rules
    """orders_get([symbol="SYMBOL"],[ticket=TICKET],[group="GROUP"]): resting orders, () for none."""
    return tuple(TradeOrder(row) for row in LINE.ask("orders", _selection(args, kwargs)))


@function()
def history_orders_total(*args: Any) -> int | None:  # noqa: ANN401 - judged by the package's own rules
    """history_orders_total(date_from, date_to): the number of past orders."""
    return int(LINE.ask("history_orders_total", _dates(args)))


@function(keywords=True)
def history_orders_get(*args: Any, **kwargs: Any) -> Rows:  # noqa: ANN401 - judged by the package's own rules
    """history_orders_get([date_from, date_to, [group="GROUP"]],[position=POSITION],[ticket=TICKET]): past orders."""
    return tuple(TradeOrder(row) for row in LINE.ask("history_orders", _past(args, kwargs)))


@function()
def history_deals_total(*args: Any) -> int | None:  # noqa: ANN401 - judged by the package's own rules
    """history_deals_total(date_from, date_to): the number of deals."""
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
    """order_check(request): say what a request would come to; 0 and "Done" where it would pass."""
    fields = request(args, kwargs)
    return OrderCheckResult([*LINE.ask("check", fields), TradeRequest(fields)])


@function(keywords=True)
def order_send(*args: Any, **kwargs: Any) -> Structure | None:  # noqa: ANN401 - judged by the package's own rules
    """order_send(request): have a trade request worked."""
    fields = request(args, kwargs)
    return OrderSendResult([*LINE.ask("send", fields), TradeRequest(fields)])


@function()
def order_calc_margin(*args: Any) -> float | None:  # noqa: ANN401 - judged by the package's own rules
    """order_calc_margin(action, symbol, volume, price): return the margin of an order in the account's money."""
    exactly(args, 4)
    action, volume, price = c_mask(args[0]), c_double(args[2]), c_double(args[3])
    return float(LINE.ask("margin", [action, symbol_of(args[1]), volume, price]))


@function()
def order_calc_profit(*args: Any) -> float | None:  # noqa: ANN401 - judged by the package's own rules
    """order_calc_profit(action, symbol, volume, price_open, price_close): profit in account money."""
    exactly(args, 5)
    action, numbers = c_mask(args[0]), [c_double(x) for x in args[2:]]
    return float(LINE.ask("profit", [action, symbol_of(args[1]), *numbers]))
