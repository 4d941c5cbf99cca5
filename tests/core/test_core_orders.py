"""What becomes of an entry: sent once, answered once, filled whole, in parts, or by many strategies at a time."""

import msgspec
import pytest

from brokers.facts import Accepted, DealMade, InDoubt, OrderGone, Refused, Rejected
from runtime.core.instructions import (
    Cancel,
    ClosePosition,
    Submit,
)
from strategies.protocol import Want
from tests.cores import (
    LEAVE,
    a_lane,
    a_plan,
    buy,
    buy_limit,
    closed,
    hour,
    level,
)
from tests.told import Told, kinds, of_kind, only

SIX = dict.fromkeys(range(3, 9), buy())


def state(told: Told, wish: Submit) -> str:
    """Return the state of the order that a wish became."""
    return told.core.ledger.orders[wish.id].state


@pytest.mark.parametrize("deal_first", [True, False])
def test_an_executed_entry_becomes_a_trade(deal_first: bool) -> None:  # noqa: FBT001 - a case
    """Answer and deal may come in either order; the deal's price and position are what counts."""
    told = Told(a_plan(a_lane(SIX)))
    wish = told.submit(3)
    deal = told.deal(wish, "in", 100.3)
    facts = [
        Accepted(at=hour(4), id=wish.id, order=deal.order, deal=deal.ticket, volume=1.0),
        DealMade(at=hour(4), deal=deal),
    ]
    told.tell(*(reversed(facts) if deal_first else facts))
    trade = told.core.lanes[0].trade

    assert trade is not None
    assert (deal.position, 1.0, 100.3, 99.1, 1) == (trade.position, trade.volume, trade.entry, trade.stop, trade.side)
    assert ("FILLED", 0) == (state(told, wish), told.core.lanes[0].order)
    assert "in_position" == told.decide(4).outcome


@pytest.mark.parametrize("answer", [Rejected, Refused])
def test_a_clear_no_ends_the_order_and_nothing_is_sent_again_by_itself(answer: type[Rejected | Refused]) -> None:
    """After a no nothing follows until the strategy wants again; then it is a new order with a new magic number."""
    told = Told(a_plan(a_lane(SIX)))
    wish = told.submit(3)

    after = told.tell(answer(at=hour(4), id=wish.id, code=10019, reason="no money"))
    again = told.submit(4)

    assert () == after.instructions
    assert ("REFUSED", 10019, "no money") == tuple(
        getattr(told.core.ledger.orders[wish.id], field) for field in ("state", "code", "reason")
    )
    assert again.id > wish.id
    assert again.magic != wish.magic


def test_an_answer_to_nothing_of_ours_is_ignored() -> None:
    """An id that the core never gave is somebody else's."""
    told = Told(a_plan(a_lane({})))
    before = told.core.snapshot()
    told.tell(*(f(at=0, id=999, code=1, reason="?") for f in (Rejected, Refused, InDoubt)), Accepted(at=0, id=999))
    told.tell(OrderGone(at=0, order=5, magic=123, end="cancelled"))

    assert before == told.core.snapshot()


# --- parts ------------------------------------------------------------------------------------------------------------


def part_filled(then: Want = None) -> tuple[Told, Submit]:
    """Return a core whose resting entry is filled for 0.4 of a lot, and what its strategy wants on bar 4."""
    told = Told(a_plan(a_lane({3: buy_limit(99.5), 4: then})))
    wish = told.submit(3)
    told.tell(Accepted(at=hour(4), id=wish.id, order=55))
    told.tell(DealMade(at=hour(4), deal=told.deal(wish, "in", 99.5, volume=0.4, position=55)))
    return told, wish


def test_a_resting_entry_may_be_filled_in_parts() -> None:
    """The trade grows to the whole order, at the average price."""
    told, wish = part_filled()
    half = state(told, wish)
    told.tell(DealMade(at=hour(5), deal=told.deal(wish, "in", 99.0, volume=0.6, position=55)))
    trade = told.core.lanes[0].trade

    assert trade is not None
    assert ("PARTIAL", "FILLED", 0) == (half, state(told, wish), told.core.lanes[0].order)
    assert pytest.approx((1.0, 99.2, 99.2)) == (trade.volume, trade.entry, trade.plan[1])


def test_the_rest_of_an_entry_may_expire() -> None:
    """What was filled stays; the strategy holds less than it wanted."""
    told, wish = part_filled()
    told.tell(OrderGone(at=hour(5), order=55, magic=wish.magic, end="expired"))
    trade = told.core.lanes[0].trade

    assert trade is not None
    assert ("CANCELLED", 0, 0.4) == (state(told, wish), told.core.lanes[0].order, trade.volume)


