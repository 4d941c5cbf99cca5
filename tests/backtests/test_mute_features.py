"""Features that say nothing over the bars of a training: left out and named, and the rest is trained as if alone."""

import math

from pathlib import Path

import msgspec
import numpy as np
import pytest

from backtests.mute import mute_features
from backtests.refit import refit
from backtests.regime_facts import facts_of
from backtests.train import train_regime
from config.load import load
from market.bars import Bars
from market.features import FeatureRef
from market.sp500 import read_sp500
from regimes.bundle import RegimeModel, decode, encode
from regimes.labels import Relabelled
from regimes.weights import ModelError
from runtime.assemble import found_models
from runtime.bundles import promote, write_bundle
from tests.demos import toml

NAME = "calm-or-storm"
ALONE: tuple[FeatureRef, ...] = (("log_return", ()), ("garman_klass", ()))
VOLUME: FeatureRef = ("log_volume_zscore", (20.0,))
ASKED = (ALONE[0], VOLUME, ALONE[1])


def bars(volume: float) -> Bars:
    """Return five years of days with a volume that never changes."""
    found = read_sp500().part(0, 1256)
    for at in range(len(found)):
        found.volume[at] = volume
    return found


@pytest.fixture(scope="module")
def trained() -> RegimeModel:
    """Train on three features, of which one is mute."""
    return train_regime(bars(7.0), ASKED, 2, "days", "research")[0]


@pytest.mark.parametrize("volume", [7.0, 0.0])
def test_a_volume_that_never_changes_is_left_out_and_the_states_are_those_of_the_rest(volume: float) -> None:
    """Whatever it is: without one there is no logarithm, and the feature has no value on any bar."""
    model, report = train_regime(bars(volume), ASKED, 2, "days", "research")
    alone, plain = train_regime(bars(volume), ALONE, 2, "days", "research")

    assert (ALONE, (VOLUME,)) == (model.features, model.data.mute)
    assert [[VOLUME[0], list(VOLUME[1])]] == [[name, list(params)] for name, params in report["mute"]]
    assert (model.weights, model.profiles, model.quantiles) == (alone.weights, alone.profiles, alone.quantiles)
    assert ((), []) == (alone.data.mute, list(plain["mute"]))


def test_a_bundle_says_what_was_left_out(trained: RegimeModel) -> None:
    """It comes back whole, people are told, and one that left nothing out is as bundles were before."""
    plain = msgspec.structs.replace(trained, data=msgspec.structs.replace(trained.data, mute=()))

    assert trained == decode(encode(trained), trained.fingerprint)
    assert b"mute" not in encode(plain)["data.json"]
    assert "log_return, garman_klass; log_volume_zscore 20 said nothing, left out" == facts_of(trained)["features"]
    assert "log_return, garman_klass" == facts_of(plain)["features"]


def test_an_account_that_asks_for_the_mute_feature_takes_the_model(trained: RegimeModel, tmp_path: Path) -> None:
    """As one does that no longer asks for it; a feature that the model has not heard of is another model."""
    file = tmp_path / "account.toml"
    promote(tmp_path / "model", write_bundle(tmp_path / "model", trained).name)
    text = toml(tmp_path / "model")
    taken = []
    for extra in ('["log_volume_zscore", 20], ', "", '["log_volume_zscore", 50], '):
        asked = text.replace('["garman_klass"]]', f'{extra}["garman_klass"]]', 1)
        file.write_text(asked, encoding="utf-8")
        try:
            taken.append(found_models(load(file))[NAME].fingerprint == trained.fingerprint)
        except ModelError:
            taken.append(False)

    assert [True, True, False] == taken


def test_a_refit_goes_on_with_the_features_of_its_model(trained: RegimeModel) -> None:
    """A mute feature that moves by now is not taken up: models of a lineage read the same."""
    found = refit(trained, read_sp500().part(100, 1356))

    assert isinstance(found.verdict, Relabelled)
    assert (ALONE, (VOLUME,)) == (found.verdict.model.features, found.verdict.model.data.mute)


def test_a_feature_that_falls_silent_keeps_the_model_in_use() -> None:
    """What a refit cannot be trained on is no reason to leave out what the model in use reads."""
    spoken = read_sp500().part(0, 1256)
    old = train_regime(spoken, (ALONE[0], VOLUME), 2, "days", "research")[0]

    verdict = refit(old, bars(7.0)).verdict

    assert not isinstance(verdict, Relabelled)
    assert "no model could be trained: fit: feature 1 is constant over the training rows" in verdict.reason


def test_a_halt_and_a_wrong_price_make_no_feature_speak() -> None:
    """Only rows that are trained on count."""
    dice = np.random.default_rng(1)
    x = np.column_stack((dice.normal(size=500), np.full(500, 3.0)))
    returns = x[:, 0].copy()
    x[100:130], returns[100:130] = (0.0, 9.0), 0.0
    x[7, 1] = math.nan

    assert (VOLUME,) == mute_features(x, returns, (ALONE[0], VOLUME))


def test_bars_on_which_nothing_says_anything_are_refused() -> None:
    """A market that never moved, or a column of holes."""
    for x in (np.zeros((500, 2)), np.full((500, 2), math.nan)):
        with pytest.raises(ModelError, match=r"none of the features says anything \(log_return, garman_klass\)"):
            mute_features(x, np.full(500, 0.01), ALONE)
