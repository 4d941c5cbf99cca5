"""The published simulation, made small: the market it draws, the scores it gives, and how well we tell its regimes."""

from pathlib import Path

import numpy as np
import pytest

from backtests.benchmarks.regimes_simulation import held, in_sample, online, trained
from backtests.benchmarks.simulated import (
    SCENARIOS,
    Scenario,
    aligned,
    balanced,
    daily,
    delay,
    draw,
    features,
    switches,
)
from regimes.weights import unpack

THREE = SCENARIOS[2]


def test_days_are_hardys_months() -> None:
    """Twenty days in a row have the transitions of a month; of two states the wild one lasts 83 days, the calm 472."""
    three = np.linalg.matrix_power(daily(3).transitions, 20)
    two = 1.0 / (1.0 - np.diag(daily(2).transitions))

    np.testing.assert_allclose(three[0], [0.9629, 0.0185, 0.0186], atol=1e-4)
    np.testing.assert_allclose(two, [472.0, 83.0], rtol=0.01)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_drawn_days_have_the_states_spread(scenario: Scenario) -> None:
    """In each state the returns have its standard deviation, whatever their tails, and the seed makes the days."""
    returns, states = draw(scenario, 60_000, (5,))
    again, _ = draw(scenario, 60_000, (5,))

    for k, expected in enumerate(daily(scenario.states).sds):
        assert returns[states == k].std() == pytest.approx(expected, rel=0.06)
    assert returns.tobytes() == again.tobytes()


def test_features_look_back_only() -> None:
    """What comes after a day changes none of its fifteen features; the windows are those of the paper."""
    returns, _ = draw(THREE, 200, (6,))

    whole = features(returns)

    np.testing.assert_array_equal(whole[:150], features(returns[:150]))
    assert (200, 15) == whole.shape
    assert whole[50, 1:5] == pytest.approx(
        [
            abs(returns[50] - returns[49]),
            abs(returns[49] - returns[48]),
            returns[45:51].mean(),
            returns[45:51].std(ddof=1),
        ]
    )
    assert whole[50, 11:15:2] == pytest.approx([returns[37:44].mean(), returns[44:51].mean()])
    assert not np.isfinite(whole[12]).all()
    assert np.isfinite(whole[13:]).all()


def test_scores_are_what_they_say() -> None:
    """Balanced accuracy weighs states alike, names that fit best are found, and a missed change counts whole."""
    truth = np.array([0, 0, 0, 0, 1, 1, 1, 0, 0, 0])
    told = np.array([0, 0, 0, 0, 0, 1, 1, 1, 0, 0])

    assert (6 / 7 + 2 / 3) / 2 == pytest.approx(balanced(truth, told))
    assert told.tolist() == aligned(truth, 1 - told, 2).tolist()
    assert (2, 2) == (switches(truth), switches(told))
    assert (1.0, 1.5) == (delay(truth, told), delay(truth, np.zeros_like(truth)))


def test_states_of_training_days_are_told_nearly_as_well_as_by_the_true_model() -> None:
    """On eight simulations of 1,000 days in three states training is near its goal of 0.82, and the truth's 0.84."""
    found = np.array([in_sample(THREE, trial) for trial in range(8)])

    ours, best = found.mean(axis=0)
    assert ours > 0.70
    assert ours > best - 0.12


def test_tails_are_those_that_find_the_days_likelier() -> None:
    """The one configuration trains Student-t states on heavy-tailed days, and Gaussian ones on others."""
    drawn = [[draw(scenario, scenario.bars, (7, trial))[0] for trial in range(4)] for scenario in SCENARIOS[:2]]
    models = [[trained(returns, SCENARIOS[0], 10) for returns in each] for each in drawn]
    heavy = [[bool(unpack(weights or ()).dof) for weights in each] for each in models]

    assert [[False] * 4, [True] * 4] == heavy


def test_a_state_is_held_until_another_is_clear() -> None:
    """Half the weight is not enough to leave."""
    weighed = np.array([[0.6, 0.4], [0.48, 0.52], [0.4, 0.6], [0.52, 0.48], [0.56, 0.44]])

    assert [0, 0, 1, 1, 0] == held(weighed).tolist()


def test_what_jump_models_said_is_remembered(tmp_path: Path) -> None:
    """A second run reads what the first one has kept, and tells the same."""
    truth, first = online(SCENARIOS[0], 1, tmp_path)
    files = {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    again, second = online(SCENARIOS[0], 1, tmp_path)

    assert 2 == len(files)
    assert files == {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    assert truth.tolist() == again.tolist()
    assert [told.tolist() for told in first.values()] == [told.tolist() for told in second.values()]


def test_states_are_told_online_at_least_about_as_well_as_by_jump_models() -> None:
    """On four simulations of two states, one fixed configuration of ours is not far below the better jump model."""
    runs = [online(SCENARIOS[0], trial) for trial in range(4)]

    scores = {who: float(np.mean([balanced(truth, told[who]) for truth, told in runs])) for who in runs[0][1]}

    assert scores["ours"] > max(scores.values()) - 0.1
    assert scores["ours"] > 0.7
