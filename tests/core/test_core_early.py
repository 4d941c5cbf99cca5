"""Deals that a history shows before the deal that opened their position: kept, and taken in when that one is told."""

from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from brokers.facts import Accepted, DealMade, InDoubt, OrderGone
from market.types import Deal
from runtime.core.early import KEPT
from runtime.core.instructions import Alert, Reconcile, Submit
from runtime.outcomes.books import Books
from runtime.outcomes.outcome import Outcome
from tests.chaos_world import COSTS
from tests.cores import BALANCE, a_lane, a_plan, buy, closed, hour, reconciled
from tests.told import Told, of_kind, only

STRANGER = 700


def entered(*, ticket: int = 0, script: Any = None) -> tuple[Told, Submit]:  # noqa: ANN401 - a Script
    """Return a core whose entry of bar 3 was worked: the answer named the order `ticket`, or was lost where it is 0."""
    told = Told(a_plan(a_lane(script or {3: buy()})))
    wish = told.submit(3)
    told.tell(
        Accepted(at=hour(4), id=wish.id, order=ticket, deal=ticket + 1) if ticket
        else InDoubt(at=hour(4), id=wish.id, code=10012, reason="timeout")
    )  # fmt: skip
    return told, wish


def both(told: Told, wish: Submit, **left: Any) -> tuple[DealMade, DealMade]:  # noqa: ANN401 - fields of Deal
    """Return the facts that an entry was filled as position 911, and left by its stop at a loss of 100."""
    deal = told.deal(wish, "in", 100.0, position=911)
    out = told.deal(deal, "out", 99.0, **({"reason": "stop", "profit": -100.0} | left))
    return DealMade(at=hour(4), deal=deal), DealMade(at=hour(4), deal=out)


@pytest.mark.parametrize(
    ("ticket", "left"),
    [
        (911, {"magic": 0, "reason": "mobile"}),
        (911, {"magic": 55, "reason": "expert"}),
        (911, {}),
        (0, {}),
    ],
)
def test_a_position_that_was_left_before_its_entry_was_told_is_waited_for(ticket: int, left: dict[str, Any]) -> None:
    """The venue's answer or a magic number names it: its symbol is held, a look pages, the entry deal ends it."""
    told, wish = entered(ticket=ticket)
    opened, out = both(told, wish, **left)
    told.tell(out)
    held, paged = told.holds, of_kind(told.tell(reconciled(BALANCE - 100.0, at=hour(4))), Alert)
    step = told.tell(opened)
    told.tell(reconciled(BALANCE - 100.0, at=hour(4), id=only(step, Reconcile).id))

    assert "BREAK:XAUUSD" in held
    assert ["break: position 911 was left, and no deal told how all of it was entered"] == [a.text for a in paged]
    assert (None, 0, (), []) == (
        told.core.lanes[0].trade, told.core.lanes[0].order, told.core.ledger.early, told.holds,
    )  # fmt: skip
    assert "FILLED" == told.core.ledger.orders[wish.id].state


def test_a_strangers_deal_is_kept_in_silence_and_claimed_by_its_position_alone() -> None:
    """Nothing said that it is ours: nothing is held for it, and the entry that names its position takes it."""
    told, wish = entered()
    opened, out = both(told, wish, magic=0, reason="client")
    step = told.tell(out)
    quiet = (step.instructions, "BREAK:XAUUSD" in told.holds, len(told.core.ledger.early))
    told.tell(opened)

    assert ((), False, 1) == quiet
    assert (None, ()) == (told.core.lanes[0].trade, told.core.ledger.early)


def test_another_strangers_deal_does_not_end_a_trade() -> None:
    """It left another position."""
    told, wish = entered()
    opened, out = both(told, wish, magic=0, reason="client", position=STRANGER)
    told.tell(out, opened)

    assert (911, 1) == (told.core.lanes[0].trade.position, len(told.core.ledger.early))  # type: ignore[union-attr]  # held


def test_a_stop_takes_with_ours_what_a_stranger_has_in_the_same_position() -> None:
    """On a netting account it is larger than our trade, and ends it."""
    told, wish = entered()
    opened, out = both(told, wish, magic=0, volume=1.2)
    told.tell(opened, out)

    assert (None, ()) == (told.core.lanes[0].trade, told.core.ledger.early)


