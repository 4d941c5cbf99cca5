"""Deals: each is counted once, moves the money, and opens, grows, shrinks or ends a trade of ours, or is foreign.

A trade is known by its position id, whoever made the deal; on a netting account others may trade in the same position.
"""

from brokers.facts import DealMade
from config.protections import MOST
from market.types import Deal
from runtime.core.desk import OrderDesk
from runtime.core.early import awaited_by, keep, keep_perhaps, outgrown, take_early
from runtime.core.ended import Ended
from runtime.core.foreign import note_beyond, note_deal
from runtime.core.hands import MANUAL, by_hand, tagged
from runtime.core.marks import flow
from runtime.core.orders import OrderRecord, walk
from runtime.core.positions import LOT_DUST, Trade, grow, open_trade, shrink
from runtime.core.state import Lane
from runtime.core.writeoff import told_after_all

HEARD = 64
"""Tickets remembered: a deal that shows later than so many with higher ones is not heard any more."""

UNSPENT = frozenset({"credit"})
"""Flows that do not move the balance."""

EARNED = frozenset({
    "charge", "commission", "daily commission", "monthly commission", "agent commission", "interest", "dividend", "tax",
    "cancelled",
})  # fmt: skip
"""Flows that are profit or loss of the account; all others are money put in or taken out."""


def take_deal(desk: OrderDesk, fact: DealMade) -> str:
    """Take a deal in, once; return what it was to us.

    "in", "out", "early", "written off", "flow", "foreign" or "known".
    """
    ledger, deal = desk.ledger, fact.deal
    heard = ledger.heard or (ledger.last_deal,)
    if deal.ticket <= heard[0] or deal.ticket in heard:
        return "known"
    ledger.heard = tuple(sorted((*heard, deal.ticket))[-HEARD:])
    ledger.last_deal, ledger.last_deal_at = ledger.heard[-1], max(ledger.last_deal_at, deal.at)
    if deal.flow in UNSPENT:
        return "flow"
    if told_after_all(desk, fact):
        return "written off"
    if deal.entry == "none" and deal.flow not in EARNED:
        flow(ledger.marks, deal.money, ledger.balance)
    ledger.balance += deal.money
    if deal.entry == "none":
        if deal.flow == "other":
            said = f"deal {deal.ticket} moved {deal.money:+.2f}, and is of a kind that nobody here knows"
            desk.alert("note", f"{said} ({deal.comment}): it is counted as money put in or taken out")
        ledger.day_equity += deal.money
        ledger.day_size = min(ledger.day_size, ledger.day_equity)
        return "flow"
    return _traded(desk, deal)


def _traded(desk: OrderDesk, deal: Deal) -> str:
    """Find out whose trade a deal is part of."""
    ledger, lane = desk.ledger, _holder(desk, deal.position)
    order = ledger.orders.get(ledger.magics.get(deal.magic, 0))
    if deal.entry == "in" and order is not None:
        return _caught_up(desk, deal, _filled(desk, order, deal))
    if lane is not None and lane.trade is not None:
        if deal.entry == "in":
            return _caught_up(desk, deal, _grown(desk, lane, lane.trade, deal))
        if (entry := outgrown(ledger, lane.trade, deal)) is not None:
            return _early(desk, entry, deal)
        return _left(desk, lane, lane.trade, deal)
    if (entry := awaited_by(ledger, deal)) is not None:
        return _early(desk, entry, deal)
    if order is not None and order.verb == "entry" and order.position != deal.position:
        return _surplus(desk, order, deal, f"was netted with position {deal.position}, which is not ours")
    note_deal(ledger, deal)
    keep_perhaps(ledger, deal)
    if deal.reason == "expert":
        note_beyond(ledger, desk, deal.magic)
    return "foreign"


def _holder(desk: OrderDesk, position: int) -> Lane | None:
    return next((x for x in desk.by_number.values() if x.trade is not None and x.trade.position == position), None)


def _early(desk: OrderDesk, entry: OrderRecord, deal: Deal) -> str:
    """Wait for the deal of an entry: until it is told no other may leave, and the next look tells people of it."""
    keep(desk.ledger, deal, entry.id)
    desk.ledger.holds.setdefault(
        f"BREAK:{deal.symbol}", f"position {deal.position} of {entry.name} was left, and its entry is yet to be told"
    )
    return "early"


