"""What is decided: one decision a bar and strategy, in the first class that fits, with every gate evaluated."""

import math
import re

from typing import Any

import msgspec
import pytest

from brokers.facts import BarClosed, ClockDoubted, DealMade, WorthSeen
from market.types import Position
from runtime.core.decision import OUTCOMES, Decision
from runtime.core.facts import AnyFact
from runtime.core.risk import CHECKS
from strategies.protocol import StrategyError, Want
from tests.cores import (
    BALANCE,
    LEAVE,
    LIMITS,
    a_gated_plan,
    a_lane,
    a_plan,
    buy,
    buy_limit,
    closed,
    hour,
    level,
    opening,
    reconciled,
    sell,
)
from tests.told import Told, in_trade


def test_every_bar_of_every_strategy_yields_exactly_one_decision() -> None:
    """Nothing done is a decision too, and they are numbered without a gap."""
    told = Told(a_plan(a_lane({4: buy()}), a_lane({}, 2), a_lane({3: sell()}, 3)))

    decisions = [d for n in range(3, 8) for d in told.tell(closed(n)).decisions]

    assert ["lane1", "lane2", "lane3"] * 5 == [d.strategy for d in decisions]
    assert [(1, n) for n in range(1, 16)] == [(d.run, d.n) for d in decisions]
    assert [hour(n) for n in range(3, 8) for _ in range(3)] == [d.bar_time for d in decisions]


def test_a_warm_bar_yields_none() -> None:
    """History before the run is folded in, not decided."""
    told = Told(a_plan(a_lane({5: buy()})))

    assert () == told.tell(closed(5, phase="warm")).decisions
    assert 5.0 == told.decide(6).score  # the strategy has counted warm bars as well


def test_a_decision_says_what_was_seen_and_wanted() -> None:
    """Quote, features, wish, prices, size, risk and fingerprints stand in it."""
    d = Told(a_plan(a_lane({3: sell(0.8, target=2.0)}))).decide(3, 100.0, bid=100.2)

    assert (100.2, 100.3, (100.0,), -1.0, 4.0) == (d.bid, d.ask, d.features, d.action, d.score)
    assert (-1, 1.25, 100.2, 101.0, 98.2, 100.0) == (d.side, d.volume, d.price, d.stop, d.target, d.risk)
    assert ("market", "run", "off", "c0", "1-1") == (d.kind, d.level, d.gate_mode, d.config, d.id)


# --- classes ----------------------------------------------------------------------------------------------------------


def classes() -> dict[str, Decision]:
    """Return a decision of each class."""
    cold, observing = Told(a_plan(a_lane({0: buy()})), opened=False), a_plan(a_lane({3: buy()}), mode="observe")
    poor = a_plan(a_lane({3: buy()}), limits=msgspec.structs.replace(LIMITS, max_volume=0.5))
    working = Told(a_plan(a_lane({3: buy()})))
    working.tell(closed(3))
    held = Told(a_plan(a_lane({3: buy()})))
    held.tell(level("halt", hour(3)))
    return {
        "missed": in_trade({4: LEAVE}).decide(4, phase="missed"),
        "warming": cold.decide(0),
        "exit": in_trade({4: LEAVE}).decide(4),
        "in_position": in_trade({4: buy()}).decide(4),
        "order_working": working.decide(4),
        "no_signal": Told(a_plan(a_lane({}))).decide(3),
        "vetoed_by_regime": Told(a_gated_plan({3: buy()})).decide(3, 99.0),
        "held": held.decide(3),
        "refused_by_risk": Told(poor).decide(3),
        "observed": Told(observing).decide(3),
        "traded": Told(a_plan(a_lane({3: buy()}))).decide(3),
    }


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_each_class_is_reached(outcome: str) -> None:
    """Every class has a bar that falls into it."""
    assert outcome == classes()[outcome].outcome


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_only_what_acts_carries_an_instruction(outcome: str) -> None:
    """An instruction's id stands in decisions to trade or to leave, and in no other."""
    assert (outcome in {"traded", "exit"}) is bool(classes()[outcome].instruction)


def gauntlet(**out: bool) -> Decision:
    """Decide one entry that fails at every gate but those taken out of the way."""
    limits = LIMITS if out.get("refused") else msgspec.structs.replace(LIMITS, max_volume=0.5)
    plan = a_gated_plan({} if out.get("no_signal") else {3: buy()})
    told = Told(msgspec.structs.replace(plan, limits=limits, mode="live" if out.get("observed") else "observe"))
    if not out.get("held"):
        told.tell(level("halt", hour(3)))
    return told.decide(3, 101.0 if out.get("vetoed") else 99.0, phase="live" if out.get("missed") else "missed")


