"""What is watched on every bar before anything is decided: protections whose time is over, or come, and losses."""

from runtime.core.decide import Decider
from runtime.core.drawdown import watch_losses
from runtime.core.protections import lift_over, protect


def watch(decider: Decider) -> None:
    """Lift what time lifts, lay what ended trades and losses ask for."""
    lift_over(decider.ledger)
    protect(decider, decider.desk)
    watch_losses(decider)
