"""Taking over an old bot's position: a person asks, and what is taken, or why not, is said.

The position becomes the trade of a strategy that holds nothing, with a stop at the venue first. It is refused while
anybody still sends under the old magic number: two masters of one position close it twice.
"""

from brokers.facts import Accepted, InDoubt, Refused, Rejected
from market.types import MINUTE_MS, Position
from runtime.core.decide import Decider
from runtime.core.desk import magic_of
from runtime.core.facts import AdoptionAsked
from runtime.core.hands import ADOPTED
from runtime.core.permissions import UNSEEN
from runtime.core.positions import Trade
from runtime.core.replies import not_known, reply
from runtime.core.state import Adoption, Lane, Ledger

_UNSEEN = UNSEEN | {"BREAK"}
_UNCLEAR = ("IN_DOUBT", "MISSING")


def adopt(decider: Decider, fact: AdoptionAsked) -> None:
    """Take a position over at once, or once its stop is set; or say why not."""
    found = _found(decider, fact)
    if isinstance(found, str):
        reply(decider.desk, fact.asker, "adopt", fact.strategy, found, ok=False)
        return
    lane, position = found
    trade = _trade(decider, lane, position, fact.stop or position.stop)
    if trade.stop == position.stop:
        _take(decider, lane, Adoption(asker=fact.asker, trade=trade, order=0))
        return
    decider.desk.move_stop(trade, trade.stop)
    decider.ledger.adopting = Adoption(asker=fact.asker, trade=trade, order=trade.moving)


def adoption_answered(decider: Decider, fact: Accepted | Rejected | Refused | InDoubt) -> None:
    """Go on with an adoption whose stop was asked for: nothing is adopted without it."""
    adopting = decider.ledger.adopting
    if adopting is None or fact.id != adopting.order:
        return
    decider.ledger.adopting = None
    lane = decider.desk.by_number[adopting.trade.strategy]
    why = "" if isinstance(fact, Accepted) else f"its stop was not set: {fact.reason}"
    why = why or _changed(decider.ledger, lane, adopting.trade)
    if why:
        reply(decider.desk, adopting.asker, "adopt", lane.name, f"nothing was adopted: {why}", ok=False)
    else:
        _take(decider, lane, adopting)


def _changed(ledger: Ledger, lane: Lane, trade: Trade) -> str:
    """Return what is not any more as it was when the stop was asked for; empty where all is."""
    if lane.trade is not None or lane.order:
        return "its strategy is busy by now"
    seen = [(p.side, p.volume) for p in ledger.foreign if p.ident == trade.position and p.ident not in ledger.touched]
    return "" if seen == [(trade.side, trade.volume)] else f"position {trade.position} has changed meanwhile: ask again"


def _found(decider: Decider, fact: AdoptionAsked) -> tuple[Lane, Position] | str:
    """Return the strategy and the position that are meant, or why nothing can be adopted."""
    ledger = decider.ledger
    lane = next((lane for lane in decider.lanes if lane.name == fact.strategy), None)
    if lane is None:
        return f"no strategy {fact.strategy!r}: there are {', '.join(lane.name for lane in decider.lanes)}"
    unclear = [h for h in ledger.holds if h in _UNSEEN or h in {f"{name}:{lane.plan.symbol}" for name in _UNCLEAR}]
    if unclear:
        return not_known(unclear)
    if lane.trade is not None or lane.order:
        return f"{lane.name} holds a position or an order already: it can hold one"
    position = _meant(ledger, lane, fact)
    if isinstance(position, str):
        return position
    return _still_sends(ledger, position, fact) or _stop_problem(decider, lane, position, fact) or (lane, position)


def _meant(ledger: Ledger, lane: Lane, fact: AdoptionAsked) -> Position | str:
    theirs = [p for p in ledger.foreign if p.magic == fact.magic]
    there = [p for p in theirs if p.symbol == lane.plan.symbol and fact.position in {0, p.ticket}]
    if len(there) == 1 and there[0].ident in ledger.touched:
        return f"position {there[0].ticket} has changed since the venue was looked at: ask again"
    if len(there) == 1:
        return there[0]
    if there:
        return f"{len(there)} positions there ({_tickets(there)}), {lane.name} can hold one: name it with --position"
    if theirs:
        elsewhere = f"{_tickets(theirs)} on {', '.join(sorted({p.symbol for p in theirs}))}"
        return f"no such position with magic {fact.magic} on {lane.plan.symbol}: there are {elsewhere}"
    return f"no position with magic {fact.magic} that is not ours already"


def _tickets(positions: list[Position]) -> str:
    return ", ".join(str(p.ticket) for p in positions)


def _still_sends(ledger: Ledger, position: Position, fact: AdoptionAsked) -> str:
    """Return why the old bot may still be at work; empty where it was seen idle for as long as asked for."""
    resting = [o.ticket for o in ledger.foreign_orders if o.magic == fact.magic]
    if resting:
        return f"the old bot has orders resting ({', '.join(map(str, resting))}): stop it, and take them back"
    quiet = ledger.quiet.get(position.ident, 0)
    if quiet < fact.quiet_ms:
        return (
            f"the old bot was seen idle for {quiet // MINUTE_MS} minutes of a moving market, and must be for "
            f"{fact.quiet_ms // MINUTE_MS}: stop it, let this daemon run while the market is open, and ask again"
        )
    return ""


def _stop_problem(decider: Decider, lane: Lane, position: Position, fact: AdoptionAsked) -> str:
    stop = fact.stop or position.stop
    if stop <= 0.0:
        return f"position {position.ticket} has no stop: name one with --stop"
    bid, ask = decider.ledger.quotes.get(position.symbol, (position.price, position.price))
    price = bid if position.side > 0 else ask
    if fact.stop and (price - stop) * position.side <= 0.0:
        return f"a stop at {stop} does not protect position {position.ticket}: the price is {price}"
    if stop == position.stop:
        return ""
    if decider.plan.mode == "observe":
        return "the account's mode is observe: no stop is set"
    blocked = decider.blocked("tighten", lane, same=False)
    return f"its stop cannot be set now: {', '.join(blocked)}" if blocked else ""


def _trade(decider: Decider, lane: Lane, position: Position, stop: float) -> Trade:
    """Return the trade that a position becomes: with a magic number of ours, for what we send about it."""
    ledger = decider.ledger
    decider.desk.next_id()
    stop = decider.contracts[position.symbol].price(stop)
    return Trade(
        strategy=lane.number, symbol=position.symbol, position=position.ident,
        ticket=position.ticket if position.ticket != position.ident else 0,
        magic=magic_of(lane.number, ledger.run, ledger.instructions), decision=0, side=position.side,
        volume=position.volume, entry=position.price, stop=stop, target=position.target,
        exit=[0.0, position.price, stop], plan=(float(position.side), position.price, 0.0, 0.0, 0.0),
        opened_at=position.at, tag=ADOPTED,
    )  # fmt: skip


def _take(decider: Decider, lane: Lane, adopting: Adoption) -> None:
    ledger, trade = decider.ledger, adopting.trade
    trade.moving = 0
    lane.trade = trade
    ledger.surplus.pop(trade.position, None)
    ledger.foreign = tuple(p for p in ledger.foreign if p.ident != trade.position)
    side = "bought" if trade.side > 0 else "sold"
    what = f"{trade.volume:g} lots of {trade.symbol} {side} at {trade.entry}, stop {trade.stop}"
    text = f"{lane.name} has taken over position {trade.position}: {what}"
    decider.desk.alert("note", text)
    reply(decider.desk, adopting.asker, "adopt", lane.name, text, ok=True)
