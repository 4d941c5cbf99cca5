"""Whether rows are like those a model learnt from: what is counted, what is noticed, and what is left to novelty."""

import math

import numpy as np
import pytest

from hypothesis import given
from hypothesis import strategies as st

from regimes.likeness import (
    ALIKE,
    FEWEST,
    PROBABILITIES,
    contradiction,
    fits_likeness,
    likeness_count,
    likeness_init,
    likeness_params,
    likeness_verdict,
)
from tests.kernels import same_bits, same_call

P = likeness_params(((-3.0, -0.1, 0.1, 3.0), (1.0, 4.0, 5.0, 9.0)))
numbers = st.one_of(st.floats(-12.0, 12.0), st.just(math.nan))
rows = st.lists(st.tuples(numbers, numbers), max_size=40)


def counted(*lists: list[tuple[float, float]]) -> list[float]:
    """Return the counts of all rows of some lists, a sign of -1 for every second list."""
    s = likeness_init(P)
    for place, some in enumerate(lists):
        for row in some:
            likeness_count(s, P, row, -1.0 if place % 2 else 1.0)
    return s


@given(rows, rows)
def test_what_is_taken_out_was_never_counted(
    first: list[tuple[float, float]], later: list[tuple[float, float]]
) -> None:
    """So a window that moves counts as one that begins where it stands, to the bit."""
    assert counted(later) == counted(first + later, first)


def test_rows_are_counted_by_where_they_lie() -> None:
    """Beyond the outer quantiles, within the inner ones, or neither; a row with a NaN tells nothing."""
    assert [4.0, 2.0, 1.0, 1.0, 2.0] == counted(
        [(-3.1, 4.0), (3.1, 5.0), (0.1, 0.9), (2.0, 2.0), (math.nan, 4.5), (0.0, math.nan)]
    )


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ((2.0, 3.0), ""),
        ((4.0, 3.0), "log_return is mostly beyond what it was in training"),
        ((0.0, 3.0), "log_return hardly moves, and did in training"),
        ((2.0, 9.5), "garman_klass is mostly beyond what it was in training"),
        ((2.0, 4.5), "garman_klass hardly moves, and did in training"),
    ],
)
def test_a_feed_is_contradicted_by_most_of_its_rows_and_never_by_too_few(row: tuple[float, float], said: str) -> None:
    """The first feature that is not alike is named."""
    features = (("log_return", ()), ("garman_klass", ()))
    few, enough = [row] * (int(FEWEST) - 1), [row] * int(FEWEST)
    verdicts = [likeness_verdict(counted(some), P) for some in (few, enough)]

    assert ["", said] == [contradiction(verdict, features) for verdict in verdicts]


@pytest.mark.parametrize(("scale", "alike"), [(1.0, True), (3.0, True), (6.0, False), (0.3, True), (0.01, False)])
def test_a_market_three_times_as_wild_or_quiet_is_alike_and_other_units_are_not(scale: float, alike: bool) -> None:  # noqa: FBT001 - a column of the table
    """What a market may do is for novelty to judge."""
    draw = np.random.default_rng(5)
    p = likeness_params([np.quantile(draw.normal(size=2000), PROBABILITIES).tolist()])
    s = likeness_init(p)
    for x in (draw.normal(size=1000) * scale).tolist():
        likeness_count(s, p, (x,), 1.0)

    assert alike == (likeness_verdict(s, p) == ALIKE)


def test_likeness_is_the_same_in_both_drives() -> None:
    """Counts and verdicts, interpreted and compiled, NaN included."""
    draw = np.random.default_rng(2)
    table = [
        (tuple(row), sign)
        for row, sign in zip(draw.normal(0.0, 6.0, (400, 2)).tolist(), [1.0, 1.0, -1.0, 1.0] * 100, strict=True)
    ]
    table[7] = ((math.nan, 1.0), 1.0)
    same_bits(likeness_count, likeness_init(P), P, table)
    states = [
        [n, beyond, within, 0.0, 0.0] for n in (249.0, 250.0) for beyond in (125.0, 126.0) for within in (0.0, 226.0)
    ]

    assert {ALIKE, 0.0, 1.0} == set(same_call(likeness_verdict, [(state, P) for state in states]))


@pytest.mark.parametrize(
    ("quantiles", "fit"),
    [
        ((), True),
        (((0.0, 1.0, 2.0, 3.0),), True),
        (((0.0, 1.0, 2.0),), False),
        (((0.0, 2.0, 1.0, 3.0),), False),
        (((0.0, 1.0, 2.0, 3.0),) * 2, False),
    ],
)
def test_quantiles_are_four_that_rise_for_each_feature_or_none_at_all(
    quantiles: tuple[tuple[float, ...], ...],
    fit: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """A bundle of before has none."""
    assert fit == fits_likeness(quantiles, 1)
