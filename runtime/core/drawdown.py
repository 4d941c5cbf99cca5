"""The losses of a day and in all, as they are watched on every bar and look, and between, and what a broken rule does.

A bar tells what went on within it: what was open all of it is held against the rule at its low and its high as well, by
what was known before it; only then the mark of a trailing rule follows its best.

A broken daily limit holds entries until the next day of the rule's clock begins, a broken total one until a person
lifts that, who can only once the loss is within its limit again. Both are latched over restarts. Where the rule says
flatten, what is open is closed, and asked to be closed again until nothing is. A shadow book obeys the live holds.
"""

from brokers.facts import BarClosed
from brokers.fills import floating
from brokers.mt5.zone import to_server
from config.drawdown import DrawdownSection
from market.types import DAY_MS
from runtime.core.contract import Contract
from runtime.core.decide import Decider
from runtime.core.flat import flat
from runtime.core.marks import begin_day, losses, rise, see
from runtime.core.permissions import UNSEEN
from runtime.core.positions import Trade
from runtime.core.state import Ledger

DAILY, TOTAL = "LOSS_LIMIT", "DRAWDOWN"
BLIND = UNSEEN - {"SWITCH"}
"""Holds under which nobody knows what the account is worth; the latch tells nothing of it."""


Within = tuple[float, float]
"""The least and the most that the account was worth since it was looked at last, account money."""


def swept(decider: Decider, fact: BarClosed) -> Within | None:
    """Return the least and the most that the account was worth within a bar, as far as the bar can tell.

    The other symbols stand where they were told last, and what was opened within the bar stands where it ended: nobody
    knows whether that was there already.
    """
    if decider.plan.drawdown is None or decider.host is not None or fact.phase != "live":
        return None
    bar = fact.bar
    there = [lane.trade for lane in decider.lanes if lane.trade is not None and lane.trade.symbol == bar.symbol]
    whole = [trade for trade in there if trade.opened_at <= bar.time and not trade.absent]
    if not whole:
        return None
    c = decider.contracts[bar.symbol]
    spread = bar.spread / c.scale if bar.spread > 0.0 else fact.ask - fact.bid
    now, worth = decider.ledger.quotes[bar.symbol], decider.worth()
    ends = [worth + sum(gained(c, t, now, (p, p + spread)) for t in whole) for p in (bar.low, bar.high)]
    return min(*ends, worth), max(*ends, worth)


def gained(c: Contract, trade: Trade, now: tuple[float, float], then: tuple[float, float]) -> float:
    """Return what a position would be worth at other quotes beyond what it is worth at these, account money."""
    side, place = float(trade.side), 0 if trade.side > 0 else 1
    here, there = (floating(c.mode, side, trade.entry, at[place], trade.volume, c.contract) for at in (now, then))
    return there - here


def watch_losses(decider: Decider, worth: float | None = None, within: Within | None = None) -> None:
    """Mark what the account is worth now, and hold it where it has lost too much; `worth`: as the venue has it."""
    rule, host = decider.plan.drawdown, decider.host
    if rule is None:
        return
    if host is not None:
        _obey(decider.ledger, host.ledger)
    elif not BLIND & decider.ledger.holds.keys():
        _between(decider, rule, within)
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


def _between(decider: Decider, rule: DrawdownSection, within: Within | None) -> None:
    """Hold what the account was worth since it was looked at last against what was known then."""
    if within is not None and decider.ledger.marks.day >= 0:
        _judge(decider, rule, within[0])
        see_most(decider, within[1])


def see_most(decider: Decider, worth: float) -> None:
    """Have the mark of a trailing rule follow what the account was worth at some moment since the last look."""
    if decider.plan.drawdown is not None and decider.ledger.marks.day >= 0:
        rise(decider.ledger.marks, decider.plan.drawdown, worth)


def _mark(decider: Decider, rule: DrawdownSection, worth: float) -> None:
    ledger, marks = decider.ledger, decider.ledger.marks
    day = to_server(rule.zone or decider.plan.zone, ledger.at) // DAY_MS
    if marks.day < 0 or (day > marks.day and "CONTRACT" not in ledger.holds):
        begin_day(marks, rule, day, ledger.balance, worth)
        ledger.holds.pop(DAILY, None)
    else:
        see(marks, rule, ledger.balance, worth)
    _judge(decider, rule, worth)


def _judge(decider: Decider, rule: DrawdownSection, worth: float) -> None:
    today, total = losses(decider.ledger.marks, rule, worth)
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
