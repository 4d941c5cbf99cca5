"""The losses of a day and in all, as they are watched on every bar and look, and what a broken rule does.

A broken daily limit holds entries until the next day of the rule's clock begins, a broken total one until a person
lifts that, who can only once the loss is within its limit again. Both are latched over restarts. Where the rule says
flatten, what is open is closed, and asked to be closed again until nothing is. A shadow book obeys the live holds.
"""

from brokers.mt5.zone import to_server
from config.drawdown import DrawdownSection
from market.types import DAY_MS
from runtime.core.decide import Decider
from runtime.core.flat import flat
from runtime.core.marks import begin_day, losses, see
from runtime.core.permissions import UNSEEN
from runtime.core.state import Ledger

DAILY, TOTAL = "LOSS_LIMIT", "DRAWDOWN"
BLIND = UNSEEN - {"SWITCH"}
"""Holds under which nobody knows what the account is worth; the latch tells nothing of it."""


def watch_losses(decider: Decider, worth: float | None = None) -> None:
    """Mark what the account is worth now, and hold it where it has lost too much; `worth`: as the venue has it."""
    rule, host = decider.plan.drawdown, decider.host
    if rule is None:
        return
    if host is not None:
        _obey(decider.ledger, host.ledger)
    elif not BLIND & decider.ledger.holds.keys():
        _mark(decider, rule, decider.worth() if worth is None else worth)
    broken = [hold for hold in (DAILY, TOTAL) if hold in decider.ledger.holds]
    if broken:
        why = broken[0].lower().replace("_", " ")
        flat(decider, decider.desk, decider.lanes, why, close=rule.on_breach == "flatten")


def _obey(ledger: Ledger, live: Ledger) -> None:
    for hold in (DAILY, TOTAL):
        if hold in live.holds:
            ledger.holds[hold] = live.holds[hold]
        else:
            ledger.holds.pop(hold, None)


def _mark(decider: Decider, rule: DrawdownSection, worth: float) -> None:
    ledger, marks = decider.ledger, decider.ledger.marks
    day = to_server(rule.zone or decider.plan.zone, ledger.at) // DAY_MS
    if marks.day < 0 or (day > marks.day and "CONTRACT" not in ledger.holds):
        begin_day(marks, rule, day, ledger.balance, worth)
        ledger.holds.pop(DAILY, None)
    else:
        see(marks, rule, ledger.balance, worth)
    today, total = losses(marks, rule, worth)
    _hold(decider, DAILY, today, rule.most_daily, "since the day began", "the next day begins")
    _hold(decider, TOTAL, total, rule.most, f"by the {rule.preset} rule", "a person lifts that (tidegate ack --hold)")


def still_lost(decider: Decider) -> str:
    """Return why the hold of the total loss cannot be lifted; empty where the loss is within its limit again."""
    rule = decider.plan.drawdown
    lost = 0.0 if rule is None else losses(decider.ledger.marks, rule, decider.worth())[1]
    if rule is None or lost < rule.most:
        return ""
    return f"{lost:.2%} are lost by the {rule.preset} rule, {rule.most:.2%} break it: change [drawdown] first"


def _hold(decider: Decider, hold: str, lost: float, most: float, since: str, until: str) -> None:
    if lost < most or hold in decider.ledger.holds:
        return
    why = f"{lost:.2%} lost {since}, {most:.2%} break the rule"
    decider.ledger.holds[hold] = why
    decider.desk.alert("daily_loss", f"{why}: no entry until {until}", hold)
