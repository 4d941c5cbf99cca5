"""States of Student's t: heavy tails are told from regimes, by the same steps upwards."""

import math

import numpy as np
import pytest

from numpy.typing import NDArray
from scipy import stats

from regimes.fit import Emission, fit
from regimes.fit_chain import Chain, Rules
from regimes.fit_climb import DOF
from regimes.fit_kernel import climb_all, smoothed_by_kernel
from regimes.weights import ModelError

Array = NDArray[np.float64]


def heavy(count: int, seed: int) -> Array:
    """Return returns of two persistent states, of 4 and of 12 degrees of freedom."""
    draw = np.random.default_rng(seed)
    wild = (np.arange(count) // 200) % 2
    return np.where(wild, 2.5 * draw.standard_t(12.0, count), 0.6 * draw.standard_t(4.0, count))[:, None]


@pytest.mark.parametrize("size", [1, 3])
def test_likelihood_is_that_of_scipys_density(size: int) -> None:
    """The forward sum over scipy's multivariate t densities is the kernel's log likelihood."""
    draw = np.random.default_rng(size)
    z = draw.standard_t(5.0, size=(200, size))
    factor = draw.normal(size=(2, size, size)) * 0.3 + np.eye(size)
    chain = Chain(
        start=np.array([0.4, 0.6]),
        transitions=np.array([[0.9, 0.1], [0.2, 0.8]]),
        means=draw.normal(size=(2, size)),
        covariances=factor @ factor.transpose(0, 2, 1),
        dof=np.array([3.0, 9.0]),
    )
    densities = [
        stats.multivariate_t(chain.means[k], chain.covariances[k], chain.dof[k]).pdf(z).reshape(-1) for k in (0, 1)
    ]
    alpha, expected = chain.start, 0.0
    for row in np.column_stack(densities):
        alpha = alpha * row
        expected += math.log(alpha.sum())
        alpha = alpha / alpha.sum() @ chain.transitions

    _, likelihood = smoothed_by_kernel(z, chain, Rules(np.ones((2, 2)), full=True, floor=0.0))

    assert likelihood == pytest.approx(expected, rel=1e-12)


def test_degrees_of_freedom_are_found() -> None:
    """Four and twelve are recovered within the error that so many rows allow, and the scale is no deviation."""
    result = fit(heavy(8000, 1), 2, seed=1, emission="t", starts=6)

    calm, wild = result.parameters.dof
    scales = [math.sqrt(c[0][0]) * result.parameters.scale[0] for c in result.parameters.covariances]
    assert 3.2 < calm < 5.2
    assert 7.0 < wild < 30.0
    assert scales == pytest.approx([0.6, 2.5], rel=0.08)
    assert "verified by the live filter" in result.engine


def test_light_tails_end_at_the_most_degrees_of_freedom() -> None:
    """Gaussian rows are given as many degrees of freedom as are allowed or nearly so, and no more."""
    x = np.random.default_rng(2).normal(size=(3000, 1)) * np.where(np.arange(3000) // 250 % 2, 3.0, 1.0)[:, None]

    result = fit(x, 2, seed=1, emission="t", starts=3)

    assert all(15.0 < dof <= DOF[1] for dof in result.parameters.dof)


@pytest.mark.parametrize("emission", ["t", 5.0])
def test_every_step_goes_up(emission: Emission | float) -> None:
    """Each single step raises likelihood and prior, with the degrees of freedom fitted or told."""
    x = heavy(1200, 3)
    z = (x - x.mean()) / x.std()
    rules = Rules(np.full((2, 2), 1.5), full=False, floor=0.0, free=emission == "t")
    begin = Chain(
        start=np.full(2, 0.5),
        transitions=np.array([[0.9, 0.1], [0.1, 0.9]]),
        means=np.array([[0.3], [-0.3]]),
        covariances=np.array([[[0.3]], [[2.0]]]),
        dof=np.array([5.0, 5.0]),
    )

    climbs = [climb_all(z, [begin], rules, steps, 1, -math.inf)[0] for steps in range(40)]

    gains = np.diff([climbed.objective for climbed in climbs])
    assert gains.min() > -1e-9
    assert (climbs[-1].chain.dof == 5.0).all() == (emission == 5.0)


def test_a_told_number_of_degrees_of_freedom_stays() -> None:
    """A number instead of a name freezes it, in every state."""
    assert fit(heavy(1000, 4), 2, seed=1, emission=6.0, starts=3).parameters.dof == (6.0, 6.0)


def test_heavy_tails_are_worth_more_than_their_parameters() -> None:
    """On heavy-tailed rows two states of Student's t explain more than two Gaussian ones, and switch less."""
    x = heavy(3000, 5)

    gauss, student = fit(x, 2, seed=1, starts=6), fit(x, 2, seed=1, starts=6, emission="t")

    assert student.log_likelihood > gauss.log_likelihood + 20.0
    assert student.parameters.transitions[0][0] > gauss.parameters.transitions[0][0]


def test_what_there_is_no_such_model_of_is_refused() -> None:
    """Hmmlearn has no Student's t, and two degrees of freedom have no variance."""
    x = heavy(400, 6)

    with pytest.raises(ModelError, match="hmmlearn has no Student-t states"):
        fit(x, 2, seed=1, emission="t", engine="hmmlearn")
    with pytest.raises(ModelError, match="2 degrees of freedom"):
        fit(x, 2, seed=1, emission=2.0)
