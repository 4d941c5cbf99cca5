"""What a person is told of a regime model: its choice of states as a table, its novelty in words, the rest by name."""

import msgspec

from backtests.metrics import choice_rows
from backtests.regime_facts import facts_of
from tests.models import a_model

CHOICE = {
    "choice, 2 gauss: density": 2.40683, "choice, 2 gauss: dwell": 10.41, "choice, 2 gauss: occupancy": 0.334,
    "choice, 3 t: density": 2.46, "choice, 3 t: gain": 0.056, "choice: bars": 750.0,
}  # fmt: skip
NOVELTY = {
    "novelty: alarms in 1000 bars": 0.031,
    "novelty: dead told in 50 bars": 1.0,
    "novelty: silent statistics": 1.0,
}


def test_the_choice_of_states_is_told_as_a_table_and_not_number_by_number() -> None:
    """One row a way of training that was tried, in the order of trying; what no bundle holds of it is a dash."""
    model = msgspec.structs.replace(a_model(), metrics=CHOICE)

    assert [
        ("2 gauss", "2.4068", "–", "–", "33.4 %", "10.4", "–"), ("3 t", "2.4600", "0.0560", "–", "–", "–", "–")
    ] == choice_rows(model.metrics)  # fmt: skip
    assert [] == [name for name in facts_of(model) if "choice" in name]
    assert [] == choice_rows(a_model().metrics)


def test_what_novelty_told_in_simulations_is_one_sentence() -> None:
    """How often it cried wolf, and what it told in time; a model without limits says that it has none."""
    watched = msgspec.structs.replace(a_model(), novelty=(1.0,), metrics=NOVELTY)
    found = facts_of(watched)

    assert (
        "watched for; simulated: alarms in 3.1 % of 1,000 bars as learnt; told in 50 bars: dead 100 %"
        == found["novelty"]
    )
    assert [] == [name for name in found if name.startswith("novelty:")]
    assert "none were calibrated" in facts_of(a_model())["novelty"]
