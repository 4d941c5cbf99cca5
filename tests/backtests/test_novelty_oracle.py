"""The best that any test of a change could do: exact for what is known in closed form."""

import msgspec
import numpy as np
import pytest

from scipy import stats

from backtests.benchmarks.novelty_oracle import bound, changed_for_ever, highest, ratios
from regimes.calibrate_runs import changed, known
from tests.models import draw_parameters


def test_bound_is_the_power_of_neyman_and_pearson() -> None:
    """Of a normal moved by two deviations at a level of a quarter of a per cent."""
    moved = 2.0 * np.random.default_rng(1).normal(2.0, 1.0, 200_000) - 2.0

    actual = bound(moved, 0.0025)

    assert actual == pytest.approx(stats.norm.sf(stats.norm.isf(0.0025) - 2.0), abs=0.005)


def test_sums_of_ratios_begin_anew_at_the_change_once_they_were_too_high() -> None:
    """What stood as an alarm before the change tells nothing of it."""
    told = np.array([[3.0, 3.0, -1.0, 2.0], [1.0, -5.0, 1.0, 2.0]])

    assert [7.0, 3.0] == highest(told).tolist()
    assert [7.0, 3.0] == highest(told, 2, 9.0).tolist()
    assert [2.0, 3.0] == highest(told, 2, 5.0).tolist()


def test_ratios_speak_for_a_change_where_there_is_one_and_against_it_where_there_is_none() -> None:
    """On average: they are the exact likelihood ratios of the changed market."""
    truth = msgspec.structs.replace(draw_parameters(6, 2, 2, full=True, heavy=True), dof=(6.0, 9.0))
    dice = np.random.default_rng(2)
    there = changed(known(truth, 200), 50, "drift up", dice)
    other = changed(known(changed_for_ever(truth, "dead"), 200), 50, "dead", dice)

    assert ratios(truth, "drift up", there).mean() > 0.05
    assert ratios(truth, "drift up", other).mean() < 0.0
