"""Shadow books of a compiled drive: what cannot be played in them, and their outcomes among the live ones."""

import numpy as np

from backtests.engine_layout import BY_US, D_REASON, D_ROW
from backtests.engine_record import CompiledRecord
from backtests.engine_shared import SharedRecord
from backtests.scratch import gone_through
from brokers.costs import Costs
from market.bars import Bars
from runtime.outcomes.outcome import Outcome

LEAST = 0.01
"""Points to which quotes are told."""


def why_unshadowed(tape: Bars, costs: Costs) -> str:
    """Return why a tape cannot be played in a shadow book; empty where it can.

    A spread below the last digit of a quote is none to a book that sees the quotes alone, so it takes the usual one.
    """
    spreads = np.asarray(tape.spread)
    tells = any(((part := spreads[b:e])[part > 0.0] < LEAST).any() for b, e in gone_through((spreads,)))
    if tells or 0.0 < costs.spread < LEAST:
        return f"a spread of {tape.symbol} is below a hundredth of a point"
    return ""


def told_in_order(live: CompiledRecord | SharedRecord) -> list[Outcome]:
    """Return all outcomes, those of the shadow books too, in the order in which a drive tells them.

    A shadow book is told a bar once its decision is made and before that is executed, and lives through it then: what
    the bar brought, and what its own decision came to.
    """
    found = [(float(deal[D_ROW]), 0, outcome) for deal, outcome in live.outcomes()]
    for n, shadow in enumerate(live.shadows, 1):
        found += [(deal[D_ROW] - float(deal[D_REASON] >= BY_US), n, outcome) for deal, outcome in shadow.outcomes()]
    return [outcome for _, _, outcome in sorted(found, key=lambda told: told[:2])]
