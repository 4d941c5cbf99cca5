"""The filter: hmmlearn's numbers, no look-ahead, the same bits in both drives, and no bar that breaks it."""

import math

import numpy as np
import pytest

from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_t

from regimes.filter import filter_init, filter_step
from regimes.weights import ModelError, Parameters, pack, unpack
from tests.kernels import bits, same_bits
from tests.models import as_hmmlearn, draw_parameters, draw_rows

SHAPES = [(states, size, full) for states in (2, 3, 4) for size in (1, 2, 3, 4) for full in (False, True)]
Kind = tuple[int, int, bool, bool]
kinds = st.sampled_from([(*shape, heavy) for shape in SHAPES for heavy in (False, True)])


def folded(model: Parameters, rows: list[list[float]]) -> tuple[list[float], list[tuple[float, ...]]]:
    """Return the log density and the posterior after each row."""
    w = pack(model)
    s = filter_init(w)
    densities, posteriors = [], []
    for x in rows:
        densities.append(filter_step(s, w, x))
        posteriors.append(tuple(s[: len(model.start)]))
    return densities, posteriors


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


@pytest.mark.parametrize(("states", "size", "full"), SHAPES)
def test_filtered_posterior_is_the_last_row_of_hmmlearn_on_every_prefix(states: int, size: int, full: bool) -> None:  # noqa: FBT001
    """The posterior after bar t equals hmmlearn's on the bars up to t, whose last row alone does not look ahead."""
    model = draw_parameters(states * 10 + size, states, size, full=full)
    x = draw_rows(model, 2000, seed=size)
    z = (x - np.array(model.centre)) / np.array(model.scale)
    hmm = as_hmmlearn(model)

    _, posteriors = folded(model, x.tolist())

    for t in (0, 1, 2, 5, 17, 99, 500, 1234, 1999):
        expected = hmm.predict_proba(z[: t + 1])[-1]
        assert np.abs(expected - posteriors[t]).max() < 1e-10


@pytest.mark.parametrize(("states", "size", "full"), SHAPES[::3])
def test_log_densities_sum_to_the_likelihood_of_the_rows_in_their_own_units(states: int, size: int, full: bool) -> None:  # noqa: FBT001
    """Predictive log densities add up to hmmlearn's score, less the logarithm of the scales for each row."""
    model = draw_parameters(7, states, size, full=full)
    x = draw_rows(model, 3000, seed=3)
    z = (x - np.array(model.centre)) / np.array(model.scale)
    expected = as_hmmlearn(model).score(z) - len(x) * sum(math.log(scale) for scale in model.scale)

    densities, _ = folded(model, x.tolist())

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

    densities, posteriors = folded(model, [[0.1, -0.3], [2.0, 1.0], [math.nan, 0.0], [-0.5, 0.25]])

    assert (len(pack(model)), pack(model)[2]) == (size, float(full))
    assert (densities[-1], posteriors[-1][0]) == pytest.approx((density, calm), rel=1e-15)


@pytest.mark.parametrize("heavy", [False, True])
@pytest.mark.parametrize(("states", "size", "full"), [(2, 2, False), (3, 1, False), (4, 4, True)])
def test_interpreted_and_compiled_filters_give_the_same_bits(states: int, size: int, full: bool, heavy: bool) -> None:  # noqa: FBT001
    """Plain Python and numba agree in every bit of posterior and density, also on gaps and extremes."""
    model = draw_parameters(5, states, size, full=full, heavy=heavy)
    rows = draw_rows(model, 400, seed=8)
    rows[50, 0] = math.nan
    rows[99] = 1e4
    rows[100] = -60.0
    rows[150, -1] = math.inf
    rows[200] = 1e300
    w = pack(model)

    outputs = same_bits(filter_step, filter_init(w), w, [(tuple(row),) for row in rows.tolist()])

    assert [t for t, density in enumerate(outputs) if density != density] == [50]


@given(kinds, st.integers(0, 60), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=60)
def test_poisoned_future_changes_nothing(kind: Kind, t: int, seed: int) -> None:
    """The value at t is the same whether the bars after it are real, not there, NaN or absurd."""
    states, size, full, heavy = kind
    model = draw_parameters(seed, states, size, full=full, heavy=heavy)
    rows = draw_rows(model, 61, seed).tolist()
    expected = bits(folded(model, rows)[1][t])

    for poison in (math.nan, 1e9):
        poisoned = rows[: t + 1] + [[poison] * size for _ in rows[t + 1 :]]

        assert expected == bits(folded(model, poisoned)[1][t])
    assert expected == bits(folded(model, rows[: t + 1])[1][t])


@given(kinds, st.integers(0, 40), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=60)
def test_restored_state_goes_on_as_if_nothing_had_happened(kind: Kind, t: int, seed: int) -> None:
    """A filter that is stopped at t and restored from its state gives the same bits from then on."""
    states, size, full, heavy = kind
    model = draw_parameters(seed, states, size, full=full, heavy=heavy)
    w, rows = pack(model), draw_rows(model, 41, seed).tolist()
    undisturbed = filter_init(w)
    expected = [filter_step(undisturbed, w, x) for x in rows]

    before = filter_init(w)
    actual = [filter_step(before, w, x) for x in rows[:t]]
    restored = [float(repr(value)) for value in before]
    actual += [filter_step(restored, w, x) for x in rows[t:]]

    assert bits(expected) == bits(actual)
    assert bits(undisturbed) == bits(restored)


@given(kinds, st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=30), st.integers(0, 999))
@settings(deadline=None, max_examples=200)
def test_no_bar_breaks_the_posterior(kind: Kind, values: list[float], seed: int) -> None:
    """Whatever the features say, the posterior stays a probability distribution."""
    states, size, full, heavy = kind
    model = draw_parameters(seed, states, size, full=full, heavy=heavy)

    densities, posteriors = folded(model, [[value] * size for value in values])

    assert all(p >= 0.0 for posterior in posteriors for p in posterior)
    assert all(abs(sum(posterior) - 1.0) < 1e-12 for posterior in posteriors)
    assert [v != v for v in values] == [d != d for d in densities]


def test_missing_row_moves_the_posterior_by_one_transition() -> None:
    """A row with a NaN is a prediction step: the posterior times the transition matrix, and no density."""
    model = draw_parameters(4, 3, 2, full=True)
    rows = [*draw_rows(model, 10, seed=4).tolist(), [0.1, math.nan]]

    densities, posteriors = folded(model, rows)

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

    _, posteriors = folded(model, [*calm, [0.6], [1e4], *calm])

    assert posteriors[200][1] > 1.0 - 1e-12
    assert posteriors[201][1] > 1.0 - 1e-12
    assert posteriors[199] == pytest.approx(posteriors[-1], abs=1e-6)


@given(kinds, st.integers(0, 9999))
@settings(deadline=None, max_examples=50)
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
