"""What people are told of a training: how it was done, how its states stand, and of what it has seen too little."""

from typing import Any

import msgspec
import pytest

from backtests.training_told import order_told, training_told
from market.types import DAY_MS
from regimes.learnt import Member

MEMBERS = msgspec.to_builtins((Member(covariance="full"), Member(detector="jump", penalty=20.0)))


def a_report(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of a report
    """Return the report of a training on two thousand days of 1970 to 1975; fields may be changed."""
    profiles = [{"state": k, "occupancy": 0.5, "volatility": 0.01 * (k + 1)} for k in (0, 1)]
    return {
        "detector": "hmm", "states": 2, "covariance": "diag", "emission": "gauss", "sticky": 0.0, "first": 0,
        "last": 2000 * DAY_MS, "rows": 2000, "profiles": profiles, "mute": [],
    } | fields  # fmt: skip


def test_a_plain_training_is_told_in_three_sentences() -> None:
    """The recipe, the bars, and the order of the states."""
    assert [
        "2 states, Gaussian, diagonal covariances",
        "learnt from the bars of 1970-01-01 to 1975-06-24",
        "States are ordered by volatility, 0 the calmest; calm is not the same as good.",
    ] == list(training_told(a_report()))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"covariance": "full", "sticky": 300.0},
         "2 states, Gaussian, full covariances, 300 bars of persistence added to each"),
        ({"emission": "t"}, "2 states, Student's t, its degrees of freedom fitted, diagonal covariances"),
        ({"emission": "4.0"}, "2 states, Student's t of 4.0 degrees of freedom, diagonal covariances"),
        ({"detector": "jump", "states": 3}, "a jump model of 3 states"),
        ({"detector": "ensemble", "members": MEMBERS},
         "an ensemble of 2 states: Gaussian, full covariances; a jump model, of a penalty of 20"),
    ],
)  # fmt: skip
def test_the_recipe_is_told(fields: dict[str, Any], expected: str) -> None:
    """Whatever was configured."""
    assert expected == next(iter(training_told(a_report(**fields))))


@pytest.mark.parametrize(
    ("overlaps", "expected"),
    [([0.8], "the other says 80%"), ([0.97, 0.826], "the others say 97% and 83%")],
)
def test_how_far_the_members_of_an_ensemble_agree_is_told(overlaps: list[float], expected: str) -> None:
    """Of the training bars: the rest is where the ensemble is in two minds."""
    said = list(training_told(a_report(detector="ensemble", members=MEMBERS, overlaps=overlaps)))

    assert f"of what the first member says of these bars, {expected}" in said


def test_a_model_that_has_seen_little_says_so() -> None:
    """Few bars, and a state that was hardly there."""
    rare = [{"state": k, "occupancy": share, "volatility": 0.01} for k, share in enumerate((0.92, 0.08))]
    said = list(training_told(a_report(rows=900, profiles=rare)))[3:]

    assert ["900 bars are few", "state 1 is known from 72 bars only"] == [text.partition(":")[0] for text in said]


def test_features_that_said_nothing_are_named() -> None:
    """They are no part of the model, and mean nothing live."""
    said = list(training_told(a_report(mute=[("log_volume_zscore", (20.0,)), ("zscore", (5.0,))])))[3:]

    expected = (
        "left out, since over these bars they had no value, or always the same: log_volume_zscore 20, zscore 5; "
        "live they are not read either: train again once they move"
    )

    assert said == [expected]


def test_what_novelty_is_worth_is_told_with_what_to_doubt() -> None:
    """Alarms and power by simulation; what the learnt bars drive too far; states that were learnt from few bars."""
    told = {"alarms": 0.041, "factor": 1.0, "power": {"wilder": 0.97, "dead": 1.0}, "silent": [], "thin": []}
    doubted = told | {"silent": ["log_return: wilder", "log_return: shock"], "thin": [0, 2]}
    plain, much = (list(training_told(a_report(novelty=each)))[3:] for each in (told, doubted))

    said = (
        "Novelty, in simulations of this model and of what it may stand for: an alarm in 4.1 % of stretches of 1,000 "
        "bars that are as learnt; of changed markets told within 50 bars: wilder 97 %, dead 100 %."
    )

    assert plain == [said]
    assert much == [
        said,
        "These bars drive some of its statistics too far, so they tell nothing: log_return: wilder, log_return: shock.",
        "Alarms will be more frequent than that: too few bars were learnt from in state 0, 2.",
    ]


def test_states_that_are_out_of_order_are_not_called_ordered() -> None:
    """A refit keeps the order of the model before it."""
    assert "here 2 is the calmest" in order_told([0.02, 0.03, 0.01])
