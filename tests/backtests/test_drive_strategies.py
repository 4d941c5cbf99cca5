"""Every built-in strategy behind a regime gate, through whole drives: blind to whatever comes after a bar."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import msgspec
import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from backtests.drive import Drive
from market.bars import Bars
from regimes.shut import OnShut
from runtime.core.plan import Plan, RegimePlan
from strategies.protocol import FeatureRef, Strategy, View, Want
from strategies.registry import BUILT_IN
from tests.cores import a_gate, a_lane, a_plan, buy, up_model
from tests.cuts import cuts
from tests.tapes import altered, coarser, driven, poisoned, sick_within, walk
from tests.venues import HOUR, MONDAY

HOURS = walk(520, 8)
DAY = 24 * HOUR
START = MONDAY + 60 * HOUR
CUTS = range(80, 510)
SHORT: dict[str, dict[str, Any]] = {
    "breakout": {"n": 8, "atr": 5, "expiry": 40},
    "mean_reversion": {"n": 8, "atr": 5, "entry": 1.0},
    "trend": {"fast": 5, "slow": 12, "atr": 5},
}
"""Parameters of strategies that are to trade often within so few bars; others have those they come with."""
GATES = ("H1", "D1")
"""By bars of its own, and by those of another timeframe."""

Made = Callable[[Bars], Strategy]
"""Makes a strategy; only one that is no honest one looks at the bars it is to be driven over."""


def built_in(name: str) -> Made:
    """Return how a built-in strategy is made."""
    return lambda _: BUILT_IN[name](**SHORT.get(name, {}))


class Peeking:
    """Buys whenever an hour to come closes higher: it has the tape itself."""

    name, version = "peeking", 1

    def __init__(self, tape: Bars, ahead: int) -> None:
        """Know the close of so many hours ahead."""
        self.closes, self.ahead = dict(zip(tape.time, tape.close, strict=True)), ahead

    def features(self) -> dict[str, FeatureRef]:
        """Return one that is warm soon."""
        return {"mean": ("sma", (3.0,))}

    def init(self) -> dict[str, Any]:
        """Return a count of the bars seen."""
        return {"bars": 0}

    def decide(self, state: dict[str, Any], view: View) -> tuple[Want, float]:
        """Look where nobody can."""
        state["bars"] += 1
        rises = self.closes.get(view.bar.time + self.ahead * HOUR, 0.0) > view.bar.close
        return (buy() if rises else None), float(rises)


def house(strategy: Strategy, gate: str) -> Plan:
    """Return a plan of one strategy behind a regime gate of one timeframe, which closes trades when it stays shut."""
    regime = RegimePlan(name="up", symbol="XAUUSD", timeframe=gate, model=up_model())
    params = a_gate(max_age=9, on_shut=OnShut(close_after=8), dwell=0 if gate == "D1" else 4)
    return a_plan(a_lane({}, strategy=strategy, gate=params, regime="up"), regimes=(regime,))


def drive(made: Made, gate: str, hours: Bars, until: int) -> Drive:
    """Drive a strategy over hours, and over the days that were over before a moment; those after it are sick."""
    today = until // DAY * DAY
    days = coarser(HOURS, "D1") if until > hours.time[-1] else altered(coarser(HOURS, "D1"), today, poisoned)
    tapes = (hours, days.between(0, hours.time[-1] // DAY * DAY)) if gate == "D1" else (hours,)
    return driven(house(made(hours), gate), *tapes, start=START)


def encoded(one: Drive, upto: int) -> list[bytes]:
    """Return the decisions, deals and closed trades, live and in the shadow, up to a moment, as bytes."""
    told = [d for d in one.decisions if d.at <= upto], [d for d in one.deals if d.at <= upto]
    trades = [o for o in one.outcomes if o.closed <= upto]
    return [msgspec.msgpack.encode(each) for kind in (*told, trades) for each in kind]


@cache
def clean(name: str, gate: str) -> Drive:
    """Return the drive of a built-in strategy over all bars."""
    return drive(built_in(name), gate, HOURS, HOURS.time[-1] + HOUR)


def felt(made: Made, gate: str, whole: Drive, cut: int) -> set[str]:
    """Return which changes of the future are felt before it: another world from there on, or no more bars.

    The bar at which the data ends is decided otherwise, and rightly so: one that peeks a bar ahead is found by poison.
    """
    since, last = HOURS.time[cut], HOURS.time[cut - 1]
    sick = drive(made, gate, sick_within(HOURS, since), since)
    part = drive(made, gate, HOURS.part(0, cut), since)
    same = {
        "poison": encoded(whole, since) == encoded(sick, since),
        "prefix": encoded(whole, last) == encoded(part, last),
    }
    return {what for what, unfelt in same.items() if not unfelt}


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_every_strategy_trades_and_is_kept_from_it(name: str, gate: str) -> None:
    """What is compared below is not empty: entries, vetoes, trades that are closed by the gate, and a shadow book."""
    found = clean(name, gate)

    assert {"vetoed_by_regime", "traded", "in_position"} <= {d.outcome for d in found.decisions}
    assert {True, False} == {d.gate_open for d in found.decisions}
    assert {"live", "shadow"} <= {o.book for o in found.outcomes}


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("name", sorted(BUILT_IN))
@settings(max_examples=cuts(8, len(CUTS)))
@given(cut=st.sampled_from(CUTS))
def test_no_strategy_feels_what_comes_after_a_bar(name: str, gate: str, cut: int) -> None:
    """Cut anywhere, or poisoned from anywhere on: decisions, deals and trades before it are the same to the bit."""
    assert set() == felt(built_in(name), gate, clean(name, gate), cut)


@pytest.mark.parametrize(("ahead", "ways"), [(1, {"poison"}), (2, {"poison", "prefix"})])
def test_a_strategy_that_peeks_is_found_out(ahead: int, ways: set[str]) -> None:
    """The test above can fail: on some of ten cuts it does for one that has the next bar, or the one after."""
    peeking = partial(Peeking, ahead=ahead)
    whole = drive(peeking, "H1", HOURS, HOURS.time[-1] + HOUR)

    assert ways == {what for cut in range(100, 110) for what in felt(peeking, "H1", whole, cut)}
