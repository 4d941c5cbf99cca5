"""Features of drift, measured in its own noise: trend_t, sortino."""

import math

from market.feature import NAN, RING, Feature, log_of, log_ratio, ring_push, ring_squares, ring_sum
from market.kernel import Params, State, kernel

_STRAIGHT = 1e-12  # share of the variance of closes that a line leaves: rounding alone leaves as much
_LEAST_LOSS = 0.1  # of the root mean square of all returns


@kernel
def trend_t_step(s: State, p: Params, o: float, h: float, l: float, c: float, t: float) -> float:
    """Return the t-statistic of the slope of the last n log closes over time.

    Closes are measured from the newest, so that n equal closes have no slope at all: then 0.0. Closes that stand on a
    line leave no noise to measure the slope in: NaN.

    >>> from market.feature import closes, fold
    >>> fold(TREND_T, (4,), closes(1228.10, 1244.78, 1272.34, 1269.73, 1.0, 1.0, 1.0, 1.0))[3::4]  # doctest: +ELLIPSIS
    [3.63029419..., 0.0]
    """
    n = int(p[0])
    oldest = ring_push(s, 0, n, log_of(c))
    if s[0] < n:
        return NAN
    newest = log_of(c)
    mean = ring_sum(s, RING, n, oldest, newest) / n
    total = ring_squares(s, RING, n, oldest, newest + mean)
    middle = 0.5 * (n - 1.0)
    along = 0.0
    for i in range(n):
        place = oldest + i
        if place >= n:
            place = place - n
        along = along + (i - middle) * (s[RING + place] - newest - mean)
    spread = n * (n * n - 1.0) / 12.0  # of the times
    if total == 0.0:
        return 0.0
    slope = along / spread
    rest = total - slope * along
    if rest > _STRAIGHT * total:
        return slope / math.sqrt(rest / (n - 2.0) / spread)
    return NAN


@kernel
def sortino_step(s: State, p: Params, o: float, h: float, l: float, c: float, t: float) -> float:
    """Return the mean log return over the downside deviation, both with span n; between -10 and 10.

    Where hardly anything was lost the deviation is taken to be a tenth of the root mean square of all returns; where
    nothing moved it is 0.0. State: returns, last close, means of returns, of squared losses and of squared returns.

    >>> from market.feature import closes, fold
    >>> fold(SORTINO, (2,), closes(1228.10, 1244.78, 1272.34, 1269.73, 1263.88))[2:]  # doctest: +ELLIPSIS
    [9.72915708..., 2.70141749..., -0.40301544...]
    """
    n = p[0]
    before = s[1]
    s[1] = c
    if before <= 0.0:
        return NAN
    move = log_ratio(c, before)
    loss = move
    if loss > 0.0:
        loss = 0.0
    if s[0] < n:
        s[0] = s[0] + 1.0
        s[2] = s[2] + move / n
        s[3] = s[3] + loss * loss / n
        s[4] = s[4] + move * move / n
        if s[0] < n:
            return NAN
    else:
        share = 2.0 / (n + 1.0)
        s[2] = s[2] + (move - s[2]) * share
        s[3] = s[3] + (loss * loss - s[3]) * share
        s[4] = s[4] + (move * move - s[4]) * share
    if s[4] == 0.0:
        return 0.0
    deviation = math.sqrt(s[3])
    least = _LEAST_LOSS * math.sqrt(s[4])
    if deviation < least:
        deviation = least
    return s[2] / deviation


TREND_T = Feature(
    name="trend_t",
    version=1,
    params=("n",),
    least=(3,),
    unit="standard errors",
    formula="b / se(b), b: least squares slope of log(c[t-n+1 .. t]) over time; 0 where they are equal, NaN on a line",
    source="López de Prado, Machine Learning for Asset Managers (2020), trend scanning",
    size=lambda p: RING + int(p[0]),
    step=trend_t_step,
    warmup=lambda p: int(p[0]),
)
SORTINO = Feature(
    name="sortino",
    version=1,
    params=("n",),
    least=(1,),
    unit="downside deviations",
    formula=(
        "m(r) / max(sqrt(m(min(r, 0)^2)), sqrt(m(r^2)) / 10); m[t] = m[t-1] + 2 / (n + 1) (x - m[t-1]), first: mean of "
        "n; r: log return; 0 where nothing moved"
    ),
    source="Sortino and van der Meer, Downside Risk (1991), with exponential weights",
    size=lambda _: 5,
    step=sortino_step,
    warmup=lambda p: int(p[0]) + 1,
    recursive=True,
)
