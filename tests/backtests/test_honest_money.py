"""The reckoning of what a regime gate earns: its figures, its blindness to the future, and the twin that sees it."""

import functools
import math

from pathlib import Path

import numpy as np
import pytest

from backtests.benchmarks.money_books import book, errors
from backtests.benchmarks.money_series import (
    COMMISSION,
    Series,
    coarser,
    hour_of_week,
    hourly_spread,
    nasdaq,
    pair,
    sp500,
)
from backtests.benchmarks.money_walk import Walk, walk
from backtests.benchmarks.regimes_money import HEAD, always, base_line, line, opened, results
from market.bars import bars_of
from market.types import HOUR_MS

WINDOW, EVERY, BARS = 400, 100, 760
INTRABAR = "return, Garman-Klass"


@functools.cache
def short() -> Series:
    """Return three years of the Nasdaq."""
    whole = nasdaq()
    return whole._replace(
        returns=whole.returns[:BARS],
        features={name: x[:BARS] for name, x in whole.features.items()},
        costs={name: cost[:BARS] for name, cost in whole.costs.items()},
        window=WINDOW,
        every=EVERY,
    )


@functools.cache
def walked() -> Walk:
    """Return the walk of two Gaussian states through them."""
    return walk(short().features[INTRABAR], 2, "gauss", WINDOW, EVERY)


def test_a_book_is_what_an_account_would_have_had() -> None:
    """Bought for 1 % at the close that decides, held for two bars of +10 % and -20 %, sold for 1 %."""
    wanted = np.array([1.0, 1.0, 0.0, 0.0])
    found = book(wanted, 1, np.array([0.5, 0.1, -0.2, 0.5]), np.full(4, 0.01), per_year=4.0)

    assert found.earned.tolist() == pytest.approx([0.0, 1.1 * 0.99 - 1.0, -0.2, -0.01])
    assert (found.inside, found.changes) == (0.5, 2.0)
    assert found.drawdown == pytest.approx(1.0 - 0.8 * 0.99)
    assert found.growth == pytest.approx(1.1 * 0.99 * 0.8 * 0.99 - 1.0)


def test_what_is_held_at_the_end_is_sold() -> None:
    """Who always holds pays twice."""
    found = book(np.ones(3), 1, np.zeros(3), np.full(3, 0.01), per_year=3.0)

    assert found.growth == pytest.approx(0.99 * 0.99 - 1.0)
    assert found.changes == 2.0


def test_a_longer_delay_earns_later_bars() -> None:
    """With a delay of two bars the one after next is the first that is earned."""
    returns, free = np.array([0.0, 0.1, 0.2, 0.3]), np.zeros(4)
    wanted = np.array([1.0, 0.0, 0.0, 0.0])

    assert book(wanted, 1, returns, free, 4.0).growth == pytest.approx(0.1)
    assert book(wanted, 2, returns, free, 4.0).growth == pytest.approx(0.2)


def test_an_error_of_a_difference_is_that_of_bars_drawn_together() -> None:
    """Two books that are the same differ by nothing, whatever is drawn."""
    series = short()
    base = always(series)
    single, paired = errors(base, base, series.per_year, draws=20)

    assert single > 0.1
    assert paired == 0.0


@pytest.mark.parametrize("poison", [math.nan, 1e9])
def test_poisoned_futures_change_no_position_before_them(poison: float) -> None:
    """Whatever comes after a bar, amid a model's time or at its refit: what was held until then is the same bits."""
    x, expected = short().features[INTRABAR], walked().filtered

    for cut in (WINDOW + 1, WINDOW + EVERY, BARS - 37):
        poisoned = x.copy()
        poisoned[cut:] = poison
        found = walk(poisoned, 2, "gauss", WINDOW, EVERY).filtered
        assert np.array_equal(found[:cut], expected[:cut], equal_nan=True)
        assert opened(found)[:cut].tolist() == opened(expected)[:cut].tolist()


def test_the_twin_does_see_poison_in_its_future() -> None:
    """The test above can fail: it does for smoothed states."""
    x, cut = short().features[INTRABAR].copy(), BARS - 37
    x[cut:] = 1e9

    found = walk(x, 2, "gauss", WINDOW, EVERY).smoothed

    assert not np.array_equal(found[:cut], walked().smoothed[:cut], equal_nan=True)


