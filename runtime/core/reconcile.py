"""What a look at the venue tells the core: doubts are resolved, breaks are found, nothing is guessed.

Every deal the venue knows was told before, so a fill has already found its order. What is in doubt and not found is
MISSING only once the settle window has passed; until then it stays in doubt.
"""

from brokers.facts import Reconciled
from market.types import Position
from runtime.core.breaks import find_breaks
from runtime.core.decide import Decider
from runtime.core.desk import OrderDesk
from runtime.core.drawdown import watch_losses
from runtime.core.foreign import see_foreign
from runtime.core.orders import OrderRecord, walk
from runtime.core.state import Lane, Ledger


def reconcile(decider: Decider, fact: Reconciled) -> None:
    """Hold the core's book against the venue's."""
    ledger = decider.ledger
    if not ledger.known or ledger.counting:
        _count(decider, fact)
    see_foreign(decider, fact)
    ledger.swaps = {p.ident: p.swap for p in fact.positions if p.swap}
    if ledger.counting:
        return
    ledger.holds.pop("UNRECONCILED", None)
    held = {p.ident: p for p in fact.positions}
    _doubts(decider, fact, held)
    _lift_missing(ledger)
    find_breaks(decider, fact)
    watch_losses(decider, ledger.balance + sum(p.profit + p.swap for p in fact.positions))


def _count(decider: Decider, fact: Reconciled) -> None:
    """Take the balance that all later deals are added to; wait where nobody can say yet which deals it holds.

    Where the deals told do not add up to it, the settle window is waited for: all that were made are shown by then, and
    what is missing of the sum is older than the history.
    """
    ledger, desk = decider.ledger, decider.desk
    ledger.balance, ledger.known = fact.account.balance, True
    ledger.last_deal, ledger.last_deal_at, ledger.heard = fact.last_deal, fact.at, ()
    ledger.counting, ledger.day = not fact.counted, -1
    if ledger.counting and (fact.settled or not ledger.settle_timer):
        ledger.holds["UNRECONCILED"] = "the account's deals do not make its balance yet: some may be yet to show"
        desk.wake_settled()


def _lift_missing(ledger: Ledger) -> None:
    """Free the symbols whose longer window was over before this look was made: what it shows of them was taken in."""
    for symbol in [s for s, timer in ledger.missing_timers.items() if not timer]:
        del ledger.missing_timers[symbol]
        ledger.holds.pop(f"MISSING:{symbol}", None)


def _doubts(decider: Decider, fact: Reconciled, held: dict[int, Position]) -> None:
    lanes, desk = decider.lanes, decider.desk
    resting = {o.magic: o.ticket for o in fact.orders}
    closes: dict[tuple[int, int], int] = {(o.magic, o.side): o.ticket for o in fact.orders if o.kind == "market"}
    waits = False
    for order in list(decider.ledger.orders.values()):
        if order.verb == "close" and _at_work(desk, order, closes):
            continue
        if order.state == "IN_DOUBT":
            _resolve(desk, lanes, order, resting, held, settled=fact.settled)
        elif order.state == "MISSING" and order.magic in resting:
            _found(desk, lanes, order, resting[order.magic])
        elif order.verb == "entry" and order.state in {"WORKING", "PARTIAL"}:
            if order.magic in resting:
                _rests(decider, order, resting[order.magic])
            else:
                waits |= _vanished(desk, lanes, order, settled=fact.settled)
        elif order.verb == "entry" and order.state == "FILLED":
            waits |= _untold(desk, order, held, settled=fact.settled)
        elif order.verb == "cancel" and order.state == "FILLED":
            waits |= _rests_on(desk, order, resting, settled=fact.settled)
        elif order.verb == "close" and order.state == "FILLED" and order.position in held:
            waits |= _undone(desk, order, settled=fact.settled)
    _go_on_waiting(decider, waits=waits)


def _go_on_waiting(decider: Decider, *, waits: bool) -> None:
    """Lift what is settled; a window that something else waits for goes on, however often is looked meanwhile."""
    ledger, desk = decider.ledger, decider.desk
    newest = ledger.settle_timer
    desk.lift_doubts()
    waits |= any(one.instruction for one in ledger.leaving.values() if one.foreign)
    if waits or any(lane.trade is not None and lane.trade.absent == 1 for lane in decider.lanes):
        ledger.settle_timer = newest
    if waits and not newest:
        desk.wake_settled()


def _resolve(
    desk: OrderDesk,
    lanes: list[Lane],
    order: OrderRecord,
    resting: dict[int, int],
    held: dict[int, Position],
    *,
    settled: bool,
) -> None:
    lane = next(lane for lane in lanes if lane.number == order.strategy)
    if order.verb == "entry":
        _resolve_entry(desk, lane, order, resting, settled=settled)
    elif settled:
        _resolve_act(desk, lane, order, held)


def _resolve_entry(desk: OrderDesk, lane: Lane, order: OrderRecord, resting: dict[int, int], *, settled: bool) -> None:
    if order.magic in resting:
        order.ticket = resting[order.magic]
        walk(order, "placed", f"found resting as {order.ticket}")
    elif settled:
        if lane.order == order.id:
            lane.order = 0
        if order.position:  # a part of it was told: it was never missing
            walk(order, "gone", "what was not filled is not at the venue any more")
        else:
            _missing(desk, order)


