"""How positions are left and bars missed: for which reason, when it is held, and what the end of data does."""

from typing import Any

import msgspec
import pytest

from brokers.facts import Accepted, DataEnded, FeedBroken, LinkDown, OrderGone
from runtime.core.facts import AnyFact
from runtime.core.instructions import Cancel, ClosePosition, Submit
from tests.cores import (
    LEAVE,
    a_lane,
    a_plan,
    buy,
    buy_limit,
    closed,
    hour,
    level,
)
from tests.told import Told, in_trade, kinds, of_kind, only
from tests.venues import GOLD


@pytest.mark.parametrize(
    ("script", "trade", "shape", "reason"),
    [
        ({4: LEAVE}, {}, {}, "strategy"),
        ({}, {"bars": 1}, {}, "time stop"),
        ({}, {}, {"close": 99.0, "bid": 99.0}, "stop passed"),
        ({4: LEAVE}, {"bars": 1}, {}, "strategy"),
    ],
)
def test_a_position_is_left_for_a_reason(
    script: dict[int, Any], trade: dict[str, Any], shape: dict[str, Any], reason: str
) -> None:
    """The strategy, the plan's time, or a stop that the quote has passed close the whole position at the market."""
    told = in_trade(script, **trade)
    step = told.tell(closed(4, **shape))
    (d,), wish = step.decisions, only(step, ClosePosition)

    assert ("exit", (reason,), wish.id, -1, 1.0) == (d.outcome, d.reasons, d.instruction, d.side, d.volume)
    assert (911, 1, 1.0, reason, False) == (wish.position, wish.side, wish.volume, wish.reason, wish.operator)
    assert d.bid == wish.price


@pytest.mark.parametrize(
    ("fact", "outcome", "holds"),
    [
        (level("halt", hour(4)), "held", ("halt",)),
        (LinkDown(at=hour(4), reason="away"), "held", ("LINK", "UNRECONCILED")),
        (level("close-only", hour(4)), "exit", ()),
        (FeedBroken(at=hour(4), symbol="EURUSD", problem="?"), "exit", ()),
    ],
    ids=["halt", "link", "close-only", "contract"],
)
def test_an_exit_is_held_where_the_table_forbids_it(fact: AnyFact, outcome: str, holds: tuple[str, ...]) -> None:
    """A strategy's exit is held at halt and without a link, and done at close-only or under a hold elsewhere."""
    told = in_trade({4: LEAVE})
    told.tell(fact)

    step = told.tell(closed(4))

    assert [(outcome, holds)] == [(d.outcome, d.holds) for d in step.decisions]
    assert (["ClosePosition"] if outcome == "exit" else []) == kinds(step)


def test_an_exit_is_asked_for_once() -> None:
    """While a close is on its way nothing else is asked for that position."""
    told = in_trade({4: LEAVE, 5: LEAVE}, trail=0.5)
    first, second = told.tell(closed(4)), told.tell(closed(5, 103.0))

    assert (["ClosePosition"], []) == (kinds(first), kinds(second))
    assert "in_position" == second.decisions[0].outcome


def test_a_working_entry_is_not_followed_by_another() -> None:
    """Until its order has ended a strategy sends no second one."""
    told = Told(a_plan(a_lane(dict.fromkeys(range(3, 9), buy_limit(99.5)))))
    wish = told.submit(3)
    told.tell(Accepted(at=hour(4), id=wish.id, order=55))

    steps = [told.tell(closed(n)) for n in (4, 5)]
    told.tell(OrderGone(at=hour(6), order=55, magic=wish.magic, end="expired"))
    after = told.tell(closed(6))

    assert [["order_working"], ["order_working"]] == [[d.outcome for d in s.decisions] for s in steps]
    assert 1 == len(of_kind(after, Submit))


def test_prices_are_on_the_grid_and_expiry_counts_bars() -> None:
    """A resting entry's trigger and stop can be quoted, and it rests for as many bars as it says."""
    gold = msgspec.structs.replace(GOLD, tick_size=0.25)
    plan = a_plan(a_lane({3: buy_limit(99.45, stop=0.6, expiry=2)}), symbols={"XAUUSD": gold})
    intent = Told(plan).submit(3).approved.intent

    assert (99.5, 99.0, "limit", hour(6)) == (intent.price, intent.stop, intent.kind, intent.expiry)


# --- missed bars and the end of data ----------------------------------------------------------------------------------


def test_a_missed_bar_is_decided_but_never_traded() -> None:
    """What closed while we were away is folded in and decided as missed."""
    told = Told(a_plan(a_lane({3: buy(), 4: buy()})))
    missed, live = told.tell(closed(3, phase="missed")), told.tell(closed(4))

    assert (["missed"], []) == ([d.outcome for d in missed.decisions], kinds(missed))
    assert (["traded"], ["Submit"]) == ([d.outcome for d in live.decisions], kinds(live))


def test_a_missed_bar_moves_the_exit_plan() -> None:
    """The trail follows what happened meanwhile, and the first live bar moves the stop there."""
    told = in_trade({}, trail=1.0)
    missed = told.tell(closed(4, 103.0, high=105.0, phase="missed"))
    live = told.tell(closed(5, 104.5))

    assert [] == kinds(missed)
    assert ["ModifyStop"] == kinds(live)
    assert pytest.approx(104.0) == told.core.lanes[0].trade.exit[2]  # type: ignore[union-attr]


def test_a_time_stop_that_passed_while_away_is_taken_on_the_first_live_bar() -> None:
    """Bars that were missed count as held."""
    told = in_trade({}, bars=2)
    told.tell(closed(4, phase="missed"), closed(5, phase="missed"))
    late = told.decide(6)

    assert ("exit", ("time stop",), 3) == (late.outcome, late.reasons, late.held_bars)


def test_the_end_of_data_leaves_every_position_on_the_last_bar() -> None:
    """What is open is closed, and nothing new is opened."""
    told = Told(a_plan(a_lane({3: buy()}), a_lane({4: buy()}, 2)))
    told.enter(3)
    told.tell(DataEnded(at=hour(5)))

    step = told.tell(closed(4))

    assert [("exit", ("end of data",)), ("held", ())] == [(d.outcome, d.reasons) for d in step.decisions]
    assert ("ENDED",) == step.decisions[1].holds
    assert ["ClosePosition"] == kinds(step)


def test_the_end_of_data_takes_resting_entries_back() -> None:
    """An entry that rests when the data ends is cancelled."""
    told = Told(a_plan(a_lane({3: buy_limit(99.5)})))
    wish = told.submit(3)
    told.tell(Accepted(at=hour(4), id=wish.id, order=55), DataEnded(at=hour(5)))

    assert 55 == only(told.tell(closed(4)), Cancel).order
