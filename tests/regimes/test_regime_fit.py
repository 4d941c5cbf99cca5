"""Training: finds what is there, in any unit, and refuses what is not there."""

import math

import msgspec
import numpy as np
import pytest

from numpy.typing import NDArray

from regimes.filter import filter_init, filter_step
from regimes.fit import Covariance, Emission, Engine, FitResult, fit, verified
from regimes.fit_chain import Rules
from regimes.fit_rows import rows_of
from regimes.fit_starts import from_model
from regimes.weights import ModelError
from tests.models import as_hmmlearn

Array = NDArray[np.float64]
ENGINES: tuple[Engine, ...] = ("hmmlearn", "kernel", "auto")


def simulated(sds: tuple[float, ...], stay: float, count: int, seed: int) -> tuple[Array, Array]:
    """Return one feature (n, 1) and the true state of each row (n,)."""
    draw = np.random.default_rng(seed)
    states = np.zeros(count, dtype=int)
    for t in range(1, count):
        move = draw.integers(1, len(sds)) if draw.random() > stay else 0
        states[t] = (states[t - 1] + move) % len(sds)
    return draw.normal(size=(count, 1)) * np.array(sds)[states][:, None], states


def filtered(result: FitResult, x: Array) -> Array:
    """Return the filtered posterior after each row."""
    s = filter_init(result.weights)
    rows = []
    for row in x.tolist():
        filter_step(s, result.weights, row)
        rows.append(s[: len(result.parameters.start)])
    return np.array(rows)


def test_two_states_of_one_minute_returns_are_recovered() -> None:
    """Returns of 3e-4 and 9e-4 a bar, on which hmmlearn's own prior finds neither, are found, calmest first."""
    x, truth = simulated((3e-4, 9e-4), 0.99, 5000, seed=1)

    result = fit(x, 2, seed=1)

    sds = [math.sqrt(c[0][0]) * result.parameters.scale[0] for c in result.parameters.covariances]
    guess = filtered(result, x).argmax(axis=1)
    balanced = float(np.mean([(guess[truth == k] == k).mean() for k in (0, 1)]))
    assert sds == pytest.approx([3e-4, 9e-4], rel=0.05)
    assert [row[k] for k, row in enumerate(result.parameters.transitions)] == pytest.approx([0.99, 0.99], abs=0.006)
    assert balanced > 0.95
    assert result.converged


@pytest.mark.parametrize("covariance", ["diag", "full"])
@pytest.mark.parametrize("states", [2, 3])
def test_every_start_finds_the_same_model(states: int, covariance: Covariance) -> None:
    """The starts agree on the likelihood to a hundredth of a nat, as random starts of hmmlearn do not."""
    x, truth = simulated((0.5, 1.0, 2.5)[:states], 0.98, 1200, seed=2)
    wide = np.column_stack((x, np.random.default_rng(2).normal(truth, 1.0)))

    result = fit(wide, states, seed=3, covariance=covariance, starts=3)

    assert max(result.starts) - min(result.starts) < 0.01


def test_reaches_the_optimum_that_hmmlearn_reaches_from_the_truth() -> None:
    """Hmmlearn without a prior, begun from the true states, ends where we end."""
    x, truth = simulated((0.5, 1.0, 2.5), 0.98, 3000, seed=4)
    result = fit(x, 3, seed=1)
    hmm = as_hmmlearn(result.parameters)
    z = (x - np.array(result.parameters.centre)) / np.array(result.parameters.scale)
    hmm.init_params, hmm.n_iter, hmm.tol, hmm.covars_prior = "", 500, 1e-9, 1e-12
    hmm.monitor_.n_iter, hmm.monitor_.tol = 500, 1e-9
    hmm.means_ = np.array([z[truth == k].mean(axis=0) for k in range(3)])
    hmm.covars_ = np.array([z[truth == k].var(axis=0) for k in range(3)])

    best = hmm.fit(z).score(z)

    assert result.log_likelihood == pytest.approx(best, abs=1.5)  # what a stationary start and the prior on exits cost


