"""States keep their meaning: a shuffled model is put in order again to the bit, another model is turned away."""

import math

import msgspec
import numpy as np
import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from backtests.train import filtered
from regimes.bundle import check
from regimes.labels import FEWEST, LEAST_EACH, LEAST_MEAN, Kept, Relabelled, overlap_of, permuted, reordered, succeed
from regimes.layout import is_full, is_student
from regimes.weights import KINDS, pack
from tests.models import a_model, draw_parameters, draw_rows

BARS = 300


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(2, 4), st.data())
def test_any_permutation_of_a_model_is_undone_to_the_bit(seed: int, states: int, data: st.DataObject) -> None:
    """Whatever order training leaves the states in, the successor has the old ones' order, and their very weights."""
    old = a_model(seed, states=states)
    order = data.draw(st.permutations(range(states)))
    new = reordered(old, order)
    rows = draw_rows(draw_parameters(seed, states, 2, full=False), BARS, seed)
    found = succeed(old, new, filtered(old.weights, rows), filtered(new.weights, rows))

    assert isinstance(found, Relabelled)
    assert tuple(order[j] for j in found.overlap.order) == tuple(range(states))
    assert found.model.weights == old.weights
    assert found.model.profiles == old.profiles
    assert math.isclose(found.overlap.mean, 1.0, abs_tol=1e-9)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(2, 4), st.sampled_from(KINDS), st.data())
def test_weights_of_every_kind_are_permuted_and_back(seed: int, states: int, kind: int, data: st.DataObject) -> None:
    """A shuffled filter says the same of each bar, in another order; shuffled back it is the same numbers."""
    parameters = draw_parameters(seed, states, 2, full=is_full(kind), heavy=is_student(kind))
    weights, order = pack(parameters), data.draw(st.permutations(range(states)))
    rows = draw_rows(parameters, 50, seed)
    shuffled = permuted(weights, order)
    back = [list(order).index(k) for k in range(states)]

    np.testing.assert_allclose(filtered(shuffled, rows), filtered(weights, rows)[:, order], atol=1e-9)
    assert permuted(shuffled, back) == weights


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(2, 4))
def test_a_model_that_says_nothing_of_the_old_one_is_turned_away(seed: int, states: int) -> None:
    """States drawn without a look at the old ones are none of theirs, and the reason is a value."""
    old, new = a_model(1, states=states), a_model(2, states=states)
    draw = np.random.default_rng(seed)
    p, q = (draw.dirichlet(np.full(states, 0.1), 2000) for _ in range(2))
    found = succeed(old, new, p, q)

    assert isinstance(found, Kept)
    assert "would mean something else" in found.reason
    assert found.overlap is not None
    assert found.overlap.mean < LEAST_MEAN


def test_one_lost_state_is_enough_to_be_turned_away() -> None:
    """A rare state that became another one costs little of the mean, and is what a gate would stumble over."""
    old, new = a_model(1, states=3), a_model(2, states=3)
    p = np.zeros((1000, 3))
    p[:600, 0], p[600:950, 1], p[950:, 2] = 1.0, 1.0, 1.0
    q = np.roll(p, 40, axis=0)
    found = succeed(old, new, p, q)

    assert isinstance(found, Kept)
    assert "state 2" in found.reason
    assert found.overlap is not None
    assert found.overlap.mean > LEAST_MEAN
    assert found.overlap.each[2] < LEAST_EACH


def test_another_number_of_states_begins_another_lineage() -> None:
    """Two states cannot follow three: nothing is compared, and it is said what to do."""
    old, new = a_model(1, states=3), a_model(1, states=2)
    found = succeed(old, new, np.full((500, 3), 1 / 3), np.full((500, 2), 0.5))

    assert isinstance(found, Kept)
    assert "2 states, where the model in use has 3" in found.reason
    assert found.overlap is None


def test_a_few_shared_bars_prove_nothing() -> None:
    """Below so many bars the old model stays, however well they agree."""
    model = a_model(1)
    p = np.full((FEWEST - 1, 2), 0.5)
    found = succeed(model, model, p, p)

    assert isinstance(found, Kept)
    assert f"{FEWEST - 1} bars are shared" in found.reason


def test_a_successor_is_a_whole_model_of_the_old_lineage() -> None:
    """Its golden vectors are those of its own order, its parent the old one; it is checked like any other bundle."""
    old = a_model(1, lineage="spring", states=3)
    new = reordered(msgspec.structs.replace(old, lineage="autumn", name="new"), (2, 0, 1))
    rows = draw_rows(draw_parameters(1, 3, 2, full=False), BARS, 1)
    found = succeed(old, new, filtered(old.weights, rows), filtered(new.weights, rows))

    assert isinstance(found, Relabelled)
    check(found.model)
    assert (found.model.lineage, found.model.parent, found.model.name) == ("spring", old.fingerprint, "new")
    assert [profile.state for profile in found.model.profiles] == [0, 1, 2]


def test_what_neither_model_ever_says_is_no_difference() -> None:
    """A state that had no turn on the shared bars, in either, counts as kept."""
    p = np.zeros((400, 3))
    p[:200, 0], p[200:, 1] = 1.0, 1.0
    found = overlap_of(p, p)

    assert found.each == (1.0, 1.0, 1.0)
    assert found.mean == 1.0


def test_an_order_that_is_none_is_a_bug() -> None:
    """Naming a state twice would lose another."""
    with pytest.raises(ValueError, match="no permutation"):
        permuted(a_model(1).weights, (0, 0))
