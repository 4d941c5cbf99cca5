"""The plain drive: deterministic, blind to the future, and honest about when and at what price things happen."""

from itertools import pairwise

import msgspec
import numpy as np
import pytest

from backtests.drive import Drive
from brokers.costs import Costs
from market.bars import Bars, bars_of
from market.types import TIMEFRAMES
from runtime.core.decision import OUTCOMES, Decision
from runtime.core.feeds import Feed
from runtime.core.plan import Plan, RegimePlan
from runtime.core.readings import RegimeReading
from strategies.breakout import Breakout
from strategies.mean_reversion import MeanReversion
from strategies.trend import Trend
from tests.cores import a_gate, a_lane, a_plan, up_model
from tests.tapes import COSTS, altered, coarser, driven, poisoned, rows_of, walk
from tests.venues import HOUR, MONDAY

GOLD = walk(400)
START = MONDAY + 30 * HOUR


def a_house(*, gated: bool = True) -> Plan:
    """Return a plan of three strategies on gold hours, the first two of them behind a gate."""
    gate = {"gate": a_gate(dwell=2), "regime": "up"} if gated else {}
    return a_plan(
        a_lane({}, 1, strategy=Trend(fast=5, slow=12, atr=5), **gate),
        a_lane({}, 2, strategy=MeanReversion(n=10, atr=5, entry=1.2, max_bars=6), **gate),
        a_lane({}, 3, strategy=Breakout(n=8, atr=5)),
        regimes=(RegimePlan(name="up", symbol="XAUUSD", timeframe="H1", model=up_model()),),
    )


def mixed() -> tuple[Plan, Bars, Bars]:
    """Return a plan whose strategy of four hours is gated by days, and both tapes."""
    plan = a_plan(
        a_lane({}, 1, strategy=Trend(fast=3, slow=8, atr=5), timeframe="H4", gate=a_gate(max_age=9), regime="days"),
        regimes=(RegimePlan(name="days", symbol="XAUUSD", timeframe="D1", model=up_model()),),
    )
    hours = walk(24 * 60, 5)
    return plan, coarser(hours, "H4"), coarser(hours, "D1")


def as_bytes(parts: object) -> bytes:
    """Return values as bytes: equal where every bit is."""
    return msgspec.msgpack.encode(parts, enc_hook=np.ndarray.tolist)


def but_the_last(drive: Drive) -> list[bytes]:
    """Return the decisions of all bars but the last of a drive, which are told when the data has ended."""
    last = max(d.bar_time for d in drive.decisions)
    return [as_bytes(d) for d in drive.decisions if d.bar_time < last]


# --- the same again, and blind ----------------------------------------------------------------------------------------


def test_two_drives_are_equal() -> None:
    """Nothing of the clock, of chance or of an earlier drive enters."""
    first, second = driven(a_house(), GOLD), driven(a_house(), GOLD)

    assert as_bytes(first) == as_bytes(second)


def test_a_drive_trades_in_many_ways() -> None:
    """What is compared in these tests is not empty: most classes and ways out occur."""
    drive = driven(a_house(), GOLD)

    assert {"exit", "in_position", "no_signal", "vetoed_by_regime", "traded"} <= {d.outcome for d in drive.decisions}
    assert {"stop", "strategy", "time stop"} <= {o.exit_reason for o in drive.outcomes}
    assert {"live", "shadow"} == {o.book for o in drive.outcomes}
    assert 60 < len(drive.deals)


@pytest.mark.parametrize("length", [60, 133, 250, 399])
def test_a_prefix_decides_as_the_whole_does(length: int) -> None:
    """Bars that come later change nothing: only the bar at which the data ends is told otherwise."""
    whole, part = driven(a_house(), GOLD), driven(a_house(), GOLD.part(0, length))
    decisions = but_the_last(part)
    ended = GOLD.time[length - 1]

    assert 3 * (length - 1 - 30) == len(decisions)
    assert decisions == [as_bytes(d) for d in whole.decisions][: len(decisions)]
    assert [d for d in part.deals if d.at <= ended] == [d for d in whole.deals if d.at <= ended]


