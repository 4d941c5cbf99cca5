"""The transform of a row: distribution functions of scipy, normal z when the model is true, the same bits both ways."""

import math

import numpy as np
import pytest

from scipy import integrate, special, stats

from regimes.distributions import FARTHEST_Z, gamma_ratio, normal_cdf, normal_quantile, student_cdf
from regimes.filter import filter_init, filter_step
from regimes.pit import pit_init, pit_step
from regimes.weights import Parameters, pack
from tests.kernels import same_call
from tests.models import draw_parameters, draw_rows


def transformed(model: Parameters, rows: list[list[float]]) -> list[list[float]]:
    """Return the z of each row."""
    w = pack(model)
    s, z, size = filter_init(w), pit_init(w), len(model.centre)
    out = []
    for x in rows:
        filter_step(s, w, x)
        pit_step(z, s, w)
        out.append(z[:size])
    return out


def test_normal_quantile_is_that_of_scipy_and_ends_at_its_limit() -> None:
    """AS 241 to 1e-14, and no infinity at 0 or 1."""
    us = [0.0, 1.0, *np.linspace(0.0, 1.0, 2001).tolist(), *(10.0**-k for k in range(1, 18))]

    expected = np.clip(stats.norm.ppf(us), -FARTHEST_Z, FARTHEST_Z)

    assert np.abs(expected - [normal_quantile(u) for u in us]).max() < 1e-14


@pytest.mark.parametrize("dof", [0.01, 0.5, 1.0, 2.5, 5.2, 10.8, 48.7, 59.9, 60.1, 500.0, 1e6])
def test_student_distribution_is_that_of_scipy(dof: float) -> None:
    """Right to 1e-10 of the whole, far tails and the middle included."""
    ts = [*np.linspace(-12.0, 12.0, 201).tolist(), 1e3, -1e9, 1e-6, 0.0, 1e150]

    actual = [student_cdf(t, dof) for t in ts]

    assert np.abs(special.stdtr(dof, ts) - actual).max() < 1e-10


def test_distribution_kernels_give_the_same_bits_compiled() -> None:
    """Plain Python and numba agree on every distribution function."""
    xs = np.random.default_rng(1).normal(size=400) * 5.0

    same_call(normal_cdf, [(x,) for x in xs.tolist()])
    same_call(normal_quantile, [(u,) for u in [0.0, 1.0, 1e-13, *stats.norm.cdf(xs).tolist()]])
    same_call(student_cdf, [(x, dof) for x in xs.tolist() for dof in (0.3, 2.5, 20.0, 300.0)])
    same_call(gamma_ratio, [(abs(x),) for x in xs.tolist()])


@pytest.mark.parametrize("learnt", [(), (3.0, 40.0, 90.0, 5000.0)])
@pytest.mark.parametrize("heavy", [False, True])
@pytest.mark.parametrize(("states", "size", "full"), [(2, 1, False), (3, 2, False), (2, 3, True), (4, 4, True)])
def test_transform_gives_the_same_bits_compiled(
    states: int,
    size: int,
    full: bool,  # noqa: FBT001 - pytest names it
    heavy: bool,  # noqa: FBT001 - likewise
    learnt: tuple[float, ...],
) -> None:
    """Plain Python and numba agree on every z, also of absurd rows, however much is known of the states."""
    model = draw_parameters(3, states, size, full=full, heavy=heavy)
    w = pack(model)
    s, calls = filter_init(w), []
    for x in [*draw_rows(model, 200, 5).tolist(), [1e6] * size, [-math.inf] * size]:
        filter_step(s, w, x)
        calls.append((pit_init(w, learnt[:states]), list(s), list(w)))  # as loops have them: arrays, of any length

    same_call(pit_step, calls)

    assert all(len(z) == 3 * size + 4 * states + 1 for z, _, _ in calls)


@pytest.mark.parametrize("heavy", [False, True])
@pytest.mark.parametrize(("states", "size", "full"), [(2, 1, False), (3, 2, False), (3, 3, True), (4, 4, True)])
def test_rows_of_a_true_model_become_independent_normals(states: int, size: int, full: bool, heavy: bool) -> None:  # noqa: FBT001
    """Every feature's z is standard normal, tied neither to the other features nor to the row before."""
    model = draw_parameters(states + size, states, size, full=full, heavy=heavy)

    z = np.array(transformed(model, draw_rows(model, 6000, seed=2).tolist()))

    ties = np.corrcoef(np.hstack((z[1:], z[:-1])).T)
    squares = np.corrcoef(np.hstack((z[1:] ** 2, z[:-1] ** 2)).T)
    assert min(stats.kstest(z[:, i], "norm").pvalue for i in range(size)) > 1e-3
    assert np.abs(ties - np.eye(2 * size)).max() < 0.06
    assert np.abs(squares - np.eye(2 * size)).max() < 0.06


