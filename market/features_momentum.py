"""Features of direction: rsi, efficiency_ratio."""

from market.feature import NAN, RING, Feature, ring_push
from market.kernel import Params, State, kernel


@kernel
def rsi_step(s: State, p: Params, o: float, h: float, l: float, c: float, t: float) -> float:
    """Return Wilder's relative strength index; state: bars, last close, mean gain, mean loss.

    Where nothing has moved at all it is 50, neither bought nor sold (TA-Lib says 0 there, which reads as oversold).

    >>> from market.feature import closes, fold
    >>> fold(RSI, (2,), closes(1228.10, 1244.78, 1272.34, 1269.73))[2:]
    [100.0, 89.4460169834213]
    """
    n = p[0]
    gain, loss = 0.0, 0.0
    if s[0] > 0.0:
        if c > s[1]:
            gain = c - s[1]
        else:
            loss = s[1] - c
    s[1] = c
    if s[0] <= n:
        s[0] = s[0] + 1.0
        s[2] = s[2] + gain / n
        s[3] = s[3] + loss / n
        if s[0] <= n:
            return NAN
    else:
        s[2] = (s[2] * (n - 1.0) + gain) / n
        s[3] = (s[3] * (n - 1.0) + loss) / n
    if s[2] + s[3] > 0.0:
        return 100.0 * (s[2] / (s[2] + s[3]))
    return 50.0


@kernel
def efficiency_ratio_step(s: State, p: Params, o: float, h: float, l: float, c: float, t: float) -> float:
    """Return how far n bars have come of the way they have gone, in closes: 1 a straight line, 0 nowhere.

    >>> from market.feature import closes, fold
    >>> fold(EFFICIENCY_RATIO, (3,), closes(1228.10, 1244.78, 1272.34, 1269.73))[3:]
    [0.888580576307368]
    """
    n = int(p[0]) + 1
    oldest = ring_push(s, 0, n, c)
    if s[0] < n:
        return NAN
    before = s[RING + oldest]
    way = abs(c - before)
    path = 0.0
    for i in range(RING + oldest, RING + n):
        path = path + abs(s[i] - before)
        before = s[i]
    for i in range(RING, RING + oldest):
        path = path + abs(s[i] - before)
        before = s[i]
    if way < path:
        return way / path
    if path > 0.0:
        return 1.0
    return 0.0


def _n_and_one(p: Params) -> int:
    return int(p[0]) + 1


RSI = Feature(
    name="rsi",
    version=1,
    params=("n",),
    least=(1,),
    unit="0 to 100",
    formula="100 g / (g + l); g, l: gains and losses of closes, m[t] = ((n-1) m[t-1] + x) / n, first: mean of n",
    source="Wilder, New Concepts in Technical Trading Systems (1978); TA-Lib RSI",
    size=lambda _: 4,
    step=rsi_step,
    warmup=_n_and_one,
    recursive=True,
)
EFFICIENCY_RATIO = Feature(
    name="efficiency_ratio",
    version=1,
    params=("n",),
    least=(1,),
    unit="0 to 1",
    formula="|c[t] - c[t-n]| / sum(|c[i] - c[i-1]|, i = t-n+1 .. t); 0 where nothing moved",
    source="Kaufman, Trading Systems and Methods",
    size=lambda p: RING + int(p[0]) + 1,
    step=efficiency_ratio_step,
    warmup=_n_and_one,
)
