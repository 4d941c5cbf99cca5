"""What makes a bar of a compiled drive quiet: one of which nothing comes to the account, so that no state need be read.

Asked with a point to spare and more: what is in doubt is not quiet, and is played as every bar could be.
"""

import math

from backtests.engine_layout import (
    BALANCE,
    CONTRACT,
    DAY,
    FIRST_NIGHT,
    GOAL,
    MODE,
    NIGHT,
    PRICE,
    SCALE,
    SIDE,
    STANDS,
    STOP,
    STOP_OUT,
    SWAP,
    TICK,
    USED,
    USUAL_SPREAD,
    VOLUME,
)
from backtests.engine_market import spread_told
from brokers.fills import floating
from market.kernel import Params, State, kernel, write_out
from market.money import to_grid

FAR = math.inf
NAN = math.nan
SPARE = 1.0
"""Of the account's money, above what carries a position."""


@kernel
def quiet_between(a: State, p: Params) -> tuple[float, float]:
    """Return between which prices of its side nothing happens to the open position: beyond lie its stop and its target.

    Where the account would no longer carry it at its stop, or where it has none, there are no such prices.
    """
    stop, goal = a[STANDS], a[GOAL]
    total = a[BALANCE] + a[SWAP] + floating(p[MODE], a[SIDE], a[PRICE], stop, a[VOLUME], p[CONTRACT])
    if a[SIDE] == 0.0 or not stop > 0.0 or not total > a[USED] * p[STOP_OUT] + SPARE or not total > SPARE:
        return FAR, -FAR
    if a[SIDE] > 0.0:
        return stop, goal if goal > 0.0 else FAR
    return goal if goal > 0.0 else -FAR, stop


@kernel
def quiet_until(a: State, p: Params, nights: Params) -> float:
    """Return the moment (ms) from which on it is another day by the server's clock."""
    if a[DAY] < a[NIGHT]:
        return -FAR
    later = 1
    if a[NIGHT] > p[FIRST_NIGHT]:
        later = 1 + int(a[NIGHT] - p[FIRST_NIGHT])
    if later < nights[0]:
        return nights[1 + int(nights[0]) + later]
    return FAR


@kernel
def settled_stop(a: State, x: State, p: Params) -> float:
    """Return the stop of the exit plan where that is in force, on the grid; NaN where it has yet to be moved there."""
    stop = a[STOP]
    if x[2] != stop:
        stop = to_grid(x[2], p[SCALE], p[TICK])
    if stop == a[STOP]:
        return x[2]
    return NAN


@kernel
def still(
    side: float, lower: float, upper: float, high: float, low: float, close: float, opened: float, wide: float
) -> bool:  # fmt: skip
    """Tell whether the rest of a bar and the next one's open stay between prices; without a position they do.

    wide: the largest spread that either may have, in price, and a point more, for a short position leaves at the ask.
    """
    if side == 0.0:
        return True
    top, bottom = high, low
    if close > top:
        top = close
    if opened > top:
        top = opened
    if close < bottom:
        bottom = close
    if opened < bottom:
        bottom = opened
    if side < 0.0:
        top = top + wide
        bottom = bottom - wide
    return bottom > lower and top < upper


@kernel
def spread_of(p: Params, guest: float, opened: float, spread: float) -> float:
    """Return the points between the quotes of a bar's open: those that it has, or the usual ones."""
    if guest > 0.0:
        spread = spread_told(p, opened, spread)
    if spread > 0.0:
        return spread
    return p[USUAL_SPREAD]


write_out(still)