def test_state_learnt_from_few_bars_predicts_as_its_posterior_does() -> None:
    """The u of a bar is scipy's Student distribution of n - 1 degrees of freedom, by what n bars tell of the scale."""
    model = draw_parameters(9, 2, 1, full=False)
    x, learnt = draw_rows(model, 1, seed=4)[0], (12.0, 200.0)
    y = (x[0] - model.centre[0]) / model.scale[0]
    s, w = filter_init(pack(model)), pack(model)
    z = pit_init(w, learnt)

    filter_step(s, w, x.tolist())
    pit_step(z, s, w)

    u = sum(
        p * stats.t.cdf(y, n - 1.0, mean[0], math.sqrt(c[0][0] * (n + 1.0) / (n - 1.0)))
        for p, mean, c, n in zip(model.start, model.means, model.covariances, learnt, strict=True)
    )
    assert stats.norm.cdf(z[0]) == pytest.approx(u, abs=1e-9)


@pytest.mark.parametrize("heavy", [False, True])
def test_much_evidence_is_as_good_as_knowledge(heavy: bool) -> None:  # noqa: FBT001 - pytest names it
    """A state learnt from a hundred million bars predicts as one whose parameters are known."""
    model = draw_parameters(5, 3, 2, full=True, heavy=heavy)
    rows, w = draw_rows(model, 50, seed=6).tolist(), pack(model)
    s, sure, learnt = filter_init(w), pit_init(w), pit_init(w, (1e8, 1e8, 1e8))
    pairs = []
    for x in rows:
        filter_step(s, w, x)
        pit_step(sure, s, w)
        pit_step(learnt, s, w)
        pairs.append((sure[:2], learnt[:2]))

    expected, actual = np.array(pairs).transpose(1, 0, 2)

    assert np.abs(expected - actual).max() < 1e-5


def test_second_feature_is_judged_given_the_first() -> None:
    """The u of the second feature is its conditional distribution function, by integrating scipy's joint density."""
    model = draw_parameters(9, 2, 2, full=True, heavy=True)
    x = draw_rows(model, 1, seed=4)[0]
    y = (x - np.array(model.centre)) / np.array(model.scale)
    joints = [stats.multivariate_t(model.means[k], model.covariances[k], model.dof[k]) for k in range(2)]

    def density(b: float) -> float:
        return float(sum(p * joint.pdf([y[0], b]) for p, joint in zip(model.start, joints, strict=True)))

    below, _ = integrate.quad(density, -np.inf, y[1])
    above, _ = integrate.quad(density, y[1], np.inf)

    assert stats.norm.cdf(transformed(model, [x.tolist()])[0][1]) == pytest.approx(below / (below + above), abs=1e-6)


@pytest.mark.parametrize("learnt", [(), (30.0, 200.0)])
@pytest.mark.parametrize("heavy", [False, True])
def test_ratio_of_a_drift_is_that_of_the_calm_state_moved_against_what_was_predicted(
    heavy: bool,  # noqa: FBT001 - pytest names it
    learnt: tuple[float, ...],
) -> None:
    """Of each feature given those before it; the prediction's expectation of its exponential is 1: it is an e-value."""
    model = draw_parameters(9, 2, 2, full=True, heavy=heavy)
    w, first = pack(model), draw_rows(model, 1, seed=4)[0].tolist()[0]

    def told(b: float) -> list[float]:
        s, z = filter_init(w), pit_init(w, learnt)
        filter_step(s, w, (first, b))
        pit_step(z, s, w)
        return z

    seen = [told(b) for b in np.linspace(-30.0, 30.0, 1001) * model.scale[1] + model.centre[1]]
    masses = np.diff([stats.norm.cdf(z[1]) for z in seen])
    ratios = np.exp([z[4:6] for z in seen])
    means = masses @ (ratios[1:] + ratios[:-1]) / 2.0

    assert means == pytest.approx([1.0, 1.0], abs=0.01)


def test_ratio_of_a_drift_of_a_model_that_is_known_is_scipys() -> None:
    """Of one feature and Gaussian states: the calm one's density, a deviation up and down, over the mixture's."""
    model = draw_parameters(5, 3, 1, full=False)
    x = draw_rows(model, 1, seed=4)[0]
    y = (x[0] - model.centre[0]) / model.scale[0]
    laws = [stats.norm(mean[0], math.sqrt(c[0][0])) for mean, c in zip(model.means, model.covariances, strict=True)]
    calm = min(laws, key=lambda law: law.std())
    predicted = sum(p * law.pdf(y) for p, law in zip(model.start, laws, strict=True))
    s, w = filter_init(pack(model)), pack(model)
    z = pit_init(w)

    filter_step(s, w, x.tolist())
    pit_step(z, s, w)

    expected = [math.log(calm.pdf(y - step * calm.std()) / predicted) for step in (1.0, -1.0)]
    assert z[1:3] == pytest.approx(expected, abs=1e-9)
