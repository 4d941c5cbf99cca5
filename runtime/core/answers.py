"""What a strategy in a process of its own has answered, and what becomes of it where there is no answer: it is held."""

from collections.abc import Iterable

from runtime.core.desk import OrderDesk
from runtime.core.draft import Draft
from runtime.core.facts import StrategyAnswered
from runtime.core.state import Lane, Ledger
from strategies.adapter import AskedRunner


def answered(lanes: Iterable[Lane], fact: StrategyAnswered) -> None:
    """Keep an answer until the bar it is of is told."""
    for lane in lanes:
        if lane.name == fact.strategy and isinstance(lane.runner, AskedRunner):
            lane.runner.hear(fact.bar_time, fact.position, fact.held, fact.want, fact.failure)


def mind_answer(ledger: Ledger, desk: OrderDesk, draft: Draft, *, told: bool) -> None:
    """Hold a strategy of which nobody knows what it wants, and say so once; let go of one that has answered again.

    Exits stay what they are: its stops lie at the venue, and its plan goes on. `told`: people are to hear of it.
    """
    lane, why = draft.lane, draft.lane.runner.unanswered
    hold = f"MODEL:{lane.name}"
    if why:
        draft.holds, draft.reasons = (hold,), (why,)
    if not told:
        return
    if why and hold not in ledger.holds:
        desk.alert("note", f"{lane.name}: {why}: it enters nothing until it answers; what is open has its stops")
    elif hold in ledger.holds and not why:
        desk.alert("note", f"{lane.name} answers again")
    if why:
        ledger.holds[hold] = why
    else:
        ledger.holds.pop(hold, None)
