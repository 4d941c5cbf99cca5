"""The jump model as a kind of the filter: the states of jumpmodels, no look-ahead, and the same bits in both drives."""

import math

import msgspec
import numpy as np
import pytest

from hypothesis import given, settings
from hypothesis import strategies as st
from jumpmodels.jump import JumpModel

from regimes.filter import JUMP, filter_init, filter_step
from regimes.weights import ModelError, Parameters, pack, unpack
from tests.kernels import bits, same_bits
from tests.models import draw_parameters, draw_rows

kinds = st.tuples(st.sampled_from([2, 3, 4]), st.sampled_from([1, 2, 4]), st.sampled_from([0.0, 3.0, 50.0]))
Kind = tuple[int, int, float]


def draw_jump(seed: int, states: int, size: int, penalty: float) -> Parameters:
    """Return a jump model whose states differ in mean and spread."""
    return msgspec.structs.replace(draw_parameters(seed, states, size, full=False), penalty=penalty)


def folded(model: Parameters, rows: list[list[float]]) -> tuple[list[float], list[tuple[float, ...]]]:
    """Return the log density and the posterior after each row."""
    w = pack(model)
    s = filter_init(w)
    densities, posteriors = [], []
    for x in rows:
        densities.append(filter_step(s, w, x))
        posteriors.append(tuple(s[: len(model.start)]))
    return densities, posteriors


def as_jumpmodels(model: Parameters) -> JumpModel:
    """Return the same model as jumpmodels has it; its rows are standardised ones."""
    jump = JumpModel(len(model.start), jump_penalty=model.penalty)
    jump.centers_, jump.feat_weights = np.array(model.means), None
    jump.check_jump_penalty_mx()
    return jump


@pytest.mark.parametrize("penalty", [0.0, 1.0, 10.0, 50.0, 1000.0])
@pytest.mark.parametrize(("states", "size"), [(2, 1), (2, 4), (3, 2), (4, 3)])
def test_state_is_the_online_one_of_jumpmodels_on_every_prefix(states: int, size: int, penalty: float) -> None:
    """The state after bar t is what jumpmodels predicts for the last of the bars up to t; its batch of all shows it."""
    model = draw_jump(states * 10 + size, states, size, penalty)
    x = draw_rows(model, 1500, seed=size)
    z = (x - np.array(model.centre)) / np.array(model.scale)
    jump = as_jumpmodels(model)

    _, posteriors = folded(model, x.tolist())
    found = np.array(posteriors).argmax(axis=1).tolist()

    assert jump.predict_online(z).tolist() == found
    for t in (1, 2, 17, 99, 500, 1499):
        assert jump.predict_online(z[: t + 1])[-1] == found[t]
    assert {0.0, 1.0} == {p for posterior in posteriors for p in posterior}


def test_density_is_that_of_the_states_counted_from_the_one_named() -> None:
    """The predictive density mixes the states' Gaussians by the transitions out of the state of the bar before."""
    model = draw_jump(3, 3, 2, 5.0)
    rows = draw_rows(model, 50, seed=2).tolist()

    densities, posteriors = folded(model, rows)

    for t in range(1, 50):
        z = (np.array(rows[t]) - model.centre) / np.array(model.scale)
        ahead = np.array(posteriors[t - 1]) @ np.array(model.transitions)
        spread = np.array([np.diag(c) for c in model.covariances])
        normal = np.exp(-0.5 * ((z - np.array(model.means)) ** 2 / spread).sum(axis=1))
        normal /= 2.0 * math.pi * np.sqrt(spread.prod(axis=1)) * np.prod(model.scale)
        assert math.log(ahead @ normal) == pytest.approx(densities[t], rel=1e-9)


