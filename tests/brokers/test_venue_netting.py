"""Netting accounts: one position a symbol, which deals add to, take away from, end and turn round."""

import pytest

from hypothesis import given
from hypothesis import strategies as st

from brokers.costs import Costs
from brokers.facts import Accepted, Rejected
from brokers.requests import StopRequest
from brokers.venue import Venue
from market.money import cents
from market.types import Position, Side
from tests.venues import DAY, HOUR, MONDAY, SYMBOLS, bar, close, deals, entry, sent

NOON = MONDAY + 12 * HOUR


def netted(*, balance: float = 10_000.0, bid: float = 100.0, commission: float = 0.0, slippage: float = 0.0) -> Venue:
    """Return a netting venue whose gold is quoted without a spread."""
    costs = {"XAUUSD": Costs(commission=commission, slippage=slippage)}
    venue = Venue(SYMBOLS, costs, currency="USD", balance=balance, leverage=100, at=NOON, hedging=False)
    quote(venue, bid)
    venue.news()
    return venue


def quote(venue: Venue, bid: float) -> None:
    """Let gold be quoted at a price."""
    venue.tick("XAUUSD", venue.at, bid, bid)


def trade(venue: Venue, side: Side, volume: float, stop: float = 0.0, target: float = 0.0, magic: int = 7) -> Accepted:
    """Buy or sell at the market."""
    return sent(venue, entry(side=side, volume=volume, stop=stop, target=target, magic=magic))


def only(venue: Venue) -> Position:
    """Return the one position."""
    (position,) = venue.positions()
    return position


def test_deals_of_one_side_add_up_at_the_average_price() -> None:
    """A lot at a hundred and three at a hundred and four are four at a hundred and three, under the first ticket."""
    venue = netted()
    first = trade(venue, 1, 1.0)
    quote(venue, 104.0)
    trade(venue, 1, 3.0)
    position = only(venue)

    assert (first.order, 4.0, 103.0, 4_000.0 * 0.1) == (
        position.ticket, position.volume, position.price, position.profit,
    )  # fmt: skip
    assert [("in", first.order), ("in", first.order)] == [(d.entry, d.position) for d in deals(venue)]
    assert 100.0 + 312.0 == venue.margin()


def test_an_opposite_deal_takes_away_at_the_price_the_position_has() -> None:
    """Half a lot sold two dollars higher earns a hundred, and what is left keeps price, stop and ticket."""
    venue = netted()
    first = trade(venue, 1, 1.0, stop=95.0, target=110.0)
    quote(venue, 102.0)
    trade(venue, -1, 0.5, stop=103.0)
    position, out = only(venue), deals(venue)[-1]

    assert ("out", first.order, 0.5, 100.0, -1) == (out.entry, out.position, out.volume, out.profit, out.side)
    assert (0.5, 100.0, 95.0, 110.0, 1) == (
        position.volume, position.price, position.stop, position.target, position.side,
    )  # fmt: skip
    assert 50.0 == venue.margin()


def test_an_opposite_deal_of_the_same_volume_ends_it() -> None:
    """Nothing stands, no margin is bound, and the next order opens a position of its own."""
    venue = netted()
    first = trade(venue, 1, 0.3)
    second = trade(venue, -1, 0.3)
    third = trade(venue, -1, 0.1)

    assert [("in", first.order), ("out", first.order), ("in", third.order)] == [
        (d.entry, d.position) for d in deals(venue)
    ]
    assert second.order == venue.deals[-2].order
    assert 10.0 == venue.margin()


def test_a_larger_opposite_deal_turns_it_round() -> None:
    """One deal closes a lot and opens two: the identifier stays, the ticket is that of the order that turned it."""
    venue = netted(commission=1.0)
    first = trade(venue, 1, 1.0, stop=95.0)
    quote(venue, 103.0)
    second = trade(venue, -1, 3.0, stop=108.0, magic=9)
    position, deal = only(venue), deals(venue)[-1]

    assert ("inout", first.order, second.order, 3.0, 300.0, -3.0) == (
        deal.entry, deal.position, deal.order, deal.volume, deal.profit, deal.commission,
    )  # fmt: skip
    assert (second.order, first.order, -1, 2.0, 103.0, 108.0, 0.0, 9) == (
        position.ticket, position.ident, position.side, position.volume, position.price, position.stop,
        position.target, position.magic,
    )  # fmt: skip
    assert 206.0 == venue.margin()


def test_after_a_turn_it_is_closed_by_its_new_ticket_and_told_by_its_old_identifier() -> None:
    """A request names the ticket; deals name the identifier."""
    venue = netted()
    first, second = trade(venue, 1, 1.0), trade(venue, -1, 3.0)
    old = venue.send(close(first.order, volume=2.0, side=-1))
    sent(venue, close(second.order, volume=2.0, side=-1))

    assert isinstance(old, Rejected)
    assert 10036 == old.code
    assert ("out", first.order) == (venue.deals[-1].entry, venue.deals[-1].position)
    assert () == venue.positions()


@pytest.mark.parametrize(
    ("side", "volume", "stop", "expected"),
    [
        (1, 1.0, 90.0, (90.0, 0.0)),
        (1, 1.0, 0.0, (0.0, 0.0)),
        (-1, 0.5, 0.0, (95.0, 110.0)),
        (-1, 2.0, 105.0, (105.0, 0.0)),
    ],
)
def test_the_latest_order_that_adds_or_turns_sets_stop_and_target(
    side: Side, volume: float, stop: float, expected: tuple[float, float]
) -> None:
    """An order without levels that adds to a position deletes those it had; one that takes away leaves them."""
    venue = netted()
    trade(venue, 1, 1.0, stop=95.0, target=110.0)
    trade(venue, side, volume, stop=stop)

    assert expected == (only(venue).stop, only(venue).target)


