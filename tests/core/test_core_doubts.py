"""Orders of which nobody knows what became: held, found, missing, filled late, and never sent again."""

import msgspec
import pytest

from brokers.facts import Accepted, DealMade, InDoubt, LinkDown, LinkUp, OrderGone
from runtime.core.facts import RunStarted, TimerFired
from runtime.core.instructions import Alert, Reconcile, Submit, WakeAt
from tests.cores import (
    BALANCE,
    a_lane,
    a_plan,
    an_account,
    buy,
    buy_limit,
    closed,
    hour,
    reconciled,
    sell,
)
from tests.told import Told, kinds, of_kind, only, position_of, resting

SIX = dict.fromkeys(range(3, 9), buy())


def state(told: Told, wish: Submit) -> str:
    """Return the state of the order that a wish became."""
    return told.core.ledger.orders[wish.id].state


def in_doubt(*also: object, script: dict[int, object] | None = None) -> tuple[Told, Submit]:
    """Return a core whose entry of bar 3 is in doubt."""
    told = Told(a_plan(a_lane(script or SIX), *also))  # type: ignore[arg-type]
    wish = of_kind(told.tell(closed(3)), Submit)[0]
    told.tell(InDoubt(at=hour(4), id=wish.id, code=10012, reason="timeout"))
    return told, wish


def missing() -> tuple[Told, Submit]:
    """Return a core whose entry of bar 3 was never found."""
    told, wish = in_doubt()
    told.tell(reconciled(at=hour(4), settled=True))
    return told, wish


def window_over(told: Told) -> TimerFired:
    """Return the fact that the longer window of the newest missing order is over."""
    return TimerFired(at=hour(4), id=told.core.ledger.missing_timers["XAUUSD"], key="missing:XAUUSD")


def look_after_the_window(told: Told) -> None:
    """Let the longer window pass, and look at a venue that holds nothing of it."""
    told.tell(window_over(told), reconciled(told.balance, at=hour(4)))


def test_a_doubt_holds_its_symbol_and_asks_to_be_woken() -> None:
    """Nobody knows whether it was done: no entry there, by any strategy, until the settle window has passed."""
    other = a_lane(SIX, 2)
    told = Told(a_plan(a_lane(SIX), other, a_lane(SIX, 3, symbol="EURUSD")))
    wish = of_kind(told.tell(closed(3)), Submit)[0]

    step = told.tell(InDoubt(at=hour(4), id=wish.id, code=10012, reason="timeout"))
    wake = only(step, WakeAt)

    assert ("IN_DOUBT", ["IN_DOUBT:XAUUSD"]) == (state(told, wish), [h for h in told.holds if h.startswith("IN")])
    assert (6.0, "settle", ["WakeAt"]) == (wake.after_s, wake.key, kinds(step))


def test_a_doubt_forbids_entries_on_its_symbol_only() -> None:
    """Another strategy on gold is held, one on the euro trades."""
    told, _ = in_doubt(a_lane({4: sell()}, 2), a_lane({4: buy(0.01)}, 3, symbol="EURUSD"))
    told.tell(*(closed(n, 1.1, symbol="EURUSD", spread=0.0001, phase="warm") for n in (1, 2, 3)))

    gold = told.tell(closed(4)).decisions
    euro = told.tell(closed(4, 1.1, symbol="EURUSD", spread=0.0001)).decisions

    assert [("order_working", ()), ("held", ("IN_DOUBT:XAUUSD",))] == [(d.outcome, d.holds) for d in gold]
    assert [("traded", ())] == [(d.outcome, d.holds) for d in euro]


def test_the_settle_timer_looks_at_the_venue_and_says_so() -> None:
    """When the window is over the venue is read once more, and what is not there then is missing."""
    told = Told(a_plan(a_lane(SIX)))
    wish = told.submit(3)
    timer = only(told.tell(InDoubt(at=hour(4), id=wish.id, code=10012, reason="timeout")), WakeAt)

    assert only(told.tell(TimerFired(at=hour(4), id=timer.id, key="settle")), Reconcile).settled
    assert "IN_DOUBT" == state(told, wish)


