"""Features of volume: log_volume_zscore."""

import math

from market.feature import NAN, RING, Feature, log_of, ring_push, ring_squares, ring_sum
from market.kernel import Params, State, kernel


@kernel
def log_volume_zscore_step(s: State, p: Params, o: float, h: float, l: float, c: float, t: float) -> float:
    """Return how many population standard deviations the logarithm of the volume is above its mean over n bars.

    A bar without volume has no logarithm: it is NaN, and no part of the n. Equal volumes have no deviation: 0.0.

    >>> from market.feature import closes, fold
    >>> fold(LOG_VOLUME_ZSCORE, (3,), closes(100.0, 200.0, 0.0, 400.0, 1.0, 1.0, 1.0))[2:]  # doctest: +ELLIPSIS
    [nan, 1.2247448713915..., -1.40628..., -0.70710..., 0.0]
    """
    n = int(p[0])
    if not c > 0.0:
        return NAN
    newest = log_of(c)
    oldest = ring_push(s, 0, n, newest)
    if s[0] < n:
        return NAN
    mean = ring_sum(s, RING, n, oldest, newest) / n
    spread = math.sqrt(ring_squares(s, RING, n, oldest, newest + mean) / n)
    if spread > 0.0:
        return (0.0 - mean) / spread
    return 0.0


LOG_VOLUME_ZSCORE = Feature(
    name="log_volume_zscore",
    version=1,
    params=("n",),
    least=(2,),
    of="volume",
    unit="standard deviations",
    formula="(log v - mean) / sd over the last n bars of a volume, sd with divisor n; 0 where sd is 0, NaN at v = 0",
    source="definition; as zscore",
    size=lambda p: RING + int(p[0]),
    step=log_volume_zscore_step,
    warmup=lambda p: int(p[0]),
)
