"""Hands on our trades: who made a deal or moved a stop that we did not ask for, and what becomes of it.

A deal is told by its reason, a trade by its position id. What people do is explained: it is adopted, tagged and told;
only a stop that was removed or widened is set again, where the account's policy is `restore`, and a trade whose stop
cannot be set again is left.
"""

from market.types import Deal, Position
from runtime.core.decide import Decider
from runtime.core.kinds import Kind
from runtime.core.positions import Trade
from runtime.core.state import Lane
from strategies.exits import STOP

MANUAL, ADOPTED = "manual", "adopted"
"""Tags of a trade: somebody else had a hand in it; it was opened by somebody else."""

INVALID_STOPS = 10016
"""MT5 retcode: the price has passed the stop, or stands too near to it."""

UNGUARDED = "unguarded"
"""Why a trade is left that has no stop."""

PEOPLE = {"client": "a person at the terminal", "mobile": "a person on the phone", "web": "a person on the web"}


def by_hand(deal: Deal, magic: int) -> str:
    """Return who made a deal on the trade with this magic number: "" for us and for the venue itself."""
    if deal.reason in PEOPLE:
        return PEOPLE[deal.reason]
    if deal.reason == "expert" and deal.magic != magic:
        return f"another program (magic {deal.magic})"
    return ""


def tagged(tag: str, more: str) -> str:
    """Return a trade's tags with one more."""
    return tag if more in tag.split(",") else f"{tag},{more}".strip(",")


def mind_stop(decider: Decider, lane: Lane, trade: Trade, there: Position) -> None:
    """Hold stop and target of a trade against the venue's: adopt what was changed, or set the stop again.

    One that stays without a stop for too long is left.
    """
    if _bare_too_long(decider, lane, trade, there) or trade.moving:
        return
    desk = decider.desk
    if there.target != trade.target:
        desk.alert(
            "note", f"{_name(lane, trade)}: its target was changed by hand from {trade.target} to {there.target}"
        )
        trade.target, trade.tag = there.target, tagged(trade.tag, MANUAL)
    if there.stop == trade.stop:
        trade.seen_stop = there.stop
    elif there.stop > 0.0 and (trade.stop <= 0.0 or (there.stop - trade.stop) * trade.side > 0.0):
        desk.alert("note", f"{_name(lane, trade)}: its stop was tightened by hand from {trade.stop} to {there.stop}")
        _adopt(trade, there.stop)
    elif decider.plan.hands == "accept":
        desk.alert(_kind(there), f"{_name(lane, trade)}: {_loosened(trade, there)}; accepted, as configured")
        _adopt(trade, there.stop)
    else:
        _restore(decider, lane, trade, there)


def _bare_too_long(decider: Decider, lane: Lane, trade: Trade, there: Position) -> bool:
    """Close a trade that has had no stop for too long, and was refused one; return whether it is being closed.

    Where the policy is to accept what hands do, a stop taken away is meant.
    """
    plan, at = decider.plan, decider.ledger.at
    trade.bare_since = 0 if there.stop > 0.0 else trade.bare_since or at
    since_s = (at - trade.bare_since) / 1000 if trade.bare_since else 0.0
    if plan.hands == "accept" or not trade.refused or not 0.0 < plan.unguarded_s <= since_s:
        return False
    if not trade.closing and not decider.blocked("exit", lane, same=trade.doubt):
        decider.desk.alert("unguarded", f"{_name(lane, trade)} had no stop for {since_s:.0f} s: it is closed")
        decider.desk.close(trade, UNGUARDED)
    return bool(trade.closing)


def _name(lane: Lane, trade: Trade) -> str:
    return f"{lane.name}: position {trade.position}"


def _loosened(trade: Trade, there: Position) -> str:
    what = "removed" if there.stop <= 0.0 else f"widened to {there.stop}"
    return f"its stop at {trade.stop} was {what} by hand"


def _kind(there: Position) -> Kind:
    """Return what sort of alert it is: a position with a wider stop has one."""
    return "note" if there.stop > 0.0 else "unguarded"


def _adopt(trade: Trade, stop: float) -> None:
    trade.stop = trade.seen_stop = trade.exit[STOP] = stop
    trade.tag = tagged(trade.tag, MANUAL)
    if stop <= 0.0:  # a person minds this trade's stop now: no plan sets another
        trade.plan = (*trade.plan[:2], 0.0, 0.0, trade.plan[4])


def _restore(decider: Decider, lane: Lane, trade: Trade, there: Position) -> None:
    """Set the stop again if that may leave; where the price has passed it meanwhile, leave the trade."""
    desk, late = decider.desk, trade.refused == INVALID_STOPS
    blocked = decider.blocked("exit" if late else "tighten", lane, same=trade.doubt)
    if there.stop != trade.seen_stop:
        what = f"cannot be set again now: {', '.join(blocked)}" if blocked else "it is set again"
        desk.alert(_kind(there), f"{_name(lane, trade)}: {_loosened(trade, there)}; {what}")
    trade.seen_stop, trade.tag = there.stop, tagged(trade.tag, MANUAL)
    if blocked or trade.closing:
        return
    if late:
        desk.close(trade, "stop passed")
    else:
        desk.move_stop(trade, trade.stop)
