"""The running sums of an sma round nothing: its value is that of its window, whatever came before."""

import math

import pytest

from hypothesis import given
from hypothesis import strategies as st

from market.feature import closes, fold
from market.features_averages import LEAST_PRICE, MOST, MOST_PRICE, SMA

PRICES = st.one_of(
    st.floats(LEAST_PRICE, MOST_PRICE, exclude_max=True),
    st.integers(50_000, 250_000).map(lambda points: points / 100_000),
)
ANY = st.one_of(PRICES, st.sampled_from([0.0, -37.63, 1e-9, 5e8, 1e300]))


@given(st.integers(1, 30), st.lists(PRICES, min_size=30, max_size=90))
def test_an_sma_is_the_sum_of_its_window_rounded_once(n: int, prices: list[float]) -> None:
    """Which is what `math.fsum` makes of it, at every bar."""
    found = fold(SMA, (n,), closes(*prices))[n - 1 :]

    assert [math.fsum(prices[t - n : t]) / n for t in range(n, len(prices) + 1)] == found


@given(
    st.integers(1, 12), st.lists(ANY, max_size=40), st.lists(ANY, max_size=40), st.lists(ANY, min_size=12, max_size=30)
)
def test_an_sma_does_not_depend_on_where_history_began(
    n: int, one: list[float], other: list[float], since: list[float]
) -> None:
    """Prices that are too small, too large, or below zero come and go without a trace, too."""
    last = len(since) - n + 1

    assert fold(SMA, (n,), closes(*one, *since))[-last:] == fold(SMA, (n,), closes(*other, *since))[-last:]


@pytest.mark.parametrize("price", [math.nextafter(MOST_PRICE, 0.0), LEAST_PRICE, 1.23457])
def test_the_longest_window_that_has_room_holds_the_largest_and_the_finest_prices(price: float) -> None:
    """A thousand of the same are still summed without rounding, and one bar more is summed anew."""
    prices = [price, *[math.nextafter(price, 1.0)] * (MOST + 50)]
    found = fold(SMA, (MOST,), closes(*prices))[-1]

    assert math.fsum(prices[-MOST:]) / MOST == found
    assert fold(SMA, (MOST + 1,), closes(*prices))[-1] == sum(prices[-MOST - 1 :]) / (MOST + 1)
