"""The oracle: what the trade server's own books and the journal must agree on once a story is over.

The server's side is read from the exchange (requests as they came to the door, deals, positions, orders), the house's
side from what is on disk. A complaint is a sentence; none means that nothing was doubled and nothing lost.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from brokers.facts import DealMade, Reconciled
from market.types import Position
from runtime.core.core import Core
from runtime.core.positions import Trade
from runtime.journal.chain import GENESIS, row_hash
from runtime.revive import pair_of_run, revive
from tests.chaos.disk import Reader, facts_of
from tests.chaos.door import Asked, verb_of
from tests.chaos.liveness import back
from tests.chaos.obeyed import about_others, obeyed
from tests.chaos.signed import signed
from tests.chaos.world import World

CENT = 0.005
Line = dict[str, Any]


def judge(world: World) -> list[str]:
    """Return everything that is wrong once a story is over."""
    if world.wrong:
        return list(world.wrong)
    orders = world.disk.table("orders", "instruction")
    decisions = world.disk.table("decisions", "id")
    deals = world.disk.table("deals", "ticket")
    core = _woken(world)
    return [
        *_at_the_door(world, orders),
        *obeyed(world, orders, decisions),
        *signed(world, decisions),
        *_known(world, deals),
        *_owned(world, orders, deals, decisions),
        *_ends(world, orders),
        *_held(world, core),
        *world.bare.complaints,
        *world.dial.complaints,
        *_true(world),
        *_chain(world),
        *_replayed(world, core),
        *back(world, decisions),
    ]


def _woken(world: World) -> Core:
    """Return the core as the next start would find it."""
    runs = world.disk.table("runs", "run")
    return revive(Reader(world.disk), pair_of_run(runs[max(runs)]))[0]  # type: ignore[arg-type]  # its face


def _at_the_door(world: World, orders: dict[int, Line]) -> Iterator[str]:
    """No request twice, none that is not on disk, no intent executed twice."""
    instructions = Counter(asked.instruction for asked in world.broker.asked)
    magics = Counter(asked.request.magic for asked in world.broker.asked if verb_of(asked) == "entry")
    for ident, count in instructions.items():
        if count > 1:
            yield f"twice: instruction {ident} came to the door {count} times"
    for magic, count in magics.items():
        if count > 1:
            yield f"twice: magic {magic} was asked for {count} times"
    for asked in world.broker.asked:
        if not asked.written:
            yield f"unwritten: instruction {asked.instruction} left before its intent was on disk"
        if asked.instruction not in orders and not about_others(world, asked):
            yield f"unknown: instruction {asked.instruction} is not among the journal's orders"
    entries = Counter((d["magic"], d["position"]) for d in _deals(world) if d["entry"] == "in" and d["magic"])
    others = world.broker.others.all
    for magic, count in Counter(magic for magic, position in entries if position not in others).items():
        if count > 1:
            yield f"twice: magic {magic} opened {count} positions"


def _deals(world: World) -> list[Line]:
    return [
        {name: getattr(deal, name) for name in ("ticket", "magic", "position", "entry", "money", "volume", "side")}
        for deal in world.broker.venue.deals
    ]


def _known(world: World, deals: dict[int, Line]) -> Iterator[str]:
    """Every deal of the server is in the journal with the same money, once, and no other is.

    What strangers did before the first look that was kept is history.
    """
    facts = list(facts_of(world.disk.log))
    begun = next((fact.last_deal for fact in facts if isinstance(fact, Reconciled)), 0)
    for ticket, count in Counter(fact.deal.ticket for fact in facts if isinstance(fact, DealMade)).items():
        if count > 1:
            yield f"twice: deal {ticket} was written down {count} times"
    there = {d["ticket"]: d for d in _deals(world) if d["entry"] != "none"}
    for ticket, deal in there.items():
        row = deals.get(ticket)
        if row is None and deal["position"] in world.broker.others.all and ticket <= begun:
            continue
        if row is None:
            yield f"lost: deal {ticket} is not in the journal"
        elif abs(row["profit"] + row["commission"] + row["swap"] + row["fee"] - deal["money"]) > CENT:
            yield f"money: deal {ticket} made {deal['money']} at the server, the journal has {row}"
    for ticket, row in deals.items():
        if ticket not in there and row["entry"] != "none":
            yield f"invented: deal {ticket} is in the journal only"


def _owned(world: World, orders: dict[int, Line], deals: dict[int, Line], decisions: dict[str, Line]) -> Iterator[str]:
    """Every deal belongs to exactly one decision to trade; every request's order names the one of its magic number."""
    for row in orders.values():
        if decisions.get(row.get("decision", ""), {}).get("magic") != row.get("magic"):
            yield f"orphan: order {row['instruction']} names {row.get('decision')!r}, which has another magic number"
    traded: dict[int, list[str]] = {}
    for ident, row in decisions.items():
        if row["class"] == "traded":
            traded.setdefault(row["magic"], []).append(ident)
    opened = {d["position"]: d["magic"] for d in _deals(world) if d["entry"] == "in"}
    for deal in _deals(world):
        if deal["entry"] == "none":
            continue
        strange = deal["position"] in world.broker.others.all
        owners = [""] if strange else traded.get(opened[deal["position"]], [])
        if len(owners) != 1:
            yield f"orphan: deal {deal['ticket']} belongs to {len(owners)} decisions"
        elif (named := deals.get(deal["ticket"], {}).get("decision", owners[0])) != owners[0]:
            yield f"orphan: deal {deal['ticket']} is {owners[0]!r}'s, the journal says {named!r}"


