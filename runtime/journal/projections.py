"""From facts and steps to the tables people read: one row for each thing that happened, JSON where a cell is a list."""

from typing import Any

import msgspec

from brokers.facts import Accepted, BarClosed, DealMade, InDoubt, OrderGone, Reconciled, Refused, Rejected
from market.types import Deal
from runtime.core.balance import BALANCE_TAKEN
from runtime.core.core import Core
from runtime.core.decision import Decision, Step
from runtime.core.desk import run_of
from runtime.core.facts import AnyFact, BalanceTaken, CommandJudged, LevelChanged, RunStarted, TradeWrittenOff
from runtime.core.instructions import Alert, AnyInstruction, Cancel, ClosePosition, ModifyStop, Reply, Submit
from runtime.core.orders import OrderRecord
from runtime.core.writeoff import WRITTEN_OFF
from runtime.journal.entries import Row
from runtime.outcomes.book import OutcomeBook
from runtime.outcomes.outcome import Outcome, outcome_id
from runtime.outcomes.tally import kind_of

_ORDERS = (Submit, ClosePosition, ModifyStop, Cancel)
_KINDS = {"close": "close", "stop": "move stop", "cancel": "cancel"}
"""What people read of an order that is no entry; a stop entry is of kind "stop" already."""
SHORT = 16
"""Digits that are told of a fingerprint; `runs` has all of them."""
PLACES = 9
"""Decimals, or of a feature digits, that people are told of a number that the log has to the last bit."""
_ANSWERS = (Accepted, Rejected, Refused, InDoubt)


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def rows_of(
    seq: int, fact: AnyFact, step: Step, outcomes: tuple[Outcome, ...], core: Core, book: OutcomeBook
) -> tuple[Row, ...]:
    """Return the projection rows of row `seq` of the log: its fact and all it led to."""
    rows: list[Row] = [("decisions", {"seq": seq, **decision_row(d, core)}) for d in step.decisions]
    for wish in step.instructions:
        rows += _wish_rows(wish, core)
    if not isinstance(fact, BarClosed):
        rows += _fact_rows(seq, fact, outcomes, core, book)
    if isinstance(fact, TradeWrittenOff | BalanceTaken):
        rows += _taken_rows(seq, fact, step, core)
    for outcome in outcomes:
        rows.append(("outcomes", outcome_row(outcome, core.ledger.run)))
    return tuple(rows)


def decision_row(d: Decision, core: Core) -> dict[str, Any]:
    """Return a decision as a row; what only an order has is None where it led to none, and a level that it has not."""
    return {
        "id": d.id, "run": d.run, "n": d.n, "at": d.at, "bar_time": d.bar_time, "strategy": d.strategy,
        "symbol": d.symbol, "timeframe": d.timeframe, "class": d.outcome, "action": d.action, "kind": d.kind,
        "score": d.score, "features": _text([float(f"{x:.{PLACES}g}") for x in d.features]), "regime": d.regime,
        "posterior": _text([round(p, PLACES) for p in d.posterior]),
        "log_density": d.log_density, "novelty": d.novelty, "gate_mode": d.gate_mode, "gate_open": int(d.gate_open),
        "gate_reason": gate_reason(d, core), "exposure": d.exposure, "shut": d.shut, "level": d.level,
        "holds": _text(d.holds), "bid": d.bid, "ask": d.ask,
        "volume": d.volume or None, "price": d.price or None, "stop": d.stop or None, "target": d.target or None,
        "risk": d.risk or None, "checks": _checks(d, core), "reasons": _text(d.reasons),
        "instruction": d.instruction or None, "magic": d.magic or None,
        "model": d.model[:SHORT], "config": d.config[:SHORT],
    }  # fmt: skip


def gate_reason(d: Decision, core: Core) -> str:
    """Return why the gate stood as it did, with its number and both its limits."""
    gate = next((s.gate for s in core.plan.strategies if s.name == d.strategy), None)
    if gate is None or d.allowed != d.allowed:
        return d.gate_reason
    enter, leave = gate.limits()
    return f"{d.gate_reason}: {d.allowed:.6g}, enters at {enter:g}, leaves below {leave:g}"


def _checks(d: Decision, core: Core) -> str:
    """Return the checks that had something to check, each with its number and limit."""
    pairs = zip(core.decider.controls.checks, d.numbers, d.limits, strict=True)
    return _text([(name, round(number, PLACES), limit) for name, number, limit in pairs if number == number])