def test_what_left_a_position_before_our_entry_joined_it_is_the_strangers() -> None:
    """On a netting account an entry may join what a stranger holds: what he had taken out before is none of ours."""
    told, wish = entered()
    _, out = both(told, wish, magic=0, reason="client", volume=0.3)
    books = Books(told.core, COSTS, shadows=False)
    books.live.decided(told.steps[-2].decisions[0])
    joined = DealMade(at=hour(4), deal=told.deal(wish, "in", 100.0, position=911))
    for fact in (out, joined):
        books.observe(fact, told.core.handle(fact))

    assert (1.0, 1.0) == (told.core.lanes[0].trade.volume, books.live.held[911].left)  # type: ignore[union-attr]  # held


def test_what_left_more_than_was_told_of_an_entry_waits_for_the_rest_of_it() -> None:
    """The trade would end there, and the rest of its entry open one that nobody has; a look pages meanwhile."""
    told, wish = entered()
    first, rest = (told.deal(wish, "in", 100.0, position=911, volume=lots) for lots in (0.6, 0.4))
    left = told.deal(first, "out", 99.0, volume=1.0, reason="stop", profit=-100.0)
    told.tell(*(DealMade(at=hour(4), deal=deal) for deal in (first, left)))
    held, trade = told.holds, told.core.lanes[0].trade
    step = told.tell(DealMade(at=hour(4), deal=rest))
    told.tell(reconciled(BALANCE - 100.0, at=hour(4), id=only(step, Reconcile).id))

    assert ("BREAK:XAUUSD" in held, trade is not None) == (True, True)
    assert (None, (), []) == (told.core.lanes[0].trade, told.core.ledger.early, told.holds)


def test_an_entry_that_was_netted_is_no_early_exit() -> None:
    """Its own deal leaves another's position, under its magic number and for its own reason."""
    told, wish = entered()
    told.tell(DealMade(at=hour(4), deal=told.deal(wish, "out", 100.0, position=STRANGER)))

    assert "which is not ours" in told.core.ledger.holds["BREAK:XAUUSD"]
    assert () == told.core.ledger.early


def test_what_was_kept_outlives_a_restart_and_many_strangers() -> None:
    """The one that is waited for is the last to be forgotten, and so is its order."""
    told, wish = entered(ticket=911)
    opened, out = both(told, wish, magic=0, reason="client")
    told.tell(out, OrderGone(at=hour(4), order=911, magic=wish.magic, end="filled"))
    for _ in range(KEPT + 9):
        _, other = both(told, wish, magic=0, reason="client", position=STRANGER, profit=0.0)
        told.tell(other)
    again = told.again()
    again.tell(opened)

    assert KEPT == len(told.core.ledger.early)
    assert (None, {STRANGER}) == (again.core.lanes[0].trade, {e.deal.position for e in again.core.ledger.early})


INS = [(1.0,), (0.6, 0.4)]
"""How an entry is filled, in lots."""
OUTS = (0.5, 0.3, 0.2)
"""How its position is left: no part of it is as large as a part of the entry, which would tell of a whole trade."""


def parts(told: Told, wish: Submit, filled: tuple[float, ...]) -> list[Deal]:
    """Return the deals of a trade of one lot that was left in parts."""
    ins = [told.deal(wish, "in", 100.0, position=911, volume=lots) for lots in filled]
    return [*ins, *(
        told.deal(ins[0], "out", 99.0, volume=lots, reason="stop", profit=-100.0 * lots) for lots in OUTS
    )]  # fmt: skip


@given(st.sampled_from(INS).flatmap(lambda ins: st.tuples(st.just(ins), st.permutations(range(len(ins + OUTS))))))
def test_in_whatever_order_its_deals_show_a_trade_ends_alike(shown: tuple[tuple[float, ...], list[int]]) -> None:
    """Book and core come to the same: nothing held, all the money, one outcome at one price."""
    filled, order = shown
    told = Told(a_plan(a_lane({3: buy()})))
    books, done = Books(told.core, COSTS, shadows=False), list[Outcome]()
    step = told.tell(closed(3))
    books.live.decided(step.decisions[0])
    deals = parts(told, only(step, Submit), filled)
    for fact in (DealMade(at=hour(4), deal=deals[place]) for place in order):
        done += books.observe(fact, told.core.handle(fact))
    told.tell(reconciled(BALANCE - 100.0, at=hour(4)))

    assert (None, BALANCE - 100.0, (), []) == (
        told.core.lanes[0].trade, told.balance, told.core.ledger.early, [h for h in told.holds if "BREAK" in h],
    )  # fmt: skip
    assert [(1.0, -100.0, 100.0, 99.0)] == [(o.volume, o.net, o.entry_price, o.exit_price) for o in done]
    assert ({}, []) == (books.live.held, books.live.early)
