"""An entry outside a symbol's sessions is held; everything else goes on."""

import msgspec

from brokers.hours import Hours
from market.calendar import ALL_DAY, Calendar, Day
from market.types import DAY_MS
from tests.cores import LEAVE, a_gated_plan, a_lane, a_plan, buy, closed, hour
from tests.told import Told
from tests.venues import HOUR, MONDAY

EMPTY: Day = ()


def traded(*spans: tuple[int, int]) -> Hours:
    """Return hours with these sessions on Mondays, in hours, and all of every other day."""
    monday = tuple((first * HOUR, end * HOUR) for first, end in spans)
    return Hours(Calendar(week=(monday, ALL_DAY, ALL_DAY, ALL_DAY, ALL_DAY, EMPTY, EMPTY)), "UTC")


def test_an_entry_in_a_break_is_held_by_name() -> None:
    """The hold stands in the decision and nothing is asked for; an hour later the same wish is traded."""
    told = Told(a_plan(a_lane({4: buy(), 6: buy()}), hours={"XAUUSD": traded((0, 5), (6, 24))}))
    held, later = told.decide(4), told.decide(6)

    assert ("held", ("SESSION:XAUUSD",), 0) == (held.outcome, held.holds, held.instruction)
    assert ("traded", ()) == (later.outcome, later.holds)


def test_no_entry_is_taken_on_a_holiday() -> None:
    """Of a symbol that is traded around the clock on any other Monday; the day after it is traded again."""
    always = Calendar(week=(ALL_DAY,) * 5 + (EMPTY, EMPTY), holidays={MONDAY // DAY_MS: EMPTY})
    told = Told(a_plan(a_lane({4: buy(), 24: buy()}), hours={"XAUUSD": Hours(always, "UTC")}))
    held, later = told.decide(4), told.decide(24)

    assert ("held", ("SESSION:XAUUSD",)) == (held.outcome, held.holds)
    assert "traded" == later.outcome


def test_another_symbols_hours_hold_nothing() -> None:
    """A symbol without a calendar never shuts."""
    told = Told(a_plan(a_lane({4: buy()}), hours={"EURUSD": traded()}))

    assert "traded" == told.decide(4).outcome


def test_a_bar_that_opens_within_its_hour_is_open() -> None:
    """A recorded hour's stamp stands for its first tick, five minutes later when the session begins then."""
    late = Hours(Calendar(week=(((5 * HOUR + 300_000, DAY_MS),), *[ALL_DAY] * 6)), "UTC")  # type: ignore[arg-type]  # seven
    told = Told(a_plan(a_lane({3: buy(), 4: buy()}), hours={"XAUUSD": late}))

    assert ["held", "traded"] == [told.decide(n).outcome for n in (3, 4)]


def test_a_tick_in_a_break_is_taken_at_its_own_time() -> None:
    """Told at half past, in a break that ends at the next hour: held."""
    told = Told(a_plan(a_lane({4: buy()}), hours={"XAUUSD": traded((0, 5), (6, 24))}))
    fact = msgspec.structs.replace(closed(4), at=hour(5.5))

    assert ("SESSION:XAUUSD",) == told.tell(fact).decisions[0].holds


def test_leaving_and_cancelling_are_not_held() -> None:
    """An exit goes out in a break too: what cannot be done then the broker will say."""
    told = Told(a_plan(a_lane({3: buy(), 5: LEAVE}), hours={"XAUUSD": traded((0, 5))}))
    told.enter(3)

    assert "exit" == told.decide(5).outcome


def test_a_wish_the_gate_vetoes_names_the_hold_as_well() -> None:
    """Every gate is evaluated, also when an earlier one has decided."""
    plan = msgspec.structs.replace(a_gated_plan({4: buy()}), hours={"XAUUSD": traded((0, 5))})
    decision = Told(plan).decide(4, 99.0)

    assert ("vetoed_by_regime", ("SESSION:XAUUSD",)) == (decision.outcome, decision.holds)