@pytest.mark.parametrize("bar", [40, 133, 250])
def test_a_poisoned_future_does_not_change_the_past(bar: int) -> None:
    """Prices of another world from some bar on leave every decision before its first tick as it was."""
    since = GOLD.time[bar]
    clean, sick = driven(a_house(), GOLD), driven(a_house(), altered(GOLD, since, poisoned))
    before = [[as_bytes(d) for d in drive.decisions if d.at < since] for drive in (clean, sick)]

    assert before[0] == before[1]
    assert [d for d in clean.deals if d.at < since] == [d for d in sick.deals if d.at < since]
    assert as_bytes(clean.decisions) != as_bytes(sick.decisions)


@pytest.mark.parametrize("bar", [3, 10, 15])
def test_history_beyond_the_warm_up_does_not_count(bar: int) -> None:
    """What is older than the warm-up was never seen, unless features need it; what is within it was."""
    sick = altered(GOLD, GOLD.time[0], lambda row: poisoned(row) if row[0] < GOLD.time[bar] else row)

    same = [as_bytes(driven(a_house(), tape, warmup=30 - bar).decisions) for tape in (GOLD, sick)]
    other = [as_bytes(driven(a_house(), tape, warmup=31 - bar).decisions) for tape in (GOLD, sick)]

    assert same[0] == same[1]
    assert other[0] != other[1]


def test_one_point_of_spread_is_noticed() -> None:
    """Costs planted a point too high change what is dealt, and only against us."""
    plain = altered(GOLD, 0, lambda row: (*row[:6], 0.0))
    cheap, dear = (
        driven(a_house(gated=False), plain, costs={"XAUUSD": Costs(spread=points)}) for points in (10.0, 11.0)
    )

    assert [d.price for d in cheap.deals] != [d.price for d in dear.deals]
    assert cheap.balance != dear.balance


@pytest.mark.parametrize("field", ["slippage", "commission"])
def test_every_cost_is_noticed(field: str) -> None:
    """Slippage moves prices, commission the money."""
    costs = {"XAUUSD": msgspec.structs.replace(COSTS["XAUUSD"], **{field: getattr(COSTS["XAUUSD"], field) + 1.0})}

    assert driven(a_house(), GOLD).balance > driven(a_house(), GOLD, costs=costs).balance


# --- phases of a bar --------------------------------------------------------------------------------------------------


def test_a_decision_is_executed_at_the_first_tick_of_the_next_bar() -> None:
    """A market entry decided on bar t gets the open of t + 1, with that bar's spread and the slippage."""
    drive = driven(a_house(), GOLD)
    rows = {row[0]: row for row in rows_of(GOLD)}
    entries = {d.magic: d for d in drive.decisions if d.outcome == "traded" and d.kind == "market"}
    deals = [d for d in drive.deals if d.entry == "in" and d.magic in entries]

    assert len(deals) == len(entries)
    for deal in deals:
        decision, row = entries[deal.magic], rows[deal.at]
        spread = row[6] or 10.0
        quoted = row[1] + (spread / 100 if deal.side > 0 else 0.0)
        assert (decision.bar_time + HOUR, decision.at) == (deal.at, deal.at)
        assert pytest.approx(quoted + deal.side * 0.02) == deal.price
        assert pytest.approx((row[1], row[1] + spread / 100)) == (decision.bid, decision.ask)


def test_every_told_bar_is_decided_once_by_every_strategy() -> None:
    """From the first tick after the start to the end of the tape, and numbered without a gap."""
    drive = driven(a_house(), GOLD)

    assert [time for time in GOLD.time[30:] for _ in range(3)] == [d.bar_time for d in drive.decisions]
    assert list(range(1, len(drive.decisions) + 1)) == [d.n for d in drive.decisions]
    assert drive.bars == len(GOLD) - 30 == len(drive.equity.at)
    assert {d.outcome for d in drive.decisions} <= set(OUTCOMES)


def test_the_end_of_data_leaves_nothing_open() -> None:
    """One exit decision a position, filled at the last bar's closing quote; no entry after the data has ended."""
    drives = [driven(a_house(), GOLD.part(0, n)) for n in range(90, 130)]
    exits = [[d for d in drive.decisions if d.reasons == ("end of data",)] for drive in drives]
    bars = [GOLD.bar(n - 1) for n in range(90, 130)]

    assert 20 < sum(map(len, exits))
    for drive, left, bar in zip(drives, exits, bars, strict=True):
        volumes = [d.volume * (1 if d.entry == "in" else -1) for d in drive.deals if d.entry != "none"]
        assert pytest.approx(0.0, abs=1e-9) == sum(volumes)
        assert all((bar.close, bar.time) == (d.bid, d.bar_time) for d in left)
        assert [] == [d for d in drive.decisions if d.bar_time == bar.time and d.outcome == "traded"]


