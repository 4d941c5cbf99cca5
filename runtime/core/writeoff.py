"""Writing a trade off that is gone from the venue though no deal told how: a person says so, and answers for it.

What the venue's balance is off goes with the last such trade. A deal that shows after all is told, and not counted: its
money is in that balance.
"""

from brokers.facts import DealMade
from market.types import Deal
from runtime.core.balance import gone, take_difference
from runtime.core.decide import Decider
from runtime.core.desk import OrderDesk
from runtime.core.facts import TradeWrittenOff
from runtime.core.positions import GONE
from runtime.core.replies import reply, unseen
from runtime.core.state import Lane

WRITTEN_OFF = "written off"
"""How people read the end of such a trade, and of what kind its money is."""
REMEMBERED = 32
"""Positions written off of which a late deal is still known to be one."""


def write_off(decider: Decider, fact: TradeWrittenOff) -> None:
    """Let a trade go that nobody can find; or say why not."""
    ledger, desk, position = decider.ledger, decider.desk, fact.position
    lane = next((x for x in decider.lanes if x.trade is not None and x.trade.position == position), None)
    problem = _not_yet(decider, lane, position)
    if problem:
        reply(desk, fact.asker, "ack", str(position), problem, ok=False)
        return
    what = f"position {position}"
    if lane is not None and lane.trade is not None:
        what, lane.trade = f"{lane.name}: {what} on {lane.trade.symbol}", None
    money = take_difference(ledger, decider.lanes)
    ledger.written[position] = money
    if len(ledger.written) > REMEMBERED:
        del ledger.written[next(iter(ledger.written))]
    ledger.early = tuple(e for e in ledger.early if e.deal.position != position)
    money_said = f"the balance is taken as the venue has it, {money:+.2f} that no deal told"
    waits = "what the balance is off goes with the last trade that is gone"
    text = f"{what} is written off; {money_said if not gone(decider.lanes) else waits}"
    desk.alert("note", f"{text}, says {fact.asker.who}: {fact.asker.why}")
    reply(desk, fact.asker, "ack", str(position), text, ok=True)
    desk.reconcile(settled=False)  # a look lifts what is explained now


def _not_yet(decider: Decider, lane: Lane | None, position: int) -> str:
    if hidden := unseen(decider.ledger.holds):
        return hidden
    if lane is None or lane.trade is None:
        if _left_over(decider, position):
            return ""
        missed = ", ".join(str(p) for p in gone(decider.lanes)) or "none"
        return f"no trade of ours is position {position}; gone from the venue without a deal: {missed}"
    if not lane.trade.absent:
        return f"position {position} stands at the venue"
    if lane.trade.absent < GONE:
        return f"position {position} was not missed for a whole settle window yet: ask again after it"
    if decider.desk.doubts(lane.trade):
        return f"an order about position {position} is in doubt: ask again when that is settled"
    return ""


def _left_over(decider: Decider, position: int) -> bool:
    """Say whether a break is left of a position that is no trade: nothing but a person can lift it.

    It was left, and no deal told how it was entered; or it was written off, and the balance is off once nothing else is
    gone.
    """
    ledger, awaited = decider.ledger, {lane.order for lane in decider.lanes}
    left = [early.entry for early in ledger.early if early.entry and early.deal.position == position]
    if left and not awaited & {*left} and all(p.ident != position for p in ledger.foreign):
        return True
    return position in ledger.written and bool(ledger.off) and not gone(decider.lanes)


def told_after_all(desk: OrderDesk, fact: DealMade) -> bool:
    """Say whether a deal is of a position that was written off, and tell people of it: its money is counted already."""
    deal: Deal = fact.deal
    if deal.position not in desk.ledger.written:
        return False
    text = f"position {deal.position}, written off, has a deal after all: {deal.entry} {deal.volume:g} lots"
    desk.alert("note", f"{text} at {deal.price} by {deal.reason}, {deal.money:+.2f}: it is in the balance already")
    return True
