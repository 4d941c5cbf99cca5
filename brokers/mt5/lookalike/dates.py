"""How the package takes a date: int, float or datetime, cut to whole seconds of 32 bits, as on Windows.

An int that is too large is not refused: the C code does not look, goes on with -1, and leaves the exception behind. It
comes out at the end of the call, or sooner, in the next question that is put to a Python object.
"""

import datetime as dt
import math

from typing import Any

from brokers.mt5.lookalike.arguments import ARGUMENTS, Invalid, refuse
from brokers.mt5.lookalike.client import LINE

_DAY = 86_400
_END = 32_535_244_800
"""Seconds at which Windows' local time ends: 3001-01-01 08:00 UTC."""
_BITS = 0xFFFFFFFF


def moment(value: object) -> int:
    """Take a date (int, float or datetime; a naive one is local) as whole seconds of 32 bits."""
    if isinstance(value, dt.datetime):
        return _seconds(_stamp(value))
    if isinstance(value, float):
        return _seconds(value)
    if not isinstance(value, int):
        raise Invalid(ARGUMENTS)
    if not -(2**31) <= value < 2**31:
        LINE.left = OverflowError("Python int too large to convert to C long")
        return _BITS
    return int(value)


def _seconds(value: float) -> int:
    return int(value) & _BITS if math.isfinite(value) else 0


def _stamp(value: dt.datetime) -> float:
    """Ask a datetime for its timestamp, as Windows answers it and as the interpreter does with an exception about."""
    left, ask = LINE.left, value.timestamp
    if left is not None:
        fallen = SystemError(f"{ask!r} returned a result with an exception set")
        fallen.__cause__ = fallen.__context__ = left
        refuse(fallen)
    try:
        stamp = ask()
    except Exception as error:  # noqa: BLE001 - a foreign class raises what it likes
        refuse(OSError(22, "Invalid argument") if value.tzinfo is None else error)
    if value.tzinfo is None:
        _within_windows(value, stamp)
    return stamp


def _within_windows(value: dt.datetime, stamp: float) -> None:
    """Refuse local times that Windows' C library does not know: those Python looks at to find the offset."""
    as_utc = value.replace(tzinfo=dt.UTC).timestamp()
    looked_at: Any = (as_utc, stamp, stamp + (_DAY if value.fold else -_DAY))
    if not all(0 <= seconds < _END for seconds in looked_at):
        refuse(OSError(22, "Invalid argument"))
