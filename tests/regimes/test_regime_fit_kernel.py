"""The fast engine of training: the steps of hmmlearn, to eight digits, and the same bits whatever the threads do."""

import math

import numpy as np
import pytest

from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from regimes.fit_chain import Chain, Rules
from regimes.fit_climb import CALLED, DOF, climb, digamma, smoothed
from regimes.fit_hmmlearn import climb_with_hmmlearn, score, smoothed_by_hmmlearn
from regimes.fit_kernel import climb_all, smoothed_by_kernel
from tests.models import draw_parameters, draw_rows

Array = NDArray[np.float64]
KINDS = st.sampled_from(("diag", "full"))
COLLAPSED = 1e-6
"""Least variance in any direction, of standardised rows, below which a likelihood loses more digits than are asked."""


def a_case(seed: int, states: int, size: int, count: int, *, full: bool) -> tuple[Array, Chain, Rules]:
    """Return rows that a persistent model made, another model to begin from, and rules with priors."""
    truth, begin = draw_parameters(seed, states, size, full=full), draw_parameters(seed + 1, states, size, full=full)
    rows = draw_rows(truth, count, seed)
    chain = Chain(
        start=np.array(begin.start),
        transitions=np.array(begin.transitions),
        means=np.array(begin.means),
        covariances=np.array(begin.covariances),
        dof=np.full(states, math.inf),
    )
    prior = 1.0 + np.random.default_rng(seed).uniform(0.0, 3.0, (states, states))
    return (rows - rows.mean(axis=0)) / rows.std(axis=0), chain, Rules(prior=prior, full=full, floor=1e-12)


def apart(one: Chain, other: Chain) -> float:
    """Return the largest difference of any parameter; beyond 1 as a share of it, since an empty state goes anywhere."""
    pairs = zip(one[:4], other[:4], strict=True)
    return max(float((np.abs(a - b) / np.maximum(1.0, np.abs(b))).max()) for a, b in pairs)


@settings(max_examples=40)
@example(seed=1031, states=2, size=4, covariance="full", count=200, steps=1)  # one state loses all its rows
@example(seed=23956, states=4, size=4, covariance="full", count=200, steps=3)  # one collapses onto a plane
@given(
    seed=st.integers(0, 10**6), states=st.integers(2, 4), size=st.integers(1, 4), covariance=KINDS,
    count=st.sampled_from((200, 511, 512, 513, 1030)), steps=st.integers(1, 12),
)  # fmt: skip
def test_as_many_steps_from_one_start_end_where_hmmlearn_ends(
    seed: int, states: int, size: int, count: int, steps: int, covariance: str
) -> None:
    """Every parameter agrees to 1e-8, the objective to 1e-10 of itself unless a state has collapsed onto a plane."""
    z, begin, rules = a_case(seed, states, size, count, full=covariance == "full")

    theirs = climb_with_hmmlearn(z, begin, rules, steps, steps, -math.inf)
    (ours,) = climb_all(z, [begin], rules, steps, steps, -math.inf)

    assert apart(ours.chain, theirs.chain) < 1e-8
    if min(np.linalg.eigvalsh(each)[0] for each in theirs.chain.covariances) > COLLAPSED:
        assert ours.objective == pytest.approx(theirs.objective, rel=1e-10)


@pytest.mark.parametrize("covariance", ["diag", "full"])
@pytest.mark.parametrize("states", [2, 3, 4])
def test_convergence_is_seen_at_the_same_step(states: int, covariance: str) -> None:
    """Both engines stop after as many steps, at the same model."""
    z, begin, rules = a_case(states, states, 2, 1500, full=covariance == "full")

    theirs = climb_with_hmmlearn(z, begin, rules, 2000, 20, 1e-5)
    (ours,) = climb_all(z, [begin], rules, 2000, 20, 1e-5)

    assert (ours.iterations, ours.converged) == (theirs.iterations, theirs.converged)
    assert apart(ours.chain, theirs.chain) < 1e-8


