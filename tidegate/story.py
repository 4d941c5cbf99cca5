"""One decision told whole: what was seen, wanted and allowed, by which numbers, and what became of it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tidegate.output import cell, moment, say, table

Row = Mapping[str, Any]

CLASSES: dict[str, str] = {
    "missed": "the bar closed while we were away: decided, never traded",
    "exit": "it left its position",
    "in_position": "it had a position, and kept it",
    "order_working": "it had an order at work",
    "warming": "features or model were not warm yet",
    "no_signal": "it wanted nothing",
    "vetoed_by_regime": "the market was not one it may enter in",
    "held": "a level or a hold forbade it",
    "refused_by_risk": "it broke a limit",
    "observed": "it would have been sent, but the account only observes",
    "traded": "it was sent",
}
"""What each outcome class means."""

ACTIONS = {0.0: "nothing", 1.0: "long", -1.0: "short", 2.0: "exit"}

ORDER = ("side", "kind", "volume", "price", "stop", "at_decided", "at_answered", "fill_price", "reason", "story")
DEALS = (
    "ticket",
    "at",
    "entry",
    "side",
    "volume",
    "price",
    "profit",
    "commission",
    "swap",
    "fee",
    "delay",
    "spread",
    "execution",
    "reason",
)
WORD = ("at", "command", "scope", "who", "why", "path")
TOLD = ("at", "severity", "text")
RESULTS = ("id", "opened", "closed", "entry_price", "exit_price", "net", "r", "mae", "mfe", "exit_reason")


def tell(whole: Mapping[str, Any]) -> None:
    """Print a decision with its orders, deals and outcomes."""
    decision: Row = whole["decision"]
    place = f"{decision['strategy']} on {decision['symbol']} {decision['timeframe']}"
    say(f"decision {decision['id']}: {place}, bar of {moment(decision['bar_time'])}, decided {moment(decision['at'])}")
    say(f"{whole['short']}\n")
    table([{"what": what, "is": told} for what, told in _facts(whole)], ("what", "is"), titled=False)
    checks = [_check(*check) for check in decision["checks"] or ()]
    _part("risk", checks, ("check", "number", "limit", "passes"))
    for order in whole["orders"]:
        _part(f"order {order['instruction']}: {order['state']}", [order], ORDER)
    _part("deals", whole["deals"], DEALS)
    _part("outcome", whole["outcomes"], RESULTS)
    _part("a person's word", [whole["word"]] if whole["word"] else [], WORD)
    _part("people were told", whole["alerts"], TOLD)
    _part("without a gate, by the model", whole["shadows"], ("gate", *RESULTS))
    if "replay" in whole:
        say(f"\n{_replayed(whole['replay'])}")


def _replayed(found: Row) -> str:
    if not found["ok"]:
        return f"recomputed from its facts it comes out otherwise: {found['problem']}"
    return f"recomputed from the facts of rows {found['behind'] + 1} to {found['row']}: the same to the last bit"


def _facts(whole: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    decision = whole["decision"]
    d = {name: cell(name, value) for name, value in decision.items()}
    yield "class", f"{d['class']}: {CLASSES.get(d['class'], 'a class this version does not know')}"
    yield "wanted", f"{ACTIONS.get(decision['action'], '?')} {d['kind']}, score {d['score']}"
    if (bar := whole["bar"]) is not None:
        prices = ", ".join(f"{name} {cell(name, bar[name])}" for name in ("open", "high", "low", "close"))
        yield "bar", f"{prices}, spread {cell('spread', bar.get('spread'))} points"
    named = ", ".join(f"{name} {cell(name, value)}" for name, value in whole["named"].items())
    yield "saw", f"features {named or '-'}; bid {d['bid']}, ask {d['ask']}"
    if whole["regime"] or decision["gate_mode"] != "off":
        yield from _gate(d, decision, f" of {whole['regime']['name']}" if whole["regime"] else "")
    else:
        yield "gate", "none: it listens to no regime"
    yield "exposure", d["exposure"]
    yield "shut", d["shut"]
    yield "level", d["level"]
    yield "holds", d["holds"]
    leaves = decision["class"] == "exit"
    yield "intent", _intent(d, leaves=leaves) if decision["volume"] else "none"
    yield "because" if leaves else "refused", d["reasons"]
    yield "by", f"model {d['model'][:12]}, config {d['config'][:12]}"


def _gate(d: Mapping[str, str], decision: Row, of: str) -> Iterator[tuple[str, str]]:
    yield "regime", f"{d['regime']}{of}, posterior {d['posterior']}, log density {d['log_density']}"
    yield "novelty", f"{d['novelty']} of the limit"
    yield "gate", f"{d['gate_mode']}, {'open' if decision['gate_open'] else 'shut'}: {d['gate_reason']}"


def _intent(d: Mapping[str, str], *, leaves: bool) -> str:
    if leaves:
        return f"leave {d['volume']} lots at the market"
    return f"{d['volume']} lots at {d['price']}, stop {d['stop']}, target {d['target']}, loss at the stop {d['risk']}"


def _check(name: str, number: float | None, limit: float) -> Row:
    passes = "-" if number is None else "yes" if number <= limit else "NO"
    return {"check": name, "number": number, "limit": limit, "passes": passes}


def _part(title: str, rows: Sequence[Row], columns: Sequence[str]) -> None:
    if rows:
        say(f"\n{title}")
        table(rows, columns)
