"""Timers that fire: the end of a settle window, or of that of a missing order, lets the venue be looked at."""

from runtime.core.desk import OrderDesk
from runtime.core.facts import TimerFired
from runtime.core.state import Ledger


def timer_fired(ledger: Ledger, desk: OrderDesk, fact: TimerFired) -> None:
    """Look at the venue, where this is the newest timer of its kind: an earlier one is too early for the last doubt."""
    if fact.key == "settle":
        if fact.id == ledger.settle_timer:
            ledger.settle_timer = 0
            desk.reconcile(settled=True)
    elif ledger.missing_timers.get(fact.key.removeprefix("missing:")) == fact.id:
        ledger.missing_timers[fact.key.removeprefix("missing:")] = 0
        desk.reconcile(settled=False)
