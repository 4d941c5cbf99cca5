"""Features of size: log_return, realised_vol, garman_klass, intrabar_vol, atr, downside_deviation."""

import math

from market.feature import NAN, RING, Feature, log_of, log_ratio, ring_push, ring_squares, ring_sum
from market.kernel import Params, State, kernel

_GK = 2.0 * math.log(2.0) - 1.0


@kernel
def log_return_step(s: State, p: Params, o: float, h: float, l: float, c: float, t: float) -> float:
    """Return the logarithm of the close over the last close.

    >>> from market.feature import closes, fold
    >>> fold(LOG_RETURN, (), closes(1228.10, 1244.78))  # doctest: +ELLIPSIS
    [nan, 0.01349054784...]
    """
    before = s[0]
    s[0] = c
    return log_ratio(c, before)


@kernel
def realised_vol_step(s: State, p: Params, o: float, h: float, l: float, c: float, t: float) -> float:
    """Return the standard deviation of the last n log returns; state: last close, ring of returns.

    >>> from market.feature import closes, fold
    >>> fold(REALISED_VOL, (3,), closes(1228.10, 1244.78, 1272.34, 1269.73))[3:]  # doctest: +ELLIPSIS
    [0.01215203741...]
    """
    n = int(p[0])
    before = s[0]
    s[0] = c
    if before <= 0.0:
        return NAN
    oldest = ring_push(s, 1, n, log_ratio(c, before))
    if s[1] < n:
        return NAN
    mean = ring_sum(s, 1 + RING, n, oldest, 0.0) / n
    return math.sqrt(ring_squares(s, 1 + RING, n, oldest, mean) / (n - 1.0))


@kernel
def garman_klass_step(s: State, p: Params, o: float, h: float, l: float, c: float, t: float) -> float:
    """Return the logarithm of the Garman-Klass volatility of this bar alone.

    A bar that never moved (high = low) has no volatility to take a logarithm of. Minus infinity, or a floor, would look
    like a regime of its own: it is NaN, and a regime filter then only predicts. On any other bar whose open and close
    lie within it the variance is at least 0.11 * log(high / low)**2, so that no floor is needed.

    >>> from market.feature import fold
    >>> moved, flat = (1229.23, 1248.81, 1219.10, 1228.10, 0.0), (17.66, 17.66, 17.66, 17.66, 0.0)
    >>> fold(GARMAN_KLASS, (), [moved, flat])  # doctest: +ELLIPSIS
    [-4.07358522..., nan]
    """
    high_low, close_open = log_ratio(h, l), log_ratio(c, o)
    return 0.5 * log_of(0.5 * high_low * high_low - _GK * close_open * close_open)


@kernel
def intrabar_vol_step(s: State, p: Params, o: float, h: float, l: float, c: float, t: float) -> float:
    """Return the logarithm of the volatility within this bar alone; `o` is its variance, `h` how many bars made it.

    NaN where they were fewer than n, as on a day of which most was not told, and where none of them moved.

    >>> from market.feature import fold
    >>> fold(INTRABAR_VOL, (90,), [(0.0001, 96.0, 0.0001, 96.0, 0.0), (0.0001, 89.0, 0.0001, 89.0, 0.0)])
    [-4.605170185988091, nan]
    """
    if h < p[0]:
        return NAN
    return 0.5 * log_of(o)


@kernel
def atr_step(s: State, p: Params, o: float, h: float, l: float, c: float, t: float) -> float:
    """Return Wilder's average true range; state: bars, last close, average.

    >>> from market.feature import fold
    >>> days = [(1229.23, 1248.81, 1219.10, 1228.10, 0.0), (1228.10, 1246.11, 1228.10, 1244.78, 0.0)]
    >>> fold(ATR, (2,), [*days, (1244.78, 1272.50, 1244.78, 1272.34, 0.0), (1272.34, 1272.34, 1257.68, 1269.73, 0.0)])
    [nan, nan, 22.86500000000001, 18.762499999999932]
    """
    n = p[0]
    top, bottom = h, l
    if s[1] > top:
        top = s[1]
    if s[1] < bottom:
        bottom = s[1]
    s[1] = c
    s[0] = s[0] + 1.0
    if s[0] < 2.0:
        return NAN
    if s[0] > n + 1.0:
        s[0] = n + 2.0
        s[2] = (s[2] * (n - 1.0) + (top - bottom)) / n
        return s[2]
    s[2] = s[2] + (top - bottom) / n
    if s[0] < n + 1.0:
        return NAN
    return s[2]


