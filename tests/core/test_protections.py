"""Protections: what a strategy's last trades must have been for it to be held, and what ends that."""

from typing import Any

import pytest

from brokers.facts import ClockDoubted, DealMade
from config.protections import CooldownSection, LowProfitSection, ProtectionsSection, StopsSection
from market.types import DealReason
from runtime.core.facts import HoldLifted
from runtime.core.instructions import Alert, Asker, Reply
from tests.cores import a_lane, a_plan, buy, closed, hour
from tests.told import Told, of_kind, only

ANN = Asker(id="ann-1", who="ann", why="looked at", wall=0)


def under(**said: Any) -> Told:  # noqa: ANN401 - the sections
    """Return a core whose strategy wants to enter on every bar, under protections."""
    return Told(a_plan(a_lane(dict.fromkeys(range(3, 90), buy())), protections=ProtectionsSection(**said)))


def trade(told: Told, n: int, net: float, reason: DealReason = "stop") -> None:
    """Enter on bar n, and be left at once: by a stop, at a loss, where nothing else is said."""
    entry = told.enter(n)
    told.tell(DealMade(at=hour(n + 1), deal=told.deal(entry, "out", 99.0, profit=net, reason=reason)))


def after(told: Told, n: int) -> tuple[str, tuple[str, ...]]:
    """Return outcome and holds of the decision of bar n."""
    d = told.decide(n)
    return d.outcome, d.holds


THREE = {"stops": StopsSection(stops=3, hold_minutes=120.0)}


def test_a_strategy_waits_after_a_trade() -> None:
    """For ninety minutes: the first bar after it has time to be over."""
    told = under(cooldown=CooldownSection(minutes=90.0))
    trade(told, 3, 50.0, "target")

    assert [("held", ("COOLDOWN:lane1",)), ("traded", ())] == [after(told, 4), after(told, 5)]


def test_a_wait_that_is_over_before_the_next_bar_holds_nothing() -> None:
    """Ten minutes after a trade that ended with the bar before."""
    told = under(cooldown=CooldownSection(minutes=10.0))
    trade(told, 3, 50.0, "target")

    assert ("traded", ()) == after(told, 4)


def test_stops_in_a_row_hold_a_strategy_for_their_time() -> None:
    """After the third one people are told, and two hours later it goes on."""
    told = under(**THREE)
    for n in (3, 4, 5):
        trade(told, n, -100.0)
    held = [after(told, n) for n in (6, 7)]
    alerts = [a.text for step in told.steps for a in of_kind(step, Alert)]

    assert [("held", ("STOPS:lane1",)), ("traded", ())] == held
    assert ["lane1: 3 trades in a row were stopped at a loss: no entry for 120 minutes"] == alerts


@pytest.mark.parametrize(
    ("net", "reason"), [(50.0, "stop"), (-100.0, "expert"), (100.0, "target")], ids=str
)  # fmt: skip
def test_a_trade_of_another_kind_breaks_the_streak(net: float, reason: DealReason) -> None:
    """Stopped at a gain, left by the strategy, or at its target."""
    told = under(**THREE)
    for n, made in ((3, -100.0), (4, -100.0)):
        trade(told, n, made)
    trade(told, 5, net, reason)

    assert "traded" == after(told, 6)[0]


def test_stops_that_lie_too_far_apart_are_no_streak() -> None:
    """Within two hours they would have been."""
    told = under(stops=StopsSection(stops=3, within_minutes=120.0))
    for n in (3, 5, 7):
        trade(told, n, -100.0)

    assert "traded" == after(told, 8)[0]


def test_too_little_profit_holds_until_a_person_lifts_it() -> None:
    """Two trades that made five together; after the hold was lifted only later ones count."""
    told = under(low_profit=LowProfitSection(trades=2, least=10.0))
    trade(told, 3, 105.0, "target")
    trade(told, 4, -100.0)
    held = after(told, 60)
    answer = only(told.tell(HoldLifted(at=hour(61), asker=ANN, hold="LOW_PROFIT:lane1")), Reply)
    trade(told, 61, -100.0)

    assert (("held", ("LOW_PROFIT:lane1",)), True) == (held, answer.ok)
    assert "LOW_PROFIT:lane1 is lifted: it was 2 trades have made 5.00, 10 are wanted" == answer.text
    assert "traded" == after(told, 62)[0]


def test_enough_profit_holds_nothing() -> None:
    """Costs are counted: ninety and a hundred lost make less than nothing."""
    told = under(low_profit=LowProfitSection(trades=2, least=-10.0))
    trade(told, 3, 90.0, "target")
    trade(told, 4, -100.0)

    assert "traded" == after(told, 5)[0]


def test_protections_are_latched_over_a_restart() -> None:
    """Holds, their time, and the trades by which they are judged."""
    told = under(**THREE)
    trade(told, 3, -100.0)
    trade(told, 4, -100.0)
    again = told.again()
    trade(again, 5, -100.0)
    woken = again.again()

    assert [("held", ("STOPS:lane1",)), ("held", ("STOPS:lane1",))] == [after(again, 6), after(woken, 6)]
    assert [("traded", ()), ("traded", ())] == [after(again, 7), after(woken, 7)]


def test_a_doubted_clock_lifts_nothing() -> None:
    """By it the time may seem to be over."""
    told = under(cooldown=CooldownSection(minutes=90.0))
    trade(told, 3, 50.0, "target")
    told.tell(closed(4), ClockDoubted(at=hour(40), problem="a day off"), closed(40))

    assert "COOLDOWN:lane1" in told.holds


def test_another_strategy_goes_on() -> None:
    """The one whose trades they were is held."""
    lanes = a_lane({3: buy()}), a_lane({4: buy()}, number=2)
    told = Told(a_plan(*lanes, protections=ProtectionsSection(cooldown=CooldownSection(minutes=600.0))))
    first = told.tell(closed(3)).instructions[0]
    entry = told.deal(first, "in", 100.1)  # type: ignore[arg-type]  # an entry
    told.tell(DealMade(at=hour(4), deal=entry), DealMade(at=hour(4), deal=told.deal(entry, "out", 99.0)))

    assert "traded" == told.tell(closed(4)).decisions[1].outcome
