"""Markets that have changed, as novelty is measured on: the law of one state, times or moved by what is said of it."""

import numpy as np
import pytest

from scipy import stats

from regimes.calibrate_runs import DEAD, HEAVY, WILDER, Change, changed, draw, known, made, visited
from regimes.weights import Parameters
from tests.models import draw_parameters

HEAVIER = Parameters(
    centre=(0.0,),
    scale=(0.01,),
    start=(0.5, 0.5),
    transitions=((0.98, 0.02), (0.02, 0.98)),
    means=((0.1,), (-0.2,)),
    covariances=(((0.25,),), ((2.25,),)),
    full=False,
    dof=(5.0, 4.0),
)
SD = (0.5 * (5.0 / 3.0) ** 0.5, 1.5 * 2.0**0.5)
"""Standard deviations of its two states, standardised."""


@pytest.mark.parametrize(
    ("change", "law"),
    [
        ("wilder", stats.t(4.0, -0.2, WILDER * 1.5)),
        ("dead", stats.t(5.0, 0.1, DEAD * 0.5)),
        ("drift up", stats.t(5.0, 0.1 + SD[0], 0.5)),
        ("drift down", stats.t(5.0, 0.1 - SD[0], 0.5)),
        ("heavier tails", stats.t(HEAVY, 0.1, SD[0] * ((HEAVY - 2.0) / HEAVY) ** 0.5)),
    ],
)
def test_student_market_changes_as_what_it_is(change: Change, law: stats.rv_continuous) -> None:
    """Its tails stay when it becomes wilder or drifts, and a deviation is that of Student's t, not its scale."""
    x = changed(known(HEAVIER, 100), 50, change, np.random.default_rng(3)).ravel() / 0.01

    assert stats.kstest(x, law.cdf).pvalue > 0.01


def test_rows_are_drawn_from_the_states_that_were_visited() -> None:
    """Going and making are the two halves of drawing, in its order."""
    truths = known(draw_parameters(4, 3, 2, full=True, heavy=True), 7)
    one, two = np.random.default_rng(1), np.random.default_rng(1)

    states = visited(truths, 60, one)

    assert (7, 60) == states.shape
    assert (draw(truths, 60, two) == made(truths, states, one)).all()
