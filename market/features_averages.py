"""Features that average closes: sma, ema, zscore."""

import math

from market.feature import NAN, RING, Feature, ring_push, ring_squares, ring_sum
from market.kernel import Params, State, kernel


@kernel
def sma_step(s: State, p: Params, o: float, h: float, l: float, c: float, t: float) -> float:
    """Return the mean of the last n closes.

    >>> from market.feature import closes, fold
    >>> fold(SMA, (3,), closes(1228.10, 1244.78, 1272.34, 1269.73))[2:]
    [1248.4066666666668, 1262.2833333333333]
    """
    n = int(p[0])
    oldest = ring_push(s, 0, n, c)
    if s[0] < n:
        return NAN
    return ring_sum(s, RING, n, oldest, 0.0) / n


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
    version=1,
    params=("n",),
    least=(1,),
    unit="price",
    formula="sum(c[t-n+1 .. t]) / n",
    source="TA-Lib SMA",
    size=_ring,
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
