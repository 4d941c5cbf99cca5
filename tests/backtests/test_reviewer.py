"""The reviewer: each of its sentences is said of a record that has the fault, and not of one that has not."""

import math
import re

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import pytest

from msgspec.structs import replace

from backtests.faults import Name
from backtests.faults_of_costs import costs_of_trading, points_of
from backtests.record import Record, Trade
from backtests.remarks import remarks_of
from backtests.report import report_html
from backtests.reviewer import faults_of
from backtests.summary import summary_of
from backtests.worth import Worth
from brokers.costs import Costs
from market.bars import bars_of
from market.types import DAY_MS
from tests.pages import Elements
from tests.records import doubtful, played

MONTH_MS = 30 * DAY_MS
FINE = (300.0, -200.0) * 30
"""Sixty trades, one a month: five years, all alike."""
SOUND = Worth(
    days=1500, sharpe=1.4, error=0.4, above_zero=0.999, days_needed=400.0, trials=1, best_of_luck=0.0, deflated=0.999,
    by_days=None, by_trades=None,
)  # fmt: skip


def trade(place: int, net: float, regime: int = 0) -> Trade:
    """Return a trade of the demo's trend strategy, of the month so many after the first, open for a day."""
    opened = place * MONTH_MS
    return Trade(
        book="live", strategy="trend", symbol="SP500", side=1, volume=1.0, opened=opened, closed=opened + DAY_MS,
        entry_price=1000.0, exit_price=1000.0 + net, net=net, r=net / 100.0, bars=1, exit_reason="stop", regime=regime,
    )  # fmt: skip


def with_trades(nets: Sequence[float], regimes: Sequence[int] = ()) -> Record:
    """Return the demo's record with trades of such gains, one a month, in place of its own; in state 0, or in these."""
    states = regimes or [0] * len(nets)
    return replace(played(60)[0], trades=[trade(i, *row) for i, row in enumerate(zip(nets, states, strict=True))])


def with_costs(record: Record, costs: Costs) -> Record:
    """Return a record whose account says so of its costs."""
    section = record.config.symbols["SP500"]
    symbols = {"SP500": replace(section, costs=costs)}
    return replace(record, config=replace(record.config, symbols=symbols))


def faults(record: Record, worth: Worth | None = SOUND, ambiguous: int = 0) -> dict[str, str]:
    """Return the sentences by their names, but for that on assumed costs, which all records here have."""
    found = {fault.name: fault.sentence for fault in faults_of(record, worth, ambiguous)}
    return {name: sentence for name, sentence in found.items() if name != "assumed_costs"}


def test_a_record_without_a_fault_has_none() -> None:
    """Sixty trades that earn alike, of a sound ratio: silence."""
    assert {} == faults(with_trades(FINE))


def test_no_trade_and_few_trades() -> None:
    """None at all, or fewer than thirty; thirty are enough to go on."""
    assert ["no_trades"] == list(faults(with_trades(())))
    assert "of 29 nobody can tell" in faults(with_trades(FINE[:29]))["few_trades"]
    assert "few_trades" not in faults(with_trades(FINE[:30]))


def test_a_loss() -> None:
    """What lost money is told first."""
    found = faults(with_trades((100.0, -200.0) * 30))

    assert "It made no money: −3,000.00 USD." == found["losing"]


def test_one_trade_that_makes_the_profit() -> None:
    """Without it the others together made nothing; of a hundred trades two such count as one."""
    one, two = [9000.0, *FINE[2:], *[-110.0] * 30], [4000.0, 4000.0, *(300.0, -300.0) * 49]

    assert "One trade of 89 made all of the profit" in faults(with_trades(one))["lucky_trades"]
    assert "2 trades of 100 made all of the profit" in faults(with_trades(two))["lucky_trades"]
    assert "lucky_trades" not in faults(with_trades((*FINE, 200.0)))


def test_what_many_trials_leave() -> None:
    """After a hundred variants a ratio has to be higher; of a single one nobody asks that."""
    tried = replace(SOUND, trials=100, best_of_luck=1.3, deflated=0.55)
    found = faults(with_trades(FINE), tried)

    assert "the best of 100 variants without skill would show a Sharpe ratio of 1.30" in found["overfitted"]
    assert {} == faults(with_trades(FINE), replace(tried, trials=1))
    assert {} == faults(with_trades(FINE), replace(tried, deflated=0.96))


def test_a_record_that_is_too_short() -> None:
    """It takes more days than there are to be sure; a loss is another fault."""
    short = replace(SOUND, days_needed=1501.0)

    assert "it takes 1,501 days to be 95% sure that it is above 0, and there are 1,500" in faults(
        with_trades(FINE), short
    )["short_record"]  # fmt: skip
    assert "it takes 1,501 days" in faults(with_trades(FINE), replace(short, days_needed=1500.2))["short_record"]
    assert {} == faults(with_trades(FINE), replace(short, days_needed=None))
    assert {} == faults(with_trades(FINE), None)


