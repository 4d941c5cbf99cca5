"""What came of a decision, and why, in a sentence or two that a stranger understands."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from runtime.core.lifts import lifts

Row = Mapping[str, Any]

WITHOUT = {"regime": "the regime gate", "hold": "holds", "risk": "limits", "all": "any gate"}
"""What a shadow book leaves out, the least first."""


def short(whole: Row) -> str:
    """Return in a sentence or two what came of a decision, and why."""
    return " ".join(_short(whole))


def _short(whole: Row) -> Iterator[str]:
    d = whole["decision"]
    if d["class"] == "traded":
        yield from _traded(whole, _side(d))
        return
    yield SAID[d["class"]](d)
    yield from _besides(d)
    yield from _without(whole["shadows"] if d["class"] in {"vetoed_by_regime", "held", "refused_by_risk"} else ())


def _without(shadows: Iterable[Row]) -> Iterator[str]:
    """Yield what the trade would have made, by the book that leaves least out."""
    made = {s["gate"]: s for s in shadows}
    for gate, said in WITHOUT.items():
        if (s := made.get(gate)) is not None:
            yield f"Without {said} it would have made {_money(s['net'])} ({s['r'] or 0.0:+.2f} R), by the model."
            return


def _side(d: Row) -> str:
    return {1.0: "go long", -1.0: "go short", 2.0: "leave"}.get(d["action"], "do nothing")


def _held(d: Row) -> str:
    holds = ", ".join(f"{hold} (lifted by {lifts(hold) or 'what laid it'})" for hold in d["holds"] or ())
    return f"No order: {holds or 'level ' + d['level']} stood in the way."


SAID: dict[str, Callable[[Row], str]] = {
    "missed": lambda _: "No order: the bar closed while the daemon was away; such bars are decided, and never traded.",
    "exit": lambda d: f"It left its position: {', '.join(d['reasons'] or ())}.",
    "in_position": lambda _: "No new order: it had a position already, and kept it.",
    "order_working": lambda _: "No new order: it had an order at work already.",
    "warming": lambda _: "No order: features or model had not seen enough bars yet.",
    "no_signal": lambda d: f"No order: the strategy wanted nothing (its score was {_number(d['score'])}).",
    "vetoed_by_regime": lambda d: (
        f"No order: it wanted to {_side(d)}, but the regime gate was shut ({d['gate_reason']})."
    ),
    "held": _held,
    "refused_by_risk": lambda d: (
        f"No order: it wanted to {_side(d)}, but it broke a limit: {', '.join(d['reasons'] or ())}."
    ),
    "observed": lambda d: f"It would have been sent ({_side(d)}), but the account only observes.",
}
"""What came of a decision of each class that sent no entry."""


def _besides(d: Row) -> Iterator[str]:
    """Yield what else would have stood in the way of a decision that came to nothing: every gate is asked, always."""
    if d["class"] not in {"vetoed_by_regime", "held"}:
        return
    more = [*(d["holds"] if d["class"] == "vetoed_by_regime" else ()), *(d["reasons"] or ())]
    if d["class"] == "held" and d["gate_mode"] == "enforce" and not d["gate_open"]:
        more.insert(0, "the regime gate")
    if more:
        yield f"Besides, {', '.join(more)} would have forbidden it."


def _traded(whole: Row, side: str) -> Iterator[str]:
    d = whole["decision"]
    yield f"It was sent: {side} {d['volume']:g} lots, stop at {_number(d['stop'])}, to lose {_number(d['risk'])} there."
    states = [order["state"] for order in whole["orders"]]
    entries = [deal for deal in whole["deals"] if deal["entry"] == "in"]
    live = [o for o in whole["outcomes"] if o["book"] == "live"]
    if entries:
        yield f"Filled at {_number(entries[0]['price'])}."
    elif states:
        reason = whole["orders"][0]["reason"]
        yield f"The order is {states[0]}{': ' + reason if reason else ''}."
    for o in live:
        r = "" if o["r"] is None else f" ({o['r']:+.2f} R)"
        yield f"Closed at {_number(o['exit_price'])}, by {o['exit_reason']}: {_money(o['net'])}{r} after costs."
    if entries and not live:
        yield "It is still open."


def _money(value: float) -> str:
    return f"{value:+,.2f}"


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.6g}"
