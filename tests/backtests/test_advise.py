"""Advice on a strategy's allow-list: counts, intervals, no look ahead, and no proposal without trades enough."""

from functools import cache

import msgspec
import numpy as np
import pytest

from backtests.advise import LEAST, Advice, advise, interval, judged, ungated, walked
from backtests.regime_reading import read_regime
from config.errors import ConfigError, DataError
from market.sp500 import read_sp500
from tests.records import demo_account

NAME = "calm-or-storm"


@cache
def reversion() -> Advice:
    """Return the advice on the demo's strategy that trades the most, without refits."""
    return advise(demo_account()[0], "reversion", NAME, demo_account()[1], every=0)


def test_trades_are_counted_by_the_state_of_their_entry() -> None:
    """Every trade has a state, shares sum to one, and the mean of all is the states' weighted mean."""
    found = reversion()

    assert found.trades == sum(s.trades for s in found.states) > 200
    assert pytest.approx(1.0) == sum(s.share for s in found.states)
    assert pytest.approx(found.mean_r) == sum(s.share * (s.mean_r or 0.0) for s in found.states)
    assert (0, (0,), demo_account()[1].fingerprint) == (found.refits, found.configured, found.model)
    assert found.first > demo_account()[1].data.last


def test_the_gate_of_the_account_is_read_and_not_heeded() -> None:
    """The strategy alone is played, its gate in `advise`, whatever the account says of it."""
    (alone,) = ungated(demo_account()[0], "trend", NAME).strategies

    assert alone.gate is not None
    assert ("trend", "advise", NAME) == (alone.name, alone.gate.mode, alone.gate.regime)
    with pytest.raises(ConfigError, match="no strategy 'drift': the account has trend, reversion"):
        ungated(demo_account()[0], "drift", NAME)


def test_a_state_is_proposed_where_its_interval_lies_above_zero() -> None:
    """Thirty trades are the least; a mean above zero alone proves nothing."""
    draw = np.random.default_rng(1)
    results = {0: draw.normal(0.5, 1.0, 200), 1: draw.normal(0.5, 0.1, LEAST - 1), 2: draw.normal(0.02, 1.0, 200)}
    trades = [(state, float(r)) for state, rs in results.items() for r in rs]
    found = list(judged(3, trades))

    assert ["allow", "too few", "unproven"] == [s.verdict for s in found]
    assert [200, 29, 200] == [s.trades for s in found]
    assert (None, None) == (found[1].low, found[1].high)
    assert all(s.low is not None and s.low < (s.mean_r or 0.0) < (s.high or 0.0) for s in found if s.state != 1)


def test_intervals_widen_with_the_level_and_shrink_to_a_point_of_equals() -> None:
    """More states ask for more of each interval."""
    results = np.random.default_rng(2).normal(0.1, 1.0, 60).tolist()
    narrow, wide = interval(results, 0.95), interval(results, 0.9875)

    assert wide[0] < narrow[0] < narrow[1] < wide[1]
    assert (0.5, 0.5) == interval([0.5] * 40, 0.95)


def test_walking_forward_nothing_later_is_known() -> None:
    """On bars that end anywhere the walk says of each bar what it says on all of them: refits and matching too."""
    model = demo_account()[1]
    bars = read_sp500().part(0, 1700)
    whole = walked(model, bars, 150)
    parts = [walked(model, bars.part(0, end), 150) for end in (1300, 1406, 1555)]

    assert 2 == whole.refits
    assert [whole.likeliest[: len(part.likeliest)] for part in parts] == [part.likeliest for part in parts]
    assert {-1} == set(whole.likeliest[:1256])
    assert {0, 1} >= set(whole.likeliest[1256:])


def test_without_refits_the_model_in_use_reads_all_bars() -> None:
    """Zero bars between refits: none."""
    model = demo_account()[1]
    bars = read_sp500().part(0, 1700)
    found = walked(model, bars, 0)

    assert (0, 0) == (found.refits, found.refused)
    assert read_regime(model, bars).likeliest[1256:].tolist() == found.likeliest[1256:]


def test_a_model_that_has_learnt_from_all_bars_can_advise_nobody() -> None:
    """There is nothing left to walk forward into."""
    config, model = demo_account()
    learnt = msgspec.structs.replace(model, data=msgspec.structs.replace(model.data, last=1 << 50))

    with pytest.raises(DataError, match="no bar comes after those that its model has learnt from"):
        advise(config, "trend", NAME, learnt, every=0)
