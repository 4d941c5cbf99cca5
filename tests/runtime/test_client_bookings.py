"""What has moved a balance, and what is open after it."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from market.money import cents
from runtime.clients.bookings import Booking, Open, balances, open_after, total
from runtime.core.balance import BALANCE_TAKEN
from runtime.core.writeoff import WRITTEN_OFF


def deal(kind: str, lots: float, price: float = 10.0, **fields: Any) -> Booking:  # noqa: ANN401
    """Return a deal in position 7."""
    given: dict[str, Any] = {"at": 1, "seq": 1, "ticket": 1, "profit": 0.0, "symbol": "GOLD", "position": 7}
    return Booking(**(given | {"kind": kind, "lots": lots, "price": price} | fields))


def moved(kind: str, money: float) -> Booking:
    """Return money without a trade."""
    return Booking(at=1, seq=1, ticket=2, kind=kind, profit=money)


CENTS = st.integers(-(10**8), 10**8).map(lambda n: n / 100.0)


@given(CENTS, st.lists(CENTS))
def test_balances_add_up_to_the_cent(began: float, moves: list[float]) -> None:
    """The last one is the first and all that was booked, however many there are."""
    bookings = [moved("balance", money) for money in moves]

    assert cents(began + sum(moves)) == [began, *balances(began, bookings)][-1]
    assert cents(began + total(bookings)) == cents(began + sum(moves))


def test_what_is_paid_in_is_no_result() -> None:
    """Deposits, bonuses and corrections flow; interest, charges and what a person took for true are earned.

    A credit is neither, and is none of the balance.
    """
    flowing = ("deposit", "withdrawal", "bonus", "correction", "other")
    earned = ("interest", "dividend", "charge", "monthly commission", "tax", WRITTEN_OFF, BALANCE_TAKEN)

    assert {True} == {moved(kind, 1.0).flows for kind in flowing}
    assert {False} == {moved(kind, 1.0).flows for kind in (*earned, "credit")} | {deal("out", 1.0).flows}
    assert 0.0 == moved("credit", 50.0).money


def test_a_position_grows_shrinks_and_ends() -> None:
    """At the average of its entries."""
    bookings = [deal("in", 1.0, 10.0, strategy="trend"), deal("in", 3.0, 14.0), deal("out", 1.5, side=-1)]
    (left,) = open_after([], bookings).values()

    assert (2.5, 13.0, 1, "trend", 1) == (left.lots, left.price, left.side, left.strategy, left.since)
    assert {} == open_after([], [*bookings, deal("out_by", 2.5, side=-1)])
    assert {} == open_after([left], [Booking(at=2, seq=2, ticket=0, kind=WRITTEN_OFF, profit=-1.0, position=7)])


def test_a_position_that_turns_round_is_somebody_elses() -> None:
    """What stands there then was opened by the very deal."""
    (left,) = open_after([], [deal("in", 1.0, strategy="trend"), deal("inout", 3.0, 12.0, side=-1, at=5)]).values()

    assert (2.0, 12.0, -1, "", 5) == (left.lots, left.price, left.side, left.strategy, left.since)


def test_what_stood_before_is_left_like_any_other() -> None:
    """And a deal that leaves what nobody saw entered leaves nothing."""
    stood = Open(position=7, symbol="GOLD", side=1, lots=1.0, price=9.0, since=0)

    assert {} == open_after([stood], [deal("out", 1.0, side=-1)]) == open_after([], [deal("out", 1.0, side=-1)])
    assert 0.5 == open_after([stood], [deal("out", 0.5, side=-1)])[7].lots
