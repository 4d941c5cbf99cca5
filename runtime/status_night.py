"""What somebody who is woken asks of an account first: what is held and by what it lifts, what is at stake, the day."""

from collections.abc import Mapping
from typing import Any

from market.money import cents
from runtime.core.alarms import loss_of_day, unguarded
from runtime.core.core import Core
from runtime.core.lifts import lifts
from runtime.core.stakes import Valued


def night_of(core: Core, since: Mapping[str, int]) -> dict[str, Any]:
    """Return it; `since` tells of each hold since when it lies, UTC milliseconds."""
    ledger = core.ledger
    return {
        "held": [
            {"hold": hold, "why": why, "since": since.get(hold), "lifts": lifts(hold)}
            for hold, why in ledger.holds.items()
        ],
        "unguarded": len(unguarded(core)),
        "open_risk": open_risk(core),
        "day_pnl": core.decider.equity() - ledger.day_equity if ledger.day >= 0 else None,
        "day_loss": loss_of_day(core) if ledger.day >= 0 else None,
    }


def open_risk(core: Core) -> float | None:
    """Return what all open trades of ours lose at their stops from here, account money; None where one has no stop.

    A stop beyond its entry loses nothing. Without a quote a trade counts from its entry.
    """
    there = Valued(core.decider, unstopped=0.0)
    ours = [stake for stake in there.all if stake.strategy and not stake.rests]
    return None if any(stake.stop <= 0.0 for stake in ours) else sum((cents(there.loss(stake)) for stake in ours), 0.0)
