"""Features that average closes: sma, ema, zscore.

A window's mean must not depend on where history began, so a running sum must not round. Each close is split into two
floats, a coarse one on a grid of 2**-22 and what is left; sums of either have room in a float for so many closes of
such a size that none is ever rounded, and are rounded once, as they are added: to the sum that is nearest to the true
one, whichever closes came and went before. Windows that are longer, or that hold another close, are summed anew.
"""

import math

from market.feature import NAN, RING, Feature, ring_push, ring_squares, ring_sum
from market.kernel import Params, State, kernel

# State of an sma: both sums, how many closes of the window are in neither, then the ring of closes.
COARSE, FINE, OUTSIDE, RING_AT = 0, 1, 2, 3

_GRID = 1610612736.0  # 1.5 * 2**30: adding and taking it away leaves the nearest multiple of 2**-22
LEAST_PRICE, MOST_PRICE = 0.0001220703125, 1048576.0
"""2**-13, from which on a float is a multiple of 2**-65, and 2**20."""
MOST = 1000
"""Closes that have room: sums of 1,024 are below 2**30 and below 2**-13, each 53 bits above its grid's."""


@kernel
def exact_add(s: State, x: float, sign: float) -> None:
    """Add a close to both running sums of an sma, or take it away by a sign of -1, without any rounding."""
    if x >= LEAST_PRICE and x < MOST_PRICE:
        coarse = (x + _GRID) - _GRID
        s[COARSE] = s[COARSE] + sign * coarse
        s[FINE] = s[FINE] + sign * (x - coarse)
    else:
        s[OUTSIDE] = s[OUTSIDE] + sign


@kernel
def sma_step(s: State, p: Params, o: float, h: float, l: float, c: float, t: float) -> float:
    """Return the mean of the last n closes.

    >>> from market.feature import closes, fold
    >>> fold(SMA, (3,), closes(1228.10, 1244.78, 1272.34, 1269.73))[2:]
    [1248.4066666666665, 1262.2833333333333]
    """
    n = int(p[0])
    if s[RING_AT] == n:
        exact_add(s, s[RING_AT + RING + int(s[RING_AT + 1])], -1.0)
    exact_add(s, c, 1.0)
    oldest = ring_push(s, RING_AT, n, c)
    if s[RING_AT] < n:
        return NAN
    if s[OUTSIDE] > 0.0 or n > MOST:
        return ring_sum(s, RING_AT + RING, n, oldest, 0.0) / n
    return (s[COARSE] + s[FINE]) / n


@kernel
def ema_step(s: State, p: Params, o: float, h: float, l: float, c: float, t: float) -> float:
    """Return the exponential mean of closes with span n; state: bars, sum of the first n, mean.

    >>> from market.feature import closes, fold
    >>> fold(EMA, (3,), closes(1228.10, 1244.78, 1272.34, 1269.73))[2:]
    [1248.4066666666668, 1259.0683333333334]
    """
    n = p[0]
    if s[0] < n:
        s[0] = s[0] + 1.0
        s[1] = s[1] + c
        s[2] = s[1] / n
        if s[0] < n:
            return NAN
        return s[2]
    s[2] = s[2] + (c - s[2]) * (2.0 / (n + 1.0))
    return s[2]


@kernel
def zscore_step(s: State, p: Params, o: float, h: float, l: float, c: float, t: float) -> float:
    """Return how many population standard deviations of the last n closes the close is above their mean.

    Closes are measured from the newest, so that n equal closes have no deviation at all: then 0.0.

    >>> from market.feature import closes, fold
    >>> fold(ZSCORE, (3,), closes(1228.10, 1244.78, 1272.34, 0.1, 0.1, 0.1))[2:]
    [1.3119865869169245, -1.4139592844138724, -0.7071067811865476, 0.0]
    """
    n = int(p[0])
    oldest = ring_push(s, 0, n, c)
    if s[0] < n:
        return NAN
    mean = ring_sum(s, RING, n, oldest, c) / n
    spread = math.sqrt(ring_squares(s, RING, n, oldest, c + mean) / n)
    if spread > 0.0:
        return (0.0 - mean) / spread
    return 0.0


def _n(p: Params) -> int:
    return int(p[0])


def _ring(p: Params) -> int:
    return RING + int(p[0])


SMA = Feature(
    name="sma",
    version=2,
    params=("n",),
    least=(1,),
    unit="price",
    formula="sum(c[t-n+1 .. t]) / n, the sum rounded once",
    source="TA-Lib SMA",
    size=lambda p: RING_AT + RING + int(p[0]),
    step=sma_step,
    warmup=_n,
)
EMA = Feature(
    name="ema",
    version=1,
    params=("n",),
    least=(1,),
    unit="price",
    formula="e[t] = e[t-1] + 2 / (n + 1) * (c[t] - e[t-1]); first: the mean of n closes",
    source="TA-Lib EMA",
    size=lambda _: 3,
    step=ema_step,
    warmup=_n,
    recursive=True,
)
ZSCORE = Feature(
    name="zscore",
    version=1,
    params=("n",),
    least=(2,),
    unit="standard deviations",
    formula="(c - mean) / sd over c[t-n+1 .. t], sd with divisor n; 0 where sd is 0",
    source="Bollinger, Bollinger on Bollinger Bands (2001); TA-Lib BBANDS uses the same mean and sd",
    size=_ring,
    step=zscore_step,
    warmup=_n,
)