def _ends(world: World, orders: dict[int, Line]) -> Iterator[str]:
    """Yield each order of which the journal says something else than became of it at the server."""
    filled = {d["magic"] for d in _deals(world) if d["entry"] == "in"}
    resting = {order.magic for order in world.broker.venue.orders()}
    asked = {a.instruction: a for a in world.broker.asked}
    late = "held beyond the window" in world.struck
    for ident, row in orders.items():
        state, entry = row["state"], _is_entry(row)
        if state in {"NEW", "SENT", "IN_DOUBT"}:
            yield f"unsettled: order {ident} is {state} at the end: {row['story']}"
        if not entry:
            continue
        there = row["magic"] in filled or row["magic"] in resting
        if state in {"MISSING", "REFUSED"} and there:
            yield f"denied: order {ident} is {state}, but the server has it: {row['story']}"
        if "REFUSED -" in row["story"]:
            yield f"denied: order {ident} was called REFUSED, and the server had worked it: {row['story']}"
        if state == "FILLED" and row["magic"] not in filled:
            yield f"invented: order {ident} is FILLED, but the server never filled it: {row['story']}"
        if state == "CANCELLED" and row["magic"] in resting:
            yield f"denied: order {ident} is CANCELLED, but it rests at the server: {row['story']}"
        if "absent" in row["story"] and there and not late:
            yield f"early: order {ident} was called MISSING within the window: {row['story']}"
        if state == "MISSING" and not late and ident in asked and _done(asked[ident]):
            yield f"denied: order {ident} is MISSING, but the server worked it: {row['story']}"


def _done(asked: Asked) -> bool:
    """Say whether the server did what it was asked, on our account."""
    ours = asked.worked and not asked.elsewhere
    return ours and asked.result is not None and asked.result[0] in {10008, 10009, 10010}


def _is_entry(row: Line) -> bool:
    """Say whether an order is an entry: its magic number was made of its own instruction."""
    return bool(row["magic"] & 0xFFFFFFFFFFFF == row["instruction"])


def _held(world: World, core: Core) -> Iterator[str]:
    """Positions and resting orders of ours are the core's, with their volume and stop (`bare.py`: none is without).

    What a person did to a stop is taken over at the next look, and no deal tells of it: data that ends before that look
    leaves it untold.
    """
    venue, others = world.broker.venue, world.broker.others.all
    trades = {lane.trade.position: lane.trade for lane in core.lanes if lane.trade is not None}
    for p in venue.positions():
        trade = trades.pop(p.ticket, None)
        if p.ticket in others and trade is None:
            continue
        if trade is None:
            yield f"lost: position {p.ticket} is nobody's"
        elif abs(trade.volume - p.volume) > 1e-9 or trade.side != p.side:
            yield f"lost: position {p.ticket} is {p.volume} lots there, {trade.volume} here"
        elif abs(trade.stop - p.stop) > 1e-9 and not (p.ticket in world.touched or _minded(world, trade, p)):
            yield f"stop: position {p.ticket} has its stop at {p.stop} there, {trade.stop} here"
    for position in trades:
        yield f"invented: position {position} is not at the server"
    known = {o.ticket for o in core.ledger.orders.values() if o.verb == "entry" and o.state in {"WORKING", "PARTIAL"}}
    there = {o.ticket for o in venue.orders()} - others
    for ticket in there - known:
        yield f"lost: order {ticket} rests at the server, and the core does not know"
    for ticket in known - there:
        yield f"invented: order {ticket} rests in the core only"
    if abs(core.ledger.balance - venue.balance) > CENT:
        yield f"money: the balance is {venue.balance} there, {core.ledger.balance} here"


def _minded(world: World, trade: Trade, there: Position) -> bool:
    """Say whether people were told of a stop that one of them took or widened, and nobody may set it again."""
    lane = f"lane{trade.strategy}"
    levels = world.levels_of(lane, there.symbol).values()
    return not {"halt", "flatten"}.isdisjoint(levels) and trade.seen_stop == there.stop


def _chain(world: World) -> Iterator[str]:
    """Every row follows the one before, and none is written twice of what people read."""
    for again in world.disk.again:
        yield f"twice: the journal would have refused a second row {again}"
    prev = GENESIS
    for seq, row in enumerate(world.disk.log, 1):
        made = row_hash(prev, row.schema, row.run, seq, row.at, row.wall, row.kind.encode(), row.fact, row.step)
        if (row.seq, row.hash) != (seq, made):
            yield f"chain: row {row.seq} does not follow"
            return
        prev = row.hash


def _replayed(world: World, core: Core) -> Iterator[str]:
    """Tell a new core every fact from the first: it is the core that the last snapshot and the facts behind it make."""
    whole = Core(core.plan)
    for fact in facts_of(world.disk.log):
        whole.handle(fact)
    if whole.snapshot() != core.snapshot():
        yield "replay: the core of all facts is not the core of the last snapshot"


def _true(world: World) -> Iterator[str]:
    """Every look told what the server showed at that moment."""
    for told, shown in world.untrue:
        yield f"untrue: a look told {told} where the server showed {shown}"
