"""Closing positions of a hedging account by each other: two deals, one price, no spread."""

import msgspec
import pytest

from hypothesis import given
from hypothesis import strategies as st

from brokers.costs import Costs
from brokers.facts import Accepted, Rejected
from brokers.requests import CloseByRequest
from brokers.venue import Venue
from market.money import cents
from tests.venues import GOLD, HOUR, MONDAY, SYMBOLS, a_venue, deals, entry, sent


def by(position: int, other: int, symbol: str = "XAUUSD", comment: str = "") -> CloseByRequest:
    """Return a request to close a position by another."""
    return CloseByRequest(id=8, symbol=symbol, position=position, by=other, magic=7, comment=comment, decided_at=0)


def pair(venue: Venue, long: float = 1.0, short: float = 1.0) -> tuple[int, int]:
    """Buy at the ask and, a dollar higher, sell at the bid; return both tickets."""
    first = sent(venue, entry(volume=long, stop=0.0)).order
    venue.tick("XAUUSD", venue.at, 101.0, 101.1)
    return first, sent(venue, entry(2, side=-1, volume=short, stop=0.0)).order


def test_two_deals_close_both_at_the_opening_price_of_the_other() -> None:
    """The long made ninety cents an ounce from the ask to the short's bid, and all of it stands on its deal."""
    venue = a_venue()
    long, short = pair(venue)
    venue.news()
    answer = venue.send(by(long, short))
    first, second = deals(venue)

    assert Accepted(at=venue.at, id=8, order=first.order, deal=first.ticket, volume=1.0, price=101.0) == answer
    assert ("out_by", long, -1, 1.0, 101.0, 90.0) == (
        first.entry, first.position, first.side, first.volume, first.price, first.profit,
    )  # fmt: skip
    assert ("out_by", short, 1, 1.0, 101.0, 0.0) == (
        second.entry, second.position, second.side, second.volume, second.price, second.profit,
    )  # fmt: skip
    assert first.order == second.order
    assert [f"#{long} by #{short}"] * 2 == [first.comment, second.comment]
    assert ((), 0.0, 10_090.0) == (venue.positions(), venue.margin(), venue.balance)


@pytest.mark.parametrize(("long", "short", "left"), [(1.0, 0.4, (1, 0.6, 100.1)), (0.4, 1.0, (-1, 0.6, 101.0))])
def test_the_larger_one_keeps_the_difference(long: float, short: float, left: tuple[int, float, float]) -> None:
    """What was not closed stands at its own price, under its own ticket."""
    venue = a_venue()
    tickets = pair(venue, long, short)
    venue.send(by(*tickets))
    (position,) = venue.positions()

    assert left == (position.side, position.volume, position.price)
    assert position.ticket in tickets
    assert [0.4, 0.4] == [d.volume for d in venue.deals if d.entry == "out_by"]


@pytest.mark.parametrize("which", [0, 1])
def test_it_saves_one_spread(which: int) -> None:
    """Whichever is closed by which, the pair earns the difference of its opening prices."""
    venue = a_venue()
    tickets = pair(venue)
    venue.send(by(tickets[which], tickets[1 - which], comment="done"))

    assert 10_090.0 == venue.balance
    assert {"done"} == {d.comment for d in venue.deals if d.entry == "out_by"}


def refusal(venue: Venue, request: CloseByRequest) -> int:
    """Return the code of a request that must be refused."""
    before = venue.snapshot()
    answer = venue.send(request)

    assert isinstance(answer, Rejected), answer
    assert before == venue.snapshot()
    return answer.code


def test_what_cannot_be_closed_by_each_other_is_refused() -> None:
    """Unknown positions, two of one side, and a position by itself."""
    venue = a_venue()
    long, short = pair(venue)
    other = sent(venue, entry(3, stop=0.0)).order

    assert [10036, 10036] == [refusal(venue, by(long, 99)), refusal(venue, by(99, short))]
    assert [10013, 10013] == [refusal(venue, by(long, other)), refusal(venue, by(long, long))]


def test_a_symbol_or_account_may_not_offer_it() -> None:
    """It takes the bit 64 of the symbol's order mask, and a hedging account."""
    contract = msgspec.structs.replace(GOLD, order_mask=63)
    masked = Venue({"XAUUSD": contract}, {}, currency="USD", balance=1e4, leverage=100, at=MONDAY)
    masked.tick("XAUUSD", MONDAY, 100.0, 100.1)
    netting = Venue(SYMBOLS, {}, currency="USD", balance=1e4, leverage=100, at=MONDAY, hedging=False)
    netting.tick("XAUUSD", MONDAY, 100.0, 100.1)

    assert 10035 == refusal(masked, by(*pair(masked)))
    assert 10035 == refusal(netting, by(1, 2))


@given(st.integers(1, 100), st.integers(1, 100), st.integers(-50, 50), st.integers(0, 60))
def test_closing_by_each_other_conserves_money(long: int, short: int, move: int, hours: int) -> None:
    """Balance, equity and margin add up after it, and other positions are as they were."""
    venue = a_venue(balance=1e6, commission=2.22)
    bystander = sent(venue, entry(5, volume=0.5, stop=0.0)).order
    tickets = pair(venue, long / 100, short / 100)
    venue.tick("XAUUSD", venue.at + hours * HOUR, 101.0 + move / 100, 101.1 + move / 100)
    untouched = next(p for p in venue.positions() if p.ticket == bystander)
    venue.send(by(*tickets))
    standing = venue.positions()

    assert untouched in standing
    assert round(0.5 + (long - short) / 100, 2) == round(sum(p.side * p.volume for p in standing), 2)
    assert cents(sum(d.money for d in venue.deals)) == venue.balance
    assert cents(venue.balance + sum(p.profit + p.swap for p in standing)) == venue.equity()
    assert venue.margin() > 0.0


def test_an_inverse_pair_is_closed_by_at_its_own_price() -> None:
    """The yen between two prices are divided by the price of the deal."""
    venue = Venue(SYMBOLS, {"USDJPY": Costs()}, currency="USD", balance=1e5, leverage=100, at=MONDAY)
    venue.tick("USDJPY", MONDAY, 150.0, 150.0)
    long = sent(venue, entry(symbol="USDJPY", volume=0.1, stop=0.0)).order
    venue.tick("USDJPY", MONDAY, 151.0, 151.0)
    short = sent(venue, entry(2, symbol="USDJPY", side=-1, volume=0.1, stop=0.0)).order
    venue.send(by(long, short, symbol="USDJPY"))

    assert [66.23, 0.0] == [d.profit for d in venue.deals if d.entry == "out_by"]
