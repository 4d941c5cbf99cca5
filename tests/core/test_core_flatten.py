"""Flatten: closes all of ours once, through refusals, doubts, lost links and crashes, and ends in halt."""

import msgspec
import pytest

from brokers.facts import Accepted, DealMade, InDoubt, LinkDown, LinkUp, OrderGone, Reconciled, Rejected
from market.types import Deal, Position
from runtime.core.facts import RunStarted
from runtime.core.instructions import AnyInstruction, Cancel, ClosePosition, SetLevel, Submit, WakeAt
from tests.cores import (
    BALANCE,
    a_lane,
    a_plan,
    an_account,
    buy,
    closed,
    hour,
    level,
    reconciled,
    sell,
)
from tests.told import Told, kinds, of_kind, only, position_of, with_resting_entry


def with_two_trades() -> tuple[Told, list[Deal]]:
    """Return a core that bought with one strategy and sold with another."""
    told = Told(a_plan(a_lane({3: buy()}), a_lane({3: sell()}, 2)))
    wishes = of_kind(told.tell(closed(3)), Submit)
    deals = [told.deal(wish, "in", 100.0) for wish in wishes]
    for wish, deal in zip(wishes, deals, strict=True):
        told.tell(Accepted(at=hour(4), id=wish.id, order=deal.order, deal=deal.ticket), DealMade(at=hour(4), deal=deal))
    return told, deals


def agreeing(told: Told, *, settled: bool = False) -> Reconciled:
    """Return a look at a venue that holds exactly what the core thinks."""
    positions = [
        Position(
            ticket=t.position, at=t.opened_at, symbol=t.symbol, side=1 if t.side > 0 else -1, volume=t.volume,
            price=t.entry, stop=t.stop, magic=t.magic,
        )
        for lane in told.core.lanes
        if (t := lane.trade) is not None
    ]  # fmt: skip
    return reconciled(told.balance, *positions, at=told.core.ledger.at, settled=settled)


def close_all(told: Told, wishes: list[ClosePosition]) -> list[AnyInstruction]:
    """Fill closes; return every instruction that followed."""
    asked: list[AnyInstruction] = []
    for wish in wishes:
        deal = told.deal(wish, "out", 100.0)
        asked += told.tell(
            Accepted(at=hour(4), id=wish.id, order=deal.order, deal=deal.ticket), DealMade(at=hour(4), deal=deal)
        ).instructions
    return asked


def test_flatten_closes_all_of_ours_and_ends_in_halt() -> None:
    """One close a position, as the operator's; when nothing is left the core asks for halt, once."""
    told, deals = with_two_trades()
    wishes = of_kind(told.tell(level("flatten", hour(4))), ClosePosition)
    asked = close_all(told, wishes)

    assert [(d.position, d.side, True, "flatten") for d in deals] == [
        (w.position, w.side, w.operator, w.reason) for w in wishes
    ]
    assert ["halt"] == [w.level for w in asked if isinstance(w, SetLevel)]
    assert 1 == len(asked)
    assert "halt" == told.core.ledger.level
    assert () == told.tell(level("halt", hour(4), asked[0].id), closed(4)).instructions


def test_flatten_with_nothing_open_is_halt() -> None:
    """There is nothing to wait for."""
    told = Told(a_plan(a_lane({})))

    assert "halt" == only(told.tell(level("flatten", hour(4))), SetLevel).level


def test_flatten_waits_for_a_resting_entry_to_be_gone() -> None:
    """Halt is told only when nothing of ours can be filled any more."""
    told, wish = with_resting_entry()
    first = told.tell(level("flatten", hour(4)))
    cancel = only(first, Cancel)
    last = told.tell(
        Accepted(at=hour(4), id=cancel.id, order=55), OrderGone(at=hour(4), order=55, magic=wish.magic, end="cancelled")
    )

    assert [] == of_kind(first, SetLevel)
    assert "halt" == only(last, SetLevel).level


def test_flatten_closes_an_entry_that_was_filled_meanwhile() -> None:
    """The cancel came too late: what was filled is closed as well."""
    told, wish = with_resting_entry()
    cancel = only(told.tell(level("flatten", hour(4))), Cancel)
    told.tell(Rejected(at=hour(4), id=cancel.id, code=10035, reason="no such order"))
    step = told.tell(DealMade(at=hour(4), deal=told.deal(wish, "in", 99.5)))

    assert 1 == len(of_kind(step, ClosePosition))


def test_a_refused_close_of_flatten_is_not_hammered() -> None:
    """A closed market says no to every close: it is asked again with the next fact, not in the same breath."""
    told, _ = with_two_trades()
    wishes = of_kind(told.tell(level("flatten", hour(4))), ClosePosition)
    refused = told.tell(*(Rejected(at=hour(4), id=w.id, code=10018, reason="market closed") for w in wishes))

    assert [] == kinds(refused)
    assert 2 == len(of_kind(told.tell(agreeing(told)), ClosePosition))


def test_flatten_waits_for_a_doubt_to_be_resolved() -> None:
    """A close in doubt is not sent twice; when the position still stands after the window, it is closed anew."""
    told, _ = with_two_trades()
    first, second = of_kind(told.tell(level("flatten", hour(4))), ClosePosition)
    close_all(told, [second])
    told.tell(InDoubt(at=hour(4), id=first.id, code=1, reason="timeout"))
    quiet = told.tell(closed(4))
    look = told.tell(agreeing(told, settled=True))

    assert [] == of_kind(quiet, ClosePosition)
    assert [first.position] == [w.position for w in of_kind(look, ClosePosition)]


