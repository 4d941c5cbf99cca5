"""What the venue said yes to and does not show: waited for through a whole window, never forgotten, never for ever."""

import pytest

from brokers.facts import Accepted, DealMade, InDoubt, LinkDown, LinkUp, OrderGone, Rejected
from runtime.core.facts import RunStarted, TimerFired
from runtime.core.instructions import Alert, Cancel, ClosePosition, Reconcile, SetLevel, WakeAt
from runtime.desks import watched
from tests.cores import BALANCE, a_lane, a_plan, an_account, buy, buy_limit, closed, hour, level, reconciled
from tests.told import Told, kinds, of_kind, only, position_of, resting, with_resting_entry
from tests.unshown import answered_as_done, closing, look, trade_of

# --- entries ----------------------------------------------------------------------------------------------------------


def test_a_window_of_another_doubt_does_not_end_a_resting_entry() -> None:
    """It was filled a moment ago, its deal shows late: only a window that begins with its being missed counts."""
    told, wish = with_resting_entry()
    step = told.tell(reconciled(at=hour(4), settled=True))

    assert (["WakeAt"], wish.id) == (kinds(step), told.core.lanes[0].order)


def test_the_late_deal_of_an_entry_that_was_given_up_is_ours() -> None:
    """However late it is told: nothing of ours is ever a stranger's."""
    told, wish = with_resting_entry()
    told.tell(reconciled(at=hour(4)), reconciled(at=hour(4), settled=True))
    before = told.core.lanes[0].order
    deal = told.deal(wish, "in", 99.5)
    told.tell(DealMade(at=hour(4), deal=deal))

    assert (0, deal.position) == (before, trade_of(told).position)


def test_an_entry_in_doubt_that_is_filled_in_part_can_be_taken_back() -> None:
    """Its deal tells its ticket, before any look does."""
    told = Told(a_plan(a_lane({3: buy_limit(99.5)})))
    wish = told.submit(3)
    told.tell(InDoubt(at=hour(4), id=wish.id, code=10012, reason="timeout"))
    told.tell(DealMade(at=hour(4), deal=told.deal(wish, "in", 99.5, volume=0.4, order=55)))

    assert 55 == only(told.tell(level("halt", hour(4))), Cancel).order


def test_an_entry_in_doubt_of_which_a_part_was_filled_is_never_missing() -> None:
    """Its deal was told, the process ended, and the look shows no rest: that was let go, and nothing is held for it."""
    told = Told(a_plan(a_lane({3: buy()} | dict.fromkeys(range(4, 9), buy()))))
    wish = told.submit(3)
    told.tell(InDoubt(at=hour(4), id=wish.id, code=10012, reason="timeout"))
    deal = told.deal(wish, "in", 100.1, volume=0.4)
    told.tell(DealMade(at=hour(4), deal=deal))
    again = told.again()
    again.tell(RunStarted(at=hour(4), run=2), level("run", hour(4)), LinkUp(at=hour(4), account=an_account()))
    step = again.tell(reconciled(BALANCE, position_of(deal, stop=99.1), at=hour(4), settled=True))

    assert "CANCELLED" == again.core.ledger.orders[wish.id].state
    assert ([], 0, 0.4) == (again.holds, again.core.lanes[0].order, trade_of(again).volume)
    assert [] == of_kind(step, Alert)


def test_an_entry_that_was_accepted_without_a_ticket_is_found_by_its_magic_number() -> None:
    """Some brokers say yes (10008) before they have a number: a look tells it, and the entry can be taken back."""
    told = Told(a_plan(a_lane({3: buy_limit(99.5)})))
    wish = told.submit(3)
    told.tell(Accepted(at=hour(4), id=wish.id))
    blind = watched(told.core.ledger)
    told.tell(reconciled(at=hour(4), orders=(resting(wish),)))

    assert ((), (55,)) == (blind, watched(told.core.ledger))
    assert 55 == only(told.tell(level("halt", hour(4))), Cancel).order


def test_an_entry_beside_the_trade_of_an_earlier_one_is_taken_back() -> None:
    """The strategy had gone on when the earlier entry's deal was told: it may hold one position, not two."""
    told = Told(a_plan(a_lane({3: buy_limit(99.5), 5: buy_limit(99.0)})))
    first = told.submit(3)
    told.tell(Accepted(at=hour(4), id=first.id, order=55))
    told.tell(OrderGone(at=hour(4), order=55, magic=first.magic, end="expired"))
    second = told.submit(5)
    told.tell(Accepted(at=hour(6), id=second.id, order=56))
    deal = told.deal(first, "in", 99.5, volume=0.4)
    told.tell(DealMade(at=hour(6), deal=deal))
    step = told.tell(reconciled(BALANCE, position_of(deal, stop=98.5), at=hour(6), orders=(resting(second, 56),)))

    assert ((deal.position, 56), []) == ((trade_of(told).position, only(step, Cancel).order), told.holds)


# --- closes -----------------------------------------------------------------------------------------------------------


def test_a_close_that_was_accepted_and_never_done_is_asked_again() -> None:
    """Once a whole window has shown the position standing, somebody is paged and the next bar decides anew."""
    told, entry, wish = closing()
    first = told.tell(look(entry))
    quiet = told.tell(closed(5))
    last = told.tell(look(entry, settled=True))

    assert (["settle"], []) == ([w.key for w in of_kind(first, WakeAt)], kinds(quiet))
    assert "page" == only(last, Alert).severity
    assert wish.id < only(told.tell(closed(6)), ClosePosition).id


