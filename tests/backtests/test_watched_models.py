"""A trained model's limits of novelty: in its bundle, worth what the report says, and none where nobody asks."""

from pathlib import Path

import pytest

from backtests.gate_stands import heard
from backtests.train import train_regime
from backtests.training import train_from_config
from backtests.watched import Watched, watched
from config.load import load
from market.bars import Bars
from market.features import FeatureRef
from market.sp500 import read_sp500
from regimes.bundle import RegimeModel
from regimes.novelty import CALM, EACH, LIMITS, battery, fits
from regimes.novelty_limits import standard
from runtime.assemble import models_of
from runtime.core.plan import novelty_by
from tests.demos import toml

FEATURES: tuple[FeatureRef, ...] = (("log_return", ()), ("garman_klass", ()))
NAME = "calm-or-storm"
CHANGES = {"wilder", "dead", "drift up", "drift down"}


@pytest.fixture(scope="module")
def bars() -> Bars:
    """Five years of days."""
    return read_sp500().part(0, 1256)


@pytest.fixture(scope="module")
def plain(bars: Bars) -> RegimeModel:
    """Train on two features; nobody has calibrated it."""
    return train_regime(bars, FEATURES, 2, "days", "research")[0]


@pytest.fixture(scope="module")
def found(plain: RegimeModel, bars: Bars) -> tuple[RegimeModel, Watched]:
    """Calibrate the same model."""
    return watched(plain, bars)


def test_limits_are_part_of_the_model_and_nothing_else_changes(
    found: tuple[RegimeModel, Watched], plain: RegimeModel
) -> None:
    """Weights, states and descent are as before; the fingerprint is another."""
    model, told = found

    assert fits(model.novelty, 2)
    assert len(model.novelty) == LIMITS + 2 * (EACH + CALM)
    assert model.fingerprint != plain.fingerprint
    assert (plain.weights, plain.profiles, plain.lineage) == (model.weights, model.profiles, model.lineage)
    assert model.metrics["novelty: alarms in 1000 bars"] == told.alarms <= 0.05
    assert CHANGES == set(told.power)
    assert all(model.novelty[LIMITS + at] >= limit for at, limit in enumerate(standard(2)))


def test_what_the_learnt_bars_do_already_is_not_new(found: tuple[RegimeModel, Watched], bars: Bars) -> None:
    """Of the days before two statistics of range drift in sample: they are silent, and said so. None is alarmed."""
    model, told = found

    assert not heard(model, bars, model.novelty).strange.any()
    assert told.silent == ("garman_klass: strong drift down", "garman_klass: calm drift down")
    assert told.thin == ()


def test_a_halt_and_a_wrong_price_among_the_learnt_bars_make_nothing_silent(bars: Bars) -> None:
    """Training leaves them out; a market that stood still once does not make the battery deaf to a dead one."""
    bad = bars.part(0, len(bars))
    for at in range(600, 640):
        for column in (bad.open, bad.high, bad.low, bad.close):
            column[at] = bad.close[599]
    bad.high[300] = bad.close[300] = 100.0 * bad.close[300]
    model, report = train_regime(bad, FEATURES[:1], 2, "days", "research")
    _, told = watched(model, bad)

    assert (1256 - 1 - 41 - 2, ()) == (report["rows"], told.silent)


def test_calibrating_again_gives_the_same_bundle(
    found: tuple[RegimeModel, Watched], plain: RegimeModel, bars: Bars
) -> None:
    """Chance comes from the seed that the model was trained by."""
    shares: list[int] = []

    assert found == watched(plain, bars, lambda done, total: shares.append(100 * done // total))
    assert shares == sorted(shares)
    assert shares[-1] == 100


def test_an_account_trains_limits_where_its_regime_goes_by_them(tmp_path: Path) -> None:
    """The daemon, the backtest and the shadow books build their core by this one rule."""
    file = tmp_path / "account.toml"
    file.write_text(toml(tmp_path / "model").replace('novelty = "off"', 'novelty = "model"'), encoding="utf-8")
    config = load(file)
    report = train_from_config(config)[NAME]
    model = models_of(config)[NAME]
    rule = novelty_by(config.regimes[NAME].novelty, model)

    assert report["fingerprint"] == model.fingerprint
    assert report["novelty"]["power"].keys() == CHANGES
    assert rule == model.novelty == battery(model.novelty[LIMITS:])


def test_an_account_that_does_not_ask_is_spared_the_wait(tmp_path: Path) -> None:
    """With novelty off no limits are sought."""
    file = tmp_path / "account.toml"
    file.write_text(toml(tmp_path / "model"), encoding="utf-8")
    config = load(file)

    assert "novelty" not in train_from_config(config)[NAME]
    assert models_of(config)[NAME].novelty == ()
