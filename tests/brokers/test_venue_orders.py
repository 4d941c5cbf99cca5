"""Resting orders of the venue: all kinds, how they are moved, frozen, expire and end with their contract."""

from typing import Any

import msgspec
import pytest

from hypothesis import given
from hypothesis import strategies as st

from brokers.facts import Accepted, OrderGone, Rejected
from brokers.requests import CancelRequest, ModifyRequest, StopRequest
from brokers.venue import Venue
from market.types import Side, Symbol
from tests.venues import DAY, GOLD, HOUR, MONDAY, a_venue, bar, close, deals, entry, sent

NOON = MONDAY + 12 * HOUR
NEXT = NOON + HOUR


def gold(**changed: Any) -> Venue:  # noqa: ANN401 - fields of a contract
    """Return a venue with another contract of gold, quoted at 100.00 to 100.10."""
    contract: Symbol = msgspec.structs.replace(GOLD, **changed)
    venue = Venue({"XAUUSD": contract}, {}, currency="USD", balance=1e5, leverage=100, at=NOON)
    venue.tick("XAUUSD", NOON, 100.0, 100.1)
    venue.news()
    return venue


def modify(order: int, price: float, **changed: Any) -> ModifyRequest:  # noqa: ANN401 - fields of a request
    """Return a request to move an order."""
    given: dict[str, Any] = {"id": 3, "symbol": "XAUUSD", "order": order, "price": price, "stop": 90.0, "decided_at": 0}
    return ModifyRequest(**(given | changed))


def code(venue: Venue, request: Any) -> int:  # noqa: ANN401 - any request
    """Return the code of a request that must be refused, and must change nothing."""
    before = venue.snapshot()
    answer = venue.send(request)

    assert isinstance(answer, Rejected), answer
    assert before == venue.snapshot()
    return answer.code


# --- stop limit -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "trigger", "limit", "there", "back"), [(1, 102.0, 101.0, 102.0, 100.9), (-1, 98.0, 99.0, 97.9, 99.0)]
)
def test_a_stop_limit_order_places_its_limit_when_triggered(
    side: Side, trigger: float, limit: float, there: float, back: float
) -> None:
    """The trigger makes a limit order of it, under the same ticket, which fills when the price comes back."""
    venue = a_venue()
    order = sent(venue, entry(side=side, kind="stop_limit", price=trigger, limit=limit, stop=100.0 - side * 20.0)).order
    before = [(o.kind, o.price, o.limit) for o in venue.orders()]
    venue.tick("XAUUSD", NOON, there, there + 0.1)
    between = [(o.ticket, o.kind, o.price) for o in venue.orders()]
    venue.tick("XAUUSD", NOON, back, back + 0.1)

    assert [("stop_limit", trigger, limit)] == before
    assert [(order, "limit", limit)] == between
    assert [(order, side)] == [(p.ticket, p.side) for p in venue.positions()]


def test_a_bar_that_closes_beyond_the_limit_fills_a_stop_limit_order_and_one_that_does_not_leaves_it() -> None:
    """Within a bar nobody knows what came first, but the close came last."""
    filled, waiting = a_venue(), a_venue()
    for venue in (filled, waiting):
        sent(venue, entry(kind="stop_limit", price=102.0, limit=101.0, stop=90.0))

    assert ["in"] == [d.entry for d in bar(filled, NEXT, 100.0, 103.0, 99.0, 100.5)]
    assert [] == bar(waiting, NEXT, 100.0, 103.0, 99.0, 102.0)
    assert ["limit"] == [o.kind for o in waiting.orders()]


@pytest.mark.parametrize(
    ("price", "limit"), [(100.0, 99.0), (102.0, 102.0), (102.0, 103.0), (102.0, 0.0), (102.001, 101.0)]
)
def test_a_stop_limit_order_must_wait_above_with_its_limit_below_the_trigger(price: float, limit: float) -> None:
    """A buy's trigger lies above the ask, and its limit below the trigger."""
    request = entry(kind="stop_limit", price=price, limit=limit, stop=90.0)

    assert 10015 == code(a_venue(), request)


def test_stops_of_a_stop_limit_order_are_measured_from_its_limit() -> None:
    """A stop between trigger and limit guards nothing."""
    assert 10016 == code(a_venue(), entry(kind="stop_limit", price=102.0, limit=101.0, stop=101.5))


# --- moving ---------------------------------------------------------------------------------------------------------


def test_an_order_can_be_moved() -> None:
    """Price, stop, target and expiry stand anew, under the same ticket."""
    venue = a_venue()
    order = sent(venue, entry(kind="limit", price=98.0)).order
    answer = venue.send(modify(order, 97.0, stop=91.0, target=105.0, expiry=NEXT))
    (moved,) = venue.orders()

    assert Accepted(at=NOON, id=3, order=order) == answer
    assert (order, 97.0, 91.0, 105.0, NEXT) == (moved.ticket, moved.price, moved.stop, moved.target, moved.expiry)


@pytest.mark.parametrize(
    ("expected", "price", "changed"),
    [
        (10025, 98.0, {"stop": 95.0}),
        (10015, 100.1, {}),
        (10015, 98.001, {}),
        (10016, 98.0, {"stop": 98.0}),
        (10016, 98.0, {"target": 97.0}),
        (10022, 98.0, {"expiry": NOON}),
        (10035, 97.0, {"order": 99}),
    ],
)
def test_an_order_is_not_moved_to_where_it_could_not_have_been_placed(
    expected: int, price: float, changed: dict[str, Any]
) -> None:
    """The rules of placing hold for moving, and a move to where it is, is none."""
    venue = a_venue()
    order = sent(venue, entry(kind="limit", price=98.0)).order

    assert expected == code(venue, modify(**({"order": order, "price": price} | changed)))


