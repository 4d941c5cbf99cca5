"""Refits of real indices: the states keep their meaning, or the old model stays and says why."""

import functools

import msgspec
import numpy as np
import pytest

from backtests.benchmarks.regimes_refits import SPAN, judged
from backtests.recipe import Recipe, recipe_of
from backtests.refit import Refit, both, refit, rolling
from backtests.train import train_regime
from market.bars import Bars
from market.features import FeatureRef
from market.sp500 import read_nasdaq, read_sp500
from regimes.bundle import RegimeModel, check
from regimes.labels import Kept, Relabelled, reordered

RETURNS: tuple[FeatureRef, ...] = (("log_return", ()),)


@functools.cache
def old(states: int = 2, recipe: Recipe = Recipe()) -> RegimeModel:  # noqa: B008 - frozen
    """Return a model of 2,000 days of the index."""
    return train_regime(read_sp500().part(0, 2000), RETURNS, states, "sp500", "research", recipe=recipe)[0]


@pytest.mark.parametrize("states", [2, 3])
def test_refits_of_an_index_keep_their_meaning_or_are_turned_away(states: int) -> None:
    """Every successor means the same by a measure that had no part in choosing it; each refusal has a reason."""
    bars = read_sp500().part(1000, 4008)
    row = judged(rolling(bars, RETURNS, states, (SPAN[0], 4 * SPAN[1])), bars)

    assert row.refits == 4
    assert row.taken >= 1
    assert row.kept == row.taken
    assert len(row.reasons) == row.refits - row.taken
    assert all(row.reasons)


def test_a_refit_takes_the_order_of_a_model_that_is_not_sorted() -> None:
    """Training sorts states by volatility; a lineage that began in another order keeps it."""
    before = reordered(old(), (1, 0))
    found = refit(before, read_sp500().part(63, 2063))

    assert isinstance(found.verdict, Relabelled)
    assert found.verdict.overlap.order == (1, 0)
    wild, calm = found.verdict.model.profiles
    assert wild.volatility > 1.5 * calm.volatility
    assert found.verdict.model.parent == before.fingerprint
    assert found.verdict.model.lineage == before.lineage
    check(found.verdict.model)


def test_a_refit_is_trained_as_the_model_in_use_was() -> None:
    """Emission and persistence are part of what a model is, and go with it."""
    recipe = Recipe(emission="t", sticky=100.0)
    found = refit(old(2, recipe), read_sp500().part(63, 2063))

    assert isinstance(found.verdict, Relabelled)
    assert recipe_of(found.verdict.model) == recipe


def test_bars_that_carry_no_model_keep_the_old_one() -> None:
    """Too few bars are a reason, and no exception."""
    found = refit(old(), read_sp500().part(0, 80))

    assert isinstance(found.verdict, Kept)
    assert found.verdict.overlap is None
    assert "no model could be trained" in found.verdict.reason


def test_bars_of_another_timeframe_keep_the_old_model() -> None:
    """A configuration was changed: what is trained on others is no successor."""
    found = refit(old(), msgspec.structs.replace(read_sp500().part(63, 2063), timeframe="H4"))

    assert isinstance(found.verdict, Kept)
    assert "it has learnt from bars of D1, not bars of H4: train one anew" == found.verdict.reason


def test_bars_of_another_symbol_keep_the_old_model() -> None:
    """Its states would be another market's."""
    found = refit(old(), msgspec.structs.replace(read_sp500().part(63, 2063), symbol="GOLD"))

    assert isinstance(found.verdict, Kept)
    assert "it has learnt from SP500, not from GOLD: train one anew" == found.verdict.reason


def test_only_bars_that_both_models_know_are_compared() -> None:
    """Warm-up and missing features of either are left out, of both alike."""
    model = old()
    p, q = both(model, model, read_sp500().part(0, 500))

    assert p.shape == q.shape == (449, 2)
    assert np.array_equal(p, q)


def refits_until(bars: Bars, last: int) -> list[Refit]:
    """Return the refits of a prefix of the bars."""
    return list(rolling(bars.part(0, last), RETURNS, 2, (1000, 250)))


def test_a_refit_knows_nothing_of_the_bars_after_it() -> None:
    """The refits of a prefix are the first refits of the whole, to the bit."""
    bars = read_sp500()
    whole, prefix = refits_until(bars, 1750), refits_until(bars, 1500)

    assert len(prefix) == 2
    assert prefix == whole[:2]


def test_where_the_likeliest_model_means_something_else_the_nearest_one_is_asked() -> None:
    """On these years of the Nasdaq the likeliest three states mean others; near the old ones they keep theirs."""
    bars = read_nasdaq().part(0, SPAN[0] + 3 * SPAN[1])
    found = list(rolling(bars, RETURNS, 3, SPAN))
    near = [each for each in found if each.cost > 0.0]

    assert near
    assert all(isinstance(each.verdict, Relabelled) for each in near)
    assert max(each.cost for each in near) < 0.01
