"""What a profit is worth as evidence: reckoned from the equity a record has, and said in plain sentences."""

import math

import numpy as np

from msgspec.structs import replace

from backtests.equity import Curve, curve_of
from backtests.report import report_html
from backtests.skill import Moments, deflated
from backtests.summary import summary_of
from backtests.worth import growths_of, worth_of, worth_said
from market.types import DAY_MS
from tests.pages import Elements
from tests.records import played


def curve(gain: float, days: int = 500) -> Curve:
    """Return an equity that gains so much a day in the mean and moves by 1 % about it."""
    steps = gain + 0.01 * np.random.default_rng(1).standard_normal(days)
    return Curve(DAY_MS * np.arange(days), 1000.0 * np.cumprod(1.0 + steps))


def test_a_summary_tells_what_its_profit_is_worth() -> None:
    """Of the days of its equity: the ratio within two errors of luck, and paths in order."""
    record, drive = played()

    worth = summary_of(record, trials=10).worth

    assert worth is not None
    assert worth.by_days is not None
    assert worth.by_trades is not None
    assert len({at // DAY_MS for at in drive.equity.at.tolist()}) - 1 == worth.days
    assert worth.days == worth.by_days.count
    assert sum(t.book == "live" for t in record.trades) == worth.by_trades.count
    assert 10 == worth.trials
    assert worth.deflated < worth.above_zero


def test_ratios_are_a_years_and_the_deflation_is_the_formulas() -> None:
    """Reckoned back to a day, they give the deflated ratio of the formula."""
    worth = worth_of(played(60)[0], curve(0.001), trials=100)

    assert worth is not None
    year = math.sqrt(365.25 * 500 / 500)
    luck = worth.best_of_luck / year
    assert math.isclose(2.5306 / math.sqrt(498), luck, rel_tol=1e-4)
    near = deflated(Moments(worth.sharpe / year, 0.0, 3.0, worth.days), 100)
    assert math.isclose(near, worth.deflated, abs_tol=0.03)


def test_a_loss_needs_no_record_of_any_length() -> None:
    """Where the ratio is below 0 no length of record would speak for it, and that is said."""
    worth = worth_of(played(60)[0], curve(-0.003))

    assert worth is not None
    assert worth.days_needed is None
    assert "no record of such a ratio, however long, would speak for it" in next(worth_said(worth))


def test_a_record_that_is_too_short_or_broke_is_worth_nothing() -> None:
    """Nor is one that never moved: there is nothing to reckon with."""
    record, _ = played(60)
    none, short, flat = curve_of([]), curve(0.001, 15), curve_of((i * DAY_MS, 1000.0) for i in range(100))
    broke = curve_of([*zip(*curve(0.001), strict=True), (1000 * DAY_MS, -1.0)])

    assert [None, None, None, None] == [worth_of(record, equity) for equity in (none, short, flat, broke)]


def test_growths_are_shares_of_the_balance_then() -> None:
    """Multiplied with each other they make the final balance; an account that is broke has none."""
    record, drive = played()
    trades = [replace(t, net=-record.initial_balance) for t in record.trades]

    growths = growths_of(record)

    assert math.isclose(drive.balance, record.initial_balance * float(np.prod(1.0 + growths)))
    assert 0 == len(growths_of(replace(record, trades=trades)))


def test_sentences_say_what_trials_and_other_orders_come_to() -> None:
    """One of the ratio, one of the trials where there were several, one of days and one of trades."""
    record, _ = played()
    alone, many = (summary_of(record, trials=trials) for trials in (1, 36))
    assert alone.worth is not None
    assert many.worth is not None

    said, more = list(worth_said(alone.worth)), list(worth_said(many.worth))

    assert (3, 4) == (len(said), len(more))
    assert said == [more[0], *more[2:]]
    assert "The best of 36 variants without any skill" in more[1]
    assert "Drawn anew from its" in said[1]
    assert all(sentence in Elements(report_html(record, many)).text for sentence in more)