def test_one_stop_guards_all_of_it() -> None:
    """The stop takes the whole position, whatever it was built of."""
    venue = netted()
    trade(venue, 1, 1.0, stop=95.0)
    trade(venue, 1, 2.0, stop=96.0)
    made = bar(venue, NOON + HOUR, 97.0, 97.0, 95.5, 96.5, spread=0.0)

    assert [("stop", 3.0, 96.0)] == [(d.reason, d.volume, d.price) for d in made if d.entry == "out"]


def test_a_stop_is_moved_by_the_position_as_on_a_hedging_account() -> None:
    """There is one stop, and it can be set anew."""
    venue = netted()
    first = trade(venue, 1, 1.0, stop=95.0)
    venue.send(StopRequest(id=3, symbol="XAUUSD", position=first.order, stop=97.0, target=0.0, decided_at=0))

    assert 97.0 == only(venue).stop


def test_a_resting_order_is_netted_when_it_fills() -> None:
    """A sell limit of two lots turns a lot round at its level."""
    venue = netted()
    first = trade(venue, 1, 1.0)
    sent(venue, entry(2, side=-1, kind="limit", price=101.0, volume=2.0, stop=104.0))
    bar(venue, NOON + HOUR, 100.0, 101.5, 99.5, 100.5, spread=0.0)

    assert (-1, 1.0, 101.0, first.order) == (
        only(venue).side, only(venue).volume, only(venue).price, only(venue).ident,
    )  # fmt: skip
    assert ("inout", 100.0) == (venue.deals[-1].entry, venue.deals[-1].profit)


def test_swap_of_a_closed_part_is_booked_and_a_turn_books_all_of_it() -> None:
    """A night costs sixty a lot: a half takes thirty along, the turn the other thirty."""
    venue = netted()
    trade(venue, 1, 1.0)
    venue.tick("XAUUSD", NOON + DAY, 100.0, 100.0)
    trade(venue, -1, 0.5)
    trade(venue, -1, 1.0)

    assert [0.0, 0.0, -30.0, -30.0] == [d.swap for d in venue.deals]
    assert 0.0 == only(venue).swap


def test_what_only_closes_needs_no_margin() -> None:
    """An account that is bound to the last cent can take away, and turn to as much, but not to more."""
    venue = netted(balance=100.0)
    trade(venue, 1, 1.0)

    assert isinstance(venue.send(entry(volume=0.01, stop=0.0)), Rejected)
    assert isinstance(venue.send(entry(side=-1, volume=2.01, stop=0.0)), Rejected)
    assert isinstance(venue.send(entry(side=-1, volume=0.5, stop=0.0)), Accepted)
    assert isinstance(venue.send(entry(side=-1, volume=1.5, stop=0.0)), Accepted)
    assert (100.0, -1) == (venue.margin(), only(venue).side)


def test_the_account_says_that_it_nets() -> None:
    """A terminal sees which kind of account it is, also after it was restored."""
    venue = netted()

    assert [False, False] == [venue.account().hedging, Venue.restore(venue.snapshot()).account().hedging]


orders = st.lists(
    st.tuples(st.sampled_from([1, -1]), st.integers(1, 300), st.integers(-200, 200), st.integers(0, 40)), max_size=25
)


@given(orders)
def test_the_net_position_is_the_signed_sum_of_all_deals(acts: list[tuple[Side, int, int, int]]) -> None:
    """Whatever was bought and sold: volume and side are the sum, money adds up, margin is bound while it stands."""
    venue = netted(balance=1e6, commission=3.33, slippage=1.0)
    price = 10_000
    for side, volume, move, hours in acts:
        price = max(5_000, price + move)
        venue.tick("XAUUSD", venue.at + hours * HOUR, price / 100, price / 100)
        venue.send(entry(side=side, volume=volume / 100, stop=0.0))
        traded = round(sum(d.side * d.volume for d in venue.deals if d.entry != "none"), 2)
        standing = venue.positions()

        assert len(standing) == (traded != 0.0)
        assert traded == sum(p.side * p.volume for p in standing)
        assert cents(sum(d.money for d in venue.deals)) == venue.balance
        assert cents(venue.balance + sum(p.profit + p.swap for p in standing)) == venue.equity()
        assert (venue.margin() > 0.0) == (traded != 0.0)


@given(orders)
def test_netting_earns_what_hedging_does(acts: list[tuple[Side, int, int, int]]) -> None:
    """Without costs, the same orders are worth the same money either way, to the rounding of deals."""
    accounts = [
        Venue(SYMBOLS, {"XAUUSD": Costs(swap=False)}, currency="USD", balance=1e7, leverage=100, at=NOON, hedging=h)
        for h in (True, False)
    ]
    price = 10_000
    for side, volume, move, hours in acts:
        price = max(5_000, price + move)
        for venue in accounts:
            venue.tick("XAUUSD", venue.at + hours * HOUR, price / 100, price / 100)
            venue.send(entry(side=side, volume=volume / 100, stop=0.0))
    hedged, flat = (venue.equity() for venue in accounts)

    assert abs(hedged - flat) <= 0.02 * (len(acts) + 1)
