"""An ensemble from training to the look-ahead twin: stored, told, checked, refitted, and refused where it is none."""

from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from backtests.backtest import run_backtest
from backtests.lookahead import cheapest_path, hindsight, smoothed
from backtests.recipe import Recipe, recipe_of
from backtests.refit import refit
from backtests.regime_check import check_regime
from backtests.regime_compare import compare
from backtests.regime_facts import facts_of, kind_of
from backtests.regime_reading import Read, read_regime
from backtests.train import filtered, train_regime
from backtests.training import train_from_config
from backtests.watched import watched
from config.account import AccountConfig
from config.load import load
from market.bars import Bars
from market.features import FeatureRef
from market.sp500 import read_sp500
from regimes.bundle import RegimeModel, decode, encode, seal
from regimes.ensemble import join, parts_of, penalty_of
from regimes.labels import Kept, Relabelled, reordered
from regimes.layout import DIAGONAL, DIAGONAL_T, JUMP, KIND
from regimes.novelty import CALM, EACH
from regimes.weights import ModelError
from runtime.assemble import models_of
from runtime.core.plan import novelty_by
from tests.ensembles import PLAIN, SMOOTH, WORDS, ensemble_toml
from tests.models import draw_weights

NAME = "calm-or-storm"
FEATURES: tuple[FeatureRef, ...] = (("log_realised_vol", (20.0,)), ("downside_deviation", (20.0,)))
JUMPING = Recipe(penalty=20.0)
RECIPE = Recipe(members=(Recipe(), Recipe(emission="t", sticky=20.0), JUMPING))


@cache
def bars() -> Bars:
    """Return the days of 1999 to 2003, and half a year more."""
    return read_sp500().part(0, 1382)


@cache
def trained() -> tuple[RegimeModel, dict[str, Any]]:
    """Return an ensemble of 1999 to 2003, and the report on it."""
    return train_regime(bars().part(0, 1256), FEATURES, 2, "sp500-d1", "research", recipe=RECIPE)


def test_a_trained_ensemble_says_what_it_is_made_of_and_comes_back() -> None:
    """The bundle names the members as they were trained, and a refit's recipe is read from it."""
    model, report = trained()

    assert model == decode(encode(model), model.fingerprint)
    assert RECIPE == recipe_of(model)
    assert [DIAGONAL, DIAGONAL_T, JUMP] == [part[KIND] for _, part in parts_of(model.weights)]
    assert ("ensemble", "-", 20.0) == (model.data.detector, model.data.covariance, penalty_of(model.weights))
    assert ["hmm", "hmm", "jump"] == [member["detector"] for member in report["members"]]
    assert 0.5 < model.metrics["overlap of member 2"] < model.metrics["overlap of member 1"]


def test_states_of_an_ensemble_are_sorted_and_last() -> None:
    """State 0 is the calm one, by what the ensemble itself says of the bars it learnt from."""
    calm, wild = trained()[0].profiles

    assert wild.volatility > 1.3 * calm.volatility
    assert min(calm.dwell, wild.dwell) > 10.0
    assert calm.occupancy + wild.occupancy == pytest.approx(1.0)


def test_an_ensemble_is_shown_by_its_members() -> None:
    """People are told of each kind, and how each was trained; not of one covariance, which there is not."""
    facts = facts_of(trained()[0])

    assert "ensemble of 3: Gaussian, features apart; Student's t, features apart; jump model" == kind_of(trained()[0])
    assert (
        '{ emission = "gauss" }, { emission = "t", sticky = 20 }, { detector = "jump", penalty = 20 }'
        == facts["members"]
    )
    assert "covariance" not in facts["trained by"]
    assert "jumpmodels" in facts["trained by"]


def test_a_bundle_whose_members_are_not_those_of_its_weights_is_refused() -> None:
    """One is missing from what it says of its training."""
    model = trained()[0]
    data = msgspec.structs.replace(model.data, members=model.data.members[:2])

    with pytest.raises(ModelError, match="profiles and members do not fit each other"):
        decode(encode(seal(msgspec.structs.replace(model, data=data))))


def test_an_ensemble_looks_at_nothing_later_and_predicts_what_it_learnt() -> None:
    """Cut, poisoned, restarted and compiled it says the same; bars fall where the mixture of its members has them."""
    found = {one.question: one.answer for one in check_regime(trained()[0], bars(), cuts=3, seed=1)}

    asked = ("prefix", "poison", "resume", "live is batch", "order of states", "states are seen", "profiles")
    assert dict.fromkeys(asked, "yes") == {name: found[name] for name in asked}
    assert "-" != found["calibrated learnt"]


def test_an_ensemble_gets_limits_of_novelty_of_its_own() -> None:
    """Calibrated for the mixture of its members, kept in its bundle, and told like those of any model."""
    found, told = watched(trained()[0], bars().part(0, 1256))

    assert found.novelty == novelty_by("model", decode(encode(found), found.fingerprint))
    assert 3 + 2 * (EACH + CALM) == len(found.novelty)
    assert told.alarms <= 0.05
    assert facts_of(found)["novelty"] != facts_of(trained()[0])["novelty"]


