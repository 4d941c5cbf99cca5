"""Chances against what came: the Brier score and its parts, the curve's bins, and what luck alone would show."""

import numpy as np
import pytest

from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from backtests.chances import reliability_of

FORETOLD = st.lists(st.tuples(st.floats(0.0, 1.0), st.booleans()), min_size=1, max_size=200)


@given(FORETOLD)
def test_the_brier_score_is_the_sum_of_its_parts(rows: list[tuple[float, bool]]) -> None:
    """Reliability less resolution plus uncertainty plus what lies within the bins; none of the first three below 0."""
    r = reliability_of(np.array([p for p, _ in rows]), np.array([came for _, came in rows]))

    assert pytest.approx(r.brier, abs=1e-12) == r.reliability - r.resolution + r.uncertainty + r.within
    assert min(r.reliability, r.resolution, r.uncertainty, r.error) >= 0.0
    assert len(rows) == r.count == sum(b.trades for b in r.bins)
    assert all(b.low <= b.came <= b.high for b in r.bins)


def test_scores_are_those_of_scikit_learn() -> None:
    """The same Brier score, and the same points of the curve."""
    dice = np.random.default_rng(5)
    chances = dice.random(500)
    came = dice.random(500) < chances
    share, foretold = calibration_curve(came, chances, n_bins=10)

    r = reliability_of(chances, came)

    assert pytest.approx(brier_score_loss(came, chances)) == r.brier
    assert pytest.approx(list(share)) == [b.came for b in r.bins]
    assert pytest.approx(list(foretold)) == [b.foretold for b in r.bins]


def test_chances_of_one_value_a_bin_leave_nothing_within_it() -> None:
    """Murphy's three parts are then all of it."""
    r = reliability_of(np.array([0.25, 0.25, 0.75, 0.75]), np.array([False, True, True, True]))

    assert pytest.approx((0.0625, 0.0625, 0.1875)) == (r.reliability, r.resolution, r.uncertainty)
    assert pytest.approx(0.0, abs=1e-15) == r.within
    assert pytest.approx(0.25) == r.error


def test_luck_alone_shows_an_error() -> None:
    """True chances pass in about 19 of 20 draws, and chances that promise too much do not pass."""
    dice, passed = np.random.default_rng(2), 0
    for _ in range(60):
        chances = dice.uniform(0.3, 0.7, 150)
        r = reliability_of(chances, dice.random(150) < chances)
        passed += r.error <= r.error_by_luck
    chances = dice.uniform(0.3, 0.7, 400)
    bold = reliability_of(np.minimum(chances + 0.2, 1.0), dice.random(400) < chances)

    assert 53 <= passed <= 60
    assert bold.error > bold.error_by_luck


def test_nothing_beats_the_base_rate_where_all_came_true() -> None:
    """There is no skill to be had."""
    r = reliability_of(np.array([0.9, 1.0]), np.array([True, True]))

    assert (None, 0.0) == (r.skill, r.uncertainty)