def test_years_that_lost() -> None:
    """Most of them, or all but one; two years are too few to be compared."""
    lost = with_trades([*[-1.0] * 38, *[400.0, -50.0] * 11])
    one = with_trades([*[-1.0] * 50, *[100.0, -50.0] * 5])

    assert "It lost money in 3 of 5 years." == faults(lost)["losing_years"]
    assert "All of the profit is of one year, 1974: the other 4 together made none." == faults(one)["one_year"]
    assert not {"losing_years", "one_year"} & set(faults(with_trades((300.0, -310.0, 300.0) * 8)))


def test_one_regime_that_makes_the_profit() -> None:
    """Where trades were made in several states, and all but one of them lost or made nothing."""
    nets = (300.0, -200.0, -50.0) * 20

    assert "All of the profit was made in state 0 of calm-or-storm" in faults(with_trades(nets, (0, 0, 1) * 20))[
        "one_regime"
    ]  # fmt: skip
    assert "one_regime" not in faults(with_trades(nets, (0, 0, 0) * 20))
    assert "one_regime" not in faults(with_trades(FINE, (0, 0, 1, 1) * 15))
    assert "one_regime" not in faults(with_trades(FINE, (-1,) * 60))


def test_what_a_point_costs_is_the_venues_own_arithmetic() -> None:
    """One lot is one dollar a point of the index, one point is a cent: sixty trips of a lot are 0.60."""
    record = with_trades(FINE)
    spread = 0.5 / 0.01

    assert math.isclose(0.6, points_of(record, record.trades)["SP500"])
    assert math.isclose(0.6 * (spread + 2 * 10.0), costs_of_trading(record, record.trades))


def test_a_profit_that_costs_would_eat() -> None:
    """It is told how much dearer a round trip may get; once costs ate it, what it made before them."""
    thin, eaten = with_trades((10.6, -10.0) * 30), with_trades((10.0, -10.1) * 30)

    assert "if trading costs 1.43 times the 42.00 USD" in faults(thin)["cost_sensitive"]
    assert "that is 30.0 points more on each round trip of SP500" in faults(thin)["cost_sensitive"]
    assert "before about 42.00 USD of spread, slippage and commission it made +39.00" in faults(eaten)["eaten_by_costs"]
    assert not {"cost_sensitive", "eaten_by_costs"} & set(faults(with_trades((100.0, -200.0) * 30)))


def test_costs_that_nobody_has_named() -> None:
    """Neither slippage nor commission: either of them is something."""
    record = with_trades(FINE)

    assert "SP500: neither slippage nor commission is configured" in faults(with_costs(record, Costs(spread=50.0)))[
        "no_costs"
    ]  # fmt: skip
    for said in (
        Costs(spread=50.0, slippage=1.0),
        Costs(spread=50.0, commission=2.0),
        Costs(spread=50.0, slips=(1.0,)),
    ):
        assert "no_costs" not in faults(with_costs(record, said))


def test_costs_that_nobody_has_measured() -> None:
    """Constants of the configuration; not bars with spreads of their own and measured slips, nor a journal."""
    record = with_trades(FINE)
    measured = with_costs(with_spreads(record), Costs(spread=50.0, slips=(1.0, 2.0)))
    half = with_costs(record, Costs(spread=50.0, slips=(1.0,)))

    assert [
        (
            "SP500 D1: costs are assumed, not measured (spread 50 points on 60 of 60 bars, slippage 10, no latency: "
            "each order is filled at the bar's open): see `tidegate calibrate`."
        )
    ] == assumed(record)
    assert "slippage" not in assumed(half)[0]
    assert [] == assumed(measured)
    assert [] == assumed(replace(record, source="journal"))


@pytest.mark.parametrize(
    ("costs", "told", "said"),
    [
        (Costs(spread=50.0, slippage=1.0), "ticks", "no latency: each order is filled at the bar's open"),
        (Costs(spread=50.0, slippage=1.0, latency_ms=150.0), "ticks", "latency 150 ms"),
        (Costs(spread=50.0, slippage=1.0, latency_ms=150.0), "M1 bars", "no latency: each order"),
        (Costs(spread=50.0, slippage=1.0, latency_ms=(150.0, 90.0)), "ticks", ""),
        (Costs(spread=50.0, slips=(1.0,)), "", ""),
        (Costs(spread=50.0, slips=(1.0,), latency_ms=9.0), "ticks", "latency beside slips: measured ones hold it"),
    ],
    ids=["none", "constant", "without a quote", "measured", "within measured slips", "twice"],
)
def test_the_latency_that_is_assumed(costs: Costs, told: str, said: str) -> None:
    """Where only bars are known it cannot be played, and orders fill as if they took no time."""
    record = replace(with_costs(with_trades(FINE), costs), within={"SP500": told})

    assert said in assumed(record)[0]
    assert bool(said) == ("latency" in assumed(record)[0])


