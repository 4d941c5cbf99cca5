"""What a daemon says of itself: one flat dictionary, safe to make from any thread."""

import datetime
import os

from typing import Any, Protocol

import msgspec

from brokers.mt5.link import State
from brokers.mt5.session import Session
from market.money import cents
from market.types import Order, Position
from runtime.alerts.router import Router
from runtime.core.core import Core
from runtime.core.marks import room
from runtime.core.plan import NoModel
from runtime.core.positions import GONE
from runtime.core.state import Lane, Leaving, Ledger
from runtime.hearing import Hearing
from runtime.linker import Linker
from runtime.model_age import age_of
from runtime.pace import Pace
from runtime.recorder import Recorder
from runtime.status_night import night_of


class Daemon(Protocol):
    """What is told of a daemon."""

    core: Core
    ledger: Ledger
    linker: Linker
    session: Session
    recorder: Recorder
    hearing: Hearing
    router: Router | None
    bars: int
    pace: Pace


def status_of(daemon: Daemon) -> dict[str, Any]:
    """Return the daemon's state for people and for the command line."""
    while True:
        try:
            return _status(daemon)
        except RuntimeError:  # a dictionary changed while it was read: read again
            continue


def shown(other: Position | Order) -> str:
    """Return a position or order that is not ours as people read it."""
    what = "order" if isinstance(other, Order) else "position"
    return f"{what} {other.ticket}: {other.side * other.volume:+g} {other.symbol} at {other.price}, magic {other.magic}"


def gate_said(lane: Lane) -> str:
    """Return a strategy's gate as people read it."""
    return f"{lane.gate.mode}, {'open' if lane.gate_open else 'shut'}: {lane.gate_reason}"


def _status(daemon: Daemon) -> dict[str, Any]:
    core, ledger = daemon.core, daemon.ledger
    trades = [lane.trade for lane in core.lanes if lane.trade is not None and lane.trade.absent < GONE]
    return {
        "running": True,
        "pid": os.getpid(),
        "worker": daemon.session.pid,
        "run": ledger.run,
        "mode": core.plan.mode,
        "link": _link(daemon),
        "missing": _missing(daemon),
        "answered": daemon.session.answered,
        "level": ledger.level,
        "generation": ledger.generation,
        "holds": dict(ledger.holds),
        "at": ledger.at,
        "bars": daemon.bars,
        "bar_age_s": round(daemon.pace.clock.elapsed() - daemon.pace.heard, 1),
        "turned_s": round(daemon.pace.clock.elapsed() - daemon.pace.turned, 1),
        "gates": {lane.name: gate_said(lane) for lane in core.lanes if lane.gate.mode != "off"},
        "novelty": {reading.name: reading.novelty for reading in core.readings if reading.rule},
        "unlike": [f"{reading.name}: {reading.unlike}" for reading in core.readings if reading.unlike],
        "aged": _aged(core, ledger.at),
        "no_model": [f"{r.name}: {r.model.why}" for r in core.plan.regimes if isinstance(r.model, NoModel)],
        "decisions": ledger.decisions,
        "resting": sum(bool(o.verb == "entry" and o.state in {"WORKING", "PARTIAL"}) for o in ledger.orders.values()),
        "in_doubt": sum(o.state == "IN_DOUBT" for o in ledger.orders.values()),
        "positions": len(trades),
        "left": left_now(core),
        "flatten": [msgspec.to_builtins(one) for one in ledger.leaving.values()],
        "scoped": {scope: one.level for scope, one in ledger.scopes.items()},
        "scopes": {lane.name: core.decider.scopes_of(lane) for lane in core.lanes},
        "foreign": [*_foreign(ledger), *map(shown, ledger.foreign_orders)],
        "balance": ledger.balance,
        "unexplained": daemon.recorder.books.unexplained,
        "equity": core.decider.equity(),
        "room": room_of(core),
        **night_of(core, daemon.router.since if daemon.router is not None else {}),
        "realised": daemon.recorder.net["live"],
        "shadow": daemon.recorder.net["shadow"],
        "seq": daemon.recorder.journal.next_seq - 1,
    }


