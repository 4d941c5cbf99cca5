"""A regime of hours, or of parts of them, that reads the minutes within: one number live, in training, after a rest."""

import math
import random

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from backtests.backtest import run_backtest
from backtests.regime_check import check_regime
from backtests.regime_reading import Read, read_regime
from backtests.train import columns, train_regime
from backtests.training import train_from_config
from brokers.made import FrameRule, longer_of
from brokers.mt5.zone import to_utc
from market.barcheck import Policy
from market.barfile import read_bars
from market.bars import Bars, bars_of
from market.features import FeatureRef
from regimes.bundle import RegimeModel
from regimes.weights import unpack
from runtime.core.core import Core
from runtime.core.plan import Plan, RegimePlan
from tests.cores import a_lane, a_plan, opening
from tests.cuts import cuts
from tests.kernels import bits
from tests.readings import rows, tell
from tests.tapes import poisoned, rows_of, traded_by
from tests.venues import HOUR, MONDAY

MINUTE = HOUR // 60
RULE = FrameRule("H1", "M1")
RULES = (RULE, FrameRule("M15", "M1"), FrameRule("M15", "M5"))
COUNT = 240
"""Hours."""
SILENT = 150
"""One of which most was not told; the last minute of the one after it is missing."""


@cache
def shorter(timeframe: str) -> Bars:
    """Return 240 hours in short bars: forty calm hours, then forty wild ones, and so on; two have holes."""
    length = 1 if timeframe == "M1" else 5
    draw = random.Random(3)
    rows, last = [], 100.0
    for n in range(COUNT * 60 // length):
        hour, minute = divmod(n * length, 60)
        opened, last = last, last * math.exp(draw.gauss(0.0, 0.002 if hour // 40 % 2 else 0.001))
        silent = (hour == SILENT and minute >= 5) or (hour == SILENT + 1 and minute >= 60 - length)
        if not silent:
            prices = opened, max(opened, last), min(opened, last), last
            rows.append((MONDAY + n * length * MINUTE, *prices, 1.0, 8.0))
    return bars_of("XAUUSD", timeframe, rows)


@cache
def whole(rule: FrameRule) -> Bars:
    """Return the longer bars they make up."""
    return longer_of(shorter(rule.made_of), rule, None)


@cache
def model(rule: FrameRule) -> RegimeModel:
    """Return the model of two states that the longer bars speak for; four in five parts must have been told."""
    parts = (whole(rule).frame // shorter(rule.made_of).frame) * 4 // 5
    within: tuple[FeatureRef, ...] = (("intrabar_vol", (float(parts),)),)
    return train_regime(whole(rule), within, 2, "within", "research")[0]


@cache
def read(rule: FrameRule) -> Read:
    """Return what the model says of them."""
    return read_regime(model(rule), whole(rule))


def plan(rule: FrameRule) -> Plan:
    """Return a plan whose regime reads bars made of the shorter ones that a strategy trades."""
    regime = RegimePlan(name="within", symbol="XAUUSD", timeframe=rule.timeframe, model=model(rule), made=rule)
    return a_plan(a_lane({}, timeframe=rule.made_of), regimes=(regime,))


def begun(rule: FrameRule) -> Core:
    """Return a core that has a run, a latch and a link."""
    core = Core(plan(rule))
    for fact in opening()[:3]:
        core.handle(fact)
    return core


@pytest.mark.parametrize("rule", RULES)
def test_states_are_told_apart_by_the_minutes_within_hours(rule: FrameRule) -> None:
    """Forty calm hours and forty wild ones by turns: an hour after each turn the state is known, of three parts too."""
    hours = (whole(rule).time[i] - MONDAY for i in range(len(whole(rule))))
    wild, settled = zip(*((at // HOUR // 40 % 2, at // HOUR % 40 > 0) for at in hours), strict=True)
    right = read(rule).likeliest == np.array(wild)

    assert (rule.timeframe, rule.timeframe) == (whole(rule).timeframe, whole(rule).bar(0).timeframe)
    assert right[np.array(settled)].mean() > 0.95


@pytest.mark.parametrize("rule", RULES)
def test_a_daemon_that_is_told_minutes_reads_what_was_learnt_of_hours(rule: FrameRule) -> None:
    """Every number that was read of all hours in one go, to the bit."""
    data, regime = model(rule).data, plan(rule).regimes[0]

    assert bits(rows(read(rule))) == bits(tell(begun(rule), shorter(rule.made_of)))
    assert (rule.timeframe, rule.made_of, "") == (data.timeframe, data.made, regime.other_bars(model(rule)))


@pytest.mark.parametrize("cut", [1, 59, 60, 61, 90, SILENT * 60 + 3, SILENT * 60 + 20])
def test_a_core_put_to_rest_within_an_hour_goes_on_with_its_moves(cut: int) -> None:
    """What went on within the hour so far is part of the core at rest."""
    core, woken = begun(RULE), Core(plan(RULE))
    tell(core, shorter("M1").part(0, cut))
    woken.restore(core.snapshot())
    later = shorter("M1").part(cut, cut + 200)

    assert bits(tell(core, later)) == bits(tell(woken, later))
    assert core.snapshot() == woken.snapshot()


@settings(max_examples=cuts(20, 300))
@given(cut=st.integers(60, COUNT * 60 - 120), rule=st.sampled_from(RULES[:2]))
def test_later_minutes_change_no_hour(cut: int, rule: FrameRule) -> None:
    """Cut anywhere, also within an hour, and poisoned from there on: what was told before stays to the bit."""
    minutes = shorter("M1")
    since = minutes.time[cut]
    near = bars_of("XAUUSD", "M1", [r if r[0] < since else poisoned(r) for r in rows_of(minutes.part(0, cut + 90))])
    told = whole(rule)
    over = sum(time + told.frame <= since for time in told.time)
    wide = len(rows(read(rule))[0])

    prefix = read_regime(model(rule), longer_of(minutes.part(0, cut), rule, None))
    poison = read_regime(model(rule), longer_of(near, rule, None))
    before = bits(rows(read(rule)))[: len(prefix.times) * wide]
    assert before == bits(rows(prefix))
    assert before == bits(rows(poison))[: len(before)]
    assert len(prefix.times) in {over - 1, over}  # one whose last minute is missing waits for the next


def test_the_models_own_check_finds_nothing_wrong_with_hours() -> None:
    """Prefix, poison, restart, compiled: what went on within bars is poisoned with their prices."""
    found = {f.question: f.answer for f in check_regime(model(RULE), whole(RULE), cuts=6, seed=1)}

    asked = ("prefix", "poison", "resume", "live is batch", "order of states", "states are seen", "profiles")
    assert dict.fromkeys(asked, "yes") == {name: found[name] for name in asked}


def test_an_hour_of_which_most_was_not_told_tells_nothing() -> None:
    """Under the fewest minutes that are asked for, the filter only predicts; one without its last minute is read."""
    before, during = read(RULE).posteriors[SILENT - 1], read(RULE).posteriors[SILENT]
    chain = np.array(unpack(model(RULE).weights).transitions)

    assert [5.0, 59.0] == list(whole(RULE).parts[SILENT : SILENT + 2])
    assert [SILENT] == np.flatnonzero(np.isnan(read(RULE).log_densities)).tolist()
    assert (before @ chain).tolist() == pytest.approx(during.tolist(), rel=1e-12)


def test_an_account_trains_on_hours_and_trades_minutes_by_them(tmp_path: Path) -> None:
    """From the configuration to the gate: after the 120 hours of training, calm hours let entries in, wild ones not."""
    words = 'timeframe = "H1"\nmade_of = "M5"'
    config = traded_by(tmp_path, shorter("M5"), words, '[["intrabar_vol", 9]]', learnt=120)

    report = train_from_config(config)["calm-or-storm"]
    drive, _ = run_backtest(config, bars=110 * 12)

    decided = [((d.bar_time - MONDAY) // HOUR, d.gate_open) for d in drive.decisions if d.strategy == "trend"]
    assert (119, 120) == (report["rows"], report["bars"])
    assert {False} == {stands for hour, stands in decided if 125 <= hour < 160}
    assert {True} == {stands for hour, stands in decided if 167 <= hour < 200}


@pytest.mark.parametrize(("timeframe", "parts"), [("H1", 50.0), ("M15", 12.0)])
def test_minutes_of_a_real_month_say_how_its_hours_moved(timeframe: str, parts: float, shared_data: Path) -> None:
    """EURUSD in early 2018: volatility within is steadier from bar to bar than that of extremes, as within days."""
    minutes, _ = read_bars(
        shared_data / "prices" / "eurusd-m1-2018.histdata.zip", "EURUSD", "M1",
        Policy(duplicate="drop", backward="drop"), clock=lambda t: to_utc("UTC-5 US", t),
    )  # fmt: skip
    bars = longer_of(minutes.part(0, 30_000), FrameRule(timeframe, "M1"), None)
    refs: tuple[FeatureRef, ...] = (("intrabar_vol", (parts,)), ("garman_klass", ()))
    x = columns(bars, refs)[0]
    known = x[np.isfinite(x).all(axis=1)]

    steady = [float(np.corrcoef(column[1:], column[:-1])[0, 1]) for column in known.T]

    assert len(known) > 0.9 * len(bars)
    assert steady[0] > steady[1]
