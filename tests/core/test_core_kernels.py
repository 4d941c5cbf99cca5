"""The kernels of risk, sizes, marks and positions: plain Python and numba agree bit for bit."""

import math
import random

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from brokers.fills import average_price
from brokers.limits import collar_distance, order_value, spread_points, stop_loss
from runtime.core.marks import spent, withdrawn
from runtime.core.positions import add_lots
from runtime.core.risk import foreign_margin, share, size, worst
from strategies.sizing import kelly
from tests.kernels import assert_same_bits

ODD = (0.0, -0.0, 1.0, -1.0, 0.005, 0.01, 0.015, 1e-9, 1e9, 1e300, -1e300, math.inf, -math.inf, math.nan)


def draws(count: int, *ranges: tuple[float, float], odd: bool = True) -> Callable[[], Iterator[tuple[float, ...]]]:
    """Return rows of uniform draws, then rows in which some fields are odd numbers."""

    def rows() -> Iterator[tuple[float, ...]]:
        random.seed(5)
        for i in range(count):
            row = [random.uniform(*r) for r in ranges]
            if odd and i > count // 2:
                for field in range(len(row)):
                    if random.random() < 0.3:
                        row[field] = random.choice(ODD)
            yield tuple(row)

    return rows


@pytest.mark.parametrize(
    ("kernel", "rows"),
    [
        (kelly, draws(4000, (0.0, 1.0), (0.01, 10.0))),
        (size, draws(4000, (1e3, 1e6), (1e-3, 0.05), (1e-4, 9.0), (1, 1e5), (0.1, 2.0), (0.01, 1), (0.01, 1), (5, 99))),
        (foreign_margin, draws(4000, (0.0, 1e5), (0.0, 1e5), (0.0, 1e5))),
        (share, draws(4000, (-1e5, 1e5), (-1e3, 1e6))),
        (worst, draws(4000, (-0.1, 0.1), (-0.1, 0.1))),
        (spent, draws(4000, (-1e5, 1e5), (-1e5, 1e5), (-1e3, 1e6))),
        (withdrawn, draws(4000, (1e3, 1e5), (1e3, 1e5), (0.0, 1e5))),
        (average_price, draws(4000, (0.01, 50.0), (0.5, 3000.0), (0.01, 50.0), (0.5, 3000.0), odd=False)),
        (add_lots, draws(4000, (0.0, 500.0), (-500.0, 500.0))),
        (spread_points, draws(4000, (0.5, 3000.0), (0.5, 3000.0), (1.0, 1e5))),
        (order_value, draws(4000, (0.01, 50.0), (1.0, 1e5), (0.5, 3000.0), (0.005, 2.0))),
        (stop_loss, draws(4000, (0.01, 50.0), (1.0, 1e5), (0.5, 3000.0), (0.5, 3000.0), (0.005, 2.0))),
        (collar_distance, draws(4000, (90.0, 110.0), (95.0, 105.0), (95.0, 105.0))),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)  # fmt: skip
def test_both_drives_agree(kernel: Callable[..., Any], rows: Callable[[], Iterator[tuple[float, ...]]]) -> None:
    """A kernel gives the same bits interpreted and compiled, for ordinary numbers and for odd ones."""
    assert_same_bits(kernel, rows)


def test_an_average_price_is_weighed_by_volume() -> None:
    """One lot at 100 and three at 104 are four at 103."""
    assert 103.0 == average_price(1.0, 100.0, 3.0, 104.0)


@pytest.mark.parametrize(("a", "b", "expected"), [(0.1, 0.2, 0.3), (0.3, -0.1, 0.2), (1.0, -1.0, 0.0), (0.7, 0.1, 0.8)])
def test_lots_are_added_without_dust(a: float, b: float, expected: float) -> None:
    """Sums of lots are decimal numbers."""
    assert expected == add_lots(a, b)
