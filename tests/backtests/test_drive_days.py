"""Days and hours that gate quarters of an hour: blind to the future, heard alike by every drive, learnt as they run."""

from functools import cache

import msgspec
import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from backtests.drive import Drive
from brokers.facts import BarClosed
from brokers.made import DayRule, FrameRule, MadeRule, longer_of
from brokers.mt5.frames import Closed
from market.bars import Bars, bars_of
from regimes.shut import OnShut
from runtime.core.core import Core
from runtime.core.feeds import Feed
from runtime.core.plan import Plan, RegimePlan
from runtime.core.readings import RegimeReading
from runtime.hearing import facts_of
from strategies.breakout import Breakout
from strategies.trend import Trend
from tests.cores import a_gate, a_lane, a_plan, opening, up_model
from tests.cuts import cuts
from tests.tapes import altered, coarser, driven, poisoned, rows_of, sick_within, walk
from tests.venues import HOUR, MONDAY

QUARTER = HOUR // 4
HOURS = walk(700, 8)
QUARTERS = bars_of("XAUUSD", "M15", [(MONDAY + n * QUARTER, *row[1:]) for n, row in enumerate(rows_of(HOURS))])
DAYS = coarser(QUARTERS, "D1")
START = MONDAY + 30 * HOUR
CUTS = range(130, 680)
RULE = DayRule("UTC+2", "M15")
HOURLY = FrameRule("H1", "M15")


def house(rule: MadeRule | None = None) -> Plan:
    """Return a plan of two strategies on quarters of an hour, gated by days, or what else those quarters make."""
    timeframe = rule.timeframe if rule else "D1"
    regime = RegimePlan(name="days", symbol="XAUUSD", timeframe=timeframe, model=up_model(), made=rule)
    gate = a_gate(max_age=9, on_shut=OnShut(close_after=8))
    return a_plan(
        a_lane({}, 1, strategy=Trend(fast=5, slow=12, atr=5), timeframe="M15", gate=gate, regime="days"),
        a_lane({}, 2, strategy=Breakout(n=8, atr=5, expiry=40), timeframe="M15", gate=gate, regime="days"),
        regimes=(regime,),
    )


def drive(rule: MadeRule | None, *tapes: Bars) -> Drive:
    """Drive the plan over quarters, and days where the broker tells them."""
    return driven(house(rule), *tapes, start=START)


def encoded(one: Drive, upto: int) -> list[bytes]:
    """Return the decisions and deals made up to a moment, as bytes."""
    decided = [msgspec.msgpack.encode(d) for d in one.decisions if d.at <= upto]
    return decided + [msgspec.msgpack.encode(d) for d in one.deals if d.at <= upto]


@cache
def clean() -> dict[MadeRule | None, Drive]:
    """Return the drives over what is whole and sound."""
    return {None: drive(None, QUARTERS, DAYS), RULE: drive(RULE, QUARTERS), HOURLY: drive(HOURLY, QUARTERS)}


def test_days_gate_and_act_within_the_day() -> None:
    """What is compared in these tests is not empty."""
    for one in clean().values():
        assert {"vetoed_by_regime", "traded", "in_position"} <= {d.outcome for d in one.decisions}
        assert {True, False} == {d.gate_open for d in one.decisions}
        assert any(d.shut for d in one.decisions)


@settings(max_examples=cuts(16, len(CUTS)))
@given(cut=st.sampled_from(CUTS))
def test_a_poisoned_future_is_not_felt_across_timeframes(cut: int) -> None:
    """From any quarter on another world: no decision or deal before it changes, its own day's bar included."""
    since = QUARTERS.time[cut]
    sick = sick_within(QUARTERS, since)
    today = since // (24 * HOUR) * 24 * HOUR

    told = drive(None, sick, altered(DAYS, today, poisoned))
    made = {rule: drive(rule, sick) for rule in (RULE, HOURLY)}

    assert encoded(clean()[None], since) == encoded(told, since)
    assert {rule: encoded(clean()[rule], since) for rule in made} == {r: encoded(d, since) for r, d in made.items()}


