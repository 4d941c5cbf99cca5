"""A core's window strategies: filled by history, put right by what is told anew, restored in mid-window."""

from typing import Any

import msgspec
import pytest

from hypothesis import given
from hypothesis import strategies as st

from brokers.facts import BarRevised, ClockDoubted, HistoryGrown
from market.types import Bar
from runtime.core.plan import Plan
from runtime.core.warming import bars_wanted
from runtime.outcomes.books import Books
from strategies.protocol import Want
from strategies.window import Window, WindowStrategy
from tests.chaos_world import COSTS
from tests.cores import a_gate, a_gated_plan, a_lane, a_plan, closed, hour
from tests.told import Told
from tests.windows import dip

SIZE = 6
DIP = WindowStrategy(name="dip", function=dip, window=SIZE)


def price(n: int) -> float:
    """Return the close of a bar."""
    return 100.0 + n * n % 7 / 10.0


def plan(**fields: Any) -> Plan:  # noqa: ANN401 - of a plan
    """Return a plan of one function over six hours of gold."""
    return a_plan(a_lane({}, strategy=DIP), **fields)


def ring(told: Told) -> Any:  # noqa: ANN401 - plain values
    """Return what the strategy remembers."""
    return told.core.lanes[0].runner.snapshot()


def test_as_much_history_is_asked_for_as_the_window_holds() -> None:
    """A feed is warm when the window is full, though no feature waits for anything."""
    core = Told(plan()).core
    ((key, feed),) = core.feeds.items()

    assert (SIZE, False) == (bars_wanted(core.feeds, core.made, key, 2), feed.warm)


def test_nothing_is_entered_upon_before_the_window_is_full() -> None:
    """Bars before are decided as warming; history counts."""
    told = Told(plan(), opened=True)
    outcomes = [told.decide(n, price(n)).outcome for n in range(3, 12)]

    assert ["warming"] * 2 == outcomes[:2]
    assert "warming" not in outcomes[3:]


def test_a_function_is_not_called_for_bars_of_history() -> None:
    """Nothing is decided on them, and it remembers nothing but its rows: a start need not wait for it."""
    called = []

    def counting(w: Window) -> tuple[Want, float]:
        called.append(w.time[-1])
        return None, 0.0

    strategy = WindowStrategy(name="counting", function=counting, window=2)
    told = Told(a_plan(a_lane({}, strategy=strategy)))
    told.decide(3)

    assert [hour(3)] == called


@given(st.integers(8, 20), st.integers(0, 2), st.booleans())
def test_a_bar_that_is_told_anew_is_in_the_window_as_it_is_told_now(
    until: int,
    ago: int,
    slept: bool,  # noqa: FBT001 - drawn
) -> None:
    """As if it had been told so from the beginning, also after a restart; a shadow book's window too."""
    gated = msgspec.structs.replace(a_gated_plan({}).strategies[0], strategy=DIP, gate=a_gate())
    both = msgspec.structs.replace(a_gated_plan({}), strategies=(gated,))
    told, once = Told(both), Told(both)
    books = Books(told.core, COSTS)
    revised: Bar = msgspec.structs.replace(closed(until - 1 - ago, 90.0, low=89.0, high=91.0).bar)
    for n in range(3, until):
        bar = closed(n, price(n))
        books.observe(bar, told.tell(bar))
        once.tell(msgspec.structs.replace(bar, bar=revised) if bar.bar.time == revised.time else bar)
    told = told.again() if slept else told
    fact = BarRevised(at=hour(99), bar=revised)
    books.observe(fact, told.tell(fact))

    assert ring(once) == ring(told)
    assert [ring(once)] * 3 == [lane.runner.snapshot() for shadow in books.shadows for lane in shadow.core.lanes]


@pytest.mark.parametrize("known", [0, 12])
def test_a_window_that_a_wrong_clock_has_filled_is_filled_anew(known: int) -> None:
    """Bars of later than now are forgotten there as in features; history fills it again."""
    wrong, right = Told(plan()), Told(plan(), opened=False)
    for n in range(3, 24):
        wrong.tell(closed(n + 5, price(n)))
    wrong.tell(ClockDoubted(at=hour(29), problem="5 h off"), ClockDoubted(at=hour(24), problem=""))
    for n in range(known, 24):
        bar = closed(n, price(n), phase="warm")
        wrong.tell(bar)
        right.tell(bar)

    assert ring(right) == ring(wrong)


def test_a_window_of_a_part_of_history_is_filled_anew_by_all_of_it() -> None:
    """A terminal that was still loading told the last bars alone; no row is missing, and none stands twice."""
    grown, right = Told(plan(), opened=False), Told(plan(), opened=False)
    bars = [closed(n, price(n), phase="warm") for n in range(24)]
    grown.tell(*bars[20:], HistoryGrown(at=hour(24), symbol="XAUUSD", timeframe="H1"))
    empty = ring(grown)["time"]
    grown.tell(*bars)
    right.tell(*bars)

    assert [] == empty
    assert ring(right) == ring(grown)