def test_a_look_before_the_window_is_over_resolves_nothing_it_does_not_see() -> None:
    """An order in flight may still turn up: it stays in doubt, and so does the hold."""
    told, wish = in_doubt()
    told.tell(reconciled(at=hour(4)))

    assert ("IN_DOUBT", ["IN_DOUBT:XAUUSD"]) == (state(told, wish), told.holds)


def test_a_doubted_order_found_resting_works_again() -> None:
    """It is known by its magic number; the hold goes."""
    told, wish = in_doubt()
    told.tell(reconciled(at=hour(4), orders=(resting(wish),)))

    assert ("WORKING", []) == (state(told, wish), told.holds)
    assert 55 == told.core.ledger.orders[wish.id].ticket


def test_a_doubted_order_whose_deal_is_told_is_filled() -> None:
    """A deal with its magic number is all the proof there can be."""
    told, wish = in_doubt()
    deal = told.deal(wish, "in", 100.1)
    told.tell(DealMade(at=hour(4), deal=deal), reconciled(BALANCE, position_of(deal), at=hour(4)))

    assert ("FILLED", []) == (state(told, wish), told.holds)
    assert "in_position" == told.decide(4).outcome


def test_an_order_never_found_is_missing_held_and_told() -> None:
    """A second, longer window begins in which its symbol takes no entry, and somebody is told."""
    told, wish = in_doubt()
    step = told.tell(reconciled(at=hour(4), settled=True))

    assert ("MISSING", ["MISSING:XAUUSD"]) == (state(told, wish), told.holds)
    assert ("page", "missing:XAUUSD") == (only(step, Alert).severity, only(step, WakeAt).key)
    assert only(step, WakeAt).after_s > 6.0
    assert ("MISSING:XAUUSD",) == told.decide(4).holds


def test_after_the_longer_window_the_symbol_is_free() -> None:
    """A look made after it lifts the hold; the strategy may enter again, with another order."""
    told, wish = missing()
    look_after_the_window(told)

    assert [] == told.holds
    assert told.submit(4).magic != wish.magic


def test_the_longer_window_ends_with_a_look_and_not_by_itself() -> None:
    """A timer knows nothing of the venue: the order may have come to rest there since it was looked at last."""
    told, wish = missing()
    step = told.tell(window_over(told))
    before = told.holds
    told.tell(reconciled(at=hour(5), orders=(resting(wish),)))

    assert (["MISSING:XAUUSD"], False) == (before, only(step, Reconcile).settled)
    assert ([], "WORKING", wish.id) == (told.holds, state(told, wish), told.core.lanes[0].order)


def test_a_look_made_before_the_longer_window_is_over_does_not_end_it() -> None:
    """However many there are."""
    told, _ = missing()
    told.tell(reconciled(at=hour(4)), reconciled(at=hour(4)))

    assert ["MISSING:XAUUSD"] == told.holds


def test_a_longer_window_that_ends_without_a_terminal_waits_for_it() -> None:
    """The look that it asks for comes to nothing; the first one of the next link will do."""
    told, _ = missing()
    told.tell(window_over(told), LinkDown(at=hour(4), reason="away"))
    held = "MISSING:XAUUSD" in told.holds
    told.tell(LinkUp(at=hour(5), account=an_account()), reconciled(at=hour(5)))

    assert (True, []) == (held, told.holds)


def test_the_late_fill_of_a_missing_order_is_taken() -> None:
    """A venue may deny an order and fill it after all: the trade is ours, with its stop and plan."""
    told, wish = missing()
    deal = told.deal(wish, "in", 100.2)
    told.tell(DealMade(at=hour(5), deal=deal), reconciled(BALANCE, position_of(deal, stop=99.1), at=hour(5)))
    trade = told.core.lanes[0].trade

    assert trade is not None
    assert ("FILLED", deal.position, 99.1) == (state(told, wish), trade.position, trade.stop)
    assert "in_position" == told.decide(4).outcome


