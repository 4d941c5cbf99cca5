"""The verbs about positions, orders, deals and trade requests."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Any

from brokers.mt5.lookalike import constants as c
from brokers.mt5.lookalike import rows
from brokers.mt5.lookalike.client import NOT_FOUND, Failed
from brokers.mt5.lookalike.requests import comment_of, refused
from brokers.mt5.lookalike.rows import OrderRecord
from brokers.mt5.lookalike.seat import API_DISABLED, INVALID_PARAMS, Seat
from brokers.mt5.lookalike.selection import chosen, in_group
from market.money import cents
from market.types import BUY, SELL, DealReason, Side

_DEAL_ORDER, _DEAL_POSITION, _DEAL_SYMBOL = 1, 7, 15


def positions_total(seat: Seat) -> int:
    """Return the number of open positions."""
    return len(seat.account.venue.positions())


def positions(seat: Seat, by: str, value: Any) -> list[Any]:  # noqa: ANN401 - of the kind `by` says
    """Return TradePositions by ticket, symbol or group."""
    open_now = seat.account.venue.positions()
    wanted = (p for p in open_now if chosen(by, value, p.ticket, p.symbol))
    story = seat.account.history.story
    return [rows.position_row(p, seat.series[p.symbol], story(p).reason, story(p).updated) for p in wanted]


def orders_total(seat: Seat) -> int:
    """Return the number of resting orders."""
    return len(seat.account.resting)


def orders(seat: Seat, by: str, value: Any) -> list[Any]:  # noqa: ANN401 - of the kind `by` says
    """Return resting TradeOrders by ticket, symbol or group."""
    return _order_rows(seat, (o for o in seat.account.resting.values() if chosen(by, value, o.ticket, o.symbol)))


def _order_rows(seat: Seat, orders: Iterable[OrderRecord]) -> list[Any]:
    shown = []
    for o in orders:
        series = seat.series[o.symbol]
        shown.append(o.row(series.ask if o.kind % 2 == c.ORDER_TYPE_BUY else series.bid))
    return shown


def history_orders(seat: Seat, by: str, value: Any) -> list[Any]:  # noqa: ANN401 - of the kind `by` says
    """Return past TradeOrders by dates of their end, ticket or position."""
    past = seat.account.past
    if by == "dates":
        first, last, group = value
        ended = seat.account.history.ended_at
        found = past[bisect_left(ended, first) : bisect_right(ended, last)]
        return _order_rows(seat, (o for o in found if in_group(o.symbol, group)))
    return _order_rows(seat, (o for o in past if value == (o.ticket if by == "ticket" else o.position)))


def history_orders_total(seat: Seat, by: str, value: Any) -> int:  # noqa: ANN401 - dates
    """Return the number of past orders between two dates."""
    return len(history_orders(seat, by, value))


def history_deals(seat: Seat, by: str, value: Any) -> list[Any]:  # noqa: ANN401 - of the kind `by` says
    """Return TradeDeals by dates, order ticket or position."""
    account = seat.account
    if by != "dates":
        field = _DEAL_ORDER if by == "ticket" else _DEAL_POSITION
        return [row for row in account.deals if row[field] == value]
    first, last, group = value
    dealt = account.history.dealt_at
    found = account.deals[bisect_left(dealt, first) : bisect_right(dealt, last)]
    return found if group is None else [row for row in found if in_group(row[_DEAL_SYMBOL], group)]


def history_deals_total(seat: Seat, by: str, value: Any) -> int:  # noqa: ANN401 - dates
    """Return the number of deals between two dates."""
    return len(history_deals(seat, by, value))


def send(seat: Seat, *fields: Any) -> list[Any]:  # noqa: ANN401 - a TradeRequest
    """Work a trade request; one that the terminal itself refuses never comes to the broker."""
    if not seat.allowed("api"):
        raise Failed(*API_DISABLED)
    if not seat.allowed("terminal"):
        return refused(c.TRADE_RETCODE_CLIENT_DISABLES_AT, 0)
    if not seat.connected:
        return refused(c.TRADE_RETCODE_CONNECTION, 0)
    code = seat.refused
    if not seat.allowed("server"):
        code = c.TRADE_RETCODE_SERVER_DISABLES_AT
    if not seat.allowed("account"):
        code = c.TRADE_RETCODE_TRADE_DISABLED
    return seat.x.send(seat.login, list(fields), refused=code, share=seat.share)


def hand(seat: Seat, by: DealReason, fields: list[Any]) -> list[Any]:
    """Work a trade request that a person makes by hand, on the phone or in the terminal."""
    return seat.x.send(seat.login, fields, by=by)


def check(seat: Seat, *fields: Any) -> list[Any]:  # noqa: ANN401 - a TradeRequest
    """Tell what a trade request would come to."""
    code, after = seat.account.check(list(fields))
    balance, equity, used = after.balance, after.equity(), after.margin()
    free, level = cents(equity - used), rows.margin_level(equity, used)
    return [code, balance, equity, cents(equity - balance - after.credit), used, free, level, comment_of(code)]


def _side(seat: Seat, action: int, symbol: str) -> Side:
    if symbol not in seat.series:
        raise Failed(*NOT_FOUND)
    if action not in {c.ORDER_TYPE_BUY, c.ORDER_TYPE_SELL}:
        raise Failed(*INVALID_PARAMS)
    return BUY if action == c.ORDER_TYPE_BUY else SELL


def margin(seat: Seat, action: int, symbol: str, volume: float, price: float) -> float:
    """Return the margin a trade would take."""
    return seat.account.venue.margin_of(symbol, _side(seat, action, symbol), volume, price)


def profit(seat: Seat, action: int, symbol: str, volume: float, opened: float, closed: float) -> float:
    """Return the profit of a trade."""
    return seat.account.venue.profit_of(symbol, _side(seat, action, symbol), opened, closed, volume)


VERBS = (
    positions_total, positions, orders_total, orders, history_orders, history_orders_total, history_deals,
    history_deals_total, send, hand, check, margin, profit,
)  # fmt: skip
