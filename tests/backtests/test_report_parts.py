"""The parts of a report: months, excursions, and what each gate kept out."""

import datetime
import math

import msgspec
import pytest

from hypothesis import given
from hypothesis import strategies as st

from backtests.decided import GATES
from backtests.equity import curve_of
from backtests.months import month_returns, year_returns
from backtests.refusals import refusals_of
from backtests.report import MOST_LISTED, report_html
from backtests.report_excursions import MOST_TRADES, excursion_figure
from backtests.report_figures import equity_figure
from backtests.summary import summary_of
from market.money import cents
from tests.pages import Elements
from tests.records import played


def moment(year: int, month: int, day: int) -> int:
    """Return a day as UTC milliseconds."""
    return int(datetime.datetime(year, month, day, tzinfo=datetime.UTC).timestamp()) * 1000


def test_months_tell_what_each_added_to_what_it_began_with() -> None:
    """The first month is measured from what the account began with, each other from the end of the one before."""
    curve = [(moment(2020, 1, 5), 90.0), (moment(2020, 1, 31), 110.0), (moment(2020, 3, 1), 99.0)]
    months = month_returns(curve_of(curve), 100.0)

    assert {(2020, 1): pytest.approx(0.1), (2020, 3): pytest.approx(-0.1)} == months
    assert {2020: pytest.approx(-0.01)} == year_returns(months)


def test_after_nothing_is_left_no_month_has_a_return() -> None:
    """A share of nothing is no number."""
    curve = [(moment(2020, 1, 5), 0.0), (moment(2020, 2, 5), 5.0)]

    assert {(2020, 1): -1.0} == month_returns(curve_of(curve), 100.0)


@given(st.lists(st.tuples(st.integers(0, 2000), st.floats(1.0, 1e6)), min_size=1, max_size=60), st.floats(1.0, 1e6))
def test_all_months_together_are_the_whole(points: list[tuple[int, float]], initial: float) -> None:
    """Whatever the equity, what the years make together is what it ended with."""
    curve = [(day * 86_400_000, equity) for day, equity in sorted(points)]
    years = year_returns(month_returns(curve_of(curve), initial))

    assert curve[-1][1] == pytest.approx(initial * math.prod(1.0 + gained for gained in years.values()))


def test_refusals_are_the_entries_that_were_wanted_and_not_taken() -> None:
    """Each is in one row, and there is none that the classes of the decisions do not have."""
    record, _ = played()
    found = refusals_of(record)
    wanted = [d for d in record.decisions if d.outcome in GATES and abs(d.action) == 1.0 and not d.position]

    assert len(wanted) == sum(row.decisions for row in found) > 0
    assert {"regime"} == {row.gate for row in found}


def test_what_the_shadow_books_made_of_vetoed_trades_is_told() -> None:
    """Missed trades are those that a shadow book has alone; in net and R they are what those made."""
    record, _ = played()
    live = {(t.strategy, t.opened, t.side) for t in record.trades if t.book == "live"}
    missed = [t for t in record.trades if t.book == "shadow" and (t.strategy, t.opened, t.side) not in live]
    vetoed = {(d.strategy, d.at) for d in record.decisions if d.outcome == "vetoed_by_regime"}
    missed = [t for t in missed if (t.strategy, t.opened) in vetoed]
    found = [row for row in refusals_of(record) if row.gate == "regime"]

    assert len(missed) == sum(row.missed or 0 for row in found) > 0
    assert cents(sum(t.net for t in missed)) == cents(sum(row.net or 0.0 for row in found))


def test_without_shadow_books_nobody_knows_what_a_veto_was_worth() -> None:
    """The veto is counted, its worth is not made up."""
    record, _ = played(shadows=False)

    assert [(None, None, None)] == list({(row.missed, row.net, row.r) for row in refusals_of(record)})


def test_holds_and_risk_checks_have_a_row_for_each_reason() -> None:
    """Their shadow value is not known either, whatever shadow books there are."""
    record, _ = played()
    vetoed = [d for d in record.decisions if d.outcome == "vetoed_by_regime"]
    held = msgspec.structs.replace(vetoed[0], outcome="held", holds=("LINK", "SESSION:SP500"))
    risky = msgspec.structs.replace(vetoed[1], outcome="refused_by_risk", reasons=("spread",))
    found = refusals_of(msgspec.structs.replace(record, decisions=[held, risky, risky], trades=[]))

    assert [("hold", "LINK, SESSION:SP500", 1, None), ("risk", "spread", 2, None)] == [
        (row.gate, row.reason, row.decisions, row.missed) for row in found
    ]


def test_excursions_show_every_trade_in_both_panels() -> None:
    """Won and lost, against us and for us, as shares of the entry; of very many some are left out."""
    record, _ = played()
    live = [t for t in record.trades if t.book == "live"]
    many = excursion_figure(live * (2 * MOST_TRADES // len(live)))

    assert 2 * len(live) == sum(len(trace.x) for trace in excursion_figure(live).data)
    assert sum(len(trace.x) for trace in many.data) <= 2 * MOST_TRADES
    assert all(x >= 0.0 for trace in excursion_figure(live).data for x in trace.x)


def test_a_report_has_months_excursions_and_refusals() -> None:
    """They are sections of their own, with the numbers they are made of."""
    record, _ = played()
    text = Elements(report_html(record, summary_of(record))).text

    assert {"Returns by month", "How far trades went", "What was refused, and why"} <= set(text.splitlines())
    assert all(row.reason in text for row in refusals_of(record))


def test_a_list_of_all_trades_ends_where_a_page_does() -> None:
    """A thousand trades are listed, of more it is said where they are kept."""
    record, _ = played()
    live = [t for t in record.trades if t.book == "live"]
    many = msgspec.structs.replace(record, trades=live * (MOST_LISTED // len(live) + 1))

    listed, told = (Elements(report_html(r, summary_of(r))).text for r in (record, many))

    assert f"All {len(live)}" in listed.splitlines()
    assert "are too many for a page" in told


def test_without_a_regime_equity_stays_above_the_drawdown() -> None:
    """The background is an axis of its own, with nothing on it too; without one, equity would fill the whole figure."""
    record, _ = played(60)
    ungated = [msgspec.structs.replace(s, gate=None) for s in record.config.strategies]
    config = msgspec.structs.replace(record.config, strategies=tuple(ungated), regimes={})

    figure = equity_figure(msgspec.structs.replace(record, config=config))

    assert {"y", "y2", "y3"} == {trace.yaxis for trace in figure.data}
    assert 1 == len([trace for trace in figure.data if trace.yaxis == "y"])