def _missing(desk: OrderDesk, order: OrderRecord) -> None:
    walk(order, "absent", "not among positions, orders or deals after the settle window")
    desk.ledger.holds[f"MISSING:{order.symbol}"] = f"{order.name} was never found"
    desk.wake_missing(order.symbol)
    answered = "answered as done" if order.deal else "sent perhaps"
    desk.alert("in_doubt", f"{order.name} is MISSING: {answered}, found nowhere, not sent again")


def _resolve_act(desk: OrderDesk, lane: Lane, order: OrderRecord, held: dict[int, Position]) -> None:
    """Resolve a close, stop or cancel in doubt: the venue's positions are the truth of it."""
    trade = lane.trade
    if order.verb == "stop" and trade is not None and trade.position in held:
        there = held[trade.position]
        walk(order, "filled" if there.stop == order.stop else "refused", f"stop stands at {there.stop}")
        if there.stop == order.stop:
            trade.stop = order.stop  # our own hand's work, not a person's
    elif order.verb == "close" and order.position not in held:
        walk(order, "filled", f"position {order.position} was left")
    else:
        walk(order, "refused", "the position or order still stands")
        desk.may_cancel_again(order)
    if trade is not None and trade.closing == order.id:
        trade.closing = 0
    if trade is not None and trade.moving == order.id:
        trade.moving = 0


def _found(desk: OrderDesk, lanes: list[Lane], order: OrderRecord, ticket: int) -> None:
    """Take up a missing entry that rests after all; where its strategy has gone on, take it back."""
    order.ticket = ticket
    walk(order, "placed", f"found resting as {ticket}, late")
    lane = next(lane for lane in lanes if lane.number == order.strategy)
    if lane.trade is None and not lane.order:
        lane.order = order.id
    else:
        desk.take_back(order)


def _rests(decider: Decider, order: OrderRecord, ticket: int) -> None:
    """Note that an entry rests; beside a trade that an earlier one has opened late it is taken back.

    So it is where it would be netted with a position that is not ours.
    """
    order.ticket, order.unseen = order.ticket or ticket, False
    lane = decider.desk.by_number[order.strategy]
    trade = lane.trade
    beside = f"FOREIGN:{order.symbol}" in decider.ledger.holds or (trade is not None and trade.magic != order.magic)
    if beside and not decider.blocked("cancel", lane):
        decider.desk.take_back(order)


def _vanished(desk: OrderDesk, lanes: list[Lane], order: OrderRecord, *, settled: bool) -> bool:
    """Note that a resting entry of ours is gone although nobody told: it was taken back; return whether to look again.

    It may have been filled a moment ago, and a window that another doubt has begun says nothing of it. Should its deal
    come later still, it is ours by its magic number.
    """
    if _first_unseen(desk, order, settled=settled):
        return True
    walk(order, "gone", "not at the venue any more")
    for lane in lanes:
        if lane.order == order.id:
            lane.order = 0
    return False


def _untold(desk: OrderDesk, order: OrderRecord, held: dict[int, Position], *, settled: bool) -> bool:
    """Give an entry up that was answered as done and of which no deal, or not of all of it, ever told.

    Return whether to look again. A position of it that no trade is yet has a deal that is late.
    """
    lane = desk.by_number[order.strategy]
    trade = lane.trade.position if lane.trade is not None else 0
    if lane.order != order.id or any(order.magic == p.magic and p.ident != trade for p in held.values()):
        return False
    if _first_unseen(desk, order, settled=settled):
        return True
    lane.order = 0
    if not order.position:
        _missing(desk, order)
    return False


def _rests_on(desk: OrderDesk, cancel: OrderRecord, resting: dict[int, int], *, settled: bool) -> bool:
    """Let a cancel go that was accepted and never done; return whether to look again: an end may show late."""
    entry = next((o for o in desk.ledger.orders.values() if o.cancelling == cancel.id), None)
    if entry is None or entry.magic not in resting:
        return False
    if _first_unseen(desk, cancel, settled=settled):
        return True
    desk.may_cancel_again(cancel)
    said = f"{cancel.name} was accepted and never done: {entry.name} still rests"
    desk.alert("in_doubt", said, cancel.name)
    return False


def _at_work(desk: OrderDesk, close: OrderRecord, closes: dict[tuple[int, int], int]) -> bool:
    """Say whether a close is among the venue's orders, or was until this look: a dealer has not done it yet.

    It is neither done nor undone before a whole window has passed without it.
    """
    ticket = closes.get((close.magic, -close.side), 0)
    doubtful = close.state == "IN_DOUBT"
    if not ticket and not (doubtful and close.ticket):
        return False
    close.unseen = False
    if doubtful:
        close.ticket = ticket
        desk.wake_settled()
    return True


def _undone(desk: OrderDesk, order: OrderRecord, *, settled: bool) -> bool:
    """Let a close go that was accepted and never done; return whether to look again: its deal may show late."""
    trade = desk.by_number[order.strategy].trade
    if trade is None or trade.closing != order.id:
        return False
    if _first_unseen(desk, order, settled=settled):
        return True
    trade.closing = 0
    said = f"{order.name} was accepted and never done: position {order.position} still stands"
    desk.alert("in_doubt", said, order.name)
    return False


def _first_unseen(desk: OrderDesk, order: OrderRecord, *, settled: bool) -> bool:
    """Say whether no whole window has passed yet since a look first missed what must have come of an order."""
    if order.unseen:
        return not settled
    order.unseen = True
    desk.wake_settled()
    return True