def test_equal_arguments_give_equal_bits() -> None:
    """Training is deterministic: the same rows and seed give the same weights."""
    x, _ = simulated((1.0, 3.0), 0.98, 1500, seed=5)

    assert fit(x, 2, seed=9) == fit(x.copy(), 2, seed=9)


@pytest.mark.parametrize("covariance", ["diag", "full"])
def test_both_engines_train_the_same_model(covariance: Covariance) -> None:
    """The kernel's model is the one of hmmlearn to 1e-8, start by start, and the result names who trained it."""
    x, truth = simulated((0.5, 1.0, 2.5), 0.98, 1500, seed=12)
    wide = np.column_stack((x, np.random.default_rng(12).normal(truth, 1.0)))

    record, fast, both = (fit(wide, 3, seed=1, covariance=covariance, starts=4, engine=e) for e in ENGINES)

    assert fast.weights == both.weights
    assert fast.weights == pytest.approx(record.weights, abs=1e-8)
    assert fast.starts == pytest.approx(record.starts, abs=1e-7)
    assert (fast.iterations, fast.converged) == (record.iterations, record.converged)
    names = [result.engine.split(", ") for result in (record, fast, both)]
    assert [[part.split()[0] for part in name] for name in names] == [
        ["hmmlearn"],
        ["kernel", "numba"],
        ["kernel", "numba", "verified"],
    ]


@pytest.mark.parametrize(("emission", "teller"), [("gauss", "hmmlearn"), ("t", "the live filter")])
def test_a_likelihood_that_no_other_program_finds_is_refused(emission: Emission, teller: str) -> None:
    """A kernel whose likelihood is off by a millionth trains nothing, and the words say what to report."""
    x, _ = simulated((1.0, 3.0), 0.98, 500, seed=13)
    result = fit(x, 2, seed=1, emission=emission, engine="kernel", starts=2)
    rows, rules = rows_of(x, 2, None), Rules(np.ones((2, 2)), full=False, floor=0.0, free=False)
    chain = from_model(result.parameters, rows, 2, full=False, dof=8.0 if emission == "t" else math.inf)
    chain = chain._replace(start=np.array(result.parameters.start))
    wrong = msgspec.structs.replace(result, log_likelihood=result.log_likelihood * (1.0 + 1e-6))

    sound = verified(result, rows, rules, chain)

    assert sound.engine == f"{result.engine}, verified by {sound.engine.split('verified by ')[1]}"
    assert teller in sound.engine
    with pytest.raises(ModelError, match=f"{teller}.* of the same model: train with engine 'hmmlearn', and report"):
        verified(wrong, rows, rules, chain)


@pytest.mark.parametrize("unit", [1e-4, 1e4])
def test_unit_of_a_feature_does_not_matter(unit: float) -> None:
    """Returns in ten-thousandths give the posterior that plain returns give, to 1e-9."""
    x, _ = simulated((1.0, 3.0), 0.98, 1500, seed=6)

    plain, scaled = fit(x, 2, seed=1), fit(x * unit, 2, seed=1)

    assert np.abs(filtered(plain, x) - filtered(scaled, x * unit)).max() < 1e-9
    assert plain.log_likelihood == pytest.approx(scaled.log_likelihood, abs=1e-6)


def test_states_are_sorted_by_volatility() -> None:
    """State 0 is the calmest whatever the order in which training met them, or the feature that is read."""
    x, _ = simulated((3.0, 0.4, 1.0), 0.98, 2000, seed=7)
    returns = x[:, 0]
    calm = -np.log(np.abs(returns) + 0.1)[:, None] + np.random.default_rng(7).normal(size=(2000, 1)) / 2.0

    by_return = fit(x, 3, seed=1)
    by_calm = fit(calm, 2, seed=1, volatility=np.abs(returns))

    spreads = [c[0][0] for c in by_return.parameters.covariances]
    means = [mean[0] for mean in by_calm.parameters.means]
    assert sorted(spreads) == spreads
    assert sorted(means, reverse=True) == means


