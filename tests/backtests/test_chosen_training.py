"""An account whose states are to be chosen: trained, reported and loaded with as many as its bars speak for."""

from pathlib import Path

import pytest

from backtests.training import train_from_config
from config.errors import ConfigError
from config.load import load
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


@pytest.mark.parametrize("states", ['states = "many"', "states = 1", 'states = "choose"\ndetector = "jump"'])
def test_words_that_are_no_number_of_states_are_refused(states: str, tmp_path: Path) -> None:
    """A number, or choose; a jump model has no density to choose by."""
    with pytest.raises(ConfigError, match="states: expected"):
        load(account(tmp_path, states))
