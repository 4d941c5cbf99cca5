"""The page of a regime model: read as a daemon reads, alone, and drawn from the numbers it shows."""

from functools import cache

import msgspec
import numpy as np
import pytest

from backtests.regime_facts import seen_states
from backtests.regime_figures import regime_figure
from backtests.regime_page import regime_html
from backtests.regime_reading import Read, bar_returns, read_regime, stays
from config.errors import DataError
from market.bars import Bars
from market.features import FeatureSet
from market.sp500 import read_sp500
from regimes.bundle import RegimeModel, seal
from regimes.filter import filter_init, filter_step
from tests.pages import HOSTILE, Elements
from tests.records import demo_account


def model() -> RegimeModel:
    """Return the demo's model."""
    return demo_account()[1]


@cache
def read() -> tuple[Bars, Read]:
    """Return two thousand days, and what the model says of them."""
    bars = read_sp500().part(0, 2000)
    return bars, read_regime(model(), bars)


def test_reading_is_the_filter_over_the_features() -> None:
    """Bit for bit what features and filter give when they are called by hand."""
    bars, found = read()
    folds, s = FeatureSet(model().features), filter_init(model().weights)
    state = folds.init()
    by_hand = []
    for bar in bars:
        density = filter_step(s, model().weights, folds.step(state, bar))
        by_hand.append((density, *s[: model().states]))

    assert np.array(by_hand).tobytes() == np.column_stack((found.log_densities, found.posteriors)).tobytes()


def test_states_over_bars_are_counted_bar_by_bar() -> None:
    """Shares sum to one, stays to the bars, and the wild state is the wilder one here too."""
    _, found = read()
    calm, wild = seen_states(found)
    changes = int((np.diff(found.likeliest[found.warm]) != 0).sum())

    assert 1999 == calm.bars + wild.bars
    assert pytest.approx(1.0) == calm.occupancy + wild.occupancy
    assert pytest.approx(1999 / (changes + 1)) == 1999 / sum(s.bars / (s.dwell or 1.0) for s in (calm, wild))
    assert (wild.volatility or 0.0) > 1.5 * (calm.volatility or 1.0)


def test_stays_and_returns_begin_with_the_first_bar() -> None:
    """One bar alone is a stay of one, and has no return."""
    assert [1] == stays(np.array([1])).tolist()
    assert [True, False] == np.isnan(bar_returns(np.array([1.0, 2.0]))).tolist()


def test_a_page_needs_nothing_but_itself_and_obeys_no_name() -> None:
    """No element names anything to load; a hostile name is text."""
    bars, _ = read()
    hostile = seal(msgspec.structs.replace(model(), name=HOSTILE, owner=HOSTILE))
    harmless, page = Elements(regime_html(model(), bars)), Elements(regime_html(hostile, bars))

    assert [] == page.loaded
    assert "default-src 'none'" in page.policy
    assert harmless.tags.count("script") == page.tags.count("script")
    assert "img" not in page.tags
    assert [] == page.handlers
    assert HOSTILE in page.text
    assert {"States in training", "States over these bars", model().fingerprint} <= set(harmless.text.splitlines())


def keys_of(model_: RegimeModel) -> list[str]:
    """Return what a page says in large letters over the bars of 1999 to 2006."""
    text = Elements(regime_html(model_, read()[0])).text.splitlines()
    return [text[text.index(key) - 1] for key in ("bars read", "of them learnt from", "on bars not learnt from")]


def test_a_page_says_of_how_many_bars_a_refit_has_learnt() -> None:
    """Those before its window are none of them, nor are any of another symbol."""
    data = model().data
    late = msgspec.structs.replace(data, first=read()[0].time[1500], last=read()[0].time[-1])
    late_, foreign = (
        keys_of(seal(msgspec.structs.replace(model(), data=of)))
        for of in (late, msgspec.structs.replace(data, symbol="DAX"))
    )

    assert (["1,999", "500"], ["1,999", "0"]) == (late_[:2], foreign[:2])
    assert "–" not in {late_[2], foreign[2]}


@pytest.mark.parametrize(
    ("first", "last", "marks"),
    [
        (0, 1256, ["not learnt from →"]),
        (500, 1256, ["← not learnt from", "not learnt from →"]),
        (500, 2000, ["← not learnt from"]),
        (0, 2000, []),
        (0, 0, []),
    ],
)
def test_a_figure_marks_where_the_bars_that_were_learnt_from_begin_and_end(
    first: int, last: int, marks: list[str]
) -> None:
    """Nothing where all were, or none."""
    _, found = read()
    place = np.arange(len(found.times))
    figure = regime_figure(found, "model", model().profiles, (first <= place) & (place < last))

    assert marks == [a.text for a in figure.layout.annotations if "learnt" in a.text]


def test_bars_too_few_for_any_feature_are_refused() -> None:
    """One bar has no return, and nothing can be drawn of it."""
    with pytest.raises(DataError, match="1 bars are too few"):
        regime_html(model(), read_sp500().part(0, 1))
