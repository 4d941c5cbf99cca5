"""A level tighter than run: what rests is taken back, and flatten closes what we hold until nothing is left."""

from runtime.core.decide import Decider
from runtime.core.desk import OrderDesk
from runtime.core.state import Lane, Ledger


def take_back(ledger: Ledger, lanes: list[Lane], desk: OrderDesk, decider: Decider) -> None:
    """Take back what rests, since nothing new can leave any more; then, flattening, close what we hold."""
    for order in list(ledger.orders.values()):
        if order.verb == "entry" and not decider.blocked("cancel", order.symbol):
            desk.take_back(order)
    if ledger.level == "flatten":
        _flatten(ledger, lanes, desk)


def _flatten(ledger: Ledger, lanes: list[Lane], desk: OrderDesk) -> None:
    """Close what we hold, one order a position, until nothing is left; then stand at halt."""
    if {"LINK", "WRONG_TERMINAL", "UNRECONCILED", "SWITCH"} & ledger.holds.keys():
        return
    for lane in lanes:
        if lane.trade is not None and not lane.trade.closing:
            desk.close(lane.trade, "flatten", operator=True)
    if all(lane.trade is None and not lane.order for lane in lanes):
        ledger.level = "halt"
        desk.set_level("halt", "flattened: nothing of ours is open")