def test_a_window_of_another_doubt_does_not_end_a_close() -> None:
    """Its deal may show late: two closes of one position are one too many."""
    told, entry, wish = closing()
    told.tell(look(entry, settled=True))

    assert (wish.id, []) == (trade_of(told).closing, kinds(told.tell(closed(5))))


def test_flatten_does_not_wait_for_ever_for_a_close_that_was_accepted() -> None:
    """A position that still stands after the window is closed again."""
    told, entry, _ = closing()
    told.tell(level("flatten", hour(5)), look(entry))
    step = told.tell(look(entry, settled=True))

    assert entry.position == only(step, ClosePosition).position


def test_the_late_deal_of_a_close_ends_the_wait() -> None:
    """Nothing is left to be told of."""
    told, entry, wish = closing()
    told.tell(look(entry), DealMade(at=hour(5), deal=told.deal(wish, "out", 100.0)))

    assert () == told.tell(reconciled(BALANCE, at=hour(5), settled=True)).instructions
    assert None is told.core.lanes[0].trade


# --- positions --------------------------------------------------------------------------------------------------------


def test_two_looks_in_one_breath_do_not_make_a_position_gone() -> None:
    """It may be shown late: a flatten goes on until a whole window has passed without it."""
    told = Told(a_plan(a_lane({3: buy()})))
    entry = told.enter(3)
    told.tell(reconciled(BALANCE, at=hour(4)), reconciled(BALANCE, at=hour(4)))
    early = told.tell(level("flatten", hour(4)))
    shown = told.tell(look(entry))

    assert ([], [entry.position]) == (of_kind(early, SetLevel), [w.position for w in of_kind(shown, ClosePosition)])


def test_a_position_that_a_whole_window_does_not_show_keeps_no_flatten_from_its_end() -> None:
    """Nothing of it can be closed; its break stays."""
    told = Told(a_plan(a_lane({3: buy()})))
    told.enter(3)
    told.tell(level("flatten", hour(4)))
    first = told.tell(reconciled(BALANCE, at=hour(4)))
    last = told.tell(reconciled(BALANCE, at=hour(4), settled=True))

    assert (["settle"], "halt") == ([w.key for w in of_kind(first, WakeAt)], only(last, SetLevel).level)
    assert ["BREAK:XAUUSD"] == told.holds


@pytest.mark.parametrize("waits_for", ["position", "entry", "close"])
def test_looks_that_are_made_often_do_not_put_the_end_of_a_window_off(waits_for: str) -> None:
    """Where `reconcile_s` is shorter than `settle_s`, a window that each look began anew would never be over."""
    told, seen = Told(a_plan(a_lane({3: buy()}))), reconciled(at=hour(5))
    if waits_for == "position":
        told.enter(3)
    elif waits_for == "entry":
        told = answered_as_done()[0]
    else:
        told, entry, _ = closing()
        seen = look(entry)
    timer = only(told.tell(seen), WakeAt)
    again = told.tell(seen, seen)
    fired = told.tell(TimerFired(at=hour(5), id=timer.id, key="settle"))

    assert ([], True) == (of_kind(again, WakeAt), only(fired, Reconcile).settled)


def test_a_window_that_was_over_while_nobody_could_look_begins_anew() -> None:
    """Its look failed: the next one begins another."""
    told, _ = answered_as_done()
    timer = only(told.tell(reconciled(at=hour(4))), WakeAt)
    told.tell(TimerFired(at=hour(4), id=timer.id, key="settle"), LinkDown(at=hour(4), reason="away"))
    told.tell(LinkUp(at=hour(4), account=an_account()))

    assert "settle" == only(told.tell(reconciled(at=hour(4))), WakeAt).key


# --- on the way -------------------------------------------------------------------------------------------------------


def test_what_is_waited_for_outlives_a_restart() -> None:
    """A restored core is the same, byte for byte."""
    told, wish = with_resting_entry()
    told.tell(reconciled(at=hour(4)))
    again = told.again()
    gone = OrderGone(at=hour(4), order=55, magic=wish.magic, end="cancelled")

    assert told.core.snapshot() == again.core.snapshot()
    assert told.tell(gone).instructions == again.tell(gone).instructions


def test_what_was_refused_and_is_filled_all_the_same_is_ours_and_pages() -> None:
    """A clear no that was none must not end the daemon: the trade is taken up, and a person is called."""
    told = Told(a_plan(a_lane({3: buy()})))
    wish = told.submit(3)
    told.tell(Rejected(at=hour(4), id=wish.id, code=10006, reason="rejected"))
    deal = told.deal(wish, "in", 100.1)
    step = told.tell(DealMade(at=hour(4), deal=deal))

    assert (deal.position, 0, "page") == (
        trade_of(told).position, told.core.lanes[0].order, only(step, Alert).severity,
    )  # fmt: skip


def test_a_part_of_what_was_refused_is_watched_for_the_rest() -> None:
    """Its order may rest on: it is known by the ticket its deal told."""
    told = Told(a_plan(a_lane({3: buy()})))
    wish = told.submit(3)
    told.tell(Rejected(at=hour(4), id=wish.id, code=10006, reason="rejected"))
    told.tell(DealMade(at=hour(4), deal=told.deal(wish, "in", 100.1, volume=0.01, order=55)))

    assert (55,) == watched(told.core.ledger)