def test_nothing_is_known_before_the_first_model() -> None:
    """The bars that the first model learns from are not traded."""
    filtered = walked().filtered

    assert np.isnan(filtered[:WINDOW]).all()
    assert np.isfinite(filtered[WINDOW:]).all()
    assert not opened(filtered)[:WINDOW].any()


def test_the_table_has_a_line_for_each_model_and_the_twin_stands_above() -> None:
    """One line has as many columns as the head; smoothed states earn what filtered ones cannot."""
    series = short()
    base = always(series)
    found = list(results(series, states=(2,), emissions=("Gaussian",)))
    lines = [base_line(base, series.per_year, 20), *(line(each, base, series.per_year, 20) for each in found)]

    assert [each.name for each in found] == [f"unless wildest of 2, Gaussian, {name}" for name in series.features]
    assert {told.count("|") for told in lines} == {HEAD.partition("\n")[0].count("|")}
    assert all(each.twin.sharpe > each.books[0].sharpe for each in found)


def test_minutes_become_bars_that_hold_them() -> None:
    """Open of the first, extremes of all, close of the last; a gap within is no matter, an empty one leaves no bar."""
    minute = 60_000
    rows = [(0, 2.0, 3.0, 1.0, 2.5, 1.0, 0.0), (14 * minute, 2.5, 5.0, 2.0, 4.0, 1.0, 0.0)]
    rows += [(45 * minute, 4.0, 4.5, 3.5, 4.2, 1.0, 0.0)]
    bars, ends = coarser(bars_of("EURUSD", "M1", rows), "M15")

    assert [(bar.time, bar.open, bar.high, bar.low, bar.close) for bar in bars] == [
        (0, 2.0, 5.0, 1.0, 4.0),
        (45 * minute, 4.0, 4.5, 3.5, 4.2),
    ]
    assert ends == [1, 2]


def test_the_week_begins_when_new_york_has_closed() -> None:
    """17:00 of Sunday in New York is hour 0, in winter 22:00 and in summer 21:00 of UTC."""
    winter = 1_515_276_000_000  # 2018-01-06T22:00Z, a Saturday
    summer = 1_530_997_200_000 + 24 * HOUR_MS  # 2018-07-08T21:00Z, a Sunday

    assert hour_of_week(winter + 24 * HOUR_MS) == 0
    assert hour_of_week(summer) == 0
    assert hour_of_week(summer - 1) == 167


def test_the_spread_is_wide_when_the_day_turns_and_is_nothing_when_it_does_not(shared_data: Path) -> None:
    """Ticks of a week and a half: two pips and more in the first hour of a day, none by the median in its middle."""
    spread = hourly_spread(shared_data / "mt5" / "eurusd-ticks-2025-09.parquet")

    assert (spread[[0, 24, 48, 72, 96]] > 0.00015).all()
    assert (spread[[12, 36, 60, 84, 108]] < 0.000005).all()
    assert spread[130] == np.median(spread)


def test_euros_cost_commission_and_half_the_spread_of_the_hour_in_which_they_are_traded() -> None:
    """Three hours of minutes around the turn of a day: the close before it is traded in the dear hour after it."""
    turn = 1_530_997_200_000 + 48 * HOUR_MS
    moves = [1.2 + 0.0001 * (i * i % 7) for i in range(240)]
    rows = [(turn - 3 * HOUR_MS + i * 60_000, c, c + 0.0001, c - 0.0001, c, 0.0, 0.0) for i, c in enumerate(moves)]
    hours = np.zeros(168)
    hours[24] = 0.0002
    series = pair("hours", bars_of("EURUSD", "M1", rows), "H1", hours, 1, 1)
    closes = np.array(moves[119::60])
    realised = np.log(np.diff(np.log(moves[59:120])).std(ddof=1))

    assert series.costs["spread, commission"] * closes == pytest.approx(
        [COMMISSION, COMMISSION + 0.0001, COMMISSION + 0.0001]
    )
    assert series.costs["spread alone"] * closes == pytest.approx([0.0, 0.0001, 0.0001])
    assert series.returns == pytest.approx(closes / np.array(moves[59:-1:60]) - 1.0)
    assert series.features["return, realised in M1"][0] == pytest.approx([np.log(moves[119] / moves[59]), realised])


def test_the_index_begins_where_its_bars_have_highs_and_lows(shared_data: Path) -> None:
    """From 1962 on hardly a day is flat."""
    series = sp500(shared_data)

    assert len(series.returns) == 14_702
    assert np.isnan(series.features[INTRABAR][:, 1]).mean() < 0.01
