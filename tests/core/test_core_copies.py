"""A journal that is an older copy, or not the only one: magic numbers of ours that it has not made yet."""

from typing import Any

import pytest

from brokers.facts import DealMade, LinkUp
from market.types import Deal, Order, Position
from runtime.core.desk import magic_of
from runtime.core.facts import RunStarted
from runtime.core.instructions import Alert
from tests.cores import BALANCE, a_lane, a_plan, an_account, buy, closed, hour, level, reconciled
from tests.told import Told, of_kind

LATER = magic_of(1, 3, 7)
"""Made by the first strategy in run 3."""


def a_deal(told: Told, magic: int) -> DealMade:
    """Return a deal of a program that no strategy of ours knows."""
    told.deals += 1
    return DealMade(at=hour(4), deal=Deal(
        ticket=told.deals, order=1, position=4711, at=hour(4), symbol="XAUUSD", side=1, entry="in", volume=1.0,
        price=100.0, magic=magic,
    ))  # fmt: skip


def a_position(magic: int) -> Position:
    """Return a position that no strategy of ours knows."""
    return Position(
        ticket=4711, at=hour(3), symbol="EURUSD", side=1, volume=1.0, price=1.1, stop=1.0, target=0.0, magic=magic
    )


def an_order(magic: int) -> Order:
    """Return a resting order that no strategy of ours knows."""
    return Order(ticket=9, at=hour(3), symbol="EURUSD", side=1, kind="limit", volume=1.0, price=1.0, magic=magic)


@pytest.mark.parametrize("where", ["deal", "position", "order"])
def test_a_magic_number_that_was_not_made_yet_holds_the_account(where: str) -> None:
    """The next order might carry it a second time: nobody enters, and somebody is paged, once."""
    told = Told(a_plan(a_lane({4: buy()})))
    if where == "deal":
        told.tell(a_deal(told, LATER))
    look: Any = reconciled(
        BALANCE, *([a_position(LATER)] if where == "position" else []), at=hour(4),
        orders=(an_order(LATER),) if where == "order" else (),
    )  # fmt: skip
    paged = [a.severity for a in of_kind(told.tell(look, look), Alert)]

    assert (["BREAK"], ["page"]) == (told.holds, paged)
    assert "held" == told.decide(4).outcome


@pytest.mark.parametrize("magic", [77, 1_764_199_000_000_000_000, magic_of(1, 1, 1), magic_of(2, 3, 7)])
def test_a_magic_number_of_others_or_of_our_past_holds_nothing(magic: int) -> None:
    """Small ones, moments in nanoseconds, what we have made and forgotten, a strategy that we do not have."""
    told = Told(a_plan(a_lane({})))
    told.tell(a_deal(told, magic), reconciled(BALANCE, a_position(magic), at=hour(4)))

    assert [] == told.holds


def test_a_run_above_all_that_were_seen_lifts_the_hold() -> None:
    """Its numbers were never used: the account may be traded, once it is looked at."""
    told = Told(a_plan(a_lane({5: buy()})))
    told.tell(a_deal(told, LATER), reconciled(BALANCE, at=hour(4)))
    link = LinkUp(at=hour(4), account=an_account())
    told.tell(RunStarted(at=hour(4), run=2), level("run", hour(4)), link, reconciled(BALANCE, at=hour(4)))
    again = told.holds
    told.tell(RunStarted(at=hour(4), run=4), level("run", hour(4)), link, reconciled(BALANCE, at=hour(4)))

    assert (["BREAK"], []) == (again, told.holds)
    assert "traded" == told.tell(closed(5)).decisions[0].outcome
