"""What the venue's desk answers: every return code, and every fact of an accepted request."""

import math

from typing import Any

import pytest

from brokers.facts import Accepted, OrderGone, Rejected
from brokers.requests import AnyRequest, CancelRequest, StopRequest
from brokers.venue import Venue
from tests.venues import EURUSD, HOUR, MONDAY, SYMBOLS, a_venue, close, deals, entry, sent

NOON = MONDAY + 12 * HOUR


def code(venue: Venue, request: AnyRequest) -> int:
    """Return the code of a request that must be refused, answered by its own id."""
    answer = venue.send(request)

    assert isinstance(answer, Rejected), answer
    assert (venue.at, request.id) == (answer.at, answer.id)
    return answer.code


@pytest.mark.parametrize(
    ("expected", "fields"),
    [
        (10013, {"symbol": "GBPUSD"}),
        (10021, {"symbol": "EURUSD"}),
        (10014, {"volume": 0.0}),
        (10014, {"volume": 0.005}),
        (10014, {"volume": 0.015}),
        (10014, {"volume": 20.01}),
        (10014, {"volume": math.nan}),
        (10016, {"stop": 100.0}),
        (10016, {"stop": 101.0}),
        (10016, {"target": 100.0}),
        (10016, {"stop": 95.001}),
        (10016, {"side": -1, "stop": 100.1}),
        (10016, {"stop": math.nan}),
        (10019, {"volume": 20.0, "stop": 0.0, "price": 0.0}),
        (10015, {"kind": "limit", "price": 100.1}),
        (10015, {"kind": "stop", "price": 100.1}),
        (10015, {"kind": "stop", "price": 99.0}),
        (10015, {"kind": "limit", "price": 101.0}),
        (10015, {"kind": "limit", "price": 99.001}),
        (10015, {"kind": "limit", "price": math.inf}),
        (10016, {"kind": "limit", "price": 99.0, "stop": 99.0}),
        (10022, {"kind": "limit", "price": 99.0, "expiry": NOON}),
    ],
)
def test_an_entry_the_venue_cannot_take_is_rejected(expected: int, fields: dict[str, Any]) -> None:
    """Each bad entry gets its return code, and changes nothing."""
    venue = a_venue(balance=1000.0)
    before = venue.snapshot()

    assert expected == code(venue, entry(**fields))
    assert before == venue.snapshot()


def test_stops_keep_the_level_of_the_symbol() -> None:
    """Ten points from the closing price are enough where the symbol says ten, nine are not."""
    venue = a_venue()
    venue.open_bar("EURUSD", NOON, 1.1, 8.0)
    near = entry(symbol="EURUSD", volume=0.1, stop=1.09991)
    enough = entry(symbol="EURUSD", volume=0.1, stop=1.0999)

    assert EURUSD.stops_level == 10
    assert code(venue, near) == 10016
    assert isinstance(venue.send(enough), Accepted)


def test_a_market_order_is_answered_with_its_tickets() -> None:
    """Order and deal have tickets of their own, and the position has the order's."""
    venue = a_venue()
    answer = venue.send(entry(5, comment="why not"))
    (deal,) = deals(venue)
    (position,) = venue.positions()

    assert Accepted(at=NOON, id=5, order=2, deal=3, volume=1.0, price=100.1) == answer
    assert (3, 2, 2, "in", 7, "why not") == (
        deal.ticket, deal.order, deal.position, deal.entry, deal.magic, deal.comment,
    )  # fmt: skip
    assert (2, 100.1, 95.0, -10.0) == (position.ticket, position.price, position.stop, position.profit)


def test_a_resting_order_is_answered_without_a_deal() -> None:
    """What rests has a ticket and no deal, and costs nothing."""
    venue = a_venue()
    answer = sent(venue, entry(kind="limit", price=98.0, expiry=NOON + HOUR))
    (order,) = venue.orders()

    assert Accepted(at=NOON, id=1, order=2, volume=1.0, price=98.0) == answer
    assert (2, "limit", 98.0, 95.0, NOON + HOUR) == (order.ticket, order.kind, order.price, order.stop, order.expiry)
    assert [] == venue.news()


