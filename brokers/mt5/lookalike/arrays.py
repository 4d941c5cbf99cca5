"""Recorded bars and ticks as the package's packed numpy arrays; the one file of this folder that needs numpy."""

from typing import Any

import numpy as np

from numpy.typing import NDArray

RATES = np.dtype(
    [
        ("time", "<i8"),
        ("open", "<f8"),
        ("high", "<f8"),
        ("low", "<f8"),
        ("close", "<f8"),
        ("tick_volume", "<u8"),
        ("spread", "<i4"),
        ("real_volume", "<u8"),
    ]
)
"""60 bytes a bar, without padding; `time` is the server's wall clock in seconds, `spread` in points."""


def rates(packed: bytes) -> NDArray[Any]:
    """Return packed bars as an array that its owner may write to."""
    return np.frombuffer(packed, dtype=RATES).copy()


TICKS = np.dtype(
    [
        ("time", "<i8"),
        ("bid", "<f8"),
        ("ask", "<f8"),
        ("last", "<f8"),
        ("volume", "<u8"),
        ("time_msc", "<i8"),
        ("flags", "<u4"),
        ("volume_real", "<f8"),
    ]
)
"""60 bytes a tick, without padding; times are the server's wall clock."""


def ticks(packed: bytes) -> NDArray[Any]:
    """Return packed ticks as an array that its owner may write to."""
    return np.frombuffer(packed, dtype=TICKS).copy()
