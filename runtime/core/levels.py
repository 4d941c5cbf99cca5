"""The latched level: where the core stands; tighter than run, what rests is taken back, and flatten closes the rest."""

from runtime.core.decide import Decider
from runtime.core.desk import OrderDesk
from runtime.core.facts import LevelChanged
from runtime.core.permissions import UNSEEN
from runtime.core.positions import GONE, Trade
from runtime.core.state import Lane, Ledger


def stand_at(ledger: Ledger, fact: LevelChanged) -> None:
    """Stand at the latched level."""
    ledger.holds.pop("SWITCH", None)
    ledger.level, ledger.generation = fact.command.level, fact.generation
    ledger.force = fact.command.force and ledger.level == "flatten"


def take_back(ledger: Ledger, lanes: list[Lane], desk: OrderDesk, decider: Decider) -> None:
    """Take back what rests, since nothing new can leave any more; then, flattening, close what we hold."""
    for order in list(ledger.orders.values()):
        if order.verb == "entry" and not decider.blocked("cancel", order.symbol):
            desk.take_back(order)
    if ledger.level == "flatten":
        _flatten(ledger, lanes, desk, decider)


def _flatten(ledger: Ledger, lanes: list[Lane], desk: OrderDesk, decider: Decider) -> None:
    """Close what we hold, one order a position, until nothing is left; then stand at halt.

    A position that looks at the venue do not find any more cannot be closed: its break stays, and somebody was paged.
    """
    if UNSEEN & ledger.holds.keys():
        return
    standing = [lane.trade for lane in lanes if lane.trade is not None and lane.trade.absent < GONE]
    for trade in standing:
        if _may_close(ledger, trade, decider):
            trade.forced = bool(trade.closing)
            desk.close(trade, "flatten", operator=True)
    if not standing and not any(lane.order for lane in lanes):
        ledger.level, ledger.force = "halt", False
        desk.set_level("halt", "flattened: nothing of ours is open")


def _may_close(ledger: Ledger, trade: Trade, decider: Decider) -> bool:
    """Say whether a close may be sent: none is under way, or the operator forces one beside one in doubt, once."""
    if trade.closing:
        closing = ledger.orders.get(trade.closing)
        if closing is None or closing.state != "IN_DOUBT" or not ledger.force or trade.forced:
            return False
    return not decider.blocked("operator_exit", trade.symbol, same=trade.doubt, force=ledger.force)
