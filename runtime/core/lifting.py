"""Lifting what a control or a protection has latched: a person says so, and answers for it."""

from runtime.core.decide import Decider
from runtime.core.facts import HoldLifted
from runtime.core.replies import reply
from runtime.core.throttle import THROTTLE

BY_PEOPLE = frozenset({THROTTLE})
"""Holds that a person may lift; all others are lifted by what has laid them."""


def lift(decider: Decider, fact: HoldLifted) -> None:
    """Lift a hold, and let what laid it begin anew; or say why not."""
    ledger, desk, hold = decider.ledger, decider.desk, fact.hold
    name, _, whose = hold.partition(":")
    if hold not in ledger.holds or name not in BY_PEOPLE:
        reply(desk, fact.asker, "ack", hold, _why_not(hold, list(ledger.holds)), ok=False)
        return
    was = ledger.holds.pop(hold)
    ledger.entries.pop(whose, None)
    desk.alert("note", f"{hold} ({was}) is lifted, says {fact.asker.who}: {fact.asker.why}")
    reply(desk, fact.asker, "ack", hold, f"{hold} is lifted: it was {was}", ok=True)


def _why_not(hold: str, holds: list[str]) -> str:
    if hold in holds:
        return f"{hold} is not lifted by a person: `tidegate status` says what it waits for"
    lie = ", ".join(h for h in holds if h.partition(":")[0] in BY_PEOPLE) or "none"
    return f"{hold} does not lie; those that a person may lift and that lie: {lie}"