@pytest.mark.parametrize("answered", [True, False])
def test_flatten_is_resumed_after_a_crash(answered: bool) -> None:  # noqa: FBT001 - a case
    """The phase is latched: the next run goes on closing when it has seen the venue, and ends in halt."""
    told, _ = with_two_trades()
    first, second = of_kind(told.tell(level("flatten", hour(4))), ClosePosition)
    if answered:
        close_all(told, [first])
    again = told.again()
    early = again.tell(
        RunStarted(at=hour(4), run=2), level("flatten", hour(4)), LinkUp(at=hour(4), account=an_account())
    )
    before = again.tell(agreeing(again))  # one that never left is asked for at once, one in doubt when all is settled
    look = again.tell(agreeing(again, settled=True))
    wishes = of_kind(before, ClosePosition) + of_kind(look, ClosePosition)
    asked = close_all(again, wishes)

    assert [] == of_kind(early, ClosePosition)
    assert ([second.position] if answered else [second.position, first.position]) == [w.position for w in wishes]
    assert ["halt"] == [w.level for w in asked if isinstance(w, SetLevel)]


def test_flatten_ends_although_a_position_is_gone_without_a_deal() -> None:
    """What two looks, a settle window apart, do not find cannot be closed: its break stays, the flatten ends."""
    told, deals = with_two_trades()
    there = reconciled(told.balance, position_of(deals[1], stop=101.0), at=hour(4))
    first = told.tell(there)
    wishes = of_kind(told.tell(level("flatten", hour(4))), ClosePosition)
    asked = close_all(told, wishes)
    last = told.tell(reconciled(told.balance, at=hour(4), settled=True))

    assert ["settle"] == [wake.key for wake in of_kind(first, WakeAt)]
    assert ([deals[1].position], []) == ([w.position for w in wishes], asked)
    assert ("halt", ["BREAK:XAUUSD"]) == (only(last, SetLevel).level, told.holds)
    assert [] == of_kind(last, ClosePosition)


def doubted_close(*, force: bool) -> tuple[Told, ClosePosition]:
    """Return a core whose flatten has a close in doubt, and then the operator's flatten once more."""
    told = Told(a_plan(a_lane({3: buy()})))
    told.enter(3)
    wish = only(told.tell(level("flatten", hour(4))), ClosePosition)
    told.tell(InDoubt(at=hour(4), id=wish.id, code=1, reason="timeout"))
    change = level("flatten", hour(4))
    told.tell(msgspec.structs.replace(change, command=msgspec.structs.replace(change.command, force=force)))
    return told, wish


def test_a_forced_flatten_closes_what_is_in_doubt_once() -> None:
    """The operator may say that a second close shall leave beside one that nobody answered; never a third."""
    told, wish = doubted_close(force=True)
    closes = [w for step in told.steps for w in of_kind(step, ClosePosition)]
    told.tell(InDoubt(at=hour(4), id=closes[-1].id, code=1, reason="timeout"), closed(4), closed(5))
    later = [w for step in told.steps for w in of_kind(step, ClosePosition)]

    assert [wish.position] * 2 == [w.position for w in closes]
    assert closes == later


def test_without_force_a_doubt_is_waited_for() -> None:
    """Asking for the same once more changes nothing."""
    told, wish = doubted_close(force=False)

    assert [wish] == [w for step in told.steps for w in of_kind(step, ClosePosition)]


def test_the_position_left_by_either_of_two_closes_is_left() -> None:
    """The forced close did it: the flatten ends, and the doubt of the first ends with the position."""
    told, first = doubted_close(force=True)
    second = [w for step in told.steps for w in of_kind(step, ClosePosition)][-1]
    asked = close_all(told, [second])
    told.tell(reconciled(told.balance, at=hour(4), settled=True))

    assert ["halt"] == [w.level for w in asked if isinstance(w, SetLevel)]
    assert ("FILLED", []) == (told.core.ledger.orders[first.id].state, told.holds)


@pytest.mark.parametrize("force", [True, False])
def test_a_broken_position_is_flattened_by_force_only(force: bool) -> None:  # noqa: FBT001 - a case
    """A break has the rights of a doubt: nobody understands the position, so the operator must insist."""
    told = Told(a_plan(a_lane({3: buy()})))
    entry = told.enter(3)
    told.tell(reconciled(BALANCE, position_of(entry, volume=0.5, stop=99.1), at=hour(4)))
    change = level("flatten", hour(4))
    step = told.tell(msgspec.structs.replace(change, command=msgspec.structs.replace(change.command, force=force)))

    assert force is bool(of_kind(step, ClosePosition))


def test_flatten_does_nothing_without_a_link() -> None:
    """It goes on when the link is back and the venue was seen."""
    told, _ = with_two_trades()
    lost = told.tell(LinkDown(at=hour(4), reason="away"), level("flatten", hour(4)), closed(4))
    back = told.tell(LinkUp(at=hour(5), account=an_account()), agreeing(told))

    assert ([], 2) == (of_kind(lost, ClosePosition), len(of_kind(back, ClosePosition)))


def test_foreign_positions_are_not_flattened() -> None:
    """What is not ours is never touched."""
    told = Told(a_plan(a_lane({3: buy()})))
    entry = told.enter(3)
    theirs = position_of(entry, ticket=4711, magic=0)
    told.tell(reconciled(BALANCE, position_of(entry, stop=99.1), theirs, at=hour(4)))

    assert [entry.position] == [w.position for w in of_kind(told.tell(level("flatten", hour(4))), ClosePosition)]