@pytest.mark.parametrize(
    ("out", "outcome"),
    [
        ([], "missed"),
        (["missed", "no_signal"], "no_signal"),
        (["missed"], "vetoed_by_regime"),
        (["missed", "vetoed"], "held"),
        (["missed", "vetoed", "held"], "refused_by_risk"),
        (["missed", "vetoed", "held", "refused"], "observed"),
        (["missed", "vetoed", "held", "refused", "observed"], "traded"),
    ],
)
def test_a_decision_has_the_first_class_that_fits(out: list[str], outcome: str) -> None:
    """Where several gates forbid, the class is the first of them in the documented order."""
    assert outcome == gauntlet(**dict.fromkeys(out, True)).outcome


def test_a_position_can_be_left_while_features_are_cold() -> None:
    """Under a changed configuration features are learnt again: what is open is looked after meanwhile."""
    old, new = in_trade({}), Told(a_plan(a_lane({0: LEAVE, 1: buy()})), opened=False)
    new.tell(*(fact for fact in opening() if not isinstance(fact, BarClosed)))
    new.core.lanes[0].trade = old.core.lanes[0].trade

    left, wanted = new.decide(0), new.decide(1)

    assert ("exit", "in_position") == (left.outcome, wanted.outcome)


def test_a_veto_hides_neither_holds_nor_risk() -> None:
    """An entry that the regime vetoes is still sized, held against every limit, and told what else forbids it."""
    d = gauntlet(missed=True)

    assert ("vetoed_by_regime", ("halt",), ("volume",)) == (d.outcome, d.holds, d.reasons)
    assert (1, 1.0, 99.1, 98.1) == (d.side, d.volume, d.price, d.stop)
    assert pytest.approx((10.0, 0.0, 1.0, 1.0, 9910.0, 0.01, 0.00991, 0.0, 1.0)) == d.numbers
    assert len(CHECKS) == len(d.limits)


def test_without_a_wish_only_the_standing_numbers_are_known() -> None:
    """Spread, loss of the day and positions are journaled on every bar; the rest is NaN."""
    d = Told(a_plan(a_lane({}))).decide(3, spread=0.2)

    assert pytest.approx((20.0, 0.0, 0.0)) == d.numbers[:3]
    assert all(math.isnan(x) for x in d.numbers[3:])


# --- risk -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "shape", "limits", "reason"),
    [
        (buy(), {"spread": 0.6}, {}, "spread"),
        (buy(), {}, {"max_positions": 0}, "positions"),
        (buy(), {}, {"max_volume": 0.99}, "volume"),
        (buy(), {}, {"max_value": 10_000.0}, "value"),
        (buy(), {}, {"max_risk": 0.009}, "risk"),
        (buy(), {}, {"max_margin": 0.009}, "margin"),
        (buy_limit(95.0), {}, {}, "collar"),
        (buy(300.0), {}, {}, "size below the minimum volume"),
        (buy(0.0), {}, {}, "size below the minimum volume"),
        (buy(101.0), {}, {}, "no protective stop"),
    ],
)
def test_an_entry_beyond_a_limit_is_refused_by_its_name(
    wish: Want, shape: dict[str, Any], limits: dict[str, Any], reason: str
) -> None:
    """The decision says which check refused, and nothing is sent."""
    risk = 2.0 if reason == "no protective stop" else 0.01
    plan = a_plan(a_lane({3: wish}, risk=risk), limits=msgspec.structs.replace(LIMITS, **limits))
    step = Told(plan).tell(closed(3, **shape))

    assert [("refused_by_risk", True)] == [(d.outcome, reason in d.reasons) for d in step.decisions]
    assert () == step.instructions


@pytest.mark.parametrize("expiry", [math.nan, math.inf, -math.inf, 2.0**31, 2.0**63], ids=str)
def test_an_order_that_would_rest_for_no_number_of_bars_is_told_as_its_strategys(expiry: float) -> None:
    """By the name of who wants it, before anything is sent or written down."""
    wish = msgspec.structs.replace(buy_limit(99.5), expiry=expiry)

    with pytest.raises(StrategyError, match=re.escape(f"strategy lane1: an entry that rests for {expiry} bars")):
        Told(a_plan(a_lane({3: wish}))).tell(closed(3))


def test_a_day_that_lost_too_much_takes_no_entry_until_the_next() -> None:
    """Loss is measured against the first equity of the server's day; the next day begins anew."""
    told = Told(a_plan(a_lane({3: buy(), 6: buy(), 25: buy()})))
    entry = told.enter(3)
    told.tell(DealMade(at=hour(5), deal=told.deal(entry, "out", 95.0, profit=-600.0, reason="stop")))

    lost, next_day = told.decide(6), told.decide(25)

    assert ("refused_by_risk", ("daily loss",)) == (lost.outcome, lost.reasons)
    assert pytest.approx(0.06) == lost.numbers[1]
    assert ("traded", 0.0) == (next_day.outcome, next_day.numbers[1])
    assert pytest.approx(0.94) == next_day.volume


