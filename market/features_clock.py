"""Features of the calendar: hour_of_week."""

from market.feature import Feature
from market.kernel import Params, State, kernel
from market.money import floor

_WEEK = 604800.0
_MONDAY = 259200.0  # 1970 began on a Thursday, three days into its week


@kernel
def hour_of_week_step(s: State, p: Params, o: float, h: float, l: float, c: float, t: float) -> float:
    """Return the hours from Monday 00:00 UTC to the bar's opening.

    2012-02-01 was a Wednesday:

    >>> from market.feature import fold
    >>> fold(HOUR_OF_WEEK, (), [(1.0, 1.0, 1.0, 1.0, 1328054400.0), (1.0, 1.0, 1.0, 1.0, 1328056200.0)])
    [48.0, 48.5]
    """
    seconds = t + _MONDAY
    return (seconds - _WEEK * floor(seconds / _WEEK)) / 3600.0


HOUR_OF_WEEK = Feature(
    name="hour_of_week",
    version=1,
    params=(),
    unit="hours, 0 to below 168",
    formula="(t + 3 days) mod 7 days, in hours; t: UTC",
    source="definition",
    size=lambda _: 0,
    step=hour_of_week_step,
    warmup=lambda _: 1,
)
