"""What the venue said yes to and never did, or has not done yet: asked for again after a window, and not before."""

import msgspec
import pytest

from brokers.facts import Accepted, DealMade, InDoubt, OrderGone
from market.types import SELL, Order
from runtime.core.instructions import Alert, Cancel, ClosePosition, SetLevel
from tests.cores import BALANCE, LEAVE, a_lane, a_plan, buy, closed, hour, level, reconciled
from tests.told import Told, kinds, of_kind, only, position_of, resting, with_resting_entry
from tests.unshown import answered_as_done, look, trade_of

# --- entries ----------------------------------------------------------------------------------------------------------


def test_an_entry_that_was_done_and_of_which_no_deal_ever_shows_is_missing_after_a_window() -> None:
    """The strategy does not wait for it for ever, and somebody is paged; were it filled after all, it is ours."""
    told, wish = answered_as_done()
    first = told.tell(reconciled(at=hour(4)))
    waits = told.core.lanes[0].order
    last = told.tell(reconciled(at=hour(4), settled=True))
    given_up = told.core.lanes[0].order, told.holds
    told.tell(DealMade(at=hour(4), deal=(late := told.deal(wish, "in", 100.1))))

    assert (["WakeAt"], wish.id, (0, ["MISSING:XAUUSD"])) == (kinds(first), waits, given_up)
    assert "page" == only(last, Alert).severity
    assert late.position == trade_of(told).position


def test_flatten_does_not_wait_for_ever_for_an_entry_that_was_done() -> None:
    """Nothing of it is at the venue after the window: the account stands at halt."""
    told, _ = answered_as_done()
    told.tell(level("flatten", hour(4)), reconciled(at=hour(4)))

    assert "halt" == only(told.tell(reconciled(at=hour(4), settled=True)), SetLevel).level


def test_an_entry_whose_position_stands_is_not_missing_though_no_deal_has_told() -> None:
    """Its deal is late, and what is there must not be asked for again."""
    told, wish = answered_as_done()
    there = position_of(told.deal(wish, "in", 100.1))
    told.tell(*(reconciled(BALANCE, there, at=hour(4), settled=settled) for settled in (False, True, True)))

    assert (wish.id, ["BREAK:XAUUSD"]) == (told.core.lanes[0].order, told.holds)


def test_the_rest_of_an_entry_of_which_only_a_part_was_ever_told_is_let_go() -> None:
    """The venue said yes to all of it and did a part: when that is left, the strategy goes on."""
    told, wish = answered_as_done()
    part = told.deal(wish, "in", 100.1, volume=0.4)
    told.tell(DealMade(at=hour(4), deal=part), DealMade(at=hour(4), deal=told.deal(part, "out", 100.1)))
    told.tell(reconciled(at=hour(4)), reconciled(at=hour(4), settled=True))

    assert (0, []) == (told.core.lanes[0].order, told.holds)


# --- cancels ----------------------------------------------------------------------------------------------------------


def halted_and_told_yes() -> tuple[Told, Order, Cancel]:
    """Return a core whose halt took an entry back: the venue said yes, and the entry rests on."""
    told, wish = with_resting_entry()
    cancel = only(told.tell(level("halt", hour(4))), Cancel)
    told.tell(Accepted(at=hour(4), id=cancel.id, order=55))
    return told, resting(wish), cancel


def test_a_cancel_that_was_accepted_and_never_done_is_asked_again() -> None:
    """Once a whole window has shown the entry resting, somebody is paged: it must not be filled under a halt."""
    told, order, cancel = halted_and_told_yes()
    first = told.tell(reconciled(at=hour(4), orders=(order,)))
    last = told.tell(reconciled(at=hour(4), orders=(order,), settled=True))

    assert (["WakeAt"], "page") == (kinds(first), only(last, Alert).severity)
    assert (55, True) == (only(last, Cancel).order, only(last, Cancel).id > cancel.id)


def test_a_cancel_that_was_done_is_not_asked_again() -> None:
    """What rests no more was taken back, however late the venue tells."""
    told, order, _ = halted_and_told_yes()
    told.tell(reconciled(at=hour(4), orders=(order,)))
    told.tell(OrderGone(at=hour(4), order=55, magic=order.magic, end="cancelled"))

    assert [] == kinds(told.tell(reconciled(at=hour(4), settled=True)))


# --- closes -----------------------------------------------------------------------------------------------------------


def at_work(wish: ClosePosition) -> Order:
    """Return the close as an order that a dealer has not done yet: it stands among the venue's orders."""
    return Order(
        ticket=77, at=hour(5), symbol=wish.symbol, side=SELL, kind="market", volume=wish.volume, price=0.0,
        magic=wish.magic,
    )  # fmt: skip


@pytest.mark.parametrize("answer", ["placed", "in doubt"])
def test_a_close_that_a_dealer_still_works_is_not_sent_again(answer: str) -> None:
    """The venue shows it among its orders: a second one would turn a netting position round."""
    told = Told(a_plan(a_lane({3: buy()} | dict.fromkeys(range(4, 20), LEAVE))))
    entry = told.enter(3)
    wish = only(told.tell(closed(4)), ClosePosition)
    said = Accepted(at=hour(5), id=wish.id, order=77)
    told.tell(said if answer == "placed" else InDoubt(at=hour(5), id=wish.id, code=10012, reason="timeout"))
    works = msgspec.structs.replace(look(entry, settled=True), orders=(at_work(wish),))
    step = told.tell(*[works] * 4, closed(5))
    waits = trade_of(told).closing
    told.tell(look(entry), look(entry, settled=True))

    assert ([], wish.id, 0) == (of_kind(step, ClosePosition), waits, trade_of(told).closing)


def test_a_close_in_doubt_that_is_worked_no_more_is_waited_for_as_long_as_any_other() -> None:
    """The look that shows it no more may come a moment before its deal: only a whole window later it was not done."""
    told = Told(a_plan(a_lane({3: buy()} | dict.fromkeys(range(4, 20), LEAVE))))
    entry = told.enter(3)
    wish = only(told.tell(closed(4)), ClosePosition)
    told.tell(InDoubt(at=hour(5), id=wish.id, code=10012, reason="timeout"))
    told.tell(msgspec.structs.replace(look(entry, settled=True), orders=(at_work(wish),)))
    told.tell(look(entry, settled=True))
    waits = trade_of(told).closing
    told.tell(look(entry, settled=True))

    assert (wish.id, 0) == (waits, trade_of(told).closing)
