"""What the server's clock shows at many moments, which are read together where it is neither put forward nor back."""

from itertools import pairwise
from typing import Any

import numpy as np

from numpy.typing import NDArray

from brokers.mt5.zone import offset_seconds
from market.types import DAY_MS, HOUR_MS

Array = NDArray[Any]


def dials(zone: str, times: Array, step: int = DAY_MS) -> Array:
    """Return what the clock of a rule shows at each moment, in milliseconds; `step`: how many are read together first.

    >>> dials("UTC+2", np.array([0, 1])).tolist()
    [7200000, 7200001]
    """
    shown: Array = times.copy()
    for begin, end in runs(times // step):
        at = int(times[begin]) // step * step
        ahead = offset_seconds(zone, at)
        if step == HOUR_MS or ahead == offset_seconds(zone, at + step - 1):
            shown[begin:end] += ahead * 1000
        else:  # the clock is put forward or back
            shown[begin:end] = dials(zone, times[begin:end], HOUR_MS)  # rules change on the hour, by UTC
    return shown


def runs(numbers: Array) -> list[tuple[int, int]]:
    """Return from where to where a number stands again and again, of each in order.

    >>> runs(np.array([7, 7, 5])), runs(np.array([]))
    ([(0, 2), (2, 3)], [])
    """
    cuts = [0, *(np.flatnonzero(numbers[1:] != numbers[:-1]) + 1).tolist(), len(numbers)]
    return list(pairwise(cuts)) if len(numbers) else []
