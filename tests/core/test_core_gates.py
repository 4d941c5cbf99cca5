"""A gate whose regime has a timeframe of its own: when it is heard, when it is stale, what it takes back at once."""

from typing import Any

import msgspec
import pytest

from brokers.facts import Accepted, BarClosed, DealMade, InDoubt
from brokers.hours import Hours
from market.calendar import ALL_DAY, Calendar, Day
from market.types import DAY_MS, Bar
from runtime.core.decision import Step
from runtime.core.instructions import Cancel
from runtime.core.plan import Plan, RegimePlan
from tests.cores import a_gate, a_gated_plan, a_lane, a_plan, buy, buy_limit, closed, hour, level, reconciled, up_model
from tests.told import Told, kinds, of_kind, only, resting

EMPTY: Day = ()
WEEKDAYS = Hours(Calendar(week=(*[ALL_DAY] * 5, EMPTY, EMPTY)), "UTC")  # type: ignore[arg-type]  # seven


def day(n: int, close: float, phase: Any = "live") -> BarClosed:  # noqa: ANN401 - a phase
    """Return the fact that day n closed, told at midnight."""
    bar = Bar("XAUUSD", "D1", hour(24 * n), close, close, close, close)
    return BarClosed(at=hour(24 * (n + 1)), bar=bar, bid=close, ask=close, phase=phase)


def quarters(n: int, close: float) -> BarClosed:
    """Return the fact that the bar of four hours that began n hours after Monday closed."""
    bar = Bar("XAUUSD", "H4", hour(n), close, close, close, close)
    return BarClosed(at=hour(n + 4), bar=bar, bid=close, ask=close)


def resting_under(*regimes: BarClosed, script: Any = None, **gate: Any) -> Told:  # noqa: ANN401
    """Return a core whose entry rests as order 55 since bar 51, the gate being open by these days."""
    told = Told(a_gated_plan(script or {51: buy_limit(99.5)}, timeframe="D1", **gate))
    told.tell(*regimes)
    wish = told.submit(51)
    told.tell(Accepted(at=hour(52), id=wish.id, order=55))
    return told


OPEN = (day(0, 100.0), day(1, 101.0))
"""Days after which the gate is open."""


# --- taken back at once -----------------------------------------------------------------------------------------------


def test_a_gate_that_shuts_between_two_bars_takes_the_resting_entry_back_at_once() -> None:
    """The day closes; the next bar of the strategy is not waited for, and does not ask again."""
    told = resting_under(*OPEN)
    shut, later = told.tell(day(2, 99.0)), told.tell(closed(72))

    assert ((), [55]) == (shut.decisions, [wish.order for wish in of_kind(shut, Cancel)])
    assert ([], ["order_working"]) == (kinds(later), [d.outcome for d in later.decisions])


def test_a_gate_that_stays_open_takes_nothing_back() -> None:
    """Another day of the same regime changes nothing."""
    assert [] == kinds(resting_under(*OPEN).tell(day(2, 102.0)))


@pytest.mark.parametrize("phase", ["missed", "warm"])
def test_a_day_that_was_missed_waits_for_the_next_bar(phase: str) -> None:
    """What closed while we were away may be followed by what opens the gate again: a live bar decides."""
    told = resting_under(*OPEN)
    missed, live = told.tell(day(2, 99.0, phase)), told.tell(closed(72))

    assert ([], 55) == (kinds(missed), only(live, Cancel).order)


def test_without_a_link_the_entry_is_taken_back_when_it_can_be() -> None:
    """A hold that forbids to cancel is respected; the next bar of the strategy after it asks."""
    told = resting_under(*OPEN)
    told.core.ledger.holds["LINK"] = "away"
    held = told.tell(day(2, 99.0))
    del told.core.ledger.holds["LINK"]

    assert ([], 55) == (kinds(held), only(told.tell(closed(72)), Cancel).order)


