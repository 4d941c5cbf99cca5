"""Breaks: what a look at the venue shows and no deal explains; each holds, is told once, and lifts when explained.

A break that lasts is told again, ever more rarely. What people did by hand is no break: `hands.py`.
"""

from brokers.facts import Reconciled
from market.types import Position
from runtime.core.balance import weigh
from runtime.core.decide import Decider
from runtime.core.desk import OrderDesk
from runtime.core.early import unopened
from runtime.core.hands import mind_stop
from runtime.core.positions import GONE, LOT_DUST, Trade, add_lots
from runtime.core.state import Lane, Ledger

LASTING = 10
"""Looks after which a break that still stands is told again; then after twice as many, and so on."""


def find_breaks(decider: Decider, fact: Reconciled) -> None:
    """Hold the core's trades and money against the venue's: hold what differs, lift what is explained."""
    ledger, lanes = decider.ledger, decider.lanes
    found = _trades(decider, {p.ident: p for p in fact.positions}, settled=fact.settled)
    _surplus(ledger, found)
    found = unopened(ledger) | found
    for symbol, lots in unexplained(lanes, ledger.foreign, fact.positions).items():
        found.setdefault(f"BREAK:{symbol}", f"the venue holds {lots:+g} lots that are neither ours nor foreign")
    if wrong := weigh(ledger, fact):
        found["BREAK"] = wrong
    if 0 < ledger.run <= ledger.beyond:
        found["BREAK"] = (
            f"orders of run {ledger.beyond} were seen, and this is run {ledger.run}: the journal is an old copy, or "
            "another daemon trades here; start anew when it does not"
        )
    for key in [k for k in ledger.holds if k.startswith("BREAK") and k not in found]:
        del ledger.holds[key]
    _tell(ledger, decider.desk, found)


def _trades(decider: Decider, held: dict[int, Position], *, settled: bool) -> dict[str, str]:
    found: dict[str, str] = {}
    desk = decider.desk
    for lane in decider.lanes:
        trade = lane.trade
        if trade is None:
            continue
        there = held.get(trade.position)
        problem = _difference(trade, there)
        trade.doubt = bool(problem) or desk.doubts(trade)
        before = trade.absent
        trade.absent = 0 if there else GONE if settled and before else max(before, 1)
        if trade.absent == 1 and not (before and decider.ledger.settle_timer):
            desk.wake_settled()  # look again soon: what is gone for good shall not keep a flatten from its end
        if problem:
            found[f"BREAK:{trade.symbol}"] = f"{lane.name}: {problem}"
        elif there is not None:
            trade.ticket = there.ticket if there.ticket != there.ident else 0
            mind_stop(decider, lane, trade, there)
    return found


def _surplus(ledger: Ledger, found: dict[str, str]) -> None:
    """Keep a position of ours that no strategy holds as a break until it is gone from the venue."""
    foreign = {p.ident: p for p in ledger.foreign}
    for ticket, position in foreign.items():
        if ticket not in ledger.surplus and position.magic in ledger.magics:
            ledger.surplus[ticket] = f"position {ticket} is ours by its magic, but no deal told of it"
    for ticket, why in list(ledger.surplus.items()):
        if ticket in foreign:
            found.setdefault(f"BREAK:{foreign[ticket].symbol}", why)
        else:
            del ledger.surplus[ticket]


def unexplained(lanes: list[Lane], foreign: tuple[Position, ...], positions: tuple[Position, ...]) -> dict[str, float]:
    """Return by symbol what the venue holds beyond ours and foreign, in lots, signed; empty where it is their sum."""
    left: dict[str, float] = {}
    for p in positions:
        left[p.symbol] = add_lots(left.get(p.symbol, 0.0), p.side * p.volume)
    for p in foreign:
        left[p.symbol] = add_lots(left.get(p.symbol, 0.0), -p.side * p.volume)
    for lane in lanes:
        if (t := lane.trade) is not None:
            left[t.symbol] = add_lots(left.get(t.symbol, 0.0), -t.side * t.volume)
    return {symbol: lots for symbol, lots in left.items() if abs(lots) > LOT_DUST}


def _tell(ledger: Ledger, desk: OrderDesk, found: dict[str, str]) -> None:
    for key in [k for k in ledger.breaks if k not in found]:
        del ledger.breaks[key]
    for key, why in found.items():
        looks = ledger.breaks[key] = ledger.breaks.get(key, 0) + 1
        if ledger.holds.get(key) != why:
            desk.alert("break", f"break: {why}")
        elif lasts(looks):
            desk.alert("break", f"break, still after {looks} looks: {why}")
        ledger.holds[key] = why


def lasts(looks: int) -> bool:
    """Say whether a break that was found so often is told again: after 10, 20, 40 … looks."""
    times, rest = divmod(looks, LASTING)
    return rest == 0 and times > 0 and times & (times - 1) == 0


def _difference(trade: Trade, position: Position | None) -> str:
    if position is None:
        return f"position {trade.position} is not at the venue, and no deal told how it went"
    if position.side != trade.side or abs(position.volume - trade.volume) > LOT_DUST:
        there, here = position.side * position.volume, trade.side * trade.volume
        return f"position {trade.position} is {there} lots there, {here} here"
    return ""
