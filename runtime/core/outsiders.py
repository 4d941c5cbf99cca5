"""Foreign orders and positions on their way out, where a person wants a flatten of them too; each is told of.

They have no strategy, and no record among our orders. Only a look that shows one standing lets it be closed; what was
sent is not sent again before a look, a settle window later, still shows it.
"""

from brokers.facts import Accepted, InDoubt, Reconciled, Refused, Rejected
from brokers.latch import Command
from market.types import Order, Position
from runtime.core.decide import Decider
from runtime.core.facts import AnyFact, LevelChanged
from runtime.core.instructions import Cancel, ClosePosition
from runtime.core.leaving import OVER, due, refused
from runtime.core.state import Leaving, Ledger

LEFT = "the flatten of foreign positions was ended before it was closed"


def asks(command: Command) -> bool:
    """Say whether a command is about foreign ones too; a strategy or model has none."""
    return command.foreign and command.level == "flatten" and command.scope.partition(":")[0] in {"", "symbol"}


def wanted(ledger: Ledger, symbol: str) -> bool:
    """Say whether a symbol's foreign positions and orders are to go: with the account's, or with its own flatten."""
    scope = ledger.scopes.get(f"symbol:{symbol}")
    with_symbol = scope is not None and scope.level == "flatten" and scope.foreign
    return with_symbol or (ledger.level == "flatten" and ledger.outsiders)


def tell(decider: Decider, fact: AnyFact) -> None:
    """Note what a fact says of them, and ask for a look where they are asked for: it shows which there are."""
    ledger = decider.ledger
    if isinstance(fact, LevelChanged) and asks(fact.command):
        decider.desk.reconcile(settled=False)
    if isinstance(fact, Accepted | InDoubt | Refused | Rejected):
        _answered(decider, fact)
    for one in ledger.leaving.values():
        if one.foreign and one.state not in OVER and not wanted(ledger, one.symbol):
            one.state, one.why, one.until, one.instruction = "left", LEFT, 0, 0


def _answered(decider: Decider, fact: Accepted | InDoubt | Refused | Rejected) -> None:
    ledger = decider.ledger
    one = next((x for x in ledger.leaving.values() if x.foreign and x.instruction == fact.id), None)
    ticket = next((ticket for ticket, ident in ledger.taken_back.items() if ident == fact.id), 0)
    if one is None and not ticket:
        return
    if isinstance(fact, Accepted | InDoubt):
        decider.desk.wake_settled()
        return
    ledger.taken_back.pop(ticket, None)
    if one is not None and one.state not in OVER:
        one.instruction = 0
        refused(decider, one, fact)
        if one.state == "refused":
            decider.desk.alert("note", f"foreign position {one.ticket} on {one.symbol} stands: {one.why}")


def clear(decider: Decider, fact: AnyFact, symbol: str = "") -> bool:
    """Have foreign orders taken back, then positions closed, of one symbol or all; say whether a look shows none left.

    Nothing is asked for but at a look, and no position before all orders are gone: one may be filled meanwhile.
    """
    if not isinstance(fact, Reconciled):
        return False
    ledger = decider.ledger
    orders = [order for order in ledger.foreign_orders if symbol in {"", order.symbol}]
    positions = [position for position in ledger.foreign if symbol in {"", position.symbol}]
    for order in orders:
        _take_back(decider, order, settled=fact.settled)
    for position in positions if not orders else ():
        _close(decider, position, fact)
    pending = {position.ident for position in positions} - {*left(ledger, symbol)}
    asked = any(one.instruction for one in ledger.leaving.values() if one.foreign)
    if not ledger.settle_timer and (asked or any(order.ticket in ledger.taken_back for order in orders)):
        decider.desk.wake_settled()  # a restart, or a look in between, has ended the window it waited for
    return not orders and not pending


def left(ledger: Ledger, symbol: str = "") -> list[int]:
    """Return the foreign positions of one symbol or all that a person has dropped from the flatten: they stay open."""
    dropped = {one.position for one in ledger.leaving.values() if one.foreign and one.state == "dropped"}
    return [p.ident for p in ledger.foreign if p.ident in dropped and symbol in {"", p.symbol}]


def _take_back(decider: Decider, order: Order, *, settled: bool) -> None:
    ledger, desk = decider.ledger, decider.desk
    if order.ticket in ledger.taken_back and not settled:
        return
    ident = ledger.taken_back[order.ticket] = desk.next_id()
    desk.out.append(Cancel(id=ident, symbol=order.symbol, order=order.ticket, decided_at=ledger.at))


def _close(decider: Decider, position: Position, fact: Reconciled) -> None:
    ledger, desk = decider.ledger, decider.desk
    one = ledger.leaving.get(position.ident)
    if one is None:
        one = ledger.leaving[position.ident] = Leaving(
            position=position.ident, ticket=position.ticket, strategy="", symbol=position.symbol, side=position.side,
            lots=position.volume, foreign=True,
        )  # fmt: skip
    if one.state == "dropped" or (one.instruction and not fact.settled):
        return
    if one.state == "queued" and not due(decider, one, fact):
        return
    queued = one.state == "queued"
    one.state, one.why, one.until, one.instruction = "asked", "", 0, desk.next_id()
    desk.out.append(
        ClosePosition(
            id=one.instruction, symbol=position.symbol, position=position.ticket, side=position.side,
            volume=position.volume, price=position.price, magic=position.magic, reason="flatten foreign",
            decided_at=ledger.at, operator=True, max_spread=decider.plan.reopen_spread if queued else 0.0,
        )
    )  # fmt: skip
