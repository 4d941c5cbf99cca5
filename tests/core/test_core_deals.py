"""Deals as they are heard: each once, in whatever order they show, and none from before the account was known."""

from hypothesis import given
from hypothesis import strategies as st

from brokers.facts import DealMade, LinkUp
from market.types import Deal
from runtime.core.deals import HEARD
from runtime.core.facts import RunStarted, TimerFired
from runtime.core.instructions import WakeAt
from tests.cores import BALANCE, a_lane, a_plan, an_account, buy, closed, hour, level, reconciled
from tests.told import Told, of_kind, only


def of(ticket: int, money: float = 1.0) -> DealMade:
    """Return a deal of another program that made so much money."""
    deal = Deal(
        ticket=ticket, order=ticket, position=ticket, at=hour(4), symbol="XAUUSD", side=1, entry="out", volume=1.0,
        price=100.0, profit=money,
    )  # fmt: skip
    return DealMade(at=hour(4), deal=deal)


def known_from(last_deal: int) -> Told:
    """Return a core that came to know its account when that was the last deal."""
    told = Told(a_plan(a_lane({3: buy()})), opened=False)
    told.tell(reconciled(BALANCE, last_deal=last_deal))
    return told


@given(st.permutations(range(1, 9)))
def test_deals_are_counted_once_in_whatever_order_they_show(order: list[int]) -> None:
    """A history that is late shows a deal after another with a higher ticket; one told twice is counted once."""
    told = known_from(0)
    for ticket in order:
        told.tell(of(ticket, 2.0**ticket), of(ticket, 2.0**ticket))

    assert BALANCE + 510.0 == told.balance
    assert (8, tuple(range(9))) == (told.core.ledger.last_deal, told.core.ledger.heard)


def test_no_deal_from_before_the_account_was_known_is_counted() -> None:
    """The first balance holds its money."""
    told = known_from(50)
    told.tell(of(51), of(50), of(7))

    assert BALANCE + 1.0 == told.balance


def test_only_so_many_deals_are_remembered() -> None:
    """The state stays small; what shows later than that is a break of the balance, and never counted twice."""
    told = known_from(0)
    told.tell(*(of(2 * n) for n in range(1, HEARD + 9)))
    before = told.balance
    told.tell(*(of(2 * n) for n in range(1, HEARD + 9)), of(3))
    late = told.balance
    told.tell(of(2 * HEARD + 1))

    assert (HEARD, before, before + 1.0) == (len(told.core.ledger.heard), late, told.balance)


def test_a_restored_core_remembers_what_it_has_heard() -> None:
    """Byte for byte; nothing is heard twice across a restart, and nothing late is lost by it."""
    told = known_from(10)
    told.tell(of(11), of(14))
    again = told.again()
    again.tell(of(14), of(12), of(11))

    assert told.core.snapshot() == told.again().core.snapshot()
    assert (told.balance + 1.0, (10, 11, 12, 14)) == (again.balance, again.core.ledger.heard)


def test_a_fill_that_shows_after_a_later_deal_opens_its_trade() -> None:
    """Another program's deal overtook it: the position is ours all the same."""
    told = Told(a_plan(a_lane({3: buy()})))
    wish = told.submit(3)
    deal = told.deal(wish, "in", 100.1)
    told.tell(of(deal.ticket + 5), DealMade(at=hour(4), deal=deal))
    trade = told.core.lanes[0].trade

    assert trade is not None
    assert (deal.position, BALANCE + 1.0) == (trade.position, told.balance)
    assert () == told.tell(closed(4)).instructions


# --- the first balance ------------------------------------------------------------------------------------------------


def counting() -> tuple[Told, WakeAt]:
    """Return a core whose account has a deal, of 1.00, that its balance holds and its history does not show yet."""
    told = Told(a_plan(a_lane({3: buy()})), opened=False)
    told.tell(RunStarted(at=0, run=1), level("run"))
    step = told.tell(LinkUp(at=hour(3), account=an_account()), reconciled(BALANCE, last_deal=50, counted=False))
    return told, only(step, WakeAt)


def test_a_deal_that_the_first_balance_holds_is_not_counted_when_it_shows() -> None:
    """Until the settle window is over nobody can say which deals a balance holds: nothing is traded before."""
    told, wake = counting()
    held, waits = told.holds, told.core.unsettled
    (look,) = told.tell(of(51), TimerFired(at=hour(4), id=wake.id, key=wake.key)).instructions
    told.tell(reconciled(BALANCE, last_deal=51, settled=True), of(51), reconciled(BALANCE, at=hour(4)))

    assert ("UNRECONCILED" in held, waits, True) == (True, True, look.settled)  # type: ignore[union-attr]  # a look
    assert (BALANCE, False, []) == (
        told.balance, told.core.unsettled, [h for h in told.holds if h[0] in "UB"],
    )  # fmt: skip


def test_other_looks_neither_end_the_wait_nor_make_it_longer() -> None:
    """The balance is taken anew each time; one timer is asked for."""
    told, _ = counting()
    step = told.tell(reconciled(BALANCE + 1.0, last_deal=51, counted=False))

    assert ([], True, BALANCE + 1.0) == (of_kind(step, WakeAt), "UNRECONCILED" in told.holds, told.balance)


def test_an_account_that_does_not_stand_still_is_waited_for() -> None:
    """Somebody trades while it is read, each time: another window, and another look."""
    told, wake = counting()
    step = told.tell(TimerFired(at=hour(4), id=wake.id, key=wake.key), reconciled(BALANCE, settled=True, counted=False))

    assert (1, True) == (len(of_kind(step, WakeAt)), "UNRECONCILED" in told.holds)


def test_a_first_balance_that_is_counted_ends_the_wait_at_once() -> None:
    """No window needs to pass where the deals make the balance."""
    told, _ = counting()
    told.tell(reconciled(BALANCE, last_deal=51))

    assert (False, False) == (told.core.unsettled, "UNRECONCILED" in told.holds)


def test_the_wait_for_the_first_balance_outlives_a_restart() -> None:
    """The timer of a dead process never comes: the next link asks for another."""
    again = counting()[0].again()
    step = again.tell(RunStarted(at=hour(4), run=2), LinkUp(at=hour(4), account=an_account()))

    assert ["settle"] == [wake.key for wake in of_kind(step, WakeAt)]
