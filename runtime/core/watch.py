"""What is watched before anything is decided: protections whose time has come, or is over, and losses."""

from brokers.facts import BarClosed, WorthSeen
from runtime.core.decide import Decider
from runtime.core.drawdown import see_most, swept, watch_losses
from runtime.core.protections import lift_over, protect


def watch(decider: Decider, fact: BarClosed) -> None:
    """Lay what ended trades ask for, lift what time lifts, then look at losses: within the bar, and at its end."""
    protect(decider, decider.desk)
    lift_over(decider.ledger)
    watch_losses(decider, within=swept(decider, fact))


def watch_between(decider: Decider, fact: WorthSeen) -> None:
    """Look at losses between two bars."""
    decider.ledger.quotes.update(fact.quotes)
    decider.new_day(fact.at)
    decider.see_loss(decider.equity())
    see_most(decider, fact.highest)
    watch_losses(decider, fact.worth)
