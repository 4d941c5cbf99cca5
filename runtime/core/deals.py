"""Deals: each is counted once, moves the money, and opens, grows, shrinks or ends a trade of ours, or is foreign."""

from brokers.port import DealMade
from market.types import Deal
from runtime.core.desk import OrderDesk
from runtime.core.orders import OrderRecord, walk
from runtime.core.positions import LOT_DUST, Trade, grow, open_trade, shrink
from runtime.core.state import Lane


def take_deal(desk: OrderDesk, fact: DealMade) -> str:
    """Take a deal in, once; return what it was to us: "in", "out", "flow", "foreign" or "known"."""
    ledger, deal = desk.ledger, fact.deal
    if deal.ticket <= ledger.last_deal:
        return "known"
    ledger.last_deal, ledger.last_deal_at = deal.ticket, max(ledger.last_deal_at, deal.at)
    ledger.balance += deal.money
    if deal.entry == "none":
        ledger.day_equity += deal.money
        return "flow"
    if deal.entry == "in":
        return _filled(desk, deal)
    return _left(desk, deal)


def _filled(desk: OrderDesk, deal: Deal) -> str:
    order = desk.ledger.orders.get(desk.ledger.magics.get(deal.magic, 0))
    if order is None:
        return "foreign"
    lane = desk.by_number[order.strategy]
    if lane.trade is None:
        lane.trade = open_trade(order, deal)
    elif lane.trade.position == deal.position:
        grow(lane.trade, deal)
    else:
        return _surplus(desk, order, lane, deal)
    order.position = deal.position
    if order.state != "FILLED":
        whole = lane.trade.volume >= order.volume - LOT_DUST
        walk(order, "filled" if whole else "part", f"deal {deal.ticket}")
    desk.whole(order)
    return "in"


def _surplus(desk: OrderDesk, order: OrderRecord, lane: Lane, deal: Deal) -> str:
    """Note a fill that comes although the strategy holds another position by now: a person must look at it."""
    walk(order, "filled", f"deal {deal.ticket}, late")
    if lane.order == order.id:
        lane.order = 0
    why = f"{lane.name}: {order.name} was filled late as position {deal.position}, beside the one it holds"
    desk.ledger.holds[f"BREAK:{order.symbol}"] = why
    desk.ledger.surplus[deal.position] = why
    desk.alert("page", f"{why}: close one of them by hand")
    return "foreign"


def _left(desk: OrderDesk, deal: Deal) -> str:
    for lane in desk.by_number.values():
        trade = lane.trade
        if trade is not None and trade.position == deal.position:
            if shrink(trade, deal):
                lane.trade = None
            _closed(desk, trade)
            return "out"
    return "foreign"


def _closed(desk: OrderDesk, trade: Trade) -> None:
    for ident in (trade.closing, trade.moving):
        order = desk.ledger.orders.get(ident)
        if order is not None and order.state == "IN_DOUBT":
            walk(order, "filled", f"position {trade.position} was left")
    trade.closing, trade.moving, trade.doubt = 0, 0, False
