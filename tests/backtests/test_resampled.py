"""Resampled returns: as long as they remember, as random as the seed says, and within what can come of them."""

import math

import numpy as np
import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from backtests.resampled import Array, block_length, drawn, luck_of
from market.sp500 import read_sp500

returns = st.lists(st.floats(-0.5, 0.5), min_size=2, max_size=60).map(np.array)


def remembering(size: int = 2000) -> Array:
    """Return values half of each of which is the one before it."""
    shocks = np.random.default_rng(1).standard_normal(size)
    values = np.zeros(size)
    for i in range(1, size):
        values[i] = 0.5 * values[i - 1] + shocks[i]
    return values


def index_returns() -> Array:
    """Return the daily log returns of the S&P 500."""
    found: Array = np.diff(np.log(np.array(read_sp500().close)))
    return found


@pytest.mark.parametrize(
    ("values", "reference"),
    [
        (remembering(), 14.062282314575722),
        (index_returns(), 8.789853496888774),
        (np.abs(index_returns()), 146.4580430422145),
        (np.sin(np.arange(500) * 0.7) + np.arange(500) % 7 * 0.1, 68.0),
    ],
)
def test_block_lengths_are_those_of_arch(values: Array, reference: float) -> None:
    """`optimal_block_length` of arch 8.0.0, for the stationary bootstrap."""
    assert math.isclose(reference, block_length(values), rel_tol=1e-9)


def test_what_remembers_nothing_is_drawn_one_by_one() -> None:
    """A block is never shorter than one value; nor is anything made of too few, or of what never moves."""
    shocks = np.random.default_rng(1).standard_normal(2000)

    assert [1.0, 1.0, 1.0] == [block_length(values) for values in (shocks, np.zeros(100), shocks[:5])]


def test_places_go_on_or_jump() -> None:
    """Each place follows the one before it, around the end too, but for one in `block`; all are drawn alike."""
    places = np.concatenate(list(drawn(size=500, block=10.0, paths=2000, seed=1)))

    follows = (places[:, 1:] - places[:, :-1]) % 500 == 1
    shares = np.bincount(places.ravel(), minlength=500) / places.size

    assert (2000, 500) == places.shape
    assert math.isclose(0.9 + 0.1 / 500, follows.mean(), abs_tol=0.002)
    assert math.isclose(1 / 500, shares.mean())
    assert shares.std() < 0.1 / 500 * 3


@given(returns, st.integers(0, 3))
@settings(max_examples=30)
def test_the_same_seed_gives_the_same_luck(values: Array, seed: int) -> None:
    """And quantiles are in order, shares between 0 and 1."""
    first, second = (luck_of(values, "days", seed=seed) for _ in range(2))

    assert first == second
    assert first is not None
    assert sorted(first.final) == list(first.final)
    assert sorted(first.drawdown) == list(first.drawdown)
    assert 0.0 <= first.drawdown[0] <= first.drawdown[2] <= 1.0
    assert 0.0 <= first.loss <= 1.0


def test_gains_alone_have_neither_loss_nor_drawdown() -> None:
    """Whatever the order."""
    luck = luck_of(np.full(50, 0.01), "trades")

    assert luck is not None
    assert (0.0, (0.0, 0.0, 0.0)) == (luck.loss, luck.drawdown)
    assert all(math.isclose(1.01**50, end) for end in luck.final)


def test_the_drawdown_of_one_loss_is_that_loss() -> None:
    """A path of two returns that loses half, and wins nothing: half of what was begun with, or three quarters."""
    luck = luck_of(np.array([-0.5, 0.0]), "trades", block=1.0)

    assert luck is not None
    assert math.isclose(0.5, luck.drawdown[0])
    assert math.isclose(0.75, luck.drawdown[2])
    assert math.isclose(0.75, luck.loss, abs_tol=0.05)


@pytest.mark.parametrize("values", [[], [0.1], [0.1, -1.0, 0.1], [0.1, -1.5]])
def test_too_little_or_a_total_loss_has_no_luck(values: list[float]) -> None:
    """There is nothing to go on with once all is lost."""
    assert None is luck_of(np.array(values), "days")
