"""Compiled arithmetic over many rows at once: sums, exponentials, distances, and the recursion along the rows.

All but the recursion runs several rows at a time. The compiler may fuse a multiplication with an addition, and chooses
how many partial sums a sum has, once, when it compiles: equal arguments give equal bits on one machine, whatever the
thread, and on another machine the last bits may differ.
"""

import math

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np

from numpy.typing import NDArray

Array = NDArray[np.float64]
F = TypeVar("F", bound=Callable[..., Any])

GROUP = 8  # rows between two scalings: the least transition probability to this power is a normal float
LOG2E = 1.4426950408889634
LN2_HIGH, LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10  # their sum; a whole number times the first is exact
ROUNDS = 6755399441055744.0  # 1.5 * 2**52: adding it and taking it away rounds to a whole number
ONE = 4607182418800017408  # the bits of 1.0
VANISHES = -690.0  # exp below it is taken to be 0: what it is multiplied with would leave the normal floats


def inner(function: F) -> F:
    """Return the function compiled, to be called by others of these files; floats divide as the processor does."""
    return cast("F", numba.njit(error_model="numpy")(function))


def fused(function: F) -> F:
    """Return the function compiled likewise, multiplications fused with additions where the processor can."""
    return cast("F", numba.njit(error_model="numpy", fastmath={"contract"})(function))


def summed(function: F) -> F:
    """Return the function compiled likewise, its sum in as many partial sums as the processor has room for."""
    return cast("F", numba.njit(error_model="numpy", fastmath={"contract", "reassoc"})(function))


@summed
def total(x: Array) -> float:
    """Return the sum."""
    found = 0.0
    for t in range(len(x)):
        found += x[t]
    return found


@summed
def dot(x: Array, y: Array) -> float:
    """Return the sum of products."""
    found = 0.0
    for t in range(len(x)):
        found += x[t] * y[t]
    return found


@summed
def dot3(x: Array, y: Array, z: Array) -> float:
    """Return the sum of products of three."""
    found = 0.0
    for t in range(len(x)):
        found += x[t] * y[t] * z[t]
    return found


@fused
def exponential(row: Array, top: Array) -> None:
    """Replace each number by exp(number - top), top being no smaller; to the last bit but one, several at a time."""
    for t in range(len(row)):
        x = row[t] - top[t]
        shifted = x * LOG2E + ROUNDS
        whole = shifted - ROUNDS
        r = x - whole * LN2_HIGH - whole * LN2_LOW
        p = 1.0 / 479001600.0
        p = p * r + 1.0 / 39916800.0
        p = p * r + 1.0 / 3628800.0
        p = p * r + 1.0 / 362880.0
        p = p * r + 1.0 / 40320.0
        p = p * r + 1.0 / 5040.0
        p = p * r + 1.0 / 720.0
        p = p * r + 1.0 / 120.0
        p = p * r + 1.0 / 24.0
        p = p * r + 1.0 / 6.0
        p = p * r + 0.5
        p = p * r + 1.0
        p = p * r + 1.0
        power = np.int64((np.float64(shifted).view(np.int64) << 52) + ONE).view(np.float64)
        row[t] = p * power if x > VANISHES else (0.0 if x <= VANISHES else x)


@fused
def distances(z: Array, first: int, mean: Array, white: Array, full: int, out: Array, y: Array) -> None:
    """Write the squared Mahalanobis distance of the rows from `first` on, as many as `out` has."""
    out[:] = 0.0
    for i in range(len(z)):
        if full:
            y[:] = 0.0
            for j in range(i + 1):
                whiten(z[j][first : first + len(out)], mean[j], white[i, j], y)
            for t in range(len(out)):
                out[t] += y[t] * y[t]
        else:
            row, centre, scale = z[i][first : first + len(out)], mean[i], white[i, i]
            for t in range(len(out)):
                apart = (row[t] - centre) * scale
                out[t] += apart * apart


@fused
def whiten(row: Array, mean: float, white: float, y: Array) -> None:
    """Add white * (row - mean) to y."""
    for t in range(len(y)):
        y[t] += white * (row[t] - mean)