def test_hindsight_of_an_ensemble_is_the_mean_of_its_members() -> None:
    """Each member looks back over all bars in its own way: smoothed, or along its cheapest path."""
    parts = [draw_weights(seed, 3, 2, of) for seed, of in ((1, "full t"), (2, "jump 9"))]
    x = np.random.default_rng(1).normal(size=(80, 2))
    x[40] = np.nan
    reads = [
        Read(times=np.arange(80.0), closes=np.ones(80), rows=x, posteriors=filtered(w, x), log_densities=np.zeros(80))
        for w in (*parts, join((0.25, 0.75), parts))
    ]

    found = hindsight(join((0.25, 0.75), parts), reads[2])

    expected = 0.25 * smoothed(parts[0], reads[0].posteriors) + 0.75 * cheapest_path(parts[1], reads[1])
    np.testing.assert_allclose(found, expected, atol=1e-12)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)


def test_hindsight_of_a_trained_ensemble_differs_from_what_was_known() -> None:
    """The twin knows more of the same bars: that is what the tripwire measures."""
    read = read_regime(trained()[0], bars())

    assert 0.01 < np.abs(hindsight(trained()[0].weights, read) - read.posteriors).mean() < 0.3


def test_a_refitted_ensemble_follows_the_old_one() -> None:
    """Every member is trained again, from its own predecessor too; the states keep their meaning and their lineage."""
    old = trained()[0]
    found = refit(old, bars().part(126, 1382))

    assert isinstance(found.verdict, Relabelled)
    new = found.verdict.model
    assert (old.fingerprint, old.lineage, RECIPE) == (new.parent, new.lineage, recipe_of(new))
    assert found.verdict.overlap.mean > 0.9
    compared = compare(old, new, bars())
    assert compared.overlap is not None
    assert compared.likelihood is not None
    assert compared.overlap.same


def test_a_refit_goes_back_into_the_order_of_the_lineage() -> None:
    """Members are sorted anew by training; the ensemble as a whole is put into the order of the one in use."""
    old = trained()[0]
    used = reordered(old, (1, 0))
    found = refit(used, bars().part(126, 1382))

    assert isinstance(found.verdict, Relabelled)
    assert (1, 0) == found.verdict.overlap.order
    assert found.verdict.model.profiles[0].volatility > found.verdict.model.profiles[1].volatility


def test_members_that_mean_different_things_are_no_model_and_no_successor() -> None:
    """By a jump that costs more than these bars pay for, the states are others; the model in use stays."""
    features: tuple[FeatureRef, ...] = (("log_return", ()), ("garman_klass", ()))
    with pytest.raises(ModelError, match=r"members\[1\] by 0\.\d\d, at least 0\.50 is needed"):
        train_regime(bars().part(0, 1256), features, 2, "sp500-d1", "-", recipe=Recipe(members=(Recipe(), JUMPING)))

    data = trained()[0].data
    dear = msgspec.structs.replace(data.members[2], penalty=500.0)
    asked = msgspec.structs.replace(data, members=(*data.members[:2], dear))
    found = refit(msgspec.structs.replace(trained()[0], data=asked), bars().part(126, 1382))
    assert isinstance(found.verdict, Kept)
    assert "no model could be trained: fit: " in found.verdict.reason


# --- configured -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an account whose ensemble was trained as it is configured."""
    folder = tmp_path_factory.mktemp("ensemble")
    train_from_config(account(folder))
    return folder


def account(folder: Path, words: str = WORDS) -> AccountConfig:
    """Return the account in a folder with a regime in these words."""
    (folder / "account.toml").write_text(ensemble_toml(folder / "model", words), encoding="utf-8")
    return load(folder / "account.toml")


def test_a_configured_ensemble_is_trained_as_it_is_said(place: Path) -> None:
    """To the bit what training by hand makes of the same bars and members."""
    found = models_of(account(place))[NAME]

    assert trained()[0].weights == found.weights
    assert RECIPE == recipe_of(found)


def test_a_gate_listens_to_an_ensemble(place: Path) -> None:
    """Its posteriors are means: seldom certain, in thirds where the jump model disagrees with the two that are."""
    drive, _ = run_backtest(account(place), bars=1000)

    told = [d.posterior[0] for d in drive.decisions if d.posterior]
    assert {True, False} == {d.gate_open for d in drive.decisions}
    assert any(0.25 < p < 0.4 for p in told)
    assert any(0.6 < p < 0.75 for p in told)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (WORDS.replace("sticky = 20", "sticky = 30"), "trained with members .* names .*sticky = 30"),
        (WORDS.replace("penalty = 20", "penalty = 21"), "trained with members .*penalty = 20 .* names .*penalty = 21"),
        (f'{SMOOTH}\ndetector = "jump"', "trained with detector ensemble, regimes.calm-or-storm names jump"),
        (SMOOTH, "trained with detector ensemble, regimes.calm-or-storm names hmm"),
    ],
    ids=["another prior", "another penalty", "a jump model", "a hidden Markov model"],
)  # fmt: skip
def test_an_ensemble_of_other_members_than_named_is_refused(place: Path, words: str, complaint: str) -> None:
    """Its posterior would be another one: it has to be trained anew."""
    with pytest.raises(ModelError, match=complaint):
        models_of(account(place, words))


def test_members_that_cannot_be_matched_end_a_training_with_the_reason(tmp_path: Path) -> None:
    """Nothing is stored: a model that was there before stays in use."""
    words = WORDS.replace(SMOOTH, PLAIN)

    with pytest.raises(ModelError, match=r"members\[2\].*train it otherwise, or use fewer states"):
        train_from_config(account(tmp_path, words))
    assert not (tmp_path / "model").exists()
