"""Training a jump model: what jumpmodels finds, calmest state first, and a filter that says online what it says."""

import math

import numpy as np
import pytest

from jumpmodels.jump import JumpModel

from regimes.filter import filter_init, filter_step
from regimes.fit_jump import fit_jump
from regimes.weights import ModelError
from tests.models import draw_parameters, draw_rows

Rows = np.ndarray[tuple[int, int], np.dtype[np.float64]]


def rows_of_two_markets(count: int = 1200, seed: int = 3) -> tuple[Rows, Rows]:
    """Return a volatility, wild for every third hundred bars, beside a return of that volatility; and who was wild."""
    draw = np.random.default_rng(seed)
    wild = (np.arange(count) // 100) % 3 == 2
    size = np.where(wild, 0.02, 0.005)
    return np.column_stack((np.log(size) + 0.3 * draw.normal(size=count), size * draw.normal(size=count))), wild


def test_training_finds_the_means_that_jumpmodels_finds() -> None:
    """The means are those of jumpmodels on the same standardised rows, in the order of the states' volatility."""
    x, _ = rows_of_two_markets()
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    theirs = JumpModel(2, jump_penalty=20.0, random_state=1).fit(z)

    result = fit_jump(x, 2, penalty=20.0, seed=1, volatility=abs(x[:, 1]))

    calm_first = theirs.centers_[np.argsort(theirs.centers_[:, 0])]
    np.testing.assert_allclose(np.array(result.parameters.means), calm_first, rtol=0.0, atol=1e-12)
    assert (20.0, True) == (result.parameters.penalty, result.converged)
    assert "jumpmodels" in result.engine


def test_trained_filter_names_the_wild_market_and_hardly_ever_jumps() -> None:
    """Online states of a model of two plain markets: the wild one is state 1, and jumps are as rare as the truth's."""
    x, wild = rows_of_two_markets()
    result = fit_jump(x, 2, penalty=20.0, seed=1, volatility=abs(x[:, 1]))
    s, found = filter_init(result.weights), []

    for row in x.tolist():
        filter_step(s, result.weights, row)
        found.append(s[1])

    states = np.array(found)
    assert (states == wild).mean() > 0.9
    assert abs(np.diff(states)).sum() <= abs(np.diff(wild.astype(float))).sum() + 2
    assert (wild.mean(), 1.0 - wild.mean()) == pytest.approx(result.occupancy[::-1], abs=0.03)


def test_equal_arguments_give_an_equal_jump_model() -> None:
    """Training draws nothing but from its seed."""
    x, _ = rows_of_two_markets()

    assert fit_jump(x, 3, penalty=5.0, seed=7).weights == fit_jump(x, 3, penalty=5.0, seed=7).weights


def test_warm_start_is_one_of_the_starts() -> None:
    """From the model before alone, with other constants of standardisation, training finds the same model."""
    x, _ = rows_of_two_markets()
    whole = fit_jump(x, 2, penalty=20.0, seed=1)

    warm = fit_jump(x[:900], 2, penalty=20.0, seed=2, starts=1, warm=whole.parameters)

    assert fit_jump(x[:900], 2, penalty=20.0, seed=3).weights == pytest.approx(warm.weights, rel=1e-9)


@pytest.mark.parametrize("factor", [1e-4, 1e4])
def test_units_change_no_state_of_a_jump_model(factor: float) -> None:
    """Features in other units give the same means of standardised rows."""
    x, _ = rows_of_two_markets()

    plain, scaled = (fit_jump(rows, 2, penalty=20.0, seed=1) for rows in (x, x * factor))

    np.testing.assert_allclose(plain.parameters.means, scaled.parameters.means, atol=1e-9)


def test_missing_rows_and_a_wild_value_are_left_out() -> None:
    """A NaN and a value beyond belief are counted, and change the model no more than their absence does."""
    x, _ = rows_of_two_markets()
    spoilt = np.insert(np.insert(x, 300, math.nan, axis=0), 700, 1e4, axis=0)

    result = fit_jump(spoilt, 2, penalty=20.0, seed=1)

    assert (2, 1) == (result.dropped, result.wild)
    assert fit_jump(x, 2, penalty=20.0, seed=1).weights == result.weights


def test_state_that_is_hardly_ever_there_is_refused() -> None:
    """A jump model of more states than the rows can carry is refused in words, as a hidden Markov model is."""
    model = draw_parameters(1, 2, 1, full=False)
    x = draw_rows(model, 400, seed=1)
    x[200] = 12.0

    with pytest.raises(ModelError, match=r"fit: state \d holds"):
        fit_jump(x, 4, penalty=1000.0, seed=1)


def test_no_state_is_absorbing() -> None:
    """Every state can be left, however few jumps there were: the predictive density is never without a way out."""
    x, _ = rows_of_two_markets()

    result = fit_jump(x, 2, penalty=40.0, seed=1)

    assert all(0.0 < p < 1.0 for row in result.parameters.transitions for p in row)


@pytest.mark.parametrize("penalty", [math.inf, -1.0])
def test_a_penalty_that_is_none_is_refused_in_words(penalty: float) -> None:
    """Nothing can cost for ever, or less than nothing."""
    x, _ = rows_of_two_markets()

    with pytest.raises(ModelError, match="a jump has to cost something finite, from 0"):
        fit_jump(x, 2, penalty=penalty, seed=1)
