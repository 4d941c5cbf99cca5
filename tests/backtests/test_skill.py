"""How sure a Sharpe ratio is: the values that papers and others' tests publish, and what must hold for any record."""

import math

import numpy as np
import pytest

from hypothesis import given
from hypothesis import strategies as st

from backtests.skill import (
    Moments,
    Variance,
    best_of_luck,
    deflated,
    enough,
    error_of,
    moments_of,
    probability,
    years_for,
)

MONTHLY = Moments(sharpe=0.458, skew=-2.448, kurtosis=10.164, count=24)
"""The example of Bailey and López de Prado (2012)."""
REVISED = Moments(sharpe=0.036 / 0.079, skew=-2.448, kurtosis=10.164, count=24)
"""The same record in López de Prado, Lipton and Zoonek (2025)."""
DAILY = Moments(sharpe=2.5 / math.sqrt(250), skew=-3.0, kurtosis=10.0, count=1250)
"""The example of Bailey and López de Prado (2014)."""
SPREAD = math.sqrt(0.5 / 250)
"""Of its trials."""

KINDS: tuple[Variance, ...] = ("estimate", "null")

moments = st.builds(
    Moments, st.floats(-0.5, 0.5), st.floats(-2.0, 2.0), st.floats(6.0, 20.0), st.integers(30, 5000)
)  # a kurtosis is at least the squared skewness and one


@pytest.mark.parametrize(
    ("known", "published"),
    [
        (Moments(sharpe=0.458, skew=0.0, kurtosis=3.0, count=24), 0.982),
        (MONTHLY, 0.913),
        (Moments(sharpe=1.585 / math.sqrt(12), skew=-2.448, kurtosis=10.164, count=24), 0.91323430688486),
    ],
)
def test_the_probabilistic_ratio_is_the_published_one(known: Moments, published: float) -> None:
    """Bailey and López de Prado (2012), and the tests of pypbo."""
    digits = 3 if published == round(published, 3) else 12

    assert published == round(probability(known), digits) or math.isclose(published, probability(known), rel_tol=1e-12)


@pytest.mark.parametrize(
    ("known", "error", "years"),
    [
        (Moments(sharpe=0.7079, skew=-0.2250, kurtosis=2.9570, count=134), 0.1028, 0.7152),
        (Moments(sharpe=0.8183, skew=-1.4455, kurtosis=7.0497, count=134), 0.1550, 1.1593),
    ],
)
def test_error_and_needed_record_are_the_published_ones(known: Moments, error: float, years: float) -> None:
    """Of two hedge fund indices over 134 months (2012)."""
    found = round(error_of(known), 4), round(enough(known) / 12, 4)

    assert (error, years) == found


@pytest.mark.parametrize(
    ("ratio", "against", "per_year", "shape", "years"),
    [
        (2.0, 1.0, 250, (0.0, 3.0), 2.7312),
        (2.0, 1.0, 52, (0.0, 3.0), 2.8288),
        (3.0, 2.5, 12, (-0.72, 5.78), 27.353),
    ],
)
def test_the_needed_record_against_another_ratio_is_the_published_one(
    ratio: float, against: float, per_year: int, shape: tuple[float, float], years: float
) -> None:
    """Figure 8 of the paper of 2012: of days, weeks and months."""
    known = Moments(ratio / math.sqrt(per_year), *shape, count=2)

    assert math.isclose(years, enough(known, against / math.sqrt(per_year)) / per_year, rel_tol=2e-5)


def test_the_deflated_ratio_is_the_published_one() -> None:
    """The example of 2014: 0.90 after a hundred trials, 0.95 after 46, or after 88 were its returns normal."""
    normal = Moments(DAILY.sharpe, 0.0, 3.0, DAILY.count)

    assert math.isclose(0.90039683, deflated(DAILY, 100, SPREAD), rel_tol=1e-8)
    assert 0.1132 == round(SPREAD * best_of_luck(100), 4)
    assert 0.9505 == round(deflated(DAILY, 46, SPREAD), 4)
    assert 0.9505 == round(deflated(normal, 88, SPREAD), 4)


def test_luck_of_many_trials_is_the_published_one() -> None:
    """The highest of a hundred, and the years that 45 trials need: the tests of pypbo."""
    assert math.isclose(2.5306028932, best_of_luck(100), rel_tol=1e-10)
    assert math.isclose(4.998087, years_for(45, 1.0), rel_tol=1e-7)


def test_the_revision_of_2025_says_other_numbers_of_the_same_record() -> None:
    """0.987 where that of 2012 says 0.913; both are there, and dependence from month to month lowers it."""
    assert 0.987 == round(probability(REVISED, 0.0, "null"), 3)
    assert 0.939 == round(probability(REVISED, 0.1, "null"), 3)
    assert 0.966 == round(probability(REVISED, 0.0, "null", 0.2), 3)
    assert 13.029 == round(enough(REVISED, variance="null"), 3)
    assert 0.3286 == round(error_of(REVISED) * math.sqrt(23 / 24), 4)


@given(moments, st.sampled_from(KINDS))
def test_a_record_as_long_as_needed_is_just_sure_enough(known: Moments, kind: Variance) -> None:
    """The probability over the needed length is 95 %; below a ratio of 0 no length is enough."""
    needed = enough(known, variance=kind)
    degrees = needed - 1.0 if kind == "estimate" else needed

    if known.sharpe <= 0.0:
        assert math.inf == needed
    elif 1e-3 < known.sharpe:
        error = error_of(known, 0.0, kind) * math.sqrt((known.count - (kind == "estimate")) / degrees)
        assert math.isclose(1.6448536, known.sharpe / error, rel_tol=1e-6)


@given(moments, st.integers(1, 10_000))
def test_more_trials_never_make_surer(known: Moments, trials: int) -> None:
    """One trial is the plain probability; each further one lowers it."""
    assert deflated(known, 1) == probability(known)
    assert deflated(known, trials + 1) <= deflated(known, trials)


def test_moments_are_those_of_the_textbook() -> None:
    """Mean by standard deviation of n - 1, third and fourth moments by the standard deviation of n."""
    known = moments_of(np.array([1.0, 2.0, 3.0, 6.0]))

    assert known is not None
    assert math.isclose(3.0 / math.sqrt(14.0 / 3.0), known.sharpe)
    assert math.isclose(4.5 / 3.5**1.5, known.skew)
    assert math.isclose(24.5 / 3.5**2, known.kurtosis)


STEADY = [1.01 ** (n + 1) / 1.01**n - 1.0 for n in range(50)]
"""One per cent each, but for what rounding makes of it."""


@pytest.mark.parametrize("returns", [[], [0.1, 0.2], [0.1, 0.1, 0.1, 0.1], STEADY])
def test_too_little_has_no_moments(returns: list[float]) -> None:
    """Two returns, or many that are all the same, say nothing."""
    assert None is moments_of(np.array(returns))
