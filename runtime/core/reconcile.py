"""What a look at the venue tells the core: doubts are resolved, breaks are found, nothing is guessed.

Every deal the venue knows was told before, so a fill has already found its order. What is in doubt and not found is
MISSING only once the settle window has passed; until then it stays in doubt.
"""

from brokers.port import Reconciled
from market.types import Position
from runtime.core.desk import OrderDesk
from runtime.core.orders import OrderRecord, walk
from runtime.core.positions import LOT_DUST, Trade
from runtime.core.state import Lane, Ledger

DUST = 0.005
"""Half a cent: below it two balances are the same."""


def reconcile(ledger: Ledger, lanes: list[Lane], desk: OrderDesk, fact: Reconciled) -> None:
    """Hold the core's book against the venue's."""
    if not ledger.known:
        ledger.balance, ledger.known = fact.account.balance, True
        ledger.last_deal, ledger.last_deal_at = fact.last_deal, fact.at
    ledger.holds.pop("UNRECONCILED", None)
    held = {p.ticket: p for p in fact.positions}
    ours = {lane.trade.position for lane in lanes if lane.trade is not None}
    ledger.foreign = tuple(p for p in fact.positions if p.ticket not in ours)
    _doubts(ledger, lanes, desk, fact, held)
    _breaks(ledger, lanes, desk, fact, held)


def _doubts(ledger: Ledger, lanes: list[Lane], desk: OrderDesk, fact: Reconciled, held: dict[int, Position]) -> None:
    resting = {o.magic: o.ticket for o in fact.orders}
    for order in list(ledger.orders.values()):
        if order.state == "IN_DOUBT":
            _resolve(desk, lanes, order, resting, held, settled=fact.settled)
        elif order.state == "MISSING" and order.magic in resting:
            _found(desk, lanes, order, resting[order.magic])
        elif order.verb == "entry" and order.state in {"WORKING", "PARTIAL"} and order.magic not in resting:
            _vanished(ledger, lanes, order, settled=fact.settled)
    doubtful = {o.symbol for o in ledger.orders.values() if o.state == "IN_DOUBT"}
    for key in [k for k in ledger.holds if k.startswith("IN_DOUBT:") and k[9:] not in doubtful]:
        del ledger.holds[key]
    if not doubtful:
        ledger.settle_timer = 0


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
        walk(order, "absent", "not among positions, orders or deals after the settle window")
        if lane.order == order.id:
            lane.order = 0
        desk.ledger.holds[f"MISSING:{order.symbol}"] = f"{order.name} was never found"
        desk.wake_missing(order.symbol)
        desk.alert("page", f"{order.name} is MISSING: sent perhaps, found nowhere, not sent again")


def _resolve_act(desk: OrderDesk, lane: Lane, order: OrderRecord, held: dict[int, Position]) -> None:
    """Resolve a close, stop or cancel in doubt: the venue's positions are the truth of it."""
    trade = lane.trade
    if order.verb == "stop" and trade is not None and trade.position in held:
        there = held[trade.position]
        walk(order, "filled" if there.stop == order.stop else "refused", f"stop stands at {there.stop}")
        if there.stop == order.stop:
            trade.stop = order.stop  # our own hand's work, not a person's
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


def _vanished(ledger: Ledger, lanes: list[Lane], order: OrderRecord, *, settled: bool) -> None:
    """Note that a resting entry of ours is gone although nobody told: once settled, it was taken back."""
    if not settled:
        return
    walk(order, "gone", "not at the venue any more")
    for lane in lanes:
        if lane.order == order.id:
            lane.order = 0
    ledger.magics.pop(order.magic, None)


def _breaks(ledger: Ledger, lanes: list[Lane], desk: OrderDesk, fact: Reconciled, held: dict[int, Position]) -> None:
    found: dict[str, str] = {}
    for lane in lanes:
        trade = lane.trade
        if trade is not None:
            problem = _difference(trade, held.get(trade.position))
            trade.doubt = bool(problem) or desk.doubts(trade)
            if problem:
                found[f"BREAK:{trade.symbol}"] = f"{lane.name}: {problem}"
            else:
                _adopt_stop(desk, lane, trade, held[trade.position])
    for position in ledger.foreign:
        if position.magic in ledger.magics:
            found[f"BREAK:{position.symbol}"] = (
                f"position {position.ticket} is ours by its magic, but no deal told of it"
            )
    if abs(fact.account.balance - ledger.balance) > DUST:
        found["BREAK"] = f"the venue's balance is {fact.account.balance}, our deals make it {ledger.balance:.2f}"
    for key in [k for k in ledger.holds if k.startswith("BREAK") and k not in found]:
        del ledger.holds[key]
    for key, why in found.items():
        if ledger.holds.get(key) != why:
            desk.alert("page", f"break: {why}")
        ledger.holds[key] = why


def _difference(trade: Trade, position: Position | None) -> str:
    if position is None:
        return f"position {trade.position} is not at the venue, and no deal told how it went"
    if position.side != trade.side or abs(position.volume - trade.volume) > LOT_DUST:
        there, here = position.side * position.volume, trade.side * trade.volume
        return f"position {trade.position} is {there} lots there, {here} here"
    return ""


def _adopt_stop(desk: OrderDesk, lane: Lane, trade: Trade, position: Position) -> None:
    """Someone moved the stop or target by hand: that is explained, adopted, and told."""
    if trade.moving or (position.stop == trade.stop and position.target == trade.target):
        return
    if position.stop <= 0.0:
        desk.alert("page", f"{lane.name}: the stop of position {trade.position} was removed at the venue")
    else:
        desk.alert(
            "warn", f"{lane.name}: stop of position {trade.position} is {position.stop} there, {trade.stop} here"
        )
    trade.stop, trade.target = position.stop, position.target
