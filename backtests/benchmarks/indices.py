"""The long history of the S&P 500 that benchmarks are run on, read in one way; that of the Nasdaq is in `market`."""

from pathlib import Path

import numpy as np

from numpy.typing import NDArray

from market.barfile import read_bars
from market.bars import Bars
from market.types import DAY_MS

Array = NDArray[np.float64]

SP500 = Path("prices") / "sp500-d1-1927-2020.csv.gz"
"""Below the folder of real data."""
SINCE_1962 = -2922 * DAY_MS
"""1962-01-01, UTC milliseconds: before it the file's bars have no high and no low of their own."""


def sp500(data: Path) -> Bars:
    """Return the S&P 500 from 1962 to 2020, its prices as the file has them."""
    bars, _ = read_bars(data / SP500, "SP500", "D1")
    return bars.between(SINCE_1962, bars.time[-1] + 1)


def moves(bars: Bars) -> Array:
    """Return the log returns from close to close (n - 1, 1)."""
    returns: Array = np.diff(np.log(np.asarray(bars.close)))[:, None]
    return returns