def test_the_late_fill_of_a_missing_order_may_come_in_parts() -> None:
    """A missing order that turns up may be filled a part at a time, as any other."""
    told, wish = missing()
    first = told.deal(wish, "in", 100.0, volume=0.4)
    told.tell(DealMade(at=hour(5), deal=first))
    told.tell(DealMade(at=hour(5), deal=told.deal(wish, "in", 100.5, volume=0.6, position=first.position)))
    trade = told.core.lanes[0].trade

    assert trade is not None
    assert "FILLED" == state(told, wish)
    assert pytest.approx((1.0, 100.3)) == (trade.volume, trade.entry)


def test_a_missing_order_found_resting_works_again() -> None:
    """A missing order that rests after all is ours, and is taken back where entries are."""
    told, wish = missing()
    told.tell(reconciled(at=hour(5), orders=(resting(wish),)))

    assert "WORKING" == state(told, wish)
    assert wish.id == told.core.lanes[0].order


def test_a_late_fill_beside_another_position_is_told_and_held() -> None:
    """A strategy holds one position: a second is a break that a person must look at, and the first is not forgotten."""
    told, wish = missing()
    look_after_the_window(told)
    mine = told.enter(4)

    step = told.tell(DealMade(at=hour(6), deal=told.deal(wish, "in", 100.2)))
    trade = told.core.lanes[0].trade

    assert trade is not None
    assert (mine.position, ["BREAK:XAUUSD"], "page") == (trade.position, told.holds, only(step, Alert).severity)


def test_the_break_of_a_late_fill_stays_until_the_position_is_gone() -> None:
    """However many orders end meanwhile, and whatever is forgotten of the one that was filled late."""
    told, wish = missing()
    look_after_the_window(told)
    told.enter(4)
    late = told.deal(wish, "in", 100.2)
    told.tell(DealMade(at=hour(6), deal=late))
    del told.core.ledger.orders[wish.id], told.core.ledger.magics[wish.magic]  # as after sixteen more
    mine = told.core.lanes[0].trade
    assert mine is not None
    ours = msgspec.structs.replace(position_of(late), ticket=mine.position, stop=mine.stop, volume=mine.volume)

    told.tell(reconciled(BALANCE, ours, position_of(late), at=hour(6)))
    held = told.holds
    told.tell(reconciled(BALANCE, ours, at=hour(7)))

    assert (["BREAK:XAUUSD"], []) == (held, told.holds)


def test_a_late_fill_leaves_another_working_order_in_its_place() -> None:
    """An entry that rests is not forgotten because an older one is filled late."""
    told = Told(a_plan(a_lane({3: buy(), 4: buy_limit(99.5)})))
    old = told.submit(3)
    told.tell(InDoubt(at=hour(4), id=old.id, code=1, reason="timeout"), reconciled(at=hour(4), settled=True))
    look_after_the_window(told)
    new = told.submit(4)
    told.tell(Accepted(at=hour(5), id=new.id, order=55), DealMade(at=hour(5), deal=told.deal(old, "in", 100.2)))

    assert new.id == told.core.lanes[0].order


def test_each_doubt_has_a_settle_window_of_its_own() -> None:
    """An order that came into doubt later is not declared missing when the window of an earlier one is over."""
    told = Told(a_plan(a_lane(SIX), a_lane(SIX, 2)))
    first, second = of_kind(told.tell(closed(3)), Submit)
    early = only(told.tell(InDoubt(at=hour(4), id=first.id, code=1, reason="timeout")), WakeAt)
    late = of_kind(told.tell(InDoubt(at=hour(4) + 5_900, id=second.id, code=1, reason="timeout")), WakeAt)

    looks = of_kind(told.tell(TimerFired(at=hour(4) + 6_000, id=early.id, key="settle")), Reconcile)
    told.tell(*(reconciled(at=hour(4) + 6_000, settled=look.settled) for look in looks))

    assert "IN_DOUBT" == state(told, second)
    assert ["settle"] == [wake.key for wake in late]


