"""The filter of hidden Markov models: hmmlearn's likelihood, scipy's densities, and models that are none."""

import math

import numpy as np
import pytest

from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_t

from regimes.filter import filter_init, filter_rows, filter_step
from regimes.weights import ModelError, Parameters, pack, unpack
from tests.models import as_hmmlearn, draw_parameters, draw_rows

SHAPES = [(states, size, full) for states in (2, 3, 4) for size in (1, 2, 3, 4) for full in (False, True)]
Kind = tuple[int, int, bool, bool]
kinds = st.sampled_from([(*shape, heavy) for shape in SHAPES for heavy in (False, True)])


def draw_plain(*, full: bool) -> Parameters:
    """Return a model of numbers that no library draws."""
    return Parameters(
        centre=(0.25, -0.125),
        scale=(0.5, 2.0),
        start=(0.25, 0.75),
        transitions=((0.9, 0.1), (0.2, 0.8)),
        means=((0.0, 0.5), (-0.5, 0.1)),
        covariances=(((1.0, 0.2 * full), (0.2 * full, 0.7)), ((2.3, -0.4 * full), (-0.4 * full, 1.9))),
        full=full,
    )


@pytest.mark.parametrize(("states", "size", "full"), SHAPES[::3])
def test_log_densities_sum_to_the_likelihood_of_the_rows_in_their_own_units(states: int, size: int, full: bool) -> None:  # noqa: FBT001
    """Predictive log densities add up to hmmlearn's score, less the logarithm of the scales for each row."""
    model = draw_parameters(7, states, size, full=full)
    x = draw_rows(model, 3000, seed=3)
    z = (x - np.array(model.centre)) / np.array(model.scale)
    expected = as_hmmlearn(model).score(z) - len(x) * sum(math.log(scale) for scale in model.scale)

    _, densities = filter_rows(pack(model), x.tolist())

    assert math.fsum(densities) == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize(("states", "size", "full"), SHAPES)
def test_student_densities_are_those_of_scipy(states: int, size: int, full: bool) -> None:  # noqa: FBT001
    """Each state's log density of a row is the multivariate Student's t in the row's own units."""
    model = draw_parameters(states * 10 + size, states, size, full=full, heavy=True)
    w, units = pack(model), np.diag(model.scale)
    s = filter_init(w)

    for x in [*draw_rows(model, 50, seed=size), np.full(size, 1e6)]:
        filter_step(s, w, x.tolist())
        for k in range(states):
            place = np.array(model.centre) + units @ np.array(model.means[k])
            shape = units @ np.array(model.covariances[k]) @ units
            expected = multivariate_t(place, shape, model.dof[k]).logpdf(x)

            assert s[2 * states + k] == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("full", "size", "density", "calm"),
    [(False, 23, -2.8186843029663975, 0.39565755569365707), (True, 27, -2.767401147015252, 0.41779491073632163)],
)
def test_gaussian_models_are_read_as_before_there_was_another_emission(
    full: bool,  # noqa: FBT001
    size: int,
    density: float,
    calm: float,
) -> None:
    """Layout, posterior and density of models stored long ago stay what they were."""
    model = draw_plain(full=full)

    posteriors, densities = filter_rows(pack(model), [[0.1, -0.3], [2.0, 1.0], [math.nan, 0.0], [-0.5, 0.25]])

    assert (len(pack(model)), pack(model)[2]) == (size, float(full))
    assert (densities[-1], posteriors[-1][0]) == pytest.approx((density, calm), rel=1e-15)


def test_missing_row_moves_the_posterior_by_one_transition() -> None:
    """A row with a NaN is a prediction step: the posterior times the transition matrix, and no density."""
    model = draw_parameters(4, 3, 2, full=True)
    rows = [*draw_rows(model, 10, seed=4).tolist(), [0.1, math.nan]]

    posteriors, densities = filter_rows(pack(model), rows)

    expected = np.array(posteriors[-2]) @ np.array(model.transitions)
    assert np.abs(expected - posteriors[-1]).max() < 1e-15
    assert math.isnan(densities[-1])


def test_sixty_sigma_bar_belongs_to_the_wildest_state_and_is_forgotten() -> None:
    """An extreme bar neither underflows nor sticks: the filter names the widest state, then finds back."""
    model = Parameters(
        centre=(0.0,),
        scale=(0.01,),
        start=(0.5, 0.5),
        transitions=((0.98, 0.02), (0.05, 0.95)),
        means=((0.0,), (0.0,)),
        covariances=(((0.25,),), ((4.0,),)),
        full=False,
    )
    calm = [[0.001]] * 200

    posteriors, _ = filter_rows(pack(model), [*calm, [0.6], [1e4], *calm])

    assert posteriors[200][1] > 1.0 - 1e-12
    assert posteriors[201][1] > 1.0 - 1e-12
    assert posteriors[199] == pytest.approx(posteriors[-1], abs=1e-6)


@given(kinds, st.integers(0, 9999))
@settings(max_examples=50)
def test_packed_parameters_come_back(kind: Kind, seed: int) -> None:
    """Weights hold the whole model: unpacking gives the parameters that were packed."""
    states, size, full, heavy = kind
    model = draw_parameters(seed, states, size, full=full, heavy=heavy)

    actual = unpack(pack(model))

    assert (model.centre, model.scale, model.start) == (actual.centre, actual.scale, actual.start)
    assert (model.transitions, model.means, model.full) == (actual.transitions, actual.means, actual.full)
    assert model.dof == actual.dof
    assert np.allclose(model.covariances, actual.covariances, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"scale": (0.0,)}, "constant feature"),
        ({"start": (0.5, 0.6)}, "not probabilities"),
        ({"transitions": ((1.0, 0.0), (0.5, math.nan))}, "not probabilities"),
        ({"covariances": (((1.0,),), ((-1.0,),))}, "positive definite"),
        ({"means": ((0.0,), (0.0, 1.0))}, "do not fit"),
        ({"start": (0.2, 0.2, 0.2, 0.2, 0.2)}, "use 2 to 4 states"),
        ({"dof": (4.0,)}, "degrees of freedom"),
        ({"dof": (4.0, 0.0)}, "degrees of freedom"),
        ({"dof": (4.0, math.nan)}, "degrees of freedom"),
    ],
)
def test_what_is_no_model_cannot_be_packed(changes: dict[str, object], complaint: str) -> None:
    """Parameters that are not those of a model are refused in words."""
    sound = {
        "centre": (0.0,),
        "scale": (1.0,),
        "start": (0.5, 0.5),
        "transitions": ((0.9, 0.1), (0.1, 0.9)),
        "means": ((0.0,), (0.0,)),
        "covariances": (((1.0,),), ((2.0,),)),
        "full": False,
    }

    with pytest.raises(ModelError, match=complaint):
        pack(Parameters(**{**sound, **changes}))  # type: ignore[arg-type]