def test_the_balance_is_the_sum_of_all_deals() -> None:
    """Venue and deals agree to the cent."""
    drive = driven(a_house(), GOLD)

    assert pytest.approx(sum(d.money for d in drive.deals)) == drive.balance


# --- several feeds ----------------------------------------------------------------------------------------------------


def regimes_by_hand(days: Bars, decision: Decision) -> tuple[float, ...]:
    """Return the posterior of days that were over at a decision."""
    feed = Feed(("XAUUSD", "D1"))
    reading = RegimeReading("days", up_model(), feed)
    for bar in days:
        if bar.time + TIMEFRAMES["D1"] * 1000 <= decision.at:
            feed.fold(bar)
            reading.fold()
    return reading.posterior


def test_a_regime_bar_counts_only_when_it_is_over() -> None:
    """Strategies of four hours see the regime of the last closed day, never of the one that runs."""
    plan, quarters, days = mixed()
    drive = driven(plan, quarters, days, start=days.time[10] + 12 * HOUR)
    last = max(d.bar_time for d in drive.decisions)  # told when the data is over, and the last day with it
    sample = [d for d in drive.decisions if d.bar_time < last][::7]

    assert [regimes_by_hand(days, d) for d in sample] == [d.posterior for d in sample]
    assert 1 < len({d.regime for d in drive.decisions})


@pytest.mark.parametrize("start", [0, 4, 12, 16])
def test_the_day_of_the_start_is_not_known_at_the_start(start: int) -> None:
    """Beginning in the middle of a day, its bar is no history yet."""
    plan, quarters, days = mixed()
    first = days.time[12] + start * HOUR
    sick = altered(days, days.time[12], lambda row: poisoned(row) if row[0] == days.time[12] else row)
    today = [
        [as_bytes(d) for d in driven(plan, quarters, tape, start=first).decisions if d.at < days.time[13]]
        for tape in (days, sick)
    ]

    assert 0 < len(today[0])
    assert today[0] == today[1]


@pytest.mark.parametrize("day", [15, 30, 55])
def test_a_poisoned_day_is_not_felt_before_it_is_over(day: int) -> None:
    """The day's own bar is told at the first tick of the next, and felt at once."""
    plan, quarters, days = mixed()
    since = days.time[day]
    decisions = [
        driven(plan, quarters, tape, start=days.time[10]).decisions for tape in (days, altered(days, since, poisoned))
    ]
    over = since + 24 * HOUR
    before = [[as_bytes(d) for d in ds if d.at < over] for ds in decisions]
    after = [[d.log_density for d in ds if d.at >= over][:1] for ds in decisions]

    assert before[0] == before[1]
    assert after[0] != after[1]


def test_two_symbols_share_one_timeline() -> None:
    """Each symbol's bars are told at its own ticks, in order of time, whether or not the other trades."""
    euro = walk(400, 9, "EURUSD", start=1.1, scale=100_000)
    thin = euro.part(0, 120)
    late = [row for row in rows_of(euro) if row[0] // HOUR % 3][:200]
    for tape in (euro, thin, bars_of("EURUSD", "H1", late)):
        plan = a_plan(
            a_lane({}, 1, strategy=Trend(fast=5, slow=12, atr=5)),
            a_lane({}, 2, strategy=Trend(fast=5, slow=12, atr=5), symbol="EURUSD"),
        )
        drive = driven(plan, GOLD, tape)
        told = {name: [d.bar_time for d in drive.decisions if d.symbol == name] for name in ("XAUUSD", "EURUSD")}

        assert [t for t in GOLD.time if t >= START] == told["XAUUSD"]
        # a bar is over when the next opens: what has no later tick before the start is told after it
        assert [t for t, later in pairwise([*tape.time, 1 << 62]) if later > START] == told["EURUSD"]
        assert sorted(d.at for d in drive.decisions) == [d.at for d in drive.decisions]
        assert all(d.at >= d.bar_time + HOUR - 1 for d in drive.decisions)
