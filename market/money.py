"""Arithmetic of money, prices and lots: the one place where a float is rounded.

`floor` and `nearest` round through the addition of 1.5 * 2**52, which is exact and identical in Python and in numba
for |x| < 2**51; builtin `round` is not (0.9 % of money rows differ).
"""

from market.kernel import kernel

_MAGIC = 6755399441055744.0  # 1.5 * 2**52: adding and taking it away leaves the nearest integer, ties to even
_NUDGE = 1e-7  # of a cent: what a decimal half-cent may lose when written as a binary float
_GRAIN = 4e-16  # and of its own size: two roundings of a float


@kernel
def nearest(x: float) -> float:
    """Return the integer nearest to x, ties to even; |x| < 2**51.

    >>> nearest(2.5), nearest(3.5), nearest(-0.4)
    (2.0, 4.0, 0.0)
    """
    return (x + _MAGIC) - _MAGIC + 0.0


@kernel
def floor(x: float) -> float:
    """Return the greatest integer not above x; |x| < 2**51.

    >>> floor(2.9), floor(-0.1), floor(3.0)
    (2.0, -1.0, 3.0)
    """
    n = (x + _MAGIC) - _MAGIC
    if n > x:
        n = n - 1.0
    return n + 0.0


@kernel
def cents(x: float) -> float:
    """Return money rounded to two digits, half away from zero, as a person with a pencil would.

    >>> cents(1.005), cents(-1.005), cents(2.675), cents(0.004999)
    (1.01, -1.01, 2.68, 0.0)
    """
    a = x * 100.0
    if x < 0.0:
        a = 0.0 - a
    a = a + 0.5 + _NUDGE + a * _GRAIN
    n = (a + _MAGIC) - _MAGIC  # `floor`, written out: money is rounded more often than anything else is done
    if n > a:
        n = n - 1.0
    return 0.0 - n / 100.0 if x < 0.0 else n / 100.0


@kernel
def to_grid(x: float, scale: float, tick: float) -> float:
    """Return the price nearest to x on the tick grid: scale is 10**digits, tick the tick size in points.

    >>> to_grid(1.234567, 100000.0, 1.0), to_grid(1234.56, 100.0, 25.0)
    (1.23457, 1234.5)
    """
    ticks = (x * scale / tick + _MAGIC) - _MAGIC  # `nearest` twice, written out as in `cents`
    return ((ticks * tick + _MAGIC) - _MAGIC + 0.0) / scale


@kernel
def lots_down(volume: float, step: float) -> float:
    """Return the largest whole number of volume steps not above volume, in lots; never rounds a risk up.

    >>> lots_down(0.299, 0.01), lots_down(0.3, 0.1), lots_down(7.9, 1.0)
    (0.29, 0.3, 7.0)
    """
    steps = floor(volume / step + 1e-9)
    return nearest(steps * step * 100000000.0) / 100000000.0