def test_each_missing_order_has_a_window_of_its_own() -> None:
    """The hold of a symbol lasts until the window of the order that was missed last is over."""
    told, _ = in_doubt(a_lane(SIX, 2))
    other = told.core.ledger.orders[max(told.core.ledger.orders)]
    first = only(told.tell(reconciled(at=hour(4), settled=True)), WakeAt)
    told.core.desk.doubt(other, "timeout")
    late = [w for w in of_kind(told.tell(reconciled(at=hour(4), settled=True)), WakeAt) if w.key.startswith("missing")]

    told.tell(TimerFired(at=hour(4), id=first.id, key=first.key), reconciled(at=hour(4)))
    still = told.holds
    told.tell(TimerFired(at=hour(4), id=late[0].id, key=late[0].key), reconciled(at=hour(4)))

    assert (1, ["MISSING:XAUUSD"], []) == (len(late), still, told.holds)


def test_what_was_on_its_way_when_the_process_ended_is_in_doubt() -> None:
    """A sent order without an answer is doubted by the next run, never sent again."""
    told = Told(a_plan(a_lane(SIX)))
    wish = told.submit(3)
    again = told.again()

    step = again.tell(RunStarted(at=hour(4), run=2))

    assert ("IN_DOUBT", ["settle"]) == (state(again, wish), [w.key for w in of_kind(step, WakeAt)])
    assert [] == of_kind(step, Submit)


def test_of_two_entries_of_one_bar_only_the_first_unanswered_may_have_left() -> None:
    """Requests leave one at a time, each after the answer of the one before is on disk: the second never left.

    It is refused with that reason, holds nothing, and its strategy is free; the first is doubted as ever.
    """
    told = Told(a_plan(a_lane(SIX), a_lane(SIX, 2)))
    first, second = of_kind(told.tell(closed(3)), Submit)
    again = told.again()

    again.tell(RunStarted(at=hour(4), run=2))
    orders = again.core.ledger.orders

    assert ("IN_DOUBT", "REFUSED") == (state(again, first), state(again, second))
    assert "the process ended before it was sent" == orders[second.id].reason
    assert (first.id, 0) == (again.core.lanes[0].order, again.core.lanes[1].order)


def test_a_second_entry_whose_first_was_answered_may_have_left() -> None:
    """The first has its answer on disk, so the second may have been under way: it is doubted."""
    told = Told(a_plan(a_lane(SIX), a_lane(SIX, 2)))
    first, second = of_kind(told.tell(closed(3)), Submit)
    told.tell(Accepted(at=hour(4), id=first.id, order=55, deal=11))
    again = told.again()

    again.tell(RunStarted(at=hour(4), run=2))

    assert ("FILLED", "IN_DOUBT") == (state(again, first), state(again, second))


def test_a_link_that_returns_gives_the_settle_window_anew() -> None:
    """A timer may have fired into a dead link: the doubt is looked at again once there is one."""
    told, _ = in_doubt()
    step = told.tell(LinkUp(at=hour(4), account=an_account()))

    assert ["Reconcile", "WakeAt"] == kinds(step)


def test_the_longer_window_of_a_missing_order_outlives_the_process() -> None:
    """A restart asks for the timer again, so that the hold does not stay for ever."""
    again = missing()[0].again()
    step = again.tell(RunStarted(at=hour(5), run=2))

    assert ["missing:XAUUSD"] == [wake.key for wake in of_kind(step, WakeAt)]


def test_a_missing_order_may_be_told_to_have_ended() -> None:
    """News of the end of an order that was given up is no bug."""
    told, wish = missing()
    told.tell(OrderGone(at=hour(5), order=55, magic=wish.magic, end="expired"))

    assert "CANCELLED" == state(told, wish)
