"""Returns by month: what each month added to the equity it began with."""

import numpy as np

from backtests.equity import Curve, ends_of, taken

Month = tuple[int, int]
"""Year and month, 1 to 12."""


def month_returns(curve: Curve, initial: float) -> dict[Month, float]:
    """Return, for each month in which there was an equity, its share gained; months in order.

    A month without bars is in none; what happened over it is in the next one that has some. After an equity of nothing
    or less there is no share any more.
    """
    last = ends_of(curve.at, "M")
    months: list[int] = taken(curve.at, last).astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64).tolist()
    returns: dict[Month, float] = {}
    before = initial
    for month, equity in zip(months, taken(curve.money, last).tolist(), strict=True):
        if before <= 0.0:
            break
        returns[1970 + month // 12, 1 + month % 12] = equity / before - 1.0
        before = equity
    return returns


def year_returns(months: dict[Month, float]) -> dict[int, float]:
    """Return what the months of each year make together."""
    years: dict[int, float] = {}
    for (year, _), gained in months.items():
        years[year] = (1.0 + years.get(year, 0.0)) * (1.0 + gained) - 1.0
    return years
