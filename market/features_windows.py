"""Features of size over a window, as logarithms: log_realised_vol, yang_zhang."""

from market.feature import NAN, RING, Feature, log_of, log_ratio, ring_push, ring_squares, ring_sum
from market.features_volatility import realised_vol_step
from market.kernel import Params, State, kernel


@kernel
def log_realised_vol_step(s: State, p: Params, o: float, h: float, l: float, c: float, t: float) -> float:
    """Return the logarithm of the standard deviation of the last n log returns; NaN where they are all alike.

    >>> from market.feature import closes, fold
    >>> fold(LOG_REALISED_VOL, (3,), closes(1228.10, 1244.78, 1272.34, 1269.73))[3:]  # doctest: +ELLIPSIS
    [-4.41025843...]
    """
    return log_of(realised_vol_step(s, p, o, h, l, c, t))


@kernel
def yang_zhang_step(s: State, p: Params, o: float, h: float, l: float, c: float, t: float) -> float:
    """Return the logarithm of the Yang-Zhang volatility of the last n bars; NaN where none of them moved.

    State: the last close, then three rings: of the way from it to the open, from the open to the close, and of Rogers'
    and Satchell's variance of each bar.

    >>> from market.feature import fold
    >>> days = [(1229.23, 1248.81, 1219.10, 1228.10, 0.0), (1228.10, 1246.11, 1228.10, 1244.78, 0.0)]
    >>> days += [(1244.78, 1272.50, 1244.78, 1272.34, 0.0), (1272.34, 1272.34, 1257.68, 1269.73, 0.0)]
    >>> fold(YANG_ZHANG, (3,), days)[3:]  # doctest: +ELLIPSIS
    [-4.91695915...]
    """
    n = int(p[0])
    before = s[0]
    s[0] = c
    if before <= 0.0:
        return NAN
    jump, way = log_ratio(o, before), log_ratio(c, o)
    up, down = log_ratio(h, o), log_ratio(l, o)
    step = RING + n
    ring_push(s, 1, n, jump)
    ring_push(s, 1 + step, n, way)
    oldest = ring_push(s, 1 + 2 * step, n, up * (up - way) + down * (down - way))
    if s[1] < n:
        return NAN
    variance = 0.0
    for part in range(2):
        first = 1 + part * step + RING
        mean = ring_sum(s, first, n, oldest, 0.0) / n
        square = ring_squares(s, first, n, oldest, mean) / (n - 1.0)
        if part == 1:
            square = square * _within(n)
        variance = variance + square
    inner = ring_sum(s, 1 + 2 * step + RING, n, oldest, 0.0) / n
    return 0.5 * log_of(variance + (1.0 - _within(n)) * inner)


@kernel
def _within(n: float) -> float:
    """Return the weight of the variance from open to close that makes the estimator's own variance smallest."""
    return 0.34 / (1.34 + (n + 1.0) / (n - 1.0))


def _n_and_one(p: Params) -> int:
    return int(p[0]) + 1


LOG_REALISED_VOL = Feature(
    name="log_realised_vol",
    version=1,
    params=("n",),
    least=(2,),
    unit="log of a log return of one bar",
    formula="log(sd of the last n log returns, divisor n - 1); NaN where that is 0",
    source="realised_vol; its logarithm is near to Gaussian: Andersen et al., Modeling Realized Volatility (2003)",
    size=lambda p: 1 + RING + int(p[0]),
    step=log_realised_vol_step,
    warmup=_n_and_one,
)
YANG_ZHANG = Feature(
    name="yang_zhang",
    version=1,
    params=("n",),
    least=(2,),
    unit="log of a log return of one bar",
    formula=(
        "0.5 log(var(log(o[t]/c[t-1])) + k var(log(c/o)) + (1 - k) mean(u (u - w) + d (d - w))) over n bars, var with "
        "divisor n - 1; u = log(h/o), d = log(l/o), w = log(c/o), k = 0.34 / (1.34 + (n + 1) / (n - 1)); NaN at 0"
    ),
    source="Yang and Zhang, Drift-Independent Volatility Estimation Based on High, Low, Open, and Close Prices (2000)",
    size=lambda p: 1 + 3 * (RING + int(p[0])),
    step=yang_zhang_step,
    warmup=_n_and_one,
)
