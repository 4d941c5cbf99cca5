"""Which of two averages is above the other, where rounding must not have a say."""

from market.kernel import kernel

SAME = 1e-12
"""Averages nearer to each other than this share of their size are the same."""


@kernel
def above(a: float, b: float) -> float:
    """Return 1.0 where a is above b, -1.0 where it is below, 0.0 where they are the same; NaN where one is NaN.

    Averages of prices of five digits are often the same: SMA(10) and SMA(50) of the minutes of EURUSD on 132 bars of a
    year. No price of five digits is a float, so whether a float is above the other there is decided by the order in
    which it was summed, and differently in every engine. What rounding leaves of a window of n closes is smaller than
    n * 1.2e-16 of their size, and two averages of n and m closes on a grid of prices that are not the same are a step
    of the grid / (n * m) apart or more: 2e-8 for a tenth of a pip, 10 and 50 bars. `SAME` lies between.

    >>> 0.1 + 0.2 > 0.3, above(0.1 + 0.2, 0.3), above(1.2000002, 1.2)
    (True, 0.0, 1.0)
    """
    gap, size = a - b, abs(a)
    if gap != gap:
        return gap
    if gap > SAME * size:
        return 1.0
    if gap < 0.0 - SAME * size:
        return -1.0
    return 0.0