def _wish_rows(wish: AnyInstruction, core: Core) -> list[Row]:
    if isinstance(wish, _ORDERS):
        order = core.ledger.orders.get(wish.id)
        return [("orders", order_row(order, core, wish.decided_at))] if order else []
    if isinstance(wish, Alert):
        values = {"id": wish.id, "at": core.ledger.at, "severity": wish.severity, "text": wish.text}
        return [("alerts", values)]
    if isinstance(wish, Reply):
        return [("commands", reply_row(wish, core))]
    return []


def order_row(order: OrderRecord, core: Core, decided: int) -> dict[str, Any]:
    """Return an order's whole record."""
    name = next((s.name for s in core.plan.strategies if s.number == order.strategy), str(order.strategy))
    return {
        "instruction": order.id, "run": order.id >> 32, "decision": decision_of(order),
        "strategy": name, "symbol": order.symbol, "side": order.side,
        "kind": order.kind if order.verb == "entry" else _KINDS[order.verb],
        "volume": order.volume, "price": order.price, "stop": order.stop, "target": order.target,
        "magic": order.magic, "state": order.state,
        "at_decided": decided, "story": _text(order.story),
    }  # fmt: skip


def decision_of(order: OrderRecord) -> str:
    """Return the decision to trade that an order is about; empty for a trade that was adopted.

    It may be an earlier run's than the order: the magic number tells that run, by its low bits.
    """
    run = order.id >> 32
    return f"{run - ((run - run_of(order.magic)) & 0xFFFF)}-{order.decision}" if order.decision else ""


def _living(order: OrderRecord, at: int, price: float = 0.0) -> Row:
    values: dict[str, Any] = {
        "instruction": order.id, "state": order.state, "order_ticket": order.ticket, "deal_ticket": order.deal,
        "code": order.code, "reason": order.reason, "at_answered": at, "story": _text(order.story),
    }  # fmt: skip
    if price:
        values["fill_price"] = price
    return ("orders", values)


def _paid(fact: AnyFact) -> float:
    """Return the price an order was executed at; 0.0 of one that rests, and of one of which nobody knows."""
    return fact.price if isinstance(fact, Accepted) and fact.deal else 0.0


def _looked_at(order: OrderRecord) -> Row:
    """Return what a new run, or a look at the venue, may have changed of an order that nobody answered."""
    values = {"instruction": order.id, "state": order.state, "order_ticket": order.ticket, "story": _text(order.story)}
    return ("orders", values)


def _fact_rows(seq: int, fact: AnyFact, outcomes: tuple[Outcome, ...], core: Core, book: OutcomeBook) -> list[Row]:
    orders = core.ledger.orders
    match fact:
        case Accepted() | Rejected() | Refused() | InDoubt():
            order = orders.get(fact.id)
            return [_living(order, fact.at, _paid(fact))] if order else []
        case DealMade() if not core.fresh:
            return []  # a deal told again changes nothing: its trade may be over by now, its row names whose it is
        case DealMade():
            order = orders.get(core.ledger.magics.get(fact.deal.magic, 0))
            rows: list[Row] = [_living(order, fact.at, fact.deal.price)] if order and fact.deal.entry == "in" else []
            if fact.deal.entry != "in":  # it may be the answer to a close, or a stop, of which nobody knew
                rows += [_looked_at(o) for o in orders.values() if o.position == fact.deal.position != 0]
            return [*rows, *deal_rows(seq, fact.deal, outcomes, core, book)]
        case OrderGone():
            order = orders.get(core.ledger.magics.get(fact.magic, 0))
            return [_living(order, fact.at)] if order else []
        case RunStarted() | Reconciled():
            return [_looked_at(order) for order in orders.values()]
        case LevelChanged():
            return [("commands", command_row(fact))]
        case CommandJudged() if fact.refused:  # of one that is obeyed the change of level tells
            return [("commands", refused_row(seq, fact, core))]
        case _:
            return []


