"""The jump model as a kind of the filter: the states of jumpmodels, and the density beside them."""

import math

import msgspec
import numpy as np
import pytest

from hypothesis import given, settings
from hypothesis import strategies as st
from jumpmodels.jump import JumpModel

from regimes.filter import filter_rows
from regimes.layout import JUMP
from regimes.weights import ModelError, Parameters, pack, unpack
from tests.models import draw_parameters, draw_rows

kinds = st.tuples(st.sampled_from([2, 3, 4]), st.sampled_from([1, 2, 4]), st.sampled_from([0.0, 3.0, 50.0]))
Kind = tuple[int, int, float]


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
    model = draw_parameters(states * 10 + size, states, size, penalty=penalty)
    x = draw_rows(model, 1500, seed=size)
    z = (x - np.array(model.centre)) / np.array(model.scale)
    jump = as_jumpmodels(model)

    posteriors, _ = filter_rows(pack(model), x.tolist())
    found = np.array(posteriors).argmax(axis=1).tolist()

    assert jump.predict_online(z).tolist() == found
    for t in (1, 2, 17, 99, 500, 1499):
        assert jump.predict_online(z[: t + 1])[-1] == found[t]
    assert {0.0, 1.0} == {p for posterior in posteriors for p in posterior}


def test_density_is_that_of_the_states_counted_from_the_one_named() -> None:
    """The predictive density mixes the states' Gaussians by the transitions out of the state of the bar before."""
    model = draw_parameters(3, 3, 2, penalty=5.0)
    rows = draw_rows(model, 50, seed=2).tolist()

    posteriors, densities = filter_rows(pack(model), rows)

    for t in range(1, 50):
        z = (np.array(rows[t]) - model.centre) / np.array(model.scale)
        ahead = np.array(posteriors[t - 1]) @ np.array(model.transitions)
        spread = np.array([np.diag(c) for c in model.covariances])
        normal = np.exp(-0.5 * ((z - np.array(model.means)) ** 2 / spread).sum(axis=1))
        normal /= 2.0 * math.pi * np.sqrt(spread.prod(axis=1)) * np.prod(model.scale)
        assert math.log(ahead @ normal) == pytest.approx(densities[t], rel=1e-9)


def test_missing_row_leaves_a_jump_model_where_it_is() -> None:
    """A row with a NaN costs nothing in any state: the state stays, and so does everything after."""
    model = draw_parameters(4, 3, 2, penalty=5.0)
    rows = draw_rows(model, 20, seed=4).tolist()

    whole = filter_rows(pack(model), rows)[0]
    gapped = filter_rows(pack(model), [*rows[:10], [math.nan, 0.1], *rows[10:]])[0]

    assert whole[9] == gapped[10]
    assert whole == [*gapped[:10], *gapped[11:]]


def test_wild_bar_is_forgotten_after_a_jump() -> None:
    """After an absurd bar no state is dearer than a jump: a jump model finds back as soon as the bars say so."""
    model = Parameters(
        centre=(0.0,), scale=(1.0,), start=(0.5, 0.5), transitions=((0.98, 0.02), (0.05, 0.95)),
        means=((-0.5,), (2.0,)), covariances=(((0.2,),), ((1.0,),)), full=False, penalty=10.0,
    )  # fmt: skip

    posteriors, _ = filter_rows(pack(model), [*[[-0.5]] * 50, [1e9], *[[-0.5]] * 20])

    assert [(1.0, 0.0), (0.0, 1.0), (1.0, 0.0)] == [posteriors[49], posteriors[50], posteriors[-1]]


@given(kinds, st.integers(0, 9999))
@settings(max_examples=50)
def test_packed_jump_model_comes_back(kind: Kind, seed: int) -> None:
    """Weights hold the whole model, penalty and kind among it."""
    states, size, penalty = kind
    model = draw_parameters(seed, states, size, penalty=penalty)

    actual = unpack(pack(model))

    assert (JUMP, penalty) == (pack(model)[2], actual.penalty)
    assert (model.transitions, model.means, model.start) == (actual.transitions, actual.means, actual.start)
    assert np.allclose(model.covariances, actual.covariances, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("changes", [{"penalty": -1.0}, {"penalty": math.nan}, {"full": True}, {"dof": (4.0, 4.0)}])
def test_what_is_no_jump_model_cannot_be_packed(changes: dict[str, object]) -> None:
    """A jump model has a penalty from 0, and diagonal Gaussian states."""
    model = draw_parameters(1, 2, 1, penalty=5.0)

    with pytest.raises(ModelError, match="a jump model has a finite one"):
        pack(msgspec.structs.replace(model, **changes))
