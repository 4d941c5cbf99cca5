"""The latched levels: where the core stands; tighter than run, what rests is taken back, and flatten closes the rest.

The account has one, and every scope (a strategy, a symbol, a model) that is latched by itself; all count.
"""

from brokers.latch import Command, Level, concerns
from runtime.core.decide import Decider
from runtime.core.desk import OrderDesk
from runtime.core.facts import LevelChanged
from runtime.core.permissions import UNSEEN
from runtime.core.positions import GONE, Trade
from runtime.core.state import Lane, Ledger, Standing


def stand_at(ledger: Ledger, fact: LevelChanged) -> None:
    """Stand at the latched level, the account and each scope."""
    ledger.holds.pop("SWITCH", None)
    ledger.generation = fact.generation
    if fact.whole is None:
        _obey(ledger, fact.command)
        return
    whole = fact.whole
    ledger.level = whole.level
    ledger.force = whole.level == "flatten" and whole.command is not None and whole.command.force
    ledger.scopes = {one.scope: _standing(one.level, one.command) for one in whole.scopes}


def _obey(ledger: Ledger, command: Command) -> None:
    """Stand at what one command says by itself."""
    if not command.scope:
        ledger.level, ledger.force = command.level, command.force and command.level == "flatten"
    elif command.level == "run":
        ledger.scopes.pop(command.scope, None)
    else:
        ledger.scopes[command.scope] = _standing(command.level, command)


def _standing(level: Level, command: Command) -> Standing:
    return Standing(level, command.force and level == "flatten")


def take_back(ledger: Ledger, lanes: list[Lane], desk: OrderDesk, decider: Decider) -> None:
    """Take back what rests, since nothing new can leave any more; then, flattening, close what we hold."""
    for order in list(ledger.orders.values()):
        lane = desk.by_number[order.strategy]
        tight = ledger.level != "run" or decider.latched(lane)
        if order.verb == "entry" and tight and not decider.blocked("cancel", lane):
            desk.take_back(order)
    if UNSEEN & ledger.holds.keys():
        return
    for scope in [scope for scope, one in ledger.scopes.items() if one.level == "flatten"]:
        force = ledger.scopes[scope].force
        if _flatten([x for x in lanes if concerns(scope, decider.scopes_of(x))], desk, decider, force=force):
            ledger.scopes[scope] = Standing("halt")
            desk.set_level("halt", f"flattened: nothing of {scope} is open", scope)
    if ledger.level == "flatten" and _flatten(lanes, desk, decider, force=ledger.force):
        ledger.level, ledger.force = "halt", False
        desk.set_level("halt", "flattened: nothing of ours is open")


def _flatten(lanes: list[Lane], desk: OrderDesk, decider: Decider, *, force: bool) -> bool:
    """Close what these strategies hold, one order a position; return whether nothing is left.

    A position that looks at the venue do not find any more cannot be closed: its break stays, and somebody was paged.
    """
    standing = [lane for lane in lanes if lane.trade is not None and lane.trade.absent < GONE]
    for lane in standing:
        if (trade := lane.trade) is not None and _may_close(lane, trade, decider, force=force):
            trade.forced = bool(trade.closing)
            desk.close(trade, "flatten", operator=True)
    return not standing and not any(lane.order for lane in lanes)


def _may_close(lane: Lane, trade: Trade, decider: Decider, *, force: bool) -> bool:
    """Say whether a close may be sent: none is under way, or the operator forces one beside one in doubt, once."""
    if trade.closing:
        closing = decider.ledger.orders.get(trade.closing)
        if closing is None or closing.state != "IN_DOUBT" or not force or trade.forced:
            return False
    return not decider.blocked("operator_exit", lane, same=trade.doubt, force=force)
