"""Training on real bars: five years of the S&P 500, two states, and a bundle that comes back."""

import functools
import math

from typing import Any

import numpy as np
import pytest

from backtests.train import content_hash, filtered, train_regime
from market.bars import Bars
from market.features import FeatureRef, FeatureSet
from market.sp500 import read_sp500
from regimes.bundle import RegimeModel, decode, encode
from regimes.weights import ModelError

FEATURES: tuple[FeatureRef, ...] = (("log_return", ()), ("garman_klass", ()))


@functools.cache
def bars() -> Bars:
    """Return the bars of 1999 to 2003."""
    return read_sp500().part(0, 1256)


@functools.cache
def trained() -> tuple[RegimeModel, dict[str, Any]]:
    """Return the model of these bars and the report on it."""
    return train_regime(bars(), FEATURES, 2, "sp500-d1", "research", seed=1)


def test_two_regimes_of_the_index_differ_in_volatility() -> None:
    """1999 to 2003 has a calm and a wild state, both lasting weeks, both far from empty."""
    model, report = trained()
    calm, wild = model.profiles

    assert wild.volatility > 1.5 * calm.volatility
    assert min(calm.occupancy, wild.occupancy) > 0.2
    assert calm.occupancy + wild.occupancy == pytest.approx(1.0)
    assert min(calm.dwell, wild.dwell) > 10.0
    assert calm.efficiency is not None
    assert report["converged"]
    assert (report["bars"], report["rows"], report["dropped"]) == (1256, 1255, 1)


def test_bundle_of_a_trained_model_comes_back() -> None:
    """What training returns is sealed, and decodes to itself with golden vectors of real rows."""
    model, report = trained()

    assert model == decode(encode(model), model.fingerprint)
    assert report["fingerprint"] == model.fingerprint
    assert len(model.golden.inputs) == 64
    assert model.data.hash == content_hash(bars())


def test_training_twice_gives_the_same_fingerprint() -> None:
    """Equal bars and arguments give the same bundle, byte for byte."""
    again, _ = train_regime(bars(), FEATURES, 2, "sp500-d1", "research", seed=1)

    assert encode(trained()[0]) == encode(again)


def test_crash_of_2008_is_read_as_the_wild_state_by_a_model_that_never_saw_it() -> None:
    """Filtered out of sample, autumn 2008 is wild on nearly every bar, and 2017 calm on most."""
    model, _ = trained()
    history = read_sp500()
    folds = FeatureSet(FEATURES)
    state = folds.init()
    posterior = filtered(model.weights, np.array([folds.step(state, bar) for bar in history]))
    times = np.asarray(history.time)
    autumn = (times >= 1221436800000) & (times < 1228089600000)  # 2008-09-15 to 2008-12-01
    calm_year = (times >= 1483228800000) & (times < 1514764800000)  # 2017

    assert posterior[autumn, 1].mean() > 0.95
    assert posterior[calm_year, 0].mean() > 0.95


def test_content_hash_knows_the_bars_and_not_the_file() -> None:
    """A copy has the same hash; one price a tick away has another."""
    other = bars().part(0, 1256)
    assert content_hash(bars()) == content_hash(other)

    other.close[700] = math.nextafter(other.close[700], math.inf)
    assert content_hash(bars()) != content_hash(other)


def test_too_few_bars_are_refused() -> None:
    """A hundred bars are no history to learn two regimes from."""
    with pytest.raises(ModelError, match="99 usable rows"):
        train_regime(bars().part(0, 100), FEATURES, 2, "sp500-d1", "research")
