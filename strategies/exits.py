"""A way out of a trade: data (`ExitPlan`) and one kernel (`exit_step`), used by core, engine and shadow books alike."""

import msgspec

from market.kernel import Params, State, kernel

HOLD = 0.0
LEAVE_TIME = 1.0

# State of an open trade's exit: bars held, best price since entry (bid extremes), stop in force.
HELD, BEST, STOP = 0, 1, 2
EXIT_STATE = 3

# Parameters, flat: side, entry price, trail distance, breakeven trigger distance, maximum bars.
SIDE, ENTRY, TRAIL, BREAKEVEN, BARS = 0, 1, 2, 3, 4


class ExitPlan(msgspec.Struct, frozen=True, kw_only=True):
    """How a trade is left; distances are in price, 0.0 means not used."""

    stop: float
    """Distance of the protective stop from the entry; always there, and sent with the entry."""
    target: float = 0.0
    trail: float = 0.0
    """The stop follows the best price at this distance, and never goes back."""
    breakeven: float = 0.0
    """Once the trade is ahead by this much, the stop is at the entry."""
    bars: int = 0
    """Leave after this many closed bars."""


@kernel
def exit_step(s: State, p: Params, high: float, low: float) -> float:
    """Fold one closed bar into the exit of an open trade.

    `s` is (bars held, best price, stop in force) and is changed in place; `p` is (side, entry, trail, breakeven, bars).
    Returns LEAVE_TIME when the plan's time is up, else HOLD; a stop that moved stands in `s[STOP]`.
    """
    s[HELD] = s[HELD] + 1.0
    if p[SIDE] > 0.0:
        if high > s[BEST]:
            s[BEST] = high
        if p[TRAIL] > 0.0 and s[BEST] - p[TRAIL] > s[STOP]:
            s[STOP] = s[BEST] - p[TRAIL]
        if p[BREAKEVEN] > 0.0 and s[BEST] - p[ENTRY] >= p[BREAKEVEN] and p[ENTRY] > s[STOP]:
            s[STOP] = p[ENTRY]
    else:
        if low < s[BEST]:
            s[BEST] = low
        if p[TRAIL] > 0.0 and s[BEST] + p[TRAIL] < s[STOP]:
            s[STOP] = s[BEST] + p[TRAIL]
        if p[BREAKEVEN] > 0.0 and p[ENTRY] - s[BEST] >= p[BREAKEVEN] and p[ENTRY] < s[STOP]:
            s[STOP] = p[ENTRY]
    if p[BARS] > 0.0 and s[HELD] >= p[BARS]:
        return LEAVE_TIME
    return HOLD
