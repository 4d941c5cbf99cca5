"""What came of a decision, and why, in a sentence or two that a stranger understands."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from backtests.why_around import WORDS, notes
from runtime.core.lifts import lifts
from runtime.core.positions import LOT_DUST
from runtime.core.risk import TOO_SMALL

Row = Mapping[str, Any]

WITHOUT = {"regime": "the regime gate", "hold": "holds", "risk": "limits", "all": "any gate"}
"""What a shadow book leaves out, the least first."""
BY = {
    "person": "a person", "client": "a person at the terminal", "mobile": "a person by phone",
    "web": "a person in the web terminal", "stop_out": "the broker's stop-out", "expert": "the strategy",
}  # fmt: skip
"""Who or what has left a trade, where another word says it better."""


def short(whole: Row) -> str:
    """Return in a sentence or two what came of a decision, and why."""
    return " ".join(_short(whole))


def _short(whole: Row) -> Iterator[str]:
    d = whole["decision"]
    if d["class"] == "traded":
        yield from _traded(whole, _side(d))
        return
    yield SAID[d["class"]](whole)
    yield from _besides(d)
    if d["class"] == "exit":
        yield from _left(whole)
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


def _held(whole: Row) -> str:
    d, word = whole["decision"], whole.get("word")
    holds = ", ".join(_hold(hold, word) for hold in d["holds"] or ())
    return f"No order: {holds or 'level ' + d['level']} stood in the way."


def _hold(hold: str, word: Row | None) -> str:
    """Return a hold with what lifts it; of a level, who has said it and why."""
    if word is not None and WORDS.get(hold.partition(":")[0]) == word["command"]:
        return f"{hold} ({_said(word)}; lifted by tidegate resume)"
    return f"{hold} (lifted by {lifts(hold) or 'what laid it'})"


def _said(word: Row) -> str:
    return f"{word['who']} said so: {word['why']}" if word["why"] else f"{word['who']} said so"


def _exit(whole: Row) -> str:
    reasons = ", ".join(whole["decision"]["reasons"] or ())
    entered = sorted({row["decision"] for row in whole["orders"] if row["decision"]})
    of = f", of the trade of decision {', '.join(entered)}" if entered else ""
    return f"It left its position{of}: {reasons}."


def _left(whole: Row) -> Iterator[str]:
    """Yield what came of a decision to leave; of a trade that was adopted nobody knows by what it was entered."""
    for order in whole["orders"]:
        if order["state"] != "FILLED":
            yield f"The order is {order['state']}{_ended(order, None)}."
    if whole["deals"]:
        yield from _closed(whole)


SAID: dict[str, Callable[[Row], str]] = {
    "missed": lambda _: "No order: the bar closed while the daemon was away; such bars are decided, and never traded.",
    "exit": _exit,
    "in_position": lambda _: "No new order: it had a position already, and kept it.",
    "order_working": lambda _: "No new order: it had an order at work already.",
    "warming": lambda _: "No order: features or model had not seen enough bars yet.",
    "no_signal": lambda w: f"No order: the strategy wanted nothing (its score was {_number(w['decision']['score'])}).",
    "vetoed_by_regime": lambda w: (
        f"No order: it wanted to {_side(w['decision'])}, but the regime gate was shut ({w['decision']['gate_reason']})."
    ),
    "held": _held,
    "refused_by_risk": lambda w: (
        f"No order: it wanted to {_side(w['decision'])}, but {_broken(w['decision']['reasons'] or ())}."
    ),
    "observed": lambda w: f"It would have been sent ({_side(w['decision'])}), but the account only observes.",
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
    entry = whole["orders"][0] if whole["orders"] else None
    if entry is not None:
        for why in notes(entry["story"] or (), "doubt"):
            yield f"For a while nobody knew what had become of it: {why}."
    if any(deal["entry"] == "in" for deal in whole["deals"]):
        yield _filled(d["volume"], [deal for deal in whole["deals"] if deal["entry"] == "in"])
        yield from _closed(whole)
    elif entry is not None:
        yield f"The order is {entry['state']}{_ended(entry, whole.get('word'))}."


def _ended(entry: Row, word: Row | None) -> str:
    """Return why an entry came to nothing, as far as anybody knows."""
    if entry["state"] == "CANCELLED" and word is not None:
        return f": taken back by {word['command']} ({_said(word)})"
    why = entry["reason"] or next(notes(entry["story"] or (), "absent"), "")
    return f": {why}" if why else ""


def _filled(wanted: float, entries: list[Row]) -> str:
    lots = sum(deal["volume"] for deal in entries)
    price = sum(deal["price"] * deal["volume"] for deal in entries) / lots
    part = f" with {_lots(lots)} of {_lots(wanted)} lots" if lots < wanted - LOT_DUST else ""
    return f"Filled{part} at {_number(price)}."


def _closed(whole: Row) -> Iterator[str]:
    """Yield how a trade was left, in parts where there were several, and what it made."""
    outs = [deal for deal in whole["deals"] if deal["entry"] != "in"]
    if len(outs) > 1 or (outs and not whole["outcomes"]):
        parts = (f"{_lots(out['volume'])} lots at {_number(out['price'])} by {_by(out['reason'])}" for out in outs)
        yield f"Left in parts: {', '.join(parts)}."
    for o in whole["outcomes"]:
        r = "" if o["r"] is None else f" ({o['r']:+.2f} R)"
        made = f"{_money(o['net'])}{r} after costs"
        yield f"Closed at {_number(o['exit_price'])}, by {_by(o['exit_reason'])}: {made}."
    if not whole["outcomes"]:
        yield "It is still open."


def _by(reason: str) -> str:
    return BY.get(reason, reason)


def _broken(reasons: Iterable[str]) -> str:
    """Return what was wrong with an entry: limits by their names, or that it was too small to be one."""
    named = list(reasons)
    if named[:1] == [TOO_SMALL]:
        return f"it was too small: its {TOO_SMALL}"
    return f"it broke {'a limit' if len(named) == 1 else 'limits'}: {', '.join(named)}"


def _lots(value: float) -> str:
    return f"{value:.10g}"


def _money(value: float) -> str:
    return f"{value:+,.2f}"


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.6g}"
