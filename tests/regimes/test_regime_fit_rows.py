"""What training makes of bad data: the same states, or a refusal in words, and never a state of a few rows."""

import math

import numpy as np
import pytest

from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from backtests.train import filtered
from market.halts import HALTED
from regimes.fit import FEWEST_SHARE, fit
from regimes.fit_rows import halts, outliers, rows_of
from regimes.weights import ModelError

Array = NDArray[np.float64]


def a_market(seed: int, count: int = 1200) -> Array:
    """Return two features, a return and a log range, of two states that each hold a good share."""
    draw = np.random.default_rng(seed)
    wild = (np.arange(count) // 150) % 2
    returns = draw.normal(size=count) * np.where(wild, 0.02, 0.006)
    return np.column_stack((returns, np.log(np.where(wild, 0.02, 0.006)) + 0.4 * draw.normal(size=count)))


def test_bad_rows_leave_the_states_as_they_are() -> None:
    """Holes, a spike of ten thousand deviations and a halt are left out and counted: the model is that of the rest."""
    x = a_market(1)
    bad = np.insert(x, [100] * 3 + [400] + [700] * (HALTED + 1), 0.0, axis=0)
    bad[100:103] = ((math.nan, 1.0), (0.0, math.inf), (math.nan, math.nan))
    bad[403] = (1e4 * x[:, 0].std(), 0.0)
    bad[704 : 704 + HALTED + 1] = bad[703]  # nothing has moved since the bar before

    plain, holed = fit(x, 2, seed=1, starts=8), fit(bad, 2, seed=1, starts=8)

    assert plain.weights == holed.weights
    assert (holed.rows, holed.dropped, holed.halted, holed.wild) == (1200, 5 + HALTED, HALTED + 1, 1)


def test_a_halt_is_seen_by_prices_that_do_not_move() -> None:
    """With the volatility of each row at hand a run of zeros is one, and the way out of it, whatever features say."""
    x = a_market(2)
    moves = np.abs(x[:, 0])
    moves[300 : 300 + HALTED] = 0.0
    moves[600 : 600 + HALTED - 1] = 0.0

    result = fit(x, 2, seed=1, starts=4, volatility=moves)

    assert (result.halted, result.rows) == (HALTED + 1, 1200 - HALTED - 1)


@settings(max_examples=15)
@given(seed=st.integers(0, 1000), unit=st.sampled_from((1e-4, 1e-2, 1e2, 1e4)), other=st.sampled_from((1e-4, 1.0, 1e4)))
def test_units_do_not_matter(seed: int, unit: float, other: float) -> None:
    """One feature or both in other units: the filtered posteriors are the same to 1e-9."""
    x = a_market(seed)
    units = np.array((unit, other))

    plain, scaled = fit(x, 2, seed=1, starts=4), fit(x * units, 2, seed=1, starts=4)

    assert np.abs(filtered(plain.weights, x) - filtered(scaled.weights, x * units)).max() < 1e-9


def test_a_constant_feature_is_refused_by_its_number() -> None:
    """A volume that never changes: leaving it out would be another list of features, so a person decides that."""
    x = np.column_stack((a_market(3), np.full(1200, 42.0)))

    with pytest.raises(ModelError, match="feature 2 is constant over the training rows: leave it out"):
        fit(x, 2, seed=1)


@pytest.mark.parametrize("spike", [8.0, 30.0, 60.0])
@pytest.mark.parametrize("states", [2, 3])
def test_no_state_is_made_of_a_few_rows(states: int, spike: float) -> None:
    """Spikes that could be true stay, and no state lives of them: each holds its share."""
    x = a_market(4)
    x[[200, 201, 900], 0] = spike * x[:, 0].std()

    result = fit(x, states, seed=1)

    assert min(result.occupancy) >= FEWEST_SHARE


def test_the_largest_move_of_a_century_is_no_wrong_price() -> None:
    """A day of 25 deviations, as in October 1987, is trained on; one of 10,000 is not."""
    x = np.random.default_rng(5).normal(size=(1000, 1))
    x[300], x[301] = -25.0, 1e4

    assert np.flatnonzero(outliers(x)).tolist() == [301]


def test_a_feature_that_hardly_ever_moves_has_no_outliers() -> None:
    """Where nine values in ten are the same there is no width to measure by."""
    x = np.zeros((1000, 1))
    x[::20] = 5.0

    assert not outliers(x).any()


def test_halts_are_long_runs_of_equal_rows() -> None:
    """The row that is repeated stays; runs a row shorter than the rule are no halt."""
    x = np.arange(100.0)[:, None]
    x[20 : 21 + HALTED] = x[20]
    x[60 : 60 + HALTED] = x[60]

    assert np.flatnonzero(halts(x)).tolist() == list(range(21, 21 + HALTED))


def test_nothing_left_is_too_few_rows() -> None:
    """A market that never moved, or of holes only, is refused and nothing else happens."""
    for x in (np.zeros((500, 1)), np.full((500, 2), math.nan)):
        with pytest.raises(ModelError, match=r"[01] usable rows; 2 states need at least 100"):
            rows_of(x, 2, None)