def test_a_close_executes_at_the_other_side() -> None:
    """A long is closed at bid, and the answer names the deal."""
    venue = a_venue()
    position = sent(venue, entry()).order
    answer = sent(venue, close(position))
    out = deals(venue)[-1]

    assert (100.0, out.ticket, out.order) == (answer.price, answer.deal, answer.order)
    assert (position, "out", -10.0) == (out.position, out.entry, out.profit)
    assert ((), 0.0) == (venue.positions(), venue.margin())


@pytest.mark.parametrize(
    ("expected", "fields"),
    [
        (10036, {"position": 77}),
        (10036, {"symbol": "EURUSD"}),
        (10013, {"side": -1}),
        (10038, {"volume": 1.01}),
        (10014, {"volume": 0.0}),
        (10014, {"volume": 0.005}),
        (10014, {"volume": 0.995}),
        (10014, {"volume": math.nan}),
    ],
)
def test_a_close_the_venue_cannot_take_is_rejected(expected: int, fields: dict[str, Any]) -> None:
    """A position that is gone, of the other side or smaller is not closed."""
    venue = a_venue()
    venue.open_bar("EURUSD", NOON, 1.1, 8.0)
    request = close(sent(venue, entry()).order)

    assert expected == code(venue, close(**({"position": request.position} | fields)))
    assert 1 == len(venue.positions())


def test_a_position_can_be_closed_in_parts() -> None:
    """Thirty hundredths of a lot leave seventy, under the same ticket, and are gone at the last part."""
    venue = a_venue()
    position = sent(venue, entry()).order
    sent(venue, close(position, volume=0.3))
    left = [(p.ticket, p.volume) for p in venue.positions()]
    sent(venue, close(position, volume=0.7))

    assert [(position, 0.7)] == left
    assert [0.3, 0.7] == [d.volume for d in deals(venue) if d.entry == "out"]
    assert (9990.0, 0.0) == (venue.balance, venue.margin())


def guard(position: int, stop: float, target: float = 0.0) -> StopRequest:
    """Return a request for another stop of a gold position."""
    return StopRequest(id=4, symbol="XAUUSD", position=position, stop=stop, target=target, decided_at=0)


def test_a_stop_can_be_moved() -> None:
    """The new stop and target stand, and the answer has no tickets."""
    venue = a_venue()
    position = sent(venue, entry()).order
    answer = venue.send(guard(position, 96.0, 104.0))

    assert Accepted(at=NOON, id=4) == answer
    assert [(96.0, 104.0)] == [(p.stop, p.target) for p in venue.positions()]


@pytest.mark.parametrize(
    ("expected", "stop", "target"), [(10025, 95.0, 0.0), (10016, 100.0, 0.0), (10016, 95.0, 99.0), (10016, 95.001, 0.0)]
)
def test_a_stop_the_venue_cannot_take_is_rejected(expected: int, stop: float, target: float) -> None:
    """No change, and stops at or beyond the price, are refused."""
    venue = a_venue()
    position = sent(venue, entry()).order

    assert expected == code(venue, guard(position, stop, target))
    assert code(venue, guard(99, stop, target)) == 10036


def test_a_resting_order_can_be_cancelled_once() -> None:
    """A cancelled order is gone and told, and a second cancel finds nothing."""
    venue = a_venue()
    order = sent(venue, entry(kind="limit", price=98.0)).order
    request = CancelRequest(id=6, symbol="XAUUSD", order=order, decided_at=0)
    answer = venue.send(request)

    assert Accepted(at=NOON, id=6, order=order) == answer
    assert [OrderGone(at=NOON, order=order, magic=7, end="cancelled")] == venue.news()
    assert code(venue, request) == 10035


def test_news_is_told_once() -> None:
    """What was told is not told again."""
    venue = a_venue()
    sent(venue, entry())

    assert 1 == len(venue.news())
    assert [] == venue.news()


def test_the_first_news_is_the_deposit() -> None:
    """An account begins with a balance deal under the first ticket."""
    venue = Venue(SYMBOLS, {}, currency="USD", balance=500.0, leverage=30, first_ticket=1000, at=MONDAY)
    (deposit,) = deals(venue)

    assert (1000, "none", "balance", 500.0, 500.0) == (
        deposit.ticket, deposit.entry, deposit.reason, deposit.money, venue.balance,
    )  # fmt: skip