def deal_rows(seq: int, deal: Deal, outcomes: tuple[Outcome, ...], core: Core, book: OutcomeBook) -> list[Row]:
    """Return a deal with the decision it belongs to; a balance operation goes to the ledger as well."""
    owner: Any = book.held.get(deal.position) or book.written.get(deal.position)
    if owner is None:
        owner = next((o for o in outcomes if o.book == "live" and o.position == deal.position), None)
    values = {
        "ticket": deal.ticket, "seq": seq, "run": core.ledger.run, "order_ticket": deal.order,
        "position": deal.position,
        "decision": owner.decision if owner else "", "strategy": owner.strategy if owner else "", "at": deal.at,
        "symbol": deal.symbol, "side": deal.side, "entry": deal.entry, "volume": deal.volume, "price": deal.price,
        "profit": deal.profit, "commission": deal.commission, "swap": deal.swap, "fee": deal.fee,
        "reason": deal.reason, "comment": deal.comment, "magic": deal.magic,
    }  # fmt: skip
    rows: list[Row] = [("deals", values | _slip(book, deal.ticket))]
    if owner:  # deals that were told before the one that says whose they are
        named = {"decision": owner.decision, "strategy": owner.strategy}
        rows += [("deals", {"ticket": ticket, **named, **_slip(book, ticket)}) for ticket in book.caught]
    if deal.entry == "none":
        rows.append(
            (
                "ledger",
                {"deal": deal.ticket, "at": deal.at, "kind": kind_of(deal), "money": deal.money, "amount": deal.profit},
            )
        )
    return rows


def _taken_rows(seq: int, fact: TradeWrittenOff | BalanceTaken, step: Step, core: Core) -> list[Row]:
    """Return the money that was taken because a person said so; no deal told it, so its key is the row, negative."""
    done = any(isinstance(wish, Reply) and wish.ok for wish in step.instructions)
    money = core.ledger.taken if done else 0.0
    kind = WRITTEN_OFF if isinstance(fact, TradeWrittenOff) else BALANCE_TAKEN
    return (
        [("ledger", {"deal": -seq, "at": core.ledger.at, "kind": kind, "money": money, "amount": money})]
        if money
        else []
    )


def command_row(fact: LevelChanged) -> dict[str, Any]:
    """Return an operator's command as it was obeyed."""
    c = fact.command
    return {
        "id": f"{c.id}/{fact.generation}", "at": fact.at, "wall": c.wall, "command": c.level,
        "scope": c.scope or "account", "level": c.level, "who": c.who, "why": c.why, "path": c.path,
        "generation": fact.generation, "accepted": 1, "answer": "latched",
    }  # fmt: skip


def refused_row(seq: int, fact: CommandJudged, core: Core) -> dict[str, Any]:
    """Return a command over the bus as it was refused, at row `seq` of the log: its own id may come again."""
    ledger = core.ledger
    more = f" (and {fact.unwritten} before it)" if fact.unwritten else ""
    return {
        "id": f"{fact.key}.{fact.ident}#{seq}", "at": fact.at, "wall": fact.wall, "command": fact.command,
        "scope": fact.scope or "account", "level": ledger.level, "who": fact.who, "why": fact.why, "path": "mqtt",
        "generation": ledger.generation, "accepted": 0, "answer": fact.refused + more,
    }  # fmt: skip


def reply_row(reply: Reply, core: Core) -> dict[str, Any]:
    """Return what a person asked for and was told."""
    asker, ledger = reply.asker, core.ledger
    return {
        "id": asker.id, "at": ledger.at, "wall": asker.wall, "command": reply.what, "scope": reply.scope,
        "level": ledger.level, "who": asker.who, "why": asker.why, "path": "daemon", "generation": ledger.generation,
        "accepted": int(reply.ok), "answer": reply.text,
    }  # fmt: skip


def _slip(book: OutcomeBook, ticket: int) -> dict[str, Any]:
    """Return what a deal cost beside the price it was decided at; nothing where that was not for us to decide."""
    slip = book.slips.get(ticket)
    return {} if slip is None else slip._asdict()


def outcome_row(o: Outcome, run: int) -> dict[str, Any]:
    """Return an outcome as a row."""
    return {
        "id": outcome_id(o, run), "run": run, "decision": o.decision, "strategy": o.strategy, "book": o.book,
        "symbol": o.symbol, "side": o.side, "volume": o.volume, "opened": o.opened, "closed": o.closed,
        "entry_price": o.entry_price, "exit_price": o.exit_price, "profit": o.profit, "commission": o.commission,
        "swap": o.swap, "fee": o.fee, "net": o.net, "r": o.r, "mae": o.mae, "mfe": o.mfe, "bars": o.bars,
        "exit_reason": o.exit_reason, "regime": o.regime, "model": o.model[:SHORT], "tag": o.tag,
        "delay": o.delay, "spread": o.spread, "execution": o.execution, "gate": o.gate,
        "unclear": int(o.unclear),
    }  # fmt: skip
