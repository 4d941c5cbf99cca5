"""Halts: bars that are told while the market stands still, and what tells nothing of it for that.

A price that is written down again and again is no calm market: its returns are not small, there are none. One or a few
such bars are as ordinary as others. From the twentieth in a row on nobody takes them for bars of a market, and the
first that moves again has the way of all of them in its return.
"""

from market.kernel import State, kernel

HALTED = 20
"""So many bars without any move, one after the other, are a halt."""

# State, flat.
LAST, STILL, TELLS_NOTHING = 0, 1, 2


def halt_init() -> list[float]:
    """Return the state before the first bar."""
    return [0.0, 0.0, 0.0]


@kernel
def halt_step(s: State, c: float) -> float:
    """Fold a bar's close; return 1.0 where the bar belongs to a halt, or is the first after one, or 0.0.

    Nothing looks ahead: the first nineteen bars of a halt are as any other.
    """
    s[TELLS_NOTHING] = 1.0 if s[STILL] >= HALTED else 0.0
    s[STILL] = s[STILL] + 1.0 if c == s[LAST] else 0.0
    if s[STILL] >= HALTED:
        s[TELLS_NOTHING] = 1.0
    s[LAST] = c
    return s[TELLS_NOTHING]