@pytest.mark.parametrize(("states", "size"), [(2, 2), (3, 1), (4, 4)])
def test_interpreted_and_compiled_jump_models_give_the_same_bits(states: int, size: int) -> None:
    """Plain Python and numba agree in every bit, also on gaps and extremes."""
    model = draw_jump(5, states, size, 8.0)
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
def test_poisoned_future_of_a_jump_model_changes_nothing(kind: Kind, t: int, seed: int) -> None:
    """The state at t is the same whether the bars after it are real, not there, NaN or absurd."""
    states, size, penalty = kind
    model = draw_jump(seed, states, size, penalty)
    rows = draw_rows(model, 61, seed).tolist()
    expected = bits(folded(model, rows)[1][t])

    for poison in (math.nan, 1e9):
        poisoned = rows[: t + 1] + [[poison] * size for _ in rows[t + 1 :]]

        assert expected == bits(folded(model, poisoned)[1][t])
    assert expected == bits(folded(model, rows[: t + 1])[1][t])


@given(kinds, st.integers(0, 40), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=60)
def test_restored_jump_model_goes_on_as_if_nothing_had_happened(kind: Kind, t: int, seed: int) -> None:
    """A filter that is stopped at t and restored from its state gives the same bits from then on."""
    states, size, penalty = kind
    model = draw_jump(seed, states, size, penalty)
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
def test_no_bar_breaks_a_jump_model(kind: Kind, values: list[float], seed: int) -> None:
    """Whatever the features say, one state is named, and its density is a number where there is a row."""
    states, size, penalty = kind
    model = draw_jump(seed, states, size, penalty)

    densities, posteriors = folded(model, [[value] * size for value in values])

    assert all(abs(sum(posterior) - 1.0) < 1e-12 for posterior in posteriors)
    assert [v != v for v in values] == [d != d for d in densities]
    assert all(math.isfinite(d) for d in densities if d == d)


def test_missing_row_leaves_a_jump_model_where_it_is() -> None:
    """A row with a NaN costs nothing in any state: the state stays, and so does everything after."""
    model = draw_jump(4, 3, 2, 5.0)
    rows = draw_rows(model, 20, seed=4).tolist()

    whole = folded(model, rows)[1]
    gapped = folded(model, [*rows[:10], [math.nan, 0.1], *rows[10:]])[1]

    assert whole[9] == gapped[10]
    assert whole == [*gapped[:10], *gapped[11:]]


def test_wild_bar_is_forgotten_after_a_jump() -> None:
    """After an absurd bar no state is dearer than a jump: a jump model finds back as soon as the bars say so."""
    model = Parameters(
        centre=(0.0,), scale=(1.0,), start=(0.5, 0.5), transitions=((0.98, 0.02), (0.05, 0.95)),
        means=((-0.5,), (2.0,)), covariances=(((0.2,),), ((1.0,),)), full=False, penalty=10.0,
    )  # fmt: skip

    _, posteriors = folded(model, [*[[-0.5]] * 50, [1e9], *[[-0.5]] * 20])

    assert [(1.0, 0.0), (0.0, 1.0), (1.0, 0.0)] == [posteriors[49], posteriors[50], posteriors[-1]]


@given(kinds, st.integers(0, 9999))
@settings(deadline=None, max_examples=50)
def test_packed_jump_model_comes_back(kind: Kind, seed: int) -> None:
    """Weights hold the whole model, penalty and kind among it."""
    states, size, penalty = kind
    model = draw_jump(seed, states, size, penalty)

    actual = unpack(pack(model))

    assert (JUMP, penalty) == (pack(model)[2], actual.penalty)
    assert (model.transitions, model.means, model.start) == (actual.transitions, actual.means, actual.start)
    assert np.allclose(model.covariances, actual.covariances, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("changes", [{"penalty": -1.0}, {"penalty": math.nan}, {"full": True}, {"dof": (4.0, 4.0)}])
def test_what_is_no_jump_model_cannot_be_packed(changes: dict[str, object]) -> None:
    """A jump model has a penalty from 0, and diagonal Gaussian states."""
    model = draw_jump(1, 2, 1, 5.0)

    with pytest.raises(ModelError, match="a jump model has a finite one"):
        pack(msgspec.structs.replace(model, **changes))
