"""What people ask of a running core beyond a level: each is done at once or refused, and answered."""

from typing import assert_never

from runtime.core.activate import activate
from runtime.core.adopt import adopt
from runtime.core.balance import take_balance
from runtime.core.decide import Decider
from runtime.core.facts import (
    AdoptionAsked,
    BalanceTaken,
    HoldLifted,
    ModelActivated,
    NoteWritten,
    PersonFact,
    PositionDropped,
    SpecAcknowledged,
    TradeWrittenOff,
)
from runtime.core.leaving import drop
from runtime.core.lifting import lift
from runtime.core.replies import reply
from runtime.core.specs import acknowledge
from runtime.core.writeoff import write_off


def do_asked(decider: Decider, fact: PersonFact) -> None:
    """Do what a person asks for, or say why not."""
    match fact:
        case SpecAcknowledged():
            acknowledge(decider, fact)
        case TradeWrittenOff():
            write_off(decider, fact)
        case BalanceTaken():
            take_balance(decider, fact)
        case AdoptionAsked():
            adopt(decider, fact)
        case ModelActivated():
            activate(decider, fact)
        case HoldLifted():
            lift(decider, fact)
        case NoteWritten():
            reply(decider.desk, fact.asker, "note", fact.about, "noted", ok=True)
        case PositionDropped():
            drop(decider, fact)
        case _:
            assert_never(fact)
