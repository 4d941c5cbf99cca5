"""Features of range: donchian_high, donchian_low and where the close stands between them."""

from market.feature import NAN, RING, Feature, ring_push
from market.kernel import Params, State, kernel


@kernel
def ring_highest(s: State, first: int, n: int) -> float:
    """Return the greatest of n slots that begin at `s[first]`."""
    best = s[first]
    for i in range(first + 1, first + n):
        if s[i] > best:
            best = s[i]
    return best


@kernel
def ring_lowest(s: State, first: int, n: int) -> float:
    """Return the least of n slots that begin at `s[first]`."""
    best = s[first]
    for i in range(first + 1, first + n):
        if s[i] < best:
            best = s[i]
    return best


@kernel
def donchian_high_step(s: State, p: Params, o: float, h: float, l: float, c: float, t: float) -> float:
    """Return the highest high of the last n bars, this one included.

    >>> from market.feature import closes, fold
    >>> fold(DONCHIAN_HIGH, (2,), closes(1228.10, 1272.34, 1244.78, 1269.73))
    [nan, 1272.34, 1272.34, 1269.73]
    """
    n = int(p[0])
    ring_push(s, 0, n, h)
    if s[0] < n:
        return NAN
    return ring_highest(s, RING, n)


@kernel
def donchian_low_step(s: State, p: Params, o: float, h: float, l: float, c: float, t: float) -> float:
    """Return the lowest low of the last n bars, this one included.

    >>> from market.feature import closes, fold
    >>> fold(DONCHIAN_LOW, (2,), closes(1228.10, 1272.34, 1244.78, 1269.73))
    [nan, 1228.1, 1244.78, 1244.78]
    """
    n = int(p[0])
    ring_push(s, 0, n, l)
    if s[0] < n:
        return NAN
    return ring_lowest(s, RING, n)


@kernel
def donchian_step(s: State, p: Params, o: float, h: float, l: float, c: float, t: float) -> float:
    """Return where the close stands in the channel of the last n bars: 0 its low, 1 its high, 0.5 where it is flat.

    >>> from market.feature import closes, fold
    >>> fold(DONCHIAN, (3,), closes(1228.10, 1272.34, 1244.78, 1244.78, 1244.78))[2:]
    [0.3770343580470176, 0.0, 0.5]
    """
    n = int(p[0])
    ring_push(s, 0, n, h)
    ring_push(s, RING + n, n, l)
    if s[0] < n:
        return NAN
    high, low = ring_highest(s, RING, n), ring_lowest(s, RING + n + RING, n)
    if high > low:
        return (c - low) / (high - low)
    return 0.5


def _n(p: Params) -> int:
    return int(p[0])


DONCHIAN_HIGH = Feature(
    name="donchian_high",
    version=1,
    params=("n",),
    least=(1,),
    unit="price",
    formula="max(h[t-n+1 .. t])",
    source="Donchian's channel; TA-Lib MAX of highs",
    size=lambda p: RING + int(p[0]),
    step=donchian_high_step,
    warmup=_n,
)
DONCHIAN_LOW = Feature(
    name="donchian_low",
    version=1,
    params=("n",),
    least=(1,),
    unit="price",
    formula="min(l[t-n+1 .. t])",
    source="Donchian's channel; TA-Lib MIN of lows",
    size=lambda p: RING + int(p[0]),
    step=donchian_low_step,
    warmup=_n,
)
DONCHIAN = Feature(
    name="donchian",
    version=1,
    params=("n",),
    least=(1,),
    unit="0 to 1",
    formula="(c - low) / (high - low), low = donchian_low(n), high = donchian_high(n); 0.5 where they are equal",
    source="Donchian's channel; %K of a stochastic oscillator, TA-Lib STOCHF / 100",
    size=lambda p: 2 * (RING + int(p[0])),
    step=donchian_step,
    warmup=_n,
)
