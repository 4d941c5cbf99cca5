"""Deals as they are heard: each once, in whatever order they show, and none from before the account was known."""

from hypothesis import given
from hypothesis import strategies as st

from brokers.facts import DealMade
from market.types import Deal
from runtime.core.deals import HEARD
from tests.cores import BALANCE, a_lane, a_plan, buy, closed, hour, reconciled
from tests.told import Told


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
