"""A regime of days that reads what went on within them: one number live, in training, and after a rest."""

import math
import random

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from backtests.backtest import run_backtest
from backtests.regime_check import check_regime
from backtests.regime_reading import Read, read_regime
from backtests.train import columns, content_hash, train_regime
from backtests.training import train_from_config
from brokers.made import DayRule, longer_of
from brokers.mt5.zone import NEW_YORK_CLOSE, to_utc
from market.barcheck import Policy
from market.barfile import read_bars
from market.bars import Bars, bars_of
from market.features import FeatureRef
from market.types import DAY_MS
from regimes.bundle import RegimeModel
from regimes.weights import unpack
from runtime.core.core import Core
from runtime.core.plan import Plan, RegimePlan
from tests.cores import a_lane, a_plan, opening
from tests.kernels import bits
from tests.readings import rows, tell
from tests.tapes import rows_of, traded_by
from tests.venues import MONDAY

QUARTER = 900_000
RULE = DayRule("UTC", "M15")
WITHIN: tuple[FeatureRef, ...] = (("intrabar_vol", (80.0,)),)
SILENT = 150
"""A day of which most was not told."""


@cache
def quarters() -> Bars:
    """Return 240 days in quarters of an hour: forty calm ones, then forty wild ones, and so on; one has a hole."""
    draw = random.Random(3)
    rows, last = [], 100.0
    for n in range(240 * 96):
        opened, last = last, last * math.exp(draw.gauss(0.0, 0.002 if n // (40 * 96) % 2 else 0.001))
        if not SILENT * 96 + 10 <= n < SILENT * 96 + 60:
            prices = opened, max(opened, last), min(opened, last), last
            rows.append((MONDAY + n * QUARTER, *prices, 1.0, 8.0))
    return bars_of("XAUUSD", "M15", rows)


@cache
def days() -> Bars:
    """Return the days they make up."""
    return longer_of(quarters(), RULE, None)


@cache
def model() -> RegimeModel:
    """Return the model of two states that these days speak for."""
    return train_regime(days(), WITHIN, 2, "within", "research")[0]


@cache
def read() -> Read:
    """Return what the model says of the days."""
    return read_regime(model(), days())


def plan() -> Plan:
    """Return a plan whose regime reads the days made of quarters that are told."""
    regime = RegimePlan(name="within", symbol="XAUUSD", timeframe="D1", model=model(), made=RULE)
    return a_plan(a_lane({}, timeframe="M15"), regimes=(regime,))


def test_states_are_told_apart_by_what_goes_on_within_days() -> None:
    """Forty calm days and forty wild ones by turns: a day after each turn the state is known."""
    wild = np.arange(240) // 40 % 2
    later = np.arange(240) % 40 > 0

    assert (read().likeliest == wild)[later].all()
    assert [0.5, 0.5] == pytest.approx([p.occupancy for p in model().profiles], abs=0.02)


def test_a_daemon_that_is_told_bar_by_bar_reads_what_was_learnt() -> None:
    """Every number that was read of all days in one go, to the bit."""
    core = Core(plan())
    for fact in opening()[:3]:
        core.handle(fact)

    assert bits(rows(read())) == bits(tell(core, quarters()))


@pytest.mark.parametrize("cut", [1, 47, 95, 96, 97, 5000, SILENT * 96 + 9, SILENT * 96 + 20])
def test_a_core_put_to_rest_within_a_day_goes_on_with_its_moves(cut: int) -> None:
    """What went on within the day so far is part of the core at rest."""
    core, woken = Core(plan()), Core(plan())
    for fact in opening()[:3]:
        core.handle(fact)
    tell(core, quarters().part(0, cut))
    woken.restore(core.snapshot())
    later = quarters().part(cut, cut + 400)

    assert bits(tell(core, later)) == bits(tell(woken, later))
    assert core.snapshot() == woken.snapshot()


def test_later_quarters_change_no_day() -> None:
    """Cut anywhere, also within a day, and poisoned from there on: what was said of days before stays to the bit."""
    draw = random.Random(5)
    whole = bits(rows(read()))
    wide = len(rows(read())[0])
    for cut in draw.choices(range(96, len(quarters())), k=12):
        since = quarters().time[cut]
        over = (since - MONDAY) // DAY_MS
        sick = bars_of(
            "XAUUSD", "M15", [r if r[0] < since else (r[0], 7.0, 9e9, 0.5, 5e3, 0.0, 0.0) for r in rows_of(quarters())]
        )

        prefix = read_regime(model(), longer_of(quarters().part(0, cut), RULE, None))
        poison = read_regime(model(), longer_of(sick, RULE, None))
        assert whole[: over * wide] == bits(rows(prefix))[: over * wide] == bits(rows(poison))[: over * wide]


def test_the_models_own_check_finds_nothing_wrong() -> None:
    """Prefix, poison, restart, compiled: what went on within bars is poisoned with their prices."""
    found = {f.question: f.answer for f in check_regime(model(), days(), cuts=8, seed=1)}

    asked = ("prefix", "poison", "resume", "live is batch", "order of states", "states are seen", "profiles")
    assert dict.fromkeys(asked, "yes") == {name: found[name] for name in asked}


def test_a_day_of_which_most_was_not_told_tells_nothing() -> None:
    """Under the fewest bars that are asked for, the filter only predicts."""
    before, during = read().posteriors[SILENT - 1], read().posteriors[SILENT]
    chain = np.array(unpack(model().weights).transitions)

    assert 46.0 == days().parts[SILENT]
    assert [SILENT] == np.flatnonzero(np.isnan(read().log_densities)).tolist()
    assert (before @ chain).tolist() == pytest.approx(during.tolist(), rel=1e-12)


def test_content_hash_knows_what_went_on_within_where_it_is_read() -> None:
    """Days of the same prices made of other bars are other days to this model alone."""
    other = days().part(0, len(days()))
    other.variance[7] += 1e-9

    assert content_hash(days()) == content_hash(other)
    assert content_hash(days(), WITHIN) != content_hash(other, WITHIN)
    assert model().data.hash == content_hash(days(), WITHIN)


def test_an_account_trains_on_days_and_trades_quarters_by_them(tmp_path: Path) -> None:
    """From the configuration to the gate: after the 120 days of training, calm days let entries in, wild ones not."""
    words = 'timeframe = "D1"\nday = "UTC"\nmade_of = "M15"'
    config = traded_by(tmp_path, quarters(), words, '[["intrabar_vol", 80]]', learnt=120)

    report = train_from_config(config)["calm-or-storm"]
    drive, _ = run_backtest(config, bars=120 * 96)

    decided = [(d.bar_time, d) for d in drive.decisions if d.strategy == "trend"]
    open_in = {d.gate_open for at, d in decided if MONDAY + 165 * DAY_MS <= at < MONDAY + 200 * DAY_MS}
    shut_in = {d.gate_open for at, d in decided if MONDAY + 125 * DAY_MS <= at < MONDAY + 160 * DAY_MS}
    assert (119, 120) == (report["rows"], report["bars"])
    assert ({True}, {False}) == (open_in, shut_in)


@pytest.mark.parametrize("zone", ["UTC", NEW_YORK_CLOSE])
def test_minutes_of_a_real_year_say_how_its_days_moved(zone: str, shared_data: Path) -> None:
    """EURUSD in 2018: volatility within days is steadier from day to day than that of their extremes, and is learnt."""
    minutes, _ = read_bars(
        shared_data / "prices" / "eurusd-m1-2018.histdata.zip", "EURUSD", "M1",
        Policy(duplicate="drop", backward="drop"), clock=lambda t: to_utc("UTC-5 US", t),
    )  # fmt: skip
    bars = longer_of(minutes, DayRule(zone, "M1"), None)
    refs: tuple[FeatureRef, ...] = (("intrabar_vol", (1200.0,)), ("garman_klass", ()))
    x = columns(bars, refs)[0]
    whole = x[np.isfinite(x).all(axis=1)]

    steady = [float(np.corrcoef(column[1:], column[:-1])[0, 1]) for column in whole.T]
    trained, _ = train_regime(bars, refs[:1], 2, "eurusd", "research")
    calm, wild = (profile.volatility for profile in trained.profiles)

    assert 250 < len(whole) <= 262
    assert steady[0] > steady[1] + 0.1
    assert wild > 1.1 * calm