def _foreign(ledger: Ledger) -> list[str]:
    """Return the positions that are not ours, each with what a flatten of it waits for."""
    said = [(shown(position), waiting(ledger.leaving.get(position.ident))) for position in ledger.foreign]
    return [f"{what}: {why}" if why else what for what, why in said]


def room_of(core: Core) -> dict[str, float]:
    """Return how much more may be lost before a limit is reached, account money: today's by each rule, and in all."""
    ledger, rule, limits = core.ledger, core.plan.drawdown, core.plan.limits
    lost = ledger.day_equity - core.decider.equity()
    found = {"day": limits.max_daily_loss * (ledger.day_size or ledger.day_equity) - lost} if ledger.day >= 0 else {}
    if core.decider.won_back(0.0):
        found["day"] = min(found["day"], 0.0)
    if rule is not None and ledger.marks.day >= 0:
        found["daily"], found["total"] = room(ledger.marks, rule, core.decider.worth())
    return {name: cents(money) for name, money in found.items()}


def waiting(one: Leaving | None) -> str:
    """Return what a flatten waits for, as people read it; empty where none is about to close it."""
    if one is None:
        return ""
    if one.state == "queued" and one.until:
        opens = datetime.datetime.fromtimestamp(one.until / 1000, datetime.UTC)
        return f"QUEUED until {opens:%Y-%m-%d %H:%M} UTC"
    said = {"queued": "QUEUED until its market opens", "asked": "being closed", "dropped": "dropped"}.get(one.state)
    return f"{said or one.state}: {one.why}" if one.why else said or one.state


def left_now(core: Core) -> list[dict[str, Any]]:
    """Return what stands, rests or is in doubt of ours, as `runtime/operator/left.py` has it."""
    names = {lane.number: lane.name for lane in core.lanes}
    found = [
        {
            "kind": "position", "ticket": t.ticket or t.position, "symbol": t.symbol, "side": t.side, "lots": t.volume,
            "strategy": lane.name, "state": waiting(core.ledger.leaving.get(t.position)),
        }
        for lane in core.lanes if (t := lane.trade) is not None and t.absent < GONE
    ]  # fmt: skip
    for order in core.ledger.orders.values():
        rests = order.verb == "entry" and order.state in {"WORKING", "PARTIAL"}
        if rests or order.state == "IN_DOUBT":
            found.append({
                "kind": "entry" if rests else "in doubt", "ticket": order.ticket, "symbol": order.symbol,
                "side": order.side, "lots": order.volume, "strategy": names[order.strategy],
                "state": "" if rests else f"{order.name}: {order.reason}",
            })  # fmt: skip
    return found


def _link(daemon: Daemon) -> State:
    """Return where the link stands; before a run has begun the venue is only looked at, and it is not up."""
    state = daemon.linker.link.state
    return "starting" if state == "up" and not daemon.ledger.run else state


def _aged(core: Core, at: int) -> list[str]:
    """Return, in words, which models have got so old that a refit is due soon."""
    ages = (age_of(r.name, r.model, r.timeframe, r.max_age, at) for r in core.plan.regimes)
    return [text for text, due in ages if due]


def _missing(daemon: Daemon) -> list[str]:
    """Return, in words, what there must be before anything can be traded and is not there now."""
    if not daemon.linker.up:
        return [f"terminal: {daemon.linker.reason}"]
    if not daemon.ledger.run:
        return ["terminal: what it remembers of us is not read yet"]
    hearing = daemon.hearing
    waits = [name for name in daemon.session.terms.symbols if hearing.live and name not in hearing.silence.last]
    return [
        *([f"permission: {hearing.forbidden}"] if hearing.forbidden else []),
        *(f"first tick of {name}" for name in waits),
    ]