def test_what_a_halt_has_taken_back_the_gate_asks_for_no_more() -> None:
    """Whoever came first, what rests is taken back once."""
    told = resting_under(*OPEN)
    halted, shut = told.tell(level("halt", hour(52))), told.tell(day(2, 99.0))

    assert (["Cancel"], []) == (kinds(halted), kinds(shut))


def test_an_entry_in_doubt_that_rests_after_all_is_taken_back_where_the_gate_has_shut() -> None:
    """It is found by a look at the venue, hours before the strategy's next bar."""
    told = Told(a_gated_plan({51: buy_limit(99.5)}, timeframe="D1"))
    told.tell(*OPEN)
    wish = told.submit(51)
    told.tell(InDoubt(at=hour(52), id=wish.id, code=0, reason="no answer"))
    shut = told.tell(day(2, 99.0))
    found = told.tell(reconciled(at=hour(73), orders=(resting(wish, 55),), settled=True))

    assert ([], 55) == (kinds(shut), only(found, Cancel).order)


def test_an_entry_that_was_on_its_way_as_the_gate_shut_is_taken_back_as_it_comes_to_rest() -> None:
    """It could not be cancelled before; the next bar of the strategy may be hours away."""
    told = Told(a_gated_plan({71: buy_limit(99.5)}, timeframe="D1"))
    told.tell(*OPEN)
    wish = told.submit(71)
    shut = told.tell(day(2, 99.0))

    assert ([], 55) == (kinds(shut), only(told.tell(Accepted(at=hour(72), id=wish.id, order=55)), Cancel).order)


def test_what_rests_of_an_entry_that_is_filled_in_part_is_taken_back_as_the_reading_grows_stale() -> None:
    """The strategy is in a position already; more of it is an entry all the same."""
    told = Told(a_gated_plan({9: buy_limit(99.5)}, timeframe="H4", max_age=1))
    told.tell(quarters(0, 100.0), quarters(4, 101.0))
    wish = told.submit(9)
    deal = told.deal(wish, "in", 99.5, volume=0.4)
    told.tell(Accepted(at=hour(10), id=wish.id, order=deal.order), DealMade(at=hour(10), deal=deal))
    steps = [told.tell(closed(n)) for n in range(10, 18)]

    assert deal.order == only(Step(instructions=tuple(w for step in steps for w in step.instructions)), Cancel).order


def test_each_strategy_listens_to_its_own_gate() -> None:
    """Of two entries that rest, the one whose gate allows the new regime stays."""
    regimes = (RegimePlan(name="up", symbol="XAUUSD", timeframe="D1", model=up_model()),)
    gates = (a_gate(allow=(0,)), a_gate(allow=(0, 1)))
    lanes = [a_lane({51: buy_limit(99.5)}, n, gate=gate, regime="up") for n, gate in enumerate(gates, 1)]
    told = Told(a_plan(*lanes, regimes=regimes))
    told.tell(*OPEN)
    for ticket, wish in enumerate(told.tell(closed(51)).instructions, 55):
        told.tell(Accepted(at=hour(52), id=wish.id, order=ticket))

    assert [55] == [wish.order for wish in of_kind(told.tell(day(2, 99.0)), Cancel)]


# --- stale ------------------------------------------------------------------------------------------------------------


def reason_at(plan: Plan, *facts: BarClosed) -> str:
    """Return what the gate says of itself at the last of these bars."""
    told = Told(plan)
    *_, last = [d for fact in facts for d in told.tell(fact).decisions]
    return last.gate_reason


def gated_by_quarters(max_age: int = 2, hours: Hours | None = None) -> Plan:
    """Return a plan whose regime reads bars of four hours, of a market that is open on weekdays."""
    plan = a_gated_plan({}, timeframe="H4", max_age=max_age)
    return msgspec.structs.replace(plan, hours={"XAUUSD": hours} if hours else {})


FRIDAY = 4 * 24 + 20
"""The last four hours of Friday begin so many hours after Monday."""
STALE = "the regime reading is stale"


