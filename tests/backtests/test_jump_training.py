"""A jump model from the configuration to the gate: trained, stored, loaded, and listened to like any other regime."""

from functools import cache
from importlib import resources
from pathlib import Path

import pytest

from backtests.backtest import run_backtest
from backtests.recipe import Recipe, recipe_of
from backtests.regime_calibration import calibrated
from backtests.regime_facts import kind_of
from backtests.train import train_regime
from backtests.training import train_from_config
from config.account import AccountConfig
from config.load import load
from market.features import FeatureRef
from market.sp500 import read_sp500
from regimes.bundle import RegimeModel, decode, encode
from regimes.weights import ModelError, unpack
from runtime.assemble import models_of

FEATURES: tuple[FeatureRef, ...] = (
    ("downside_deviation", (20.0,)),
    ("log_realised_vol", (20.0,)),
    ("sortino", (20.0,)),
)
WORDS = 'features = [["log_realised_vol", 20], ["downside_deviation", 20]]\ndetector = "jump"\npenalty = 20.0'


@cache
def trained() -> RegimeModel:
    """Return a jump model of the S&P 500, 1999 to 2003."""
    recipe = Recipe(penalty=50.0)
    return train_regime(read_sp500().part(0, 1256), FEATURES, 2, "sp500-d1", "research", recipe=recipe)[0]


def account(folder: Path, words: str = WORDS) -> AccountConfig:
    """Return the demo's account with a regime in other words."""
    text = resources.files("config").joinpath("demo.toml").read_text(encoding="utf-8")
    text = text.replace('features = [["log_return"], ["garman_klass"]]', words)
    (folder / "demo.toml").write_text(text, encoding="utf-8")
    return load(folder / "demo.toml")


def test_trained_jump_model_says_what_it_is_and_comes_back() -> None:
    """The bundle names the detector, the weights hold the penalty, and the recipe of a refit is read from them."""
    model = trained()

    assert model == decode(encode(model), model.fingerprint)
    assert ("jump", 50.0) == (model.data.detector, unpack(model.weights).penalty)
    assert Recipe(penalty=50.0) == recipe_of(model)
    assert "jumpmodels" in model.data.engine


def test_states_of_a_jump_model_are_sorted_and_last() -> None:
    """State 0 is the calm one, and both last weeks: that is what a penalty is for."""
    calm, wild = trained().profiles

    assert wild.volatility > 1.3 * calm.volatility
    assert min(calm.dwell, wild.dwell) > 20.0
    assert calm.occupancy + wild.occupancy == pytest.approx(1.0)


def test_gate_listens_to_a_jump_model(tmp_path: Path) -> None:
    """Configured, trained and backtested like any regime: its posteriors are certain, and the gate acts on them."""
    config = account(tmp_path)

    report = train_from_config(config)["calm-or-storm"]
    drive, _ = run_backtest(config, bars=1000)

    told = [d for d in drive.decisions if d.posterior]
    assert "jump" == report["detector"] == models_of(config)["calm-or-storm"].data.detector
    assert {(0.0, 1.0), (1.0, 0.0)} == {d.posterior for d in told}
    assert {True, False} == {d.gate_open for d in told}


def test_jump_model_is_shown_by_name_and_not_judged_by_a_promise_it_does_not_make() -> None:
    """Its facts say what it is; whether bars fall where they were predicted is not asked of it."""
    model = trained()

    found = calibrated(model, read_sp500())

    assert "jump model" == kind_of(model)
    assert ["-", "-"] == [each.answer for each in found]


def test_bundle_of_another_detector_is_refused(tmp_path: Path) -> None:
    """A jump model in the place of a hidden Markov model has to be trained anew."""
    train_from_config(account(tmp_path))
    plain = account(tmp_path, WORDS.replace('\ndetector = "jump"\npenalty = 20.0', ""))

    with pytest.raises(ModelError, match=r"trained with detector jump, regimes.calm-or-storm names hmm"):
        models_of(plain)


def test_a_bundle_whose_jumps_cost_something_else_is_refused(tmp_path: Path) -> None:
    """Another penalty is another model; where none is named any will do."""
    train_from_config(account(tmp_path))

    with pytest.raises(ModelError, match=r"trained with penalty 20\.0, regimes.calm-or-storm names 30\.0"):
        models_of(account(tmp_path, WORDS.replace("penalty = 20.0", "penalty = 30.0")))
    assert models_of(account(tmp_path, WORDS.replace("\npenalty = 20.0", "")))