# --- frozen ---------------------------------------------------------------------------------------------------------


def test_nothing_is_changed_within_the_freeze_level() -> None:
    """Ten points from its trigger an order, and from its stop or target a position, is as it is."""
    venue = gold(freeze_level=10)
    order = sent(venue, entry(kind="limit", price=100.0, stop=90.0)).order
    position = sent(venue, entry(2, stop=95.0)).order
    guard = StopRequest(id=4, symbol="XAUUSD", position=position, stop=94.0, target=0.0, decided_at=0)
    cancel = CancelRequest(id=5, symbol="XAUUSD", order=order, decided_at=0)
    frozen = [code(venue, modify(order, 98.0)), code(venue, cancel)]
    venue.tick("XAUUSD", NOON, 95.1, 95.2)

    assert [10029, 10029] == frozen
    assert [10029, 10029] == [code(venue, guard), code(venue, close(position))]


def test_beyond_the_freeze_level_everything_can_be_changed() -> None:
    """Eleven points are enough where ten are frozen."""
    venue = gold(freeze_level=10)
    order = sent(venue, entry(kind="limit", price=99.99, stop=90.0)).order

    assert isinstance(venue.send(modify(order, 98.0)), Accepted)
    assert isinstance(venue.send(CancelRequest(id=5, symbol="XAUUSD", order=order, decided_at=0)), Accepted)


# --- ends -----------------------------------------------------------------------------------------------------------


def test_an_expired_orders_comment_is_written_over() -> None:
    """As recorded: the word and the minute of its expiry, on the server's clock."""
    venue = a_venue()
    sent(venue, entry(kind="limit", price=98.0, stop=90.0, expiry=1_736_125_500_000, comment="mine"))
    venue.tick("XAUUSD", 1_736_125_500_000, 100.0, 100.1)

    assert ["expired [2025.01.06 01:05]"] == [n.comment for n in venue.news() if isinstance(n, OrderGone)]


def test_a_contract_that_ends_takes_its_orders_and_positions_along() -> None:
    """At its end orders are gone, positions are closed at the last quote, nights are paid, and nothing new is taken."""
    venue = gold(expires_at=MONDAY + 2 * DAY + HOUR)
    sent(venue, entry(stop=0.0))
    order = sent(venue, entry(2, kind="limit", price=98.0, stop=90.0)).order
    venue.news()
    venue.tick("XAUUSD", MONDAY + 3 * DAY, 150.0, 150.1)
    gone, _ = venue.news()
    deal = venue.deals[-1]

    assert OrderGone(at=MONDAY + 2 * DAY + HOUR, order=order, magic=7, end="cancelled") == gone
    assert ("out", "rollover", 100.0, -120.0, MONDAY + 2 * DAY + HOUR) == (
        deal.entry, deal.reason, deal.price, deal.swap, deal.at,
    )  # fmt: skip
    assert 10017 == code(venue, entry(3))
    assert venue.at == Venue.restore(venue.snapshot()).at == MONDAY + 3 * DAY


def test_a_contract_ends_though_it_is_quoted_no_more() -> None:
    """The account's time is enough: another symbol's quote passes the end."""
    ending = msgspec.structs.replace(GOLD, name="GC", expires_at=NEXT)
    venue = Venue({"GC": ending, "XAUUSD": GOLD}, {}, currency="USD", balance=1e5, leverage=100, at=NOON)
    venue.tick("GC", NOON, 100.0, 100.0)
    sent(venue, entry(symbol="GC", stop=0.0))
    venue.tick("XAUUSD", NEXT - 1, 100.0, 100.0)
    before = len(venue.positions())
    venue.tick("XAUUSD", NEXT, 100.0, 100.0)

    assert (1, ()) == (before, venue.positions())


# --- all of them ----------------------------------------------------------------------------------------------------


@given(
    st.lists(
        st.tuples(st.sampled_from(["limit", "stop", "stop_limit"]), st.sampled_from([1, -1]), st.integers(1, 300))
    ),
    st.lists(st.integers(-150, 150), max_size=20),
)
def test_every_order_rests_or_has_ended_once(asked: list[tuple[str, Side, int]], path: list[int]) -> None:
    """Whatever the prices do, an order stands or is gone, filled orders have a deal, and no trigger is passed by."""
    venue = a_venue(balance=1e6)
    placed = set()
    for number, (kind, side, away) in enumerate(asked):
        bid, ask = venue.quote("XAUUSD")
        trigger = (ask if side > 0 else bid) + (side if kind != "limit" else -side) * away / 100
        limit = trigger - side * away / 200 if kind == "stop_limit" else 0.0
        request = entry(
            number, kind=kind, side=side, volume=0.1, price=round(trigger, 2), limit=round(limit, 2), stop=0.0
        )
        answer = venue.send(request)
        if isinstance(answer, Accepted):
            placed.add(answer.order)
    price = 10_000
    for move in path:
        price += move
        venue.tick("XAUUSD", venue.at + 1, price / 100, price / 100 + 0.1)
        bid, ask = venue.quote("XAUUSD")

        assert not [
            o for o in venue.orders() if o.kind == "limit" and (o.price - (ask if o.side > 0 else bid)) * o.side >= 0
        ]
    gone = [n.order for n in venue.news() if isinstance(n, OrderGone)]
    filled = {d.order for d in venue.deals if d.entry == "in"}

    assert placed == {o.ticket for o in venue.orders()} | set(gone)
    assert len(gone) == len(set(gone))
    assert filled == set(gone)
    assert [] == deals(venue)
