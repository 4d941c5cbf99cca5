"""How much history is asked for, so that whatever is folded of it is warm; and what is said where there is less."""

import pytest

from brokers.facts import HistoryTold
from brokers.hours import Hours
from brokers.made import DayRule, FrameRule, MadeRule
from market.calendar import ALL_DAY, Calendar
from market.types import TIMEFRAMES
from runtime.core.facts import AnyFact
from runtime.core.instructions import Alert
from runtime.core.plan import Plan, RegimePlan
from runtime.core.readings import SETTLED
from runtime.core.warming import WARMING, bars_wanted
from tests.cores import WARM, a_gate, a_lane, a_plan, closed, hour, opening, up_model
from tests.told import Told, of_kind, only

WEEKDAYS = Calendar(week=(ALL_DAY, ALL_DAY, ALL_DAY, ALL_DAY, ALL_DAY, (), ()))
RETURN = 2
"""Bars that the model's one feature needs."""


def reads(rule: MadeRule | None = None, hours: Hours | None = None) -> Plan:
    """Return a plan whose regime reads hours of gold, or what is made of them."""
    regime = RegimePlan(
        name="up", symbol="XAUUSD", timeframe=rule.timeframe if rule else "H1", model=up_model(), made=rule
    )
    lane = a_lane({}, gate=a_gate(), regime="up")
    return a_plan(lane, regimes=(regime,), hours={"XAUUSD": hours} if hours else {})


def wanted(plan: Plan, least: int) -> int:
    """Return how many hours of gold are asked for."""
    core = Told(plan, opened=False).core
    return bars_wanted(core.feeds, core.made, ("XAUUSD", "H1"), least)


@pytest.mark.parametrize(("least", "asked"), [(0, WARM), (WARM, WARM), (500, 500)])
def test_as_much_history_is_asked_for_as_is_configured_and_as_features_need(least: int, asked: int) -> None:
    """A mean of three bars needs three, whatever was configured."""
    assert asked == wanted(reads(), least)


@pytest.mark.parametrize("rule", [DayRule("New York close", "H1"), FrameRule("H4", "H1")])
def test_of_bars_that_longer_ones_are_made_of_there_are_as_many_as_make_those_up(rule: MadeRule) -> None:
    """As many days as the features need, by which the filter settles, and the first, which is half."""
    hours = TIMEFRAMES[rule.timeframe] // 3600

    assert [(RETURN + SETTLED + 1) * hours, 9999] == [wanted(reads(rule), least) for least in (0, 9999)]


def test_so_much_history_makes_a_regime_of_days_warm_and_lets_its_filter_settle() -> None:
    """It is read from the first decided bar on."""
    plan = reads(DayRule("UTC+2", "H1"))
    told = Told(plan, opened=False)
    told.tell(*(closed(n, 100.0 + n % 7, phase="warm") for n in range(-wanted(plan, 3), 3)))

    assert [] == [hold for hold in told.holds if hold.startswith("WARMING")]
    assert SETTLED <= told.core.readings[0].bars - RETURN + 1


def history(bars: int) -> list[AnyFact]:
    """Return what a new account is told that has so many bars of history, all on the Friday before."""
    run, latch, link, *_, look = opening()
    return [run, latch, link, *(closed(n - 2 * 24, phase="warm") for n in range(-bars, 0)), look]


@pytest.mark.parametrize(("hours", "ready"), [(None, "2023-12-30 01"), (Hours(WEEKDAYS, "UTC"), "2024-01-01 01")])
def test_what_is_short_of_history_says_how_much_is_missing_and_until_when(hours: Hours | None, ready: str) -> None:
    """Once, as a page and in the hold; a calendar knows when its market is shut."""
    told = Told(reads(hours=hours), opened=False)
    told.tell(*history(WARM - 1))
    step = told.tell(HistoryTold(at=hour(0)))
    said = (
        "XAUUSD H1: history tells 2 of the 3 bars that its features need, and lacks 1: "
        f"ready on {ready}:00:00 at the earliest"
    )

    assert said == told.core.ledger.holds["WARMING:XAUUSD"]
    assert ("warn", f"{said}; until then nothing of XAUUSD is entered upon") == (
        only(step, Alert).severity, only(step, Alert).text
    )  # fmt: skip


def test_of_several_feeds_that_are_short_the_one_that_is_ready_last_is_told() -> None:
    """Days that are made of hours take longer than the hours themselves."""
    told = Told(reads(DayRule("UTC", "H1")), opened=False)
    told.tell(*history(2))
    step = told.tell(HistoryTold(at=hour(0)))

    assert only(step, Alert).text.startswith("XAUUSD D1 made of H1, days by UTC: history tells 0 of the 2 bars")


def test_a_market_that_never_opens_is_never_ready() -> None:
    """The calendar says so."""
    told = Told(reads(hours=Hours(Calendar(week=((),) * 7), "UTC")), opened=False)
    told.tell(*history(1))
    step = told.tell(HistoryTold(at=hour(0)))

    assert "and lacks 2: its calendar has none of them" in only(step, Alert).text


def test_where_history_is_long_enough_nothing_is_said() -> None:
    """Nor is anything held."""
    told = Told(reads(), opened=False)
    told.tell(*history(WARM))

    assert ([], []) == (of_kind(told.tell(HistoryTold(at=hour(0))), Alert), told.holds)


def test_the_hold_is_lifted_by_the_bar_that_was_missing() -> None:
    """Until then entries are held with the reason."""
    told = Told(reads(), opened=False)
    told.tell(*history(WARM - 1), HistoryTold(at=hour(0)))
    held = told.holds
    told.tell(closed(0))

    assert (["WARMING:XAUUSD"], []) == (held, told.holds)
    assert WARMING not in held
