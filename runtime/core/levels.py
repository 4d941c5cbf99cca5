"""The latched levels: where the core stands; tighter than run, what rests is taken back, and flatten closes the rest.

The account has one, and every scope (a strategy, a symbol, a model) that is latched by itself; all count.
"""

from brokers.facts import Refused, Rejected
from brokers.latch import Command, Level, concerns
from runtime.core.decide import Decider
from runtime.core.facts import AnyFact, LevelChanged
from runtime.core.leaving import begin, ended, heard, is_dropped, leaves
from runtime.core.outsiders import asks, clear, left, tell
from runtime.core.permissions import UNSEEN
from runtime.core.positions import GONE, Trade
from runtime.core.state import Lane, Ledger, Standing


def stand_at(ledger: Ledger, fact: LevelChanged) -> None:
    """Stand at the latched level, the account and each scope."""
    ledger.holds.pop("SWITCH", None)
    begin(ledger, fact)
    ledger.generation = fact.generation
    if fact.whole is None:
        _obey(ledger, fact.command)
        return
    whole = fact.whole
    ledger.level = whole.level
    flatten = whole.command if whole.level == "flatten" else None
    ledger.force = flatten is not None and flatten.force
    ledger.outsiders = flatten is not None and asks(flatten)
    ledger.scopes = {one.scope: _standing(one.level, one.command) for one in whole.scopes}


def _obey(ledger: Ledger, command: Command) -> None:
    """Stand at what one command says by itself."""
    if not command.scope:
        ledger.level, ledger.force = command.level, command.force and command.level == "flatten"
        ledger.outsiders = asks(command)
    elif command.level == "run":
        ledger.scopes.pop(command.scope, None)
    else:
        ledger.scopes[command.scope] = _standing(command.level, command)


def _standing(level: Level, command: Command) -> Standing:
    return Standing(level, command.force and level == "flatten", asks(command))


def take_back(decider: Decider, fact: AnyFact) -> None:
    """Take back what rests, since nothing new can leave any more; then, flattening, close what we hold."""
    ledger, lanes, desk = decider.ledger, decider.lanes, decider.desk
    heard(decider, fact)
    tell(decider, fact)
    ended(ledger, {lane.name for lane in lanes if "flatten" in {ledger.level, *decider.latched(lane).values()}})
    if isinstance(fact, Rejected | Refused):  # a no is not answered at once
        return
    tight = {lane.number for lane in lanes if _is_tight(lane, decider) and not decider.blocked("cancel", lane)}
    for order in list(ledger.orders.values()):
        if order.verb == "entry" and order.strategy in tight:
            desk.take_back(order)
    if UNSEEN & ledger.holds.keys():
        return
    for scope in [scope for scope, one in ledger.scopes.items() if one.level == "flatten"]:
        within = [lane for lane in lanes if concerns(scope, decider.scopes_of(lane))]
        gone = not ledger.scopes[scope].foreign or clear(decider, fact, scope.partition(":")[2])
        if _flatten(within, decider, fact, force=ledger.scopes[scope].force) and gone:
            what = f"nothing of {scope} is open"
            stays = left(ledger, scope.partition(":")[2]) if ledger.scopes[scope].foreign else []
            ledger.scopes[scope] = Standing("halt")
            desk.set_level("halt", f"flattened: {_said(within, stays, what)}", scope)
    if ledger.level != "flatten":
        return
    gone = not ledger.outsiders or clear(decider, fact)
    if _flatten(lanes, decider, fact, force=ledger.force) and gone:
        what, stays = ("nothing is open", left(ledger)) if ledger.outsiders else ("nothing of ours is open", [])
        ledger.level, ledger.force, ledger.outsiders = "halt", False, False
        desk.set_level("halt", f"flattened: {_said(lanes, stays, what)}")


def _is_tight(lane: Lane, decider: Decider) -> bool:
    """Say whether a strategy stands tighter than run: with the account, or by a scope it is in."""
    return decider.ledger.level != "run" or bool(decider.latched(lane))


def _said(lanes: list[Lane], foreign: list[int], what: str) -> str:
    ours = [lane.trade.position for lane in lanes if lane.trade is not None and lane.trade.absent < GONE]
    stays = [*ours, *foreign]
    return f"left open by a person: {', '.join(map(str, stays))}" if stays else what


def _flatten(lanes: list[Lane], decider: Decider, fact: AnyFact, *, force: bool) -> bool:
    """Close what these strategies hold, one order a position; return whether nothing is left.

    What rests of them is gone before, or the venue has refused to take it back. A position that looks at the venue do
    not find any more cannot be closed: its break stays, and somebody was paged.
    """
    ledger = decider.ledger
    standing = [(x, t) for x in lanes if (t := x.trade) is not None and t.absent < GONE and not is_dropped(ledger, t)]
    if force or not _being_taken_back(lanes, decider):
        for lane, trade in standing:
            one = leaves(decider, lane, trade, fact)
            if one is not None and _may_close(lane, trade, decider, force=force):
                trade.forced = bool(trade.closing)
                spread = decider.plan.reopen_spread if one.state == "queued" and not force else 0.0
                decider.desk.close(trade, "flatten", operator=True, max_spread=spread)
    return not standing and not any(lane.order for lane in lanes)


def _being_taken_back(lanes: list[Lane], decider: Decider) -> bool:
    """Say whether an entry of theirs still rests that the venue was asked to take back; a simulated one has done it."""
    numbers = {lane.number for lane in lanes}
    return decider.host is None and any(
        order.strategy in numbers and order.state in {"WORKING", "PARTIAL"} and order.cancelling and not order.stays
        for order in decider.ledger.orders.values()
        if order.verb == "entry"
    )


def _may_close(lane: Lane, trade: Trade, decider: Decider, *, force: bool) -> bool:
    """Say whether a close may be sent: none is under way, or the operator forces one beside one in doubt, once."""
    if trade.closing:
        closing = decider.ledger.orders.get(trade.closing)
        if closing is None or closing.state != "IN_DOUBT" or not force or trade.forced:
            return False
    return not decider.blocked("operator_exit", lane, same=trade.doubt, force=force)
