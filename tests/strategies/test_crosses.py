"""Ties of moving averages: which of two averages is above the other is decided by prices, never by rounding."""

import math

import pytest

from hypothesis import given
from hypothesis import strategies as st

from market.feature import closes, fold
from market.features_averages import SMA
from strategies.crosses import above
from strategies.protocol import EXIT, NOTHING
from strategies.trend import Trend
from tests.kernels import same_bits

POINTS = 100_000
NUMBERS = st.floats(-1e6, 1e6) | st.just(math.nan) | st.just(0.0)


def exact(points: list[int], fast: int, slow: int) -> float:
    """Return the side of the last SMA(fast) of SMA(slow), in whole points."""
    gap = sum(points[-fast:]) * slow - sum(points[-slow:]) * fast
    return float((gap > 0) - (gap < 0))


def told(points: list[int], fast: int, slow: int) -> tuple[float, float]:
    """Return the last SMA(fast) and SMA(slow) of prices of five digits."""
    bars = closes(*(point / POINTS for point in points))
    return fold(SMA, (fast,), bars)[-1], fold(SMA, (slow,), bars)[-1]


@pytest.mark.parametrize(
    ("a", "b", "side"),
    [
        (1.1, 1.0, 1.0),
        (1.0, 1.1, -1.0),
        (0.1 + 0.2, 0.3, 0.0),
        (0.3, 0.1 + 0.2, 0.0),
        (0.0, 0.0, 0.0),
        (-1.0, 1.0, -1.0),
    ],
)
def test_the_side_of_two_averages(a: float, b: float, side: float) -> None:
    """One is above or below the other, or both are the same but for rounding."""
    assert side == above(a, b)


def test_where_an_average_is_not_warm_there_is_no_side() -> None:
    """A side of NaN is no side, and no tie either."""
    assert math.isnan(above(math.nan, 1.0))
    assert math.isnan(above(1.0, math.nan))


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=20))
def test_both_drives_tell_the_same_side(rows: list[tuple[float, float]]) -> None:
    """Plain Python and compiled code agree bit for bit."""
    same_bits(lambda _s, _p, a, b: above(a, b), [0.0], [0.0], rows)


@given(st.integers(1, 400_000), st.lists(st.integers(-30, 30), min_size=50, max_size=60))
def test_prices_of_five_digits_decide_as_whole_points_do(first: int, steps: list[int]) -> None:
    """Whatever the prices, the side of two averages is that of their exact sums, and a tie is one where they tie."""
    points = [first + 2000 + sum(steps[:i]) for i in range(len(steps))]

    assert exact(points, 10, 50) == above(*told(points, 10, 50))


def test_floats_alone_would_take_a_tie_for_a_cross() -> None:
    """Fifty closes are the same, and still one float of an average is above the other."""
    fast, slow = told([10_001] * 50, 10, 50)

    assert (True, 0.0) == (fast > slow, above(fast, slow))


@pytest.mark.parametrize("position", [-1.0, 0.0, 1.0])
def test_the_trend_strategy_neither_enters_nor_leaves_at_a_tie(position: float) -> None:
    """No average is above the other: what is held is held on, and nothing is begun."""
    strategy = Trend()
    tied, crossed = (
        strategy.step([], strategy.params(), (1.1, slow, 0.001), 1.1, 1.1, 1.1, position, 3.0)[0]
        for slow in (1.1, 1.1 + 0.01 * (position or 1.0))
    )

    assert NOTHING == tied
    assert (EXIT if position else -1.0) == crossed
