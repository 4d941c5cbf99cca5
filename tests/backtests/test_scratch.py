"""Long columns: what lies in a file without a name takes memory only while it is looked at."""

import sys

from pathlib import Path

import numpy as np
import pytest

from backtests.equity import Curve, deepest_of, drawdown_of, ends_of, least_of, taken
from backtests.scratch import PART, room

ROWS = 8 * PART
MIB = 1024 * 1024


def looked_at() -> int:
    """Return the bytes in memory of files that have no name."""
    found, lines = 0, Path("/proc/self/smaps").read_text(encoding="utf-8").splitlines()
    for place, line in enumerate(lines):
        if line.endswith("(deleted)"):
            rss = next(after for after in lines[place:] if after.startswith("Rss:"))
            found += 1024 * int(rss.split()[1])
    return found


def curve_in_a_file() -> Curve:
    """Return minutes of a walk, in files."""
    curve = Curve(room(ROWS, np.int64, long=1), room(ROWS, long=1))
    curve.at[:], curve.money[:] = 60_000 * np.arange(ROWS), 1e5 + np.cumsum(np.random.default_rng(1).normal(size=ROWS))
    return curve


@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux tells of a process")
def test_a_curve_that_was_counted_is_no_longer_in_memory() -> None:
    """Whoever goes through a curve part by part gives it back, whatever was in memory before."""
    curve = curve_in_a_file()
    before = looked_at()

    assert before > 16 * ROWS - MIB
    assert least_of(curve.money) == np.min(curve.money)
    assert len(days := ends_of(curve.at, "D")) == ROWS // 1440 + 1
    assert len(taken(curve.money, days)) == len(days)
    deepest_of(curve, 1e5)
    assert looked_at() < before - 16 * ROWS + MIB


def test_the_deepest_fall_is_that_of_the_whole_curve() -> None:
    """Folded part by part it is what the curve of all falls has at its lowest."""
    curve = curve_in_a_file()
    falls = drawdown_of(curve, 1e5)

    assert deepest_of(curve, 1e5) == (falls.money.min(), falls.share.min())


def test_numbers_at_some_places_are_those_of_the_whole() -> None:
    """Taken part by part they are the same, none missing and in order."""
    curve = curve_in_a_file()
    days = ends_of(curve.at, "D")

    assert taken(curve.money, days).tolist() == curve.money[days].tolist()
    assert taken(curve.at, days[:0]).tolist() == []
