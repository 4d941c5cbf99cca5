"""The message broker as the core knows it: whether it can be heard, and which signed commands came over it."""

from runtime.core.desk import OrderDesk
from runtime.core.facts import BusHeard, BusSilent, CommandJudged
from runtime.core.state import Ledger


def bus_told(ledger: Ledger, desk: OrderDesk, fact: BusSilent | BusHeard | CommandJudged) -> None:
    """Hold entries while nobody could halt us over the bus; remember how far each key has counted."""
    if isinstance(fact, BusHeard):
        ledger.holds.pop("BUS_SILENT", None)
    elif isinstance(fact, BusSilent):
        if "BUS_SILENT" not in ledger.holds:
            desk.alert("note", f"the bus is silent: {fact.problem}")
        ledger.holds["BUS_SILENT"] = fact.problem
    elif fact.refused:
        desk.alert("note", f"a command over the bus was refused: {fact.refused}")
    else:
        ledger.sequences[fact.key] = max(ledger.sequences.get(fact.key, 0), fact.sequence)