@pytest.mark.parametrize(("bar", "stale"), [(166, False), (168, False), (178, False), (179, True), (190, True)])
def test_a_weekend_does_not_age_a_reading(bar: int, stale: bool) -> None:  # noqa: FBT001 - a column of the table
    """Friday's last reading is stale when more than two bars of Monday have not come, whatever the strategy's do."""
    told = quarters(FRIDAY - 4, 100.0), quarters(FRIDAY, 101.0)
    lonely = [*told, closed(FRIDAY + 3), closed(bar)]
    busy = [*told, *(closed(n) for n in range(FRIDAY + 3, bar + 1))]  # a strategy whose market never shuts

    reasons = {reason_at(gated_by_quarters(hours=WEEKDAYS), *facts) for facts in (lonely, busy)}

    assert {STALE if stale else "regime allowed"} == reasons


def test_without_a_calendar_bars_are_counted_as_they_are_told() -> None:
    """A gap in the strategy's bars ages nothing; so many of them without one of the regime's do."""
    told = quarters(FRIDAY - 4, 100.0), quarters(FRIDAY, 101.0)
    after = [closed(FRIDAY + 52 + n) for n in range(13)]

    assert ["regime allowed", STALE] == [reason_at(gated_by_quarters(), *told, *after[:n]) for n in (12, 13)]


@pytest.mark.parametrize("hours", [None, WEEKDAYS])
def test_history_that_is_told_feed_by_feed_ages_no_reading(hours: Hours | None) -> None:
    """A daemon that begins is told all its days, and then all its hours: those are older than the last day."""
    plan = a_gated_plan({}, timeframe="D1", max_age=1)
    plan = msgspec.structs.replace(plan, hours={"XAUUSD": hours} if hours else {})
    days = (day(n, 100.0 + n, "warm") for n in range(-20, 4))
    bars = (closed(n, phase="warm") for n in range(3, 96))

    assert "regime allowed" == reason_at(plan, *days, *bars, closed(96))


def test_a_stale_gate_opens_again_with_the_next_reading() -> None:
    """One bar of the regime is enough, its dwell apart."""
    facts = quarters(0, 100.0), quarters(4, 101.0), *(closed(n) for n in range(8, 30))
    plan = gated_by_quarters(hours=WEEKDAYS)

    assert STALE == reason_at(plan, *facts)
    assert "regime allowed" == reason_at(plan, *facts, quarters(26, 103.0), closed(30))


@pytest.mark.parametrize(("mode", "outcome"), [("enforce", "vetoed_by_regime"), ("advise", "traded")])
def test_a_stale_reading_shuts_entries_out_under_enforce_only(mode: str, outcome: str) -> None:
    """Advice journals that it is stale."""
    plan = a_gated_plan({30: buy()}, mode, timeframe="H4", max_age=2)
    told = Told(msgspec.structs.replace(plan, hours={"XAUUSD": WEEKDAYS}))
    told.tell(quarters(0, 100.0), quarters(4, 101.0))
    d = told.decide(30)

    assert (outcome, STALE, False) == (d.outcome, d.gate_reason, d.gate_open)


def test_a_reading_of_another_symbol_ages_by_that_symbols_calendar() -> None:
    """What the strategy's own market does is not asked."""
    regime = RegimePlan(name="up", symbol="EURUSD", timeframe="H4", model=up_model())
    plan = a_plan(a_lane({}, gate=a_gate(max_age=2), regime="up"), regimes=(regime,))
    sunday = Hours(Calendar(week=(*[EMPTY] * 6, ((0, DAY_MS),))), "UTC")  # type: ignore[arg-type]  # seven
    facts = [BarClosed(at=f.at, bar=msgspec.structs.replace(f.bar, symbol="EURUSD"), bid=f.bid, ask=f.ask)
             for f in (quarters(0, 100.0), quarters(4, 101.0))]  # fmt: skip
    plans = [msgspec.structs.replace(plan, hours={name: sunday}) for name in ("EURUSD", "XAUUSD")]

    assert ["regime allowed", STALE] == [
        reason_at(p, *facts, *(closed(n) for n in range(8, 40))) for p in plans
    ]  # fmt: skip