def _caught_up(desk: OrderDesk, deal: Deal, taken: str) -> str:
    """Take in what had left a position before it was told that it was opened; return what its entry deal was to us."""
    ledger, lane = desk.ledger, _holder(desk, deal.position)
    trade = lane.trade if lane is not None else None
    early = take_early(ledger, deal, trade.volume if trade is not None else deal.volume)
    for one in early:
        if lane is not None and trade is not None:
            _left(desk, lane, trade, one)
    if early and f"BREAK:{deal.symbol}" in ledger.holds:
        desk.reconcile(settled=False)  # a look lifts what is explained now
    return taken


def _filled(desk: OrderDesk, order: OrderRecord, deal: Deal) -> str:
    lane = desk.by_number[order.strategy]
    if order.state == "REFUSED":
        said = f"{lane.name}: {order.name} was refused ({order.code} {order.reason}), and filled all the same"
        desk.alert("break", said, order.name)
    if lane.trade is None:
        lane.trade = open_trade(order, deal)
    elif lane.trade.position == deal.position:
        grow(lane.trade, deal)
    else:
        return _surplus(desk, order, deal, f"was filled late as position {deal.position}, beside the one it holds")
    order.position, order.ticket, order.unseen = deal.position, order.ticket or deal.order, False
    if order.state != "FILLED":
        whole = lane.trade.volume >= order.volume - LOT_DUST
        walk(order, "filled" if whole else "part", f"deal {deal.ticket}")
    desk.whole(order)
    desk.lift_doubts()
    return "in"


def _surplus(desk: OrderDesk, order: OrderRecord, deal: Deal, how: str) -> str:
    """Note a fill that is no trade of its strategy: a person must look at it."""
    walk(order, "filled", f"deal {deal.ticket}: {how}")
    order.position = deal.position
    lane = desk.by_number[order.strategy]
    if lane.order == order.id:
        lane.order = 0
    why = f"{lane.name}: {order.name} {how}"
    desk.ledger.holds[f"BREAK:{order.symbol}"] = why
    desk.ledger.surplus[deal.position] = why
    desk.alert("break", f"{why}: a person must settle it")
    return "foreign"


def _grown(desk: OrderDesk, lane: Lane, trade: Trade, deal: Deal) -> str:
    """Take up what somebody else has added to a position of ours."""
    grow(trade, deal)
    _tell(desk, lane, trade, deal, f"was made larger by {deal.volume:g} lots")
    return "in"


def _left(desk: OrderDesk, lane: Lane, trade: Trade, deal: Deal) -> str:
    turned = deal.entry == "inout"
    over = shrink(trade, deal)
    if over:
        lane.trade = None
        ended = Ended(deal.ticket, deal.at, trade.made, deal.reason in {"stop", "stop_out"})
        desk.ledger.ended_trades[lane.name] = (*desk.ledger.ended_trades.get(lane.name, ()), ended)[-MOST:]
    if over and turned:
        _turned(desk, lane, trade, deal)
    else:
        _tell(desk, lane, trade, deal, "was closed" if over else f"was partly closed: {trade.volume:g} lots are left")
    if over or not by_hand(deal, trade.magic):
        trade.answered = True
        _closed(desk, trade)
    return "out"


def _turned(desk: OrderDesk, lane: Lane, trade: Trade, deal: Deal) -> None:
    """Note what stands where a trade was: a person's doing is his; what our own close has opened has no stop."""
    what = "was turned round; what stands there now is not ours"
    if by_hand(deal, trade.magic):
        _tell(desk, lane, trade, deal, what)
        return
    why = f"{lane.name}: position {deal.position} {what}: our close was larger than what it met"
    desk.ledger.holds[f"BREAK:{trade.symbol}"] = why
    desk.ledger.surplus[deal.position] = why
    desk.alert("break", f"{why}; it has no stop: a person must settle it")


def _tell(desk: OrderDesk, lane: Lane, trade: Trade, deal: Deal, what: str) -> None:
    """Tell and tag what was not our doing nor the venue's."""
    who = by_hand(deal, trade.magic)
    if who:
        trade.tag = tagged(trade.tag, MANUAL)
        desk.alert("note", f"{lane.name}: position {trade.position} {what}, by {who}, at {deal.price}")


def _closed(desk: OrderDesk, trade: Trade) -> None:
    for ident in (trade.closing, trade.moving):
        order = desk.ledger.orders.get(ident)
        if order is not None and order.state == "IN_DOUBT":
            walk(order, "filled", f"position {trade.position} was left")
    trade.closing, trade.moving, trade.doubt = 0, 0, False
    desk.lift_doubts()