def test_orders_of_shadow_books_take_no_time() -> None:
    """Which is said where those of the live book do."""
    told = replace(with_costs(played()[0], Costs(latency_ms=150.0)), within={"SP500": "ticks"})
    said = "Orders of shadow books reach the market at once; those of the live book take their time to it."

    assert [True, False] == [said in remarks_of(record, 0) for record in (told, replace(told, within={}))]


def test_todays_swap_is_named_however_short_the_record() -> None:
    """What was charged then, nobody has written down."""
    record = with_trades(FINE)
    charged = replace(record, deals=[replace(deal, swap=-1.0) for deal in record.deals])
    said = "Financing (swap) is reckoned at the rates of today"

    assert [True, False, False] == [
        any(note.startswith(said) for note in remarks_of(one, 0))
        for one in (charged, record, replace(charged, source="journal"))
    ]


def assumed(record: Record) -> list[str]:
    """Return what is said of assumed costs."""
    return [fault.sentence for fault in faults_of(record, SOUND, 0) if fault.name == "assumed_costs"]


def with_spreads(record: Record) -> Record:
    """Return a record whose bars have spreads of their own."""
    (key, tape), *_ = record.tapes.items()
    rows = zip(tape.time, tape.open, tape.high, tape.low, tape.close, tape.volume, [5.0] * len(tape), strict=True)
    return replace(record, tapes={key: bars_of(*key, rows)})


def test_fills_inside_the_spread() -> None:
    """Bars that have no spread where none is configured; a bar's own is enough."""
    bare = with_costs(with_trades(FINE), Costs(slippage=1.0))

    assert "60 of 60 bars have no spread and none is configured" in faults(bare)["inside_spread"]
    assert "inside_spread" not in faults(with_spreads(bare))


def test_stops_nearer_than_the_spread() -> None:
    """What came of such an entry is decided within a spread, which ticks alone tell."""
    record = with_trades(FINE)
    near = [
        replace(d, stop=d.price - 0.2) if d.outcome == "traded" else d
        for d in record.decisions
    ]  # fmt: skip
    many = sum(d.outcome == "traded" for d in near)

    found = replace(record, decisions=near)

    assert 0 < many
    assert f"{many} of {many} entries had stop or target nearer than the spread" in faults(found)["inside_spread"]
    assert "inside_spread" not in faults(replace(found, within={"SP500": "ticks"}))


def test_bars_that_reached_stop_and_target() -> None:
    """More than one trade in fifty; fewer are a remark."""
    found = faults(with_trades(FINE), ambiguous=3)

    assert "3 of 60 trades (5.0 %)" in found["ambiguous_bars"]
    assert {} == faults(with_trades(FINE), ambiguous=1)


def test_todays_swap_over_many_years() -> None:
    """Financing at one rate for longer than a year; a journal's is what the broker took."""
    record = with_trades(FINE)
    long = replace(played()[0], trades=record.trades)
    charged = replace(long, deals=[replace(deal, swap=-1.0) for deal in long.deals])
    short = replace(record, deals=[replace(deal, swap=-1.0) for deal in record.deals])

    assert "today's swap, which is not what was charged then" in faults(charged)["todays_swap"]
    assert not {"todays_swap"} & {*faults(long), *faults(short), *faults(replace(charged, source="journal"))}


@pytest.mark.parametrize("doubted", [False, True])
def test_faults_are_in_summary_and_report(doubted: bool) -> None:  # noqa: FBT001 - which of two records
    """Under one heading, in the order of the reviewer."""
    record, _ = doubtful() if doubted else played()

    summary = summary_of(record, trials=50)
    text = Elements(report_html(record, summary)).text

    assert all(fault.sentence in text for fault in summary.faults)
    assert "What speaks against it" in text
    assert ("ambiguous_bars" in {fault.name for fault in summary.faults}) == doubted


def test_every_fault_is_documented() -> None:
    """Programs read names: each stands in the table of the page on research, and no other."""
    page = (Path(__file__).parents[2] / "docs" / "research.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.+`) \|", page, re.MULTILINE)

    assert set(get_args(Name)) == set(re.findall(r"`(\w+)`", " ".join(rows))) - {"name"}
