"""What the filter of every detector keeps: no look-ahead, the same bits in both drives, and no bar that breaks it."""

import math
import re

from typing import Any

import numba
import numpy as np
import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from backtests.regime_compiled import filtered_compiled
from market.kernel import compile_all
from regimes.filter import filter_init, filter_rows, filter_step
from tests.kernels import bits, same_bits
from tests.models import DETECTORS, draw_parameters, draw_rows, draw_weights

Kind = tuple[int, int, str]
kinds = st.tuples(st.sampled_from([2, 3, 4]), st.sampled_from([1, 2, 3, 4]), st.sampled_from(DETECTORS))


def drawn(seed: int, states: int, size: int, count: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return rows that a model of these shapes could have made."""
    return draw_rows(draw_parameters(seed, states, size, full=True, heavy=True), count, seed)


@pytest.mark.parametrize("detector", DETECTORS)
@pytest.mark.parametrize(("states", "size"), [(2, 2), (3, 1), (4, 4)])
def test_interpreted_and_compiled_filters_give_the_same_bits(states: int, size: int, detector: str) -> None:
    """Plain Python and numba agree in every bit of state and density, also on gaps and extremes."""
    rows = drawn(8, states, size, 400)
    rows[50, 0] = math.nan
    rows[99] = 1e4
    rows[100] = -60.0
    rows[150, -1] = math.inf
    rows[200] = 1e300
    w = draw_weights(5, states, size, detector)

    outputs = same_bits(filter_step, filter_init(w), list(w), [(row,) for row in rows.tolist()])

    assert [t for t, density in enumerate(outputs) if density != density] == [50]


@pytest.mark.parametrize("detector", DETECTORS)
@pytest.mark.parametrize(("states", "size"), [(2, 2), (3, 1), (4, 4)])
def test_a_compiled_step_that_knows_its_shape_gives_the_same_bits(states: int, size: int, detector: str) -> None:
    """Loops of known length are unrolled, and no sum is taken in another order for that."""
    rows = drawn(9, states, size, 400)
    rows[50, 0], rows[99], rows[150, -1], rows[200] = math.nan, 1e4, math.inf, 1e300
    w = draw_weights(6, states, size, detector)

    posteriors, densities = filtered_compiled(w, rows)

    expected = filter_rows(w, rows.tolist())
    assert (bits(expected[0]), bits(expected[1])) == (bits(posteriors.tolist()), bits(densities.tolist()))


@given(kinds, st.integers(0, 60), st.integers(0, 2**32 - 9))
@settings(max_examples=100)
def test_poisoned_future_changes_nothing(kind: Kind, t: int, seed: int) -> None:
    """The value at t is the same whether the bars after it are real, not there, NaN or absurd."""
    states, size, detector = kind
    w, rows = draw_weights(seed, states, size, detector), drawn(seed, states, size, 61).tolist()
    expected = bits(filter_rows(w, rows)[0][t])

    for poison in (math.nan, 1e9):
        poisoned = rows[: t + 1] + [[poison] * size for _ in rows[t + 1 :]]

        assert expected == bits(filter_rows(w, poisoned)[0][t])
    assert expected == bits(filter_rows(w, rows[: t + 1])[0][t])


@given(kinds, st.integers(0, 40), st.integers(0, 2**32 - 9))
@settings(max_examples=100)
def test_restored_state_goes_on_as_if_nothing_had_happened(kind: Kind, t: int, seed: int) -> None:
    """A filter that is stopped at t and restored from its state gives the same bits from then on."""
    states, size, detector = kind
    w, rows = draw_weights(seed, states, size, detector), drawn(seed, states, size, 41).tolist()
    undisturbed = filter_init(w)
    expected = [filter_step(undisturbed, w, x) for x in rows]

    before = filter_init(w)
    actual = [filter_step(before, w, x) for x in rows[:t]]
    restored = [float(repr(value)) for value in before]
    actual += [filter_step(restored, w, x) for x in rows[t:]]

    assert bits(expected) == bits(actual)
    assert bits(undisturbed) == bits(restored)


@given(kinds, st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=30), st.integers(0, 999))
@settings(max_examples=300)
def test_no_bar_breaks_the_posterior(kind: Kind, values: list[float], seed: int) -> None:
    """Whatever the features say, the posterior stays a probability distribution, and the density of a row a number."""
    states, size, detector = kind

    posteriors, densities = filter_rows(
        draw_weights(seed, states, size, detector), [[value] * size for value in values]
    )

    assert all(p >= 0.0 for posterior in posteriors for p in posterior)
    assert all(abs(sum(posterior) - 1.0) < 1e-12 for posterior in posteriors)
    assert [v != v for v in values] == [not math.isfinite(d) for d in densities]


def test_a_compiled_step_pays_no_call_for_what_only_an_ensemble_needs() -> None:
    """All that a model alone has to compute is written out in the step; a call is left for the ensemble's members."""
    compile_all()
    fast: Any = numba.njit(filter_step)
    w = draw_weights(1, 2, 1, "gauss")
    fast(np.array(filter_init(w)), np.array(w), np.array([1.0]))
    (code,) = fast.inspect_llvm().values()

    called = set(re.findall(r"call [^@\n]*@_ZN7regimes6filter\d+([a-z_]+)B", code))

    assert {"filter_step", "_fold_members"} == called