@pytest.mark.parametrize("covariance", ["diag", "full"])
def test_a_spike_of_ten_thousand_deviations_underflows_nothing(covariance: str) -> None:
    """Densities of exp(-5e7) are none to a computer; hmmlearn's log domain and the kernel agree all the same."""
    z, begin, rules = a_case(5, 3, 2, 1000, full=covariance == "full")
    z[500] = 1e4

    theirs = climb_with_hmmlearn(z, begin, rules, 5, 5, -math.inf)
    (ours,) = climb_all(z, [begin], rules, 5, 5, -math.inf)

    assert apart(ours.chain, theirs.chain) < 1e-8 * 1e8  # the variance of the spike's state is of the order of 1e8
    assert ours.objective == pytest.approx(theirs.objective, rel=1e-10)


def test_transitions_that_hardly_ever_happen_underflow_nothing() -> None:
    """Exits of one in ten billion, on rows that ask for an exit each time, are scaled away."""
    z, begin, rules = a_case(6, 2, 1, 400, full=False)
    stuck = begin._replace(
        transitions=np.array([[1.0 - 1e-10, 1e-10], [1e-10, 1.0 - 1e-10]]),
        means=np.array([[-1.0], [1.0]]),
        covariances=np.array([[[1e-3]], [[1e-3]]]),
    )
    torn = np.where(np.arange(400) % 2, 1.0, -1.0)[:, None] + 0.01 * z

    theirs, ours = smoothed_by_hmmlearn(torn, stuck, rules), smoothed_by_kernel(torn, stuck, rules)

    assert np.abs(ours[0] - theirs[0]).max() < 1e-8
    assert ours[1] == pytest.approx(theirs[1], rel=1e-10)


def test_threads_change_no_bit() -> None:
    """Twelve starts end in the same bits one after the other, two at a time and five at a time."""
    z, _, rules = a_case(7, 3, 2, 700, full=True)
    begins = [a_case(100 + k, 3, 2, 200, full=True)[1] for k in range(12)]

    one, two, five = (climb_all(z, begins, rules, 30, 10, 1e-5, threads) for threads in (1, 2, 5))

    bits = [[(c.objective, *(part.tobytes() for part in c.chain)) for c in climbs] for climbs in (one, two, five)]
    assert bits[0] == bits[1] == bits[2]


def test_a_covariance_that_falls_apart_is_a_fault_and_no_exception() -> None:
    """Rows in one line have no full covariance: the climb ends with a fault in words."""
    z, begin, rules = a_case(8, 2, 2, 300, full=True)
    flat = np.column_stack((z[:, 0], z[:, 0]))

    (climbed,) = climb_all(flat, [begin], rules._replace(floor=0.0), 50, 10, 1e-5)

    assert math.isnan(climbed.objective)
    assert "use fewer states or features" in climbed.fault


def test_digamma_is_the_derivative_of_log_gamma() -> None:
    """It agrees with the difference quotient of the standard library's log gamma."""
    xs = (0.3, 1.0, DOF[0], 7.9, 8.1, 100.0)

    quotients = [(math.lgamma(x + 1e-5) - math.lgamma(x - 1e-5)) / 2e-5 for x in xs]

    assert [digamma(x) for x in xs] == pytest.approx(quotients, abs=1e-7)


def test_likelihood_of_a_long_series_is_hmmlearns() -> None:
    """Over 20,000 rows the log likelihoods differ by less than 1e-11 of themselves."""
    z, begin, rules = a_case(9, 4, 1, 20_000, full=False)

    _, likelihood = smoothed_by_kernel(z, begin, rules)

    assert likelihood == pytest.approx(score(z, begin, rules), rel=1e-11)


def test_what_is_kept_compiled_is_known_by_the_files_that_it_calls() -> None:
    """Numba's cache sees a change of one file only, but asks what a function closes over: the hash of the others."""
    closed = [[cell.cell_contents for cell in kept.py_func.__closure__] for kept in (climb, smoothed)]

    assert closed == [[CALLED], [CALLED]]
