"""An account whose states are to be chosen: trained, reported and loaded with as many as its bars speak for."""

from pathlib import Path

import pytest

from backtests.training import train_from_config
from backtests.training_told import recipe_told
from config.errors import ConfigError
from config.load import load
from regimes.weights import ModelError
from runtime.assemble import models_of
from tests.demos import toml

NAME = "calm-or-storm"


def account(folder: Path, states: str) -> Path:
    """Return the demo's TOML with other words about its states."""
    text = toml(folder / "model").replace("states = 2\n", f"{states}\n", 1)
    file = folder / "account.toml"
    file.write_text(text.replace("train = { bars = 1256 }", "train = { bars = 760 }", 1), encoding="utf-8")
    return file


def test_as_many_states_are_trained_as_the_bars_speak_for(tmp_path: Path) -> None:
    """The table is part of the report and of the bundle, and the model is one that the account takes."""
    config = load(account(tmp_path, 'states = "choose"'))
    report = train_from_config(config)[NAME]
    model = models_of(config)[NAME]

    assert model.fingerprint == report["fingerprint"]
    assert model.states == report["choice"]["option"]["states"] == len(report["profiles"])
    assert len(report["choice"]["table"]) == 6
    assert model.metrics["choice: bars"] == report["choice"]["bars"]


def test_among_the_numbers_named_and_as_it_is_said_a_model_is_chosen(tmp_path: Path) -> None:
    """Two or three states, Student's t, sticky: nothing else is asked about, and the bundle says how it was trained."""
    config = load(account(tmp_path, 'states = { from = 2, to = 3 }\nemission = "t"\nsticky = 50'))
    report = train_from_config(config)[NAME]
    data = models_of(config)[NAME].data

    assert ["2 t, sticky 50", "3 t, sticky 50"] == [row["option"] for row in report["choice"]["table"]]
    assert ("diag", "t", 50.0) == (data.covariance, data.emission, data.sticky)
    assert ("diag", "t", 50.0) == (report["covariance"], report["emission"], report["sticky"])


def test_a_number_of_states_is_trained_as_it_is_said(tmp_path: Path) -> None:
    """Full covariances and so many degrees of freedom; a configuration that says other things refuses that model."""
    words = 'states = 2\ncovariance = "full"\nemission = 5'
    report = train_from_config(load(account(tmp_path, words)))[NAME]
    found = models_of(load(account(tmp_path, words)))[NAME].data

    assert ("full", "5.0", 0.0) == (found.covariance, found.emission, found.sticky)
    assert "2 states, Student's t of 5.0 degrees of freedom, full covariances" == recipe_told(report)
    assert models_of(load(account(tmp_path, "states = 2")))[NAME].data == found  # where nothing is said, any will do
    for other in ('covariance = "diag"', 'emission = "t"', "sticky = 10"):
        with pytest.raises(ModelError, match=f"trained with {other.partition(' ')[0]}"):
            models_of(load(account(tmp_path, f"states = 2\n{other}")))


@pytest.mark.parametrize("words", ["states = 3", "states = { from = 3, to = 4 }"])
def test_a_model_with_other_states_than_named_is_refused(tmp_path: Path, words: str) -> None:
    """Neither the number nor one of the range."""
    train_from_config(load(account(tmp_path, "states = 2")))

    with pytest.raises(ModelError, match="trained with states 2"):
        models_of(load(account(tmp_path, words)))


@pytest.mark.parametrize("words", ['covariance = "full"', 'emission = "t"', "sticky = 9", "states = { to = 3 }"])
def test_what_a_jump_model_does_not_have_is_refused(tmp_path: Path, words: str) -> None:
    """It has a penalty, and neither a density nor a prior."""
    states = "" if "states" in words else "states = 2\n"

    with pytest.raises(ConfigError, match=rf"{words.partition(' ')[0]}: expected"):
        load(account(tmp_path, f'{states}{words}\ndetector = "jump"'))


@pytest.mark.parametrize("states", ['states = "many"', "states = 1", 'states = "choose"\ndetector = "jump"',
                                    'states = { to = 3 }\ndetector = "ensemble"',
                                    "states = { from = 3, to = 2 }", "states = { from = 1 }"])  # fmt: skip
def test_words_that_are_no_number_of_states_are_refused(states: str, tmp_path: Path) -> None:
    """A number, or choose; a jump model has no density to choose by."""
    with pytest.raises(ConfigError, match=r"states(\.to|\.from)?: expected"):
        load(account(tmp_path, states))
