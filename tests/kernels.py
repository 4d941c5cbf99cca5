"""The two drives of a kernel side by side: plain Python on lists, numba on float64 arrays, compared bit for bit."""

import functools
import struct

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numba
import numpy as np

from market.kernel import compile_all


@functools.cache
def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the kernel as numba runs it, with every kernel it calls, indices out of range refused."""
    compile_all()
    return numba.njit(boundscheck=True)(function)


def bits(value: Any) -> tuple[bytes, ...]:  # noqa: ANN401 - whatever a kernel can take or return
    """Return a number, or a nest of them, as the bytes of its float64s; every NaN is the same NaN, -0.0 is not 0.0.

    >>> bits((1.0, float("nan"))) == bits([1.0, -float("nan")]), bits(0.0) == bits(-0.0)
    (True, False)
    """
    if value is None:
        return ()
    if isinstance(value, list | tuple | np.ndarray):
        return tuple(b for part in value for b in bits(part))
    number = float(value)
    return (struct.pack("<d", number if number == number else float("nan")),)


def _plain(value: Any) -> Any:  # noqa: ANN401
    """Return floats for numbers, and fresh lists and tuples of floats for lists and tuples of numbers."""
    if isinstance(value, list | np.ndarray):
        return [float(x) for x in value]
    if isinstance(value, tuple):
        return tuple(float(x) for x in value)
    return float(value)


def _flat(value: Any) -> Any:  # noqa: ANN401
    """Return the same for numba: float64 arrays in place of lists."""
    return np.array(value, dtype=np.float64) if isinstance(value, list) else value


def same_bits(
    step: Callable[..., Any],
    state: Iterable[float],
    params: Iterable[float],
    rows: Iterable[Sequence[Any]],
) -> list[Any]:
    """Fold rows through `step(s, p, *row)` in both drives and assert equal outputs and states after every row.

    `state` is copied. A row's fields are numbers, tuples of numbers or lists of numbers (arrays, when compiled), and
    `params` are, too; ints become floats. Returns the outputs of the interpreted drive.
    """
    p = _plain(params if isinstance(params, list) else tuple(params))
    s = [float(x) for x in state]
    array = np.array(s, dtype=np.float64)
    fast = compiled(step)
    outputs = []
    for number, row in enumerate(rows):
        plain = [_plain(x) for x in row]
        flat = [_flat(x) for x in plain]
        expected = step(s, p, *plain)
        actual = fast(array, _flat(p), *flat)
        where = f"{step.__name__}, row {number} {tuple(row)}"

        assert bits(expected) == bits(actual), f"{where}: interpreted {expected!r}, compiled {actual!r}"
        assert bits(s) == bits(array), f"{where}: state interpreted {s}, compiled {array.tolist()}"
        assert bits(plain) == bits(flat), f"{where}: arguments interpreted {plain}, compiled {flat}"
        outputs.append(expected)
    return outputs


def same_call(function: Callable[..., Any], args_list: Iterable[Sequence[Any]]) -> list[Any]:
    """Call `function(*args)` in both drives and assert equal outputs, and equal lists where it wrote into one.

    Arguments are as in `same_bits`. Returns the outputs of the interpreted drive.
    """
    fast = compiled(function)
    outputs = []
    for args in args_list:
        plain = [_plain(x) for x in args]
        flat = [_flat(x) for x in plain]
        expected = function(*plain)
        actual = fast(*flat)
        where = f"{function.__name__}{tuple(args)}"

        assert bits(expected) == bits(actual), f"{where}: interpreted {expected!r}, compiled {actual!r}"
        assert bits(plain) == bits(flat), f"{where}: arguments interpreted {plain}, compiled {flat}"
        outputs.append(expected)
    return outputs


def assert_same_bits(function: Callable[..., Any], make_args: Callable[[], Iterable[Sequence[Any]]]) -> None:
    """Assert that both drives agree on every tuple of arguments that `make_args()` yields."""
    same_call(function, make_args())
