"""Lifting what a control or a protection has latched: a person says so, and answers for it."""

from runtime.core.decide import Decider
from runtime.core.drawdown import TOTAL, still_lost
from runtime.core.facts import HoldLifted
from runtime.core.protections import PROTECTIONS, begin_anew
from runtime.core.replies import reply
from runtime.core.throttle import THROTTLE

BY_PEOPLE = PROTECTIONS | {THROTTLE, TOTAL}
"""Holds that a person may lift; all others are lifted by what has laid them."""


def lift(decider: Decider, fact: HoldLifted) -> None:
    """Lift a hold, and let what laid it begin anew; or say why not."""
    ledger, desk, hold = decider.ledger, decider.desk, fact.hold
    whose = hold.partition(":")[2]
    problem = _why_not(decider, hold)
    if problem:
        reply(desk, fact.asker, "ack", hold, problem, ok=False)
        return
    was = ledger.holds[hold]
    begin_anew(ledger, hold)
    if hold.startswith(THROTTLE):
        ledger.entries.pop(whose, None)
    desk.alert("note", f"{hold} ({was}) is lifted, says {fact.asker.who}: {fact.asker.why}")
    reply(desk, fact.asker, "ack", hold, f"{hold} is lifted: it was {was}", ok=True)


def _why_not(decider: Decider, hold: str) -> str:
    holds = list(decider.ledger.holds)
    if hold in holds and hold.partition(":")[0] in BY_PEOPLE:
        return still_lost(decider) if hold == TOTAL else ""
    if hold in holds:
        return f"{hold} is not lifted by a person: `tidegate status` says what it waits for"
    lie = ", ".join(h for h in holds if h.partition(":")[0] in BY_PEOPLE) or "none"
    return f"{hold} does not lie; those that a person may lift and that lie: {lie}"