@kernel
def downside_deviation_step(s: State, p: Params, o: float, h: float, l: float, c: float, t: float) -> float:
    """Return the root of the exponential mean, span n, of squared losses; state: returns, last close, mean square.

    >>> from market.feature import closes, fold
    >>> fold(DOWNSIDE_DEVIATION, (2,), closes(1228.10, 1244.78, 1272.34, 1269.73, 1263.88))[2:]  # doctest: +ELLIPSIS
    [0.0, 0.00167663111..., 0.00389279476...]
    """
    n = p[0]
    loss = log_ratio(c, s[1])
    if s[1] <= 0.0:
        s[1] = c
        return NAN
    s[1] = c
    if loss > 0.0:
        loss = 0.0
    if s[0] < n:
        s[0] = s[0] + 1.0
        s[2] = s[2] + loss * loss / n
        if s[0] < n:
            return NAN
    else:
        s[2] = s[2] + (loss * loss - s[2]) * (2.0 / (n + 1.0))
    return math.sqrt(s[2])


def _n_and_one(p: Params) -> int:
    return int(p[0]) + 1


LOG_RETURN = Feature(
    name="log_return",
    version=1,
    params=(),
    unit="log return of one bar",
    formula="log(c[t] / c[t-1])",
    source="definition",
    size=lambda _: 1,
    step=log_return_step,
    warmup=lambda _: 2,
)
REALISED_VOL = Feature(
    name="realised_vol",
    version=1,
    params=("n",),
    least=(2,),
    unit="log return of one bar",
    formula="sd of the last n log returns, divisor n - 1",
    source="definition; pandas rolling(n).std()",
    size=lambda p: 1 + RING + int(p[0]),
    step=realised_vol_step,
    warmup=_n_and_one,
)
GARMAN_KLASS = Feature(
    name="garman_klass",
    version=1,
    params=(),
    unit="log of a log return of one bar",
    formula="0.5 log(0.5 log(h/l)^2 - (2 log 2 - 1) log(c/o)^2); NaN where h = l",
    source="Garman and Klass, On the Estimation of Security Price Volatilities from Historical Data (1980)",
    size=lambda _: 0,
    step=garman_klass_step,
    warmup=lambda _: 1,
)
INTRABAR_VOL = Feature(
    name="intrabar_vol",
    version=1,
    params=("n",),
    least=(1,),
    of="parts",
    unit="log of a log return of one bar",
    formula=(
        "0.5 log(sum of r^2), r: log returns of the shorter bars that made it, the first from its open; NaN where "
        "those are fewer than n, or none moved"
    ),
    source="Andersen, Bollerslev, Diebold and Labys, Modeling and Forecasting Realized Volatility (2003)",
    size=lambda _: 0,
    step=intrabar_vol_step,
    warmup=lambda _: 1,
)
ATR = Feature(
    name="atr",
    version=1,
    params=("n",),
    least=(1,),
    unit="price",
    formula="a[t] = ((n-1) a[t-1] + r[t]) / n, first: mean of n; r = max(h, c[t-1]) - min(l, c[t-1])",
    source="Wilder, New Concepts in Technical Trading Systems (1978); TA-Lib ATR",
    size=lambda _: 3,
    step=atr_step,
    warmup=_n_and_one,
    recursive=True,
)
DOWNSIDE_DEVIATION = Feature(
    name="downside_deviation",
    version=1,
    params=("n",),
    least=(1,),
    unit="log return of one bar",
    formula="sqrt(m[t]); m[t] = m[t-1] + 2 / (n + 1) (min(r, 0)^2 - m[t-1]), first: mean of n; r: log return",
    source="Sortino and van der Meer, Downside Risk (1991), with exponential weights",
    size=lambda _: 3,
    step=downside_deviation_step,
    warmup=_n_and_one,
    recursive=True,
)