def won_back(*told_between: AnyFact) -> Told:
    """Return a core whose only position, entered on bar 3, was under water and is closed without a loss by bar 6."""
    told = Told(a_plan(a_lane({3: buy(), 7: buy(), 25: buy()})))
    entry = told.enter(3)
    told.tell(*told_between)
    told.tell(DealMade(at=hour(6), deal=told.deal(entry, "out", 100.1, reason="expert")))
    return told


@pytest.mark.parametrize(
    "fact", [closed(4, 94.0), WorthSeen(at=hour(5), worth=9_390.0, highest=9_390.0, quotes={"XAUUSD": (94.0, 94.1)})]
)
def test_a_loss_that_ended_a_day_has_done_so_though_it_is_won_back(fact: AnyFact) -> None:
    """By a bar's close or between two bars; a restart does not begin the day anew, the midnight does."""
    told = won_back(fact)
    again = told.again()
    today, after = told.decide(7), again.decide(7)

    assert ("refused_by_risk", ("daily loss reached",), 0.0) == (today.outcome, today.reasons, today.numbers[1])
    assert repr(today) == repr(after)
    assert "traded" == again.decide(25).outcome


def test_a_balance_that_is_counted_anew_does_not_begin_the_day_anew() -> None:
    """What was lost that day was lost, whatever it is counted from."""
    told = won_back(closed(4, 94.0))
    told.core.ledger.counting = True
    told.tell(reconciled(BALANCE, at=hour(6)))

    assert ("daily loss reached",) == told.decide(7).reasons


def test_a_loss_within_the_limit_ends_no_day() -> None:
    """Four percent were lost, and five may be."""
    assert "traded" == won_back(closed(4, 96.0)).decide(7).outcome


def lost_too_much(*told_before: AnyFact, zone: str = "UTC") -> Told:
    """Return a core that has lost too much on Monday, and wants to enter on bar 8."""
    told = Told(msgspec.structs.replace(a_plan(a_lane({4: buy(), 8: buy()})), zone=zone))
    entry = told.enter(4)
    told.tell(*told_before)
    told.tell(DealMade(at=hour(6), deal=told.deal(entry, "out", 95.0, profit=-600.0, reason="stop")))
    return told


def test_no_entry_is_taken_by_a_clock_that_contradicts_its_zone() -> None:
    """It is held by name, and taken again once the clock is right; nothing that leaves is held."""
    told = Told(a_plan(a_lane({4: buy(), 5: buy()})))
    told.tell(ClockDoubted(at=hour(4), problem="quotes are +3 h off"))
    held = told.decide(4)
    told.tell(ClockDoubted(at=hour(5), problem=""))

    assert ("held", ("CONTRACT",)) == (held.outcome, held.holds)
    assert "traded" == told.decide(5).outcome


def test_a_doubted_clock_begins_no_new_day() -> None:
    """A day that lost too much has done so, whatever day a clock shows that contradicts its zone."""
    told = lost_too_much()
    told.tell(ClockDoubted(at=hour(6), problem="quotes are +22 h off"))
    told.tell(msgspec.structs.replace(closed(6), at=hour(29)))
    told.tell(ClockDoubted(at=hour(8), problem=""))

    assert ("daily loss",) == told.decide(8).reasons


@pytest.mark.parametrize(
    ("zone", "at", "refused"), [("UTC", 22, True), ("UTC+2", 21.9, True), ("UTC+2", 22, False), ("UTC-3", 26.9, True)]
)
def test_a_day_begins_at_the_servers_midnight(zone: str, at: float, refused: bool) -> None:  # noqa: FBT001 - a cell of a table
    """What was lost counts until the day ends by the clock of the broker, wherever that is."""
    told = lost_too_much(zone=zone)
    told.tell(msgspec.structs.replace(closed(7), at=hour(at)))

    assert refused == ("daily loss" in told.decide(8).reasons)


def test_a_day_is_not_begun_twice() -> None:
    """A clock that was a day ahead unnoticed is put right: what was lost since it began that day counts."""
    told = lost_too_much(msgspec.structs.replace(closed(5), at=hour(29)))

    assert ("daily loss",) == told.decide(8).reasons


def test_open_losses_count_towards_the_day() -> None:
    """A position under water lowers the equity that the day is measured by."""
    told = Told(a_plan(a_lane({3: buy(9.0)}), a_lane({4: sell()}, 2)))
    told.enter(3)

    decisions = told.tell(closed(4, 94.0)).decisions

    assert pytest.approx(0.11 * 6.1 * 100 / BALANCE) == decisions[1].numbers[1]


def test_what_others_hold_counts_as_positions() -> None:
    """Foreign positions are never touched, and take their place among those allowed."""
    theirs = Position(ticket=5, at=0, symbol="EURUSD", side=1, volume=1.0, price=1.1)
    told = Told(a_plan(a_lane({3: buy()}), a_lane({3: buy()}, 2)))
    told.tell(reconciled(BALANCE, theirs, at=hour(3)))

    assert [2.0, 3.0] == [d.numbers[2] for d in told.tell(closed(3)).decisions]