@inner
def walk2(b: Array, out: Array, a: Array, p: Array, first: int, step: int, count: int) -> float:
    """Carry two numbers along the rows: out[j] = b[j] * sum of p[i] a[i, j]; return the logs of what they shrank by."""
    p0, p1, log = p[0], p[1], 0.0
    a00, a01, a10, a11 = a[0, 0], a[0, 1], a[1, 0], a[1, 1]
    b0, b1, o0, o1 = b[0], b[1], out[0], out[1]
    for i in range(count):
        t = first + i * step
        x, y = b0[t], b1[t]
        p0, p1 = p0 * (a00 * x) + p1 * (a10 * x), p0 * (a01 * y) + p1 * (a11 * y)
        if i % GROUP == GROUP - 1:
            total = p0 + p1
            log += math.log(total)
            p0, p1 = p0 / total, p1 / total
        o0[t], o1[t] = p0, p1
    p[0], p[1] = p0, p1
    return log


@inner
def walk3(b: Array, out: Array, a: Array, p: Array, first: int, step: int, count: int) -> float:
    """Carry three numbers along the rows, as `walk2` does two."""
    p0, p1, p2, log = p[0], p[1], p[2], 0.0
    a00, a01, a02 = a[0, 0], a[0, 1], a[0, 2]
    a10, a11, a12 = a[1, 0], a[1, 1], a[1, 2]
    a20, a21, a22 = a[2, 0], a[2, 1], a[2, 2]
    b0, b1, b2, o0, o1, o2 = b[0], b[1], b[2], out[0], out[1], out[2]
    for i in range(count):
        t = first + i * step
        x, y, z = b0[t], b1[t], b2[t]
        q0 = p0 * (a00 * x) + p1 * (a10 * x) + p2 * (a20 * x)
        q1 = p0 * (a01 * y) + p1 * (a11 * y) + p2 * (a21 * y)
        q2 = p0 * (a02 * z) + p1 * (a12 * z) + p2 * (a22 * z)
        p0, p1, p2 = q0, q1, q2
        if i % GROUP == GROUP - 1:
            total = p0 + p1 + p2
            log += math.log(total)
            p0, p1, p2 = p0 / total, p1 / total, p2 / total
        o0[t], o1[t], o2[t] = p0, p1, p2
    p[0], p[1], p[2] = p0, p1, p2
    return log


@inner
def walk4(b: Array, out: Array, a: Array, p: Array, first: int, step: int, count: int) -> float:
    """Carry four numbers along the rows, as `walk2` does two."""
    p0, p1, p2, p3, log = p[0], p[1], p[2], p[3], 0.0
    a00, a01, a02, a03 = a[0, 0], a[0, 1], a[0, 2], a[0, 3]
    a10, a11, a12, a13 = a[1, 0], a[1, 1], a[1, 2], a[1, 3]
    a20, a21, a22, a23 = a[2, 0], a[2, 1], a[2, 2], a[2, 3]
    a30, a31, a32, a33 = a[3, 0], a[3, 1], a[3, 2], a[3, 3]
    b0, b1, b2, b3 = b[0], b[1], b[2], b[3]
    o0, o1, o2, o3 = out[0], out[1], out[2], out[3]
    for i in range(count):
        t = first + i * step
        w, x, y, z = b0[t], b1[t], b2[t], b3[t]
        q0 = (p0 * (a00 * w) + p1 * (a10 * w)) + (p2 * (a20 * w) + p3 * (a30 * w))
        q1 = (p0 * (a01 * x) + p1 * (a11 * x)) + (p2 * (a21 * x) + p3 * (a31 * x))
        q2 = (p0 * (a02 * y) + p1 * (a12 * y)) + (p2 * (a22 * y) + p3 * (a32 * y))
        q3 = (p0 * (a03 * z) + p1 * (a13 * z)) + (p2 * (a23 * z) + p3 * (a33 * z))
        p0, p1, p2, p3 = q0, q1, q2, q3
        if i % GROUP == GROUP - 1:
            total = (p0 + p1) + (p2 + p3)
            log += math.log(total)
            p0, p1, p2, p3 = p0 / total, p1 / total, p2 / total, p3 / total
        o0[t], o1[t], o2[t], o3[t] = p0, p1, p2, p3
    p[0], p[1], p[2], p[3] = p0, p1, p2, p3
    return log


@inner
def walk(b: Array, out: Array, a: Array, p: Array, first: int, step: int, count: int) -> float:
    """Carry as many numbers along the rows as there are states."""
    if len(p) == 2:
        return walk2(b, out, a, p, first, step, count)
    if len(p) == 3:
        return walk3(b, out, a, p, first, step, count)
    return walk4(b, out, a, p, first, step, count)
