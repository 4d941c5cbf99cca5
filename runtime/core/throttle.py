"""The throttle of repeated execution: a strategy that has sent so many entries within some time is held.

Entries sent are counted, filled or not: a strategy that is refused again and again has run wild as well. Only a person
lifts the hold, and the count begins anew then.
"""

from config.controls import ThrottleSection
from runtime.core.desk import OrderDesk
from runtime.core.state import Ledger

THROTTLE = "THROTTLE"


def sent_within(ledger: Ledger, strategy: str, throttle: ThrottleSection) -> int:
    """Return how many entries a strategy has sent within the throttle's time."""
    since = ledger.at - throttle.minutes * 60_000
    return sum(at > since for at in ledger.entries.get(strategy, ()))


def count_entry(desk: OrderDesk, strategy: str, throttle: ThrottleSection) -> None:
    """Count an entry that a strategy has just sent; hold it where that was the last one."""
    ledger = desk.ledger
    ledger.entries[strategy] = (*ledger.entries.get(strategy, ()), ledger.at)[-throttle.entries :]
    if sent_within(ledger, strategy, throttle) < throttle.entries:
        return
    why = f"{throttle.entries} entries within {throttle.minutes:g} minutes"
    hold = f"{THROTTLE}:{strategy}"
    ledger.holds[hold] = why
    desk.alert("halt", f"{strategy} has sent {why}: it is held until a person lifts that (tidegate ack --hold)", hold)
