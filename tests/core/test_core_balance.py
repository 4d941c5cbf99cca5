"""A balance that no deal explains and no trade is behind: a person takes it, and trading goes on."""

import pytest

from brokers.facts import DealMade, InDoubt, LinkDown
from market.types import Deal
from runtime.core.facts import AnyFact, BalanceTaken
from runtime.core.instructions import Alert, Asker, Reconcile, Reply, Submit
from tests.cores import BALANCE, a_lane, a_plan, buy, closed, hour, reconciled
from tests.told import Told, left_before_entered, of_kind, only

ANN = Asker(id="ann-1", who="ann", why="the broker mended a swap of May", wall=0)
ASKED = BalanceTaken(at=hour(5), asker=ANN)


def off(money: float = -12.5, *hours: int) -> list[AnyFact]:
    """Return looks at a venue whose balance no deal explains, an hour apart."""
    return [reconciled(BALANCE + money, at=hour(n)) for n in hours or (4, 5)]


def test_a_balance_that_no_deal_explains_is_taken_and_entries_are_made_again() -> None:
    """People are told who said so; a look lifts the break; a restart remembers what was taken."""
    told = Told(a_plan(a_lane({6: buy()})))
    told.tell(*off())
    held = told.holds
    step = told.tell(ASKED)
    told.tell(reconciled(BALANCE - 12.5, at=hour(6), id=only(step, Reconcile).id))
    again = told.again()

    assert (["BREAK"], True) == (held, only(step, Reply).ok)
    assert "-12.50 that no deal told" in only(step, Reply).text
    assert "says ann: the broker mended a swap of May" in only(step, Alert).text
    assert (BALANCE - 12.5, [], 1) == (again.balance, again.holds, len(of_kind(again.tell(closed(6)), Submit)))


@pytest.mark.parametrize(
    ("before", "why"),
    [
        ([], "the balance is what all deals told make of it: there is nothing to take"),
        (off(-12.5, 5), "for less than a settle window: a deal may be yet to show"),
        ([*off(-12.5, 4), *off(-13.5, 5)], "for less than a settle window: a deal may be yet to show"),
        ([*off(), LinkDown(at=hour(5), reason="away")], "is not known (LINK"),
    ],
)
def test_a_balance_that_may_yet_be_explained_is_not_taken(before: list[AnyFact], why: str) -> None:
    """Nothing changes, and the reason is said."""
    told = Told(a_plan(a_lane({})))
    told.tell(*before)
    answer = only(told.tell(ASKED), Reply)

    assert (False, True, BALANCE) == (answer.ok, why in answer.text, told.balance)


def test_the_balance_goes_with_a_trade_that_is_gone_not_by_itself() -> None:
    """Its result would be nought, and the loss nobody's."""
    told = Told(a_plan(a_lane({3: buy()})))
    deal = told.enter(3)
    told.tell(*off())
    answer = only(told.tell(ASKED), Reply)

    assert (False, BALANCE) == (answer.ok, told.balance)
    assert f"position {deal.position} is gone without a deal: write that off first" in answer.text


def test_the_balance_waits_for_an_order_that_is_in_doubt() -> None:
    """It may have been filled: its commission would be taken, and then told."""
    told = Told(a_plan(a_lane({3: buy()})))
    wish = only(told.tell(closed(3)), Submit)
    told.tell(InDoubt(at=hour(4), id=wish.id, code=-1, reason="no answer"), *off())
    answer = only(told.tell(ASKED), Reply)

    assert (False, True) == (answer.ok, "IN_DOUBT:XAUUSD" in answer.text)


def test_the_balance_waits_for_an_entry_whose_exit_was_told_first() -> None:
    """What it cost is what the balance is off; it goes with the position."""
    told, entry = left_before_entered()
    told.tell(*off(-100.0))
    answer = only(told.tell(ASKED), Reply)

    assert (False, True) == (answer.ok, f"position {entry.position}" in answer.text)


def test_what_a_deal_tells_after_the_balance_was_taken_is_counted_and_held_again() -> None:
    """Nobody can know that its money was meant: the balance is off by it, and a person is asked anew."""
    told = Told(a_plan(a_lane({})))
    told.tell(*off(), ASKED, *off(-12.5, 6))
    late = Deal(
        ticket=99, order=0, position=0, at=hour(5), symbol="", side=1, entry="none", volume=0.0, price=0.0,
        profit=-12.5, reason="balance",
    )  # fmt: skip
    told.tell(DealMade(at=hour(7), deal=late), *off(-12.5, 7, 8))
    held = told.holds
    again = only(told.tell(ASKED), Reply)
    told.tell(*off(-12.5, 9))

    assert (["BREAK"], True) == (held, "+12.50 that no deal told" in again.text)
    assert (BALANCE - 12.5, []) == (told.balance, told.holds)
