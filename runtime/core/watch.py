"""What is watched on every bar before anything is decided: protections whose time has come, or is over, and losses."""

from runtime.core.decide import Decider
from runtime.core.drawdown import watch_losses
from runtime.core.protections import lift_over, protect


def watch(decider: Decider) -> None:
    """Lay what ended trades ask for, lift what time lifts, then look at losses."""
    protect(decider, decider.desk)
    lift_over(decider.ledger)
    watch_losses(decider)
