"""Positions on their way out by a flatten: which wait for their market to open, and what became of each.

A refusal for a closed market leaves a position queued until its calendar's next open, or, where none says when, until
it is looked at again; what was queued is closed at no wider spread than the plan allows. A person may drop one.
"""

from collections.abc import Collection

from brokers.facts import BarClosed, DealMade, Reconciled, Refused, Rejected
from brokers.limits import GATES
from runtime.core.decide import Decider
from runtime.core.facts import AnyFact, LevelChanged, PositionDropped
from runtime.core.positions import Trade
from runtime.core.replies import reply
from runtime.core.state import Lane, Leaving, Ledger

MARKET_CLOSED = 10018
"""MT5 retcode."""
WIDE = 1 + GATES.index("spread")
"""The gateway's code for a spread that is too wide."""
OVER = frozenset({"closed", "gone", "dropped", "left"})
"""States in which nothing more is done about a position."""
ENDED = "the flatten was ended before it was closed"


def begin(ledger: Ledger, fact: LevelChanged) -> None:
    """Forget what an earlier flatten has done where a person asks for another one, or lets trade again."""
    if not fact.id and fact.generation != ledger.generation and fact.command.level in {"flatten", "run"}:
        ledger.leaving = {position: one for position, one in ledger.leaving.items() if one.state not in OVER}


def ended(ledger: Ledger, flattening: Collection[str]) -> None:
    """Note what is left open of strategies that are not being flattened any more: a person has halted it instead."""
    for one in ledger.leaving.values():
        if not one.foreign and one.state not in OVER and one.strategy not in flattening:
            one.state, one.why, one.until = "left", ENDED, 0


def heard(decider: Decider, fact: AnyFact) -> None:
    """Note what a fact says of positions that are on their way out."""
    leaving = decider.ledger.leaving
    if not leaving:
        return
    if isinstance(fact, Rejected | Refused):
        order = decider.ledger.orders.get(fact.id)
        one = leaving.get(order.position) if order is not None and order.verb == "close" else None
        if one is not None and one.state not in OVER:
            refused(decider, one, fact)
    elif isinstance(fact, DealMade) and fact.deal.entry != "in" and fact.deal.position in leaving:
        one = leaving[fact.deal.position]
        one.price, one.deal = fact.deal.price, fact.deal.ticket
    standing = {lane.trade.position for lane in decider.lanes if lane.trade is not None}
    standing |= {position.ident for position in decider.ledger.foreign}
    for position, one in leaving.items():
        if position not in standing and one.state not in {"closed", "gone"}:
            one.state, one.why, one.until, one.instruction = ("closed" if one.deal else "gone"), "", 0, 0


def refused(decider: Decider, one: Leaving, fact: Rejected | Refused) -> None:
    """Note that a close was refused: for its market or its spread it waits."""
    closed = isinstance(fact, Rejected) and fact.code == MARKET_CLOSED
    wide = isinstance(fact, Refused) and fact.code == WIDE
    one.state, one.why = ("queued" if closed or wide else "refused"), f"{fact.code} {fact.reason}"
    one.until = _opens(decider, one.symbol) if closed else 0


def _opens(decider: Decider, symbol: str) -> int:
    """Return when a symbol is traded next by its calendar, server time; 0 where that does not tell."""
    hours, at = decider.plan.hours.get(symbol), decider.ledger.at
    opens = hours.next_open(at) if hours is not None else None
    return opens if opens is not None and opens > at else 0


def leaves(decider: Decider, lane: Lane, trade: Trade, fact: AnyFact) -> Leaving | None:
    """Return the note of a position that is to be closed now, None where it waits for its market or was dropped."""
    one = decider.ledger.leaving.get(trade.position)
    if one is None:
        one = decider.ledger.leaving[trade.position] = Leaving(
            position=trade.position, ticket=trade.ticket or trade.position, strategy=lane.name, symbol=trade.symbol,
            side=trade.side, lots=trade.volume,
        )  # fmt: skip
    if one.state == "dropped" or (one.state == "queued" and not due(decider, one, fact)):
        return None
    return one


def due(decider: Decider, one: Leaving, fact: AnyFact) -> bool:
    """Say whether the market of a queued position may be open: by its calendar, else with each bar or look."""
    if one.until:
        return decider.ledger.at >= one.until
    return isinstance(fact, Reconciled) or (isinstance(fact, BarClosed) and fact.bar.symbol == one.symbol)


def is_dropped(ledger: Ledger, trade: Trade) -> bool:
    """Say whether a person wants a position left open."""
    one = ledger.leaving.get(trade.position)
    return one is not None and one.state == "dropped"


def drop(decider: Decider, fact: PositionDropped) -> None:
    """Leave a position open that a flatten would close; or say why there is none."""
    one = decider.ledger.leaving.get(fact.position)
    if one is None or one.state in OVER:
        waits = ", ".join(str(p) for p, other in decider.ledger.leaving.items() if other.state not in OVER) or "none"
        text = f"no flatten is about to close position {fact.position}; it is about to close: {waits}"
        reply(decider.desk, fact.asker, "drop", str(fact.position), text, ok=False)
        return
    one.state, one.why, one.until = "dropped", f"{fact.asker.who}: {fact.asker.why}", 0
    text = f"{one.strategy or 'foreign'}: position {one.ticket} stays open, the flatten goes on without it"
    decider.desk.alert("note", f"{text}, says {fact.asker.who}: {fact.asker.why}")
    reply(decider.desk, fact.asker, "drop", str(fact.position), text, ok=True)