@settings(max_examples=cuts(16, len(CUTS)))
@given(cut=st.sampled_from(CUTS))
def test_a_prefix_decides_as_the_whole_does_across_timeframes(cut: int) -> None:
    """Bars that are not there yet change nothing; only the bar at which the data ends is told otherwise."""
    ended = QUARTERS.time[cut - 1]
    part = QUARTERS.part(0, cut)

    told = drive(None, part, DAYS.between(0, ended // (24 * HOUR) * 24 * HOUR))
    made = {rule: drive(rule, part) for rule in (RULE, HOURLY)}

    assert encoded(clean()[None], ended) == encoded(told, ended)
    assert {rule: encoded(clean()[rule], ended) for rule in made} == {r: encoded(d, ended) for r, d in made.items()}


def test_a_days_bar_is_heard_before_the_quarter_that_closed_with_it() -> None:
    """A daemon, which is told both in one poll and in any order, decides every quarter as the backtest does."""
    core = Core(house())
    made: list[bytes] = []
    for fact in opening()[:3]:
        core.handle(fact)
    for n in range(1, 400):
        at = QUARTERS.time[n]
        bars = [QUARTERS.bar(n - 1)]
        if at % (24 * HOUR) == 0:
            bars.insert(n % 2, DAYS.bar(DAYS.time.index(at - 24 * HOUR)))
        polled = tuple(Closed(bar=bar, bid=100.0, ask=100.1, next_open=at) for bar in bars)
        told = [f for f in facts_of(polled, at, 60_000) if isinstance(f, BarClosed)]
        made += [msgspec.msgpack.encode((d.bar_time, d.posterior, d.gate_open, d.gate_reason, d.strategy))
                 for f in told for d in core.handle(f).decisions]  # fmt: skip
    backtest = {
        msgspec.msgpack.encode((d.bar_time, d.posterior, d.gate_open, d.gate_reason, d.strategy))
        for d in clean()[None].decisions
    }

    later = [one for one in made if msgspec.msgpack.decode(one)[0] >= START]
    assert 500 < len(later)
    assert set(later) <= backtest


@pytest.mark.parametrize("n", [100, 200, 333, 699])
def test_a_model_learns_from_the_days_that_a_core_has(n: int) -> None:
    """The days made of a tape in one go are those that a core makes bar by bar, and so is the posterior."""
    core = Core(house(RULE))
    for fact in opening()[:3]:
        core.handle(fact)
    for bar in QUARTERS.part(0, n):
        core.handle(BarClosed(at=bar.time + QUARTER, bar=bar, bid=bar.close, ask=bar.close))
    feed = Feed(("XAUUSD", "D1"))
    reading = RegimeReading("days", up_model(), feed)
    for day in longer_of(QUARTERS.part(0, n), RULE, None):
        feed.fold(day)
        reading.fold()

    (there,) = core.readings
    assert (feed.bars, reading.state) == (there.feed.bars, there.state)
    assert repr(feed.values) == repr(there.feed.values)  # a day that was not warm has no number


def test_the_shadow_of_a_strategy_gated_by_days_reads_them_too() -> None:
    """Live and shadow trades are the same behind a gate that is always open."""
    plan = house(RULE)
    always = a_gate(allow=(0, 1), enter=0.0, leave=0.0, max_age=9)
    lanes = tuple(msgspec.structs.replace(lane, gate=always) for lane in plan.strategies)
    outcomes = driven(msgspec.structs.replace(plan, strategies=lanes), QUARTERS, start=DAYS.time[4]).outcomes
    shapes = [(o.gate, (o.strategy, o.opened, o.closed, o.side, o.entry_price, o.exit_price)) for o in outcomes]
    books = [sorted(shape for gate, shape in shapes if gate == name) for name in ("", "regime")]

    assert 5 < len(books[0])
    assert books[0] == books[1]