def test_the_rest_of_an_entry_is_taken_back_when_its_position_is_left() -> None:
    """What still rests would open the position anew."""
    told, wish = part_filled(LEAVE)
    step = told.tell(closed(4))

    assert ["ClosePosition", "Cancel"] == kinds(step)
    assert [55] == [w.order for w in of_kind(step, Cancel)]
    assert 0.4 == only(step, ClosePosition).volume
    assert "PARTIAL" == state(told, wish)


def test_an_order_that_was_filled_in_two_positions_lives_is_over() -> None:
    """The rest came when the first part was closed already: the venue says that all of it is filled, and it is."""
    told, wish = part_filled()
    part = told.deal(wish, "out", 98.5, volume=0.4, position=55, side=-1, reason="stop")
    rest = told.deal(wish, "in", 99.0, volume=0.6, position=56)
    told.tell(*(DealMade(at=hour(5), deal=deal) for deal in (part, rest)))
    told.tell(OrderGone(at=hour(5), order=55, magic=wish.magic, end="filled"))

    assert ("FILLED", 0) == (state(told, wish), told.core.lanes[0].order)
    assert not told.core.unsettled


def test_the_rest_of_an_entry_is_taken_back_at_halt() -> None:
    """A part that still rests is an entry like any other: a tighter level cancels it."""
    told, _ = part_filled()

    assert ["Cancel"] == kinds(told.tell(level("halt", hour(5))))


def test_a_market_entry_filled_for_less_is_over() -> None:
    """A venue may fill what it has and drop the rest: the strategy is free to go on once that trade is closed."""
    told = Told(a_plan(a_lane(SIX)))
    wish = told.submit(3)
    deal = told.deal(wish, "in", 100.1, volume=0.4)
    told.tell(Accepted(at=hour(4), id=wish.id, order=deal.order, deal=deal.ticket, volume=0.4))
    told.tell(DealMade(at=hour(4), deal=deal))
    told.tell(DealMade(at=hour(5), deal=told.deal(deal, "out", 99.1, reason="stop")))

    assert 0 == told.core.lanes[0].order
    assert 1 == len(of_kind(told.tell(closed(5)), Submit))


def test_a_part_told_after_the_end_is_taken() -> None:
    """A deal made just before an order was cancelled may be told after it: it is a trade all the same."""
    told = Told(a_plan(a_lane({3: buy_limit(99.5)})))
    wish = told.submit(3)
    told.tell(Accepted(at=hour(4), id=wish.id, order=55))
    told.tell(OrderGone(at=hour(4), order=55, magic=wish.magic, end="cancelled"))
    told.tell(DealMade(at=hour(4), deal=told.deal(wish, "in", 99.5, volume=0.4, position=55)))
    trade = told.core.lanes[0].trade

    assert trade is not None
    assert (0.4, 0) == (trade.volume, told.core.lanes[0].order)


@pytest.mark.parametrize("end", ["cancelled", "expired", "rejected"])
def test_an_order_that_rests_no_more_frees_its_strategy(end: str) -> None:
    """However it ended, another may be sent."""
    told = Told(a_plan(a_lane({3: buy_limit(99.5), 4: buy()})))
    wish = told.submit(3)
    gone = OrderGone(at=hour(4), order=55, magic=wish.magic, end=end)  # type: ignore[arg-type]  # its words
    told.tell(Accepted(at=hour(4), id=wish.id, order=55), gone)

    assert "CANCELLED" == state(told, wish)
    assert "traded" == told.decide(4).outcome


# --- many -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 16, 17, 40])
def test_every_order_of_one_bar_finds_its_deal(count: int) -> None:
    """However many strategies trade on one bar, all answers come first and all deals after them."""
    limits = {"max_positions": 99, "max_margin": 99.0}
    plan = a_plan(*(a_lane({3: buy(9.0)}, n) for n in range(1, count + 1)))
    told = Told(msgspec.structs.replace(plan, limits=msgspec.structs.replace(plan.limits, **limits)))
    wishes = of_kind(told.tell(closed(3)), Submit)
    deals = [told.deal(wish, "in", 100.1) for wish in wishes]
    told.tell(
        *(
            Accepted(at=hour(4), id=w.id, order=d.order, deal=d.ticket, volume=d.volume)
            for w, d in zip(wishes, deals, strict=True)
        )
    )
    told.tell(*(DealMade(at=hour(4), deal=deal) for deal in deals))

    assert [d.position for d in deals] == [lane.trade.position for lane in told.core.lanes if lane.trade is not None]


def test_ended_orders_are_forgotten_in_the_end() -> None:
    """A core's state stays small however long it runs, and no open order is among the forgotten."""
    told = Told(a_plan(a_lane(dict.fromkeys(range(3, 200), buy()))))
    for n in range(3, 200):
        wish = told.submit(n)
        told.tell(Rejected(at=hour(n + 1), id=wish.id, code=10019, reason="no money"))

    assert 16 >= len(told.core.ledger.orders) == len(told.core.ledger.magics)
