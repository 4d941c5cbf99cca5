"""Why: one decision followed from its bar to its money."""

import msgspec

from backtests.plain_rows import Row, plain
from backtests.why_around import alerts_about, taken_back, word_in_force
from backtests.why_short import short
from brokers.facts import BarClosed
from config.errors import TidegateError
from regimes.weights import ModelError
from runtime.core.plan import NoModel, Plan, StrategyPlan
from runtime.journal.reader import JournalReader, Line
from runtime.recorder import decode_fact
from runtime.revive import pair_of_run
from strategies.protocol import StrategyError

AFTER = ("orders", "deals", "outcomes")
"""What becomes of a decision."""


def chain(reader: JournalReader, found: Line) -> Row:
    """Return a decision with its bar, named features and regime, orders, deals, outcomes, and the shadows' trades."""
    decision = plain(found)
    bar = _bar(reader, decision)
    plan = _plan(reader, decision)
    of = next((s for s in plan.strategies if s.name == decision["strategy"]), None) if plan else None
    after = {name: [plain(row) for row in rows] for name, rows in _after(reader, decision).items()}
    closed = after["outcomes"]
    after["outcomes"], shadows = [o for o in closed if o["book"] == "live"], [o for o in closed if o["book"] != "live"]
    whole = {
        "decision": decision, "bar": bar, "named": _named(of, decision), "regime": _regime(plan, of), **after,
        "shadows": shadows, "word": _word(reader, decision, after["orders"]),
        "alerts": alerts_about(reader, after["orders"], after["deals"]),
    }  # fmt: skip
    return {"short": short(whole), **whole}


def _after(reader: JournalReader, decision: Row) -> dict[str, list[Row]]:
    """Return what became of a decision, by table; of one to leave: its own order, and the trade that it left."""
    if decision["class"] != "exit" or not decision["instruction"]:
        return {name: reader.lines(name, decision=decision["id"]) for name in AFTER}
    orders = reader.lines("orders", instruction=decision["instruction"])
    of = orders[0]["decision"] if orders else ""
    found = {name: reader.lines(name, decision=of) if of else [] for name in AFTER}
    return found | {"orders": orders}


def _word(reader: JournalReader, decision: Row, orders: list[Row]) -> Row | None:
    """Return the word of a person behind a decision that was held, or behind an entry that was taken back."""
    if decision["class"] == "held":
        return word_in_force(reader, decision)
    cancels = [order for order in orders if order["kind"] == "cancel"]
    return taken_back(reader, cancels[-1]) if cancels else None


def _bar(reader: JournalReader, decision: Row) -> Row | None:
    """Return the bar that was decided on, as it was told; None of a log that does not reach back so far."""
    row = next(iter(reader.rows(decision["seq"])), None)
    if row is None or row.seq != decision["seq"] or not row.fact:
        return None
    fact = decode_fact(row.fact)
    return msgspec.to_builtins(fact.bar) if isinstance(fact, BarClosed) else None


def _plan(reader: JournalReader, decision: Row) -> Plan | None:
    """Return the plan of a decision's run; None where this program can no longer make it (a strategy is gone)."""
    runs = reader.lines("runs", run=decision["run"])
    if not runs or not runs[0]["symbols"]:
        return None
    try:
        return pair_of_run(runs[0], used=False)[0].plan
    except (TidegateError, ModelError, StrategyError):
        return None


def _named(of: StrategyPlan | None, decision: Row) -> dict[str, float]:
    """Return the features by the strategy's own names; by number where nobody knows them."""
    values = decision["features"] or []
    names = list(of.strategy.features()) if of else []
    if len(names) != len(values):
        names = [str(n) for n in range(1, len(values) + 1)]
    return dict(zip(names, values, strict=True))


def _regime(plan: Plan | None, of: StrategyPlan | None) -> Row | None:
    """Return name and model of the regime that the strategy listens to."""
    if plan is None or of is None or not of.regime:
        return None
    regime = plan.of(of.regime)
    model = "" if isinstance(regime.model, NoModel) else regime.model.name
    return {"name": regime.name, "model": model, "symbol": regime.symbol, "timeframe": regime.timeframe}