def test_no_state_is_absorbing_and_the_start_is_stationary() -> None:
    """A state that is never left in training can still be left live, and a filter begins where nothing is known."""
    draw = np.random.default_rng(8)
    x = np.concatenate((draw.normal(size=(600, 1)), 4.0 * draw.normal(size=(600, 1))))

    result = fit(x, 2, seed=1)

    transitions = np.array(result.parameters.transitions)
    assert transitions.min() > 1e-4
    assert np.abs(np.array(result.parameters.start) @ transitions - result.parameters.start).max() < 1e-12


def test_sticky_prior_lengthens_the_dwell() -> None:
    """Pseudo-bars of persistence make the states last longer."""
    draw = np.random.default_rng(9)
    x = draw.standard_t(5, size=(1000, 1))

    loose, sticky = fit(x, 2, seed=1), fit(x, 2, seed=1, sticky=300.0)

    assert sticky.parameters.transitions[1][1] > loose.parameters.transitions[1][1]


@pytest.mark.parametrize(
    ("sticky", "complaint"),
    [(1e15, "hardly ever left.* sticky"), (1e18, "hardly ever left"), (math.inf, "sticky"), (-1.0, "sticky")],
)
def test_so_much_persistence_that_no_state_is_ever_left_is_refused(sticky: float, complaint: str) -> None:
    """A state that stays where it is for ever says nothing of the market; nor does what is no number of bars."""
    x, _ = simulated((1.0, 3.0), 0.98, 700, seed=10)

    with pytest.raises(ModelError, match=complaint):
        fit(x, 2, seed=1, sticky=sticky, engine="kernel")


@pytest.mark.parametrize("emission", [1e7, math.inf, 2.0])
def test_degrees_of_freedom_that_no_state_can_have_are_refused_as_they_were_given(emission: float) -> None:
    """Before anything is trained, with what may be given."""
    x, _ = simulated((1.0, 3.0), 0.98, 200, seed=10)

    with pytest.raises(ModelError, match="above 2 and up to 1e\\+06"):
        fit(x, 2, seed=1, emission=emission, engine="kernel")


def test_rows_that_are_not_finite_are_left_out_and_counted() -> None:
    """NaN and infinite rows are dropped: the model is the one of the rows without them."""
    x, _ = simulated((1.0, 3.0), 0.98, 1500, seed=10)
    holes = np.insert(x, [0, 0, 700, 900], [[math.nan], [math.nan], [math.inf], [math.nan]], axis=0)

    plain, holed = fit(x, 2, seed=1), fit(holes, 2, seed=1)

    assert plain.weights == holed.weights
    assert (holed.rows, holed.dropped) == (1500, 4)


def test_what_cannot_carry_a_model_is_refused_with_advice() -> None:
    """Too few rows, a constant feature, values that hardly ever change and odd shapes are refused in words."""
    x, _ = simulated((1.0, 3.0), 0.98, 1000, seed=11)
    lazy = x.copy()
    lazy[np.arange(1000) % 10 > 3] = 0.0
    refused = [
        (x[:99], 2, "99 usable rows; 2 states need at least 100"),
        (np.column_stack((x, np.full(1000, 7.3))), 2, "feature 1 is constant"),
        (lazy, 2, "collapsed .* leave halted bars"),
        (x, 5, "use 2 to 4 states"),
        (np.zeros((1000, 5)), 2, "1 to 4 features"),
    ]

    for rows, states, complaint in refused:
        with pytest.raises(ModelError, match=complaint):
            fit(rows, states, seed=1)
    with pytest.raises(ModelError, match="1000 rows, but 3 values of volatility"):
        fit(x, 2, seed=1, volatility=np.ones(3))
