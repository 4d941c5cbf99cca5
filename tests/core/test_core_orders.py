"""What becomes of an entry: sent once, answered once, doubted, found, missing, filled late or in parts."""

import msgspec
import pytest

from brokers.port import Accepted, DealMade, InDoubt, LinkUp, OrderGone, Refused, Rejected
from market.types import Order
from runtime.core.facts import RunStarted, TimerFired
from runtime.core.instructions import Alert, Reconcile, Submit, WakeAt
from tests.cores import (
    BALANCE,
    Told,
    a_lane,
    a_plan,
    an_account,
    buy,
    buy_limit,
    closed,
    hour,
    kinds,
    level,
    of_kind,
    only,
    position_of,
    reconciled,
    sell,
)

SIX = dict.fromkeys(range(3, 9), buy())


def state(told: Told, wish: Submit) -> str:
    """Return the state of the order that a wish became."""
    return told.core.ledger.orders[wish.id].state


def resting(wish: Submit, ticket: int = 55) -> Order:
    """Return the order at the venue that a wish became."""
    i = wish.approved.intent
    return Order(
        ticket=ticket, at=hour(4), symbol=i.symbol, side=i.side, kind=i.kind, volume=i.volume, price=i.price,
        stop=i.stop, magic=wish.magic,
    )  # fmt: skip


def in_doubt(*also: object, script: dict[int, object] | None = None) -> tuple[Told, Submit]:
    """Return a core whose entry of bar 3 is in doubt."""
    told = Told(a_plan(a_lane(script or SIX), *also))  # type: ignore[arg-type]
    wish = of_kind(told.tell(closed(3)), Submit)[0]
    told.tell(InDoubt(at=hour(4), id=wish.id, code=10012, reason="timeout"))
    return told, wish


def missing() -> tuple[Told, Submit]:
    """Return a core whose entry of bar 3 was never found."""
    told, wish = in_doubt()
    told.tell(reconciled(at=hour(4), settled=True))
    return told, wish


# --- answers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("deal_first", [True, False])
def test_an_executed_entry_becomes_a_trade(deal_first: bool) -> None:  # noqa: FBT001 - a case
    """Answer and deal may come in either order; the deal's price and position are what counts."""
    told = Told(a_plan(a_lane(SIX)))
    wish = told.submit(3)
    deal = told.deal(wish, "in", 100.3)
    facts = [Accepted(at=hour(4), id=wish.id, order=deal.order, deal=deal.ticket, volume=1.0), DealMade(at=hour(4), deal=deal)]
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


# --- doubt ------------------------------------------------------------------------------------------------------------


def test_a_doubt_holds_its_symbol_and_asks_to_be_woken() -> None:
    """Nobody knows whether it was done: no entry there, by any strategy, until the settle window has passed."""
    other = a_lane(SIX, 2)
    told = Told(a_plan(a_lane(SIX), other, a_lane(SIX, 3, symbol="EURUSD")))
    wish = of_kind(told.tell(closed(3)), Submit)[0]

    step = told.tell(InDoubt(at=hour(4), id=wish.id, code=10012, reason="timeout"))
    wake = only(step, WakeAt)

    assert ("IN_DOUBT", ["IN_DOUBT:XAUUSD"]) == (state(told, wish), [h for h in told.holds if h.startswith("IN")])
    assert (6.0, "settle", ["WakeAt"]) == (wake.after_s, wake.key, kinds(step))


def test_a_doubt_forbids_entries_on_its_symbol_only() -> None:
    """Another strategy on gold is held, one on the euro trades."""
    told, _ = in_doubt(a_lane({4: sell()}, 2), a_lane({4: buy(0.01)}, 3, symbol="EURUSD"))
    told.tell(*(closed(n, 1.1, symbol="EURUSD", spread=0.0001, phase="warm") for n in (1, 2, 3)))

    gold = told.tell(closed(4)).decisions
    euro = told.tell(closed(4, 1.1, symbol="EURUSD", spread=0.0001)).decisions

    assert [("order_working", ()), ("held", ("IN_DOUBT:XAUUSD",))] == [(d.outcome, d.holds) for d in gold]
    assert [("traded", ())] == [(d.outcome, d.holds) for d in euro]


def test_the_settle_timer_looks_at_the_venue_and_says_so() -> None:
    """When the window is over the venue is read once more, and what is not there then is missing."""
    told = Told(a_plan(a_lane(SIX)))
    wish = told.submit(3)
    timer = only(told.tell(InDoubt(at=hour(4), id=wish.id, code=10012, reason="timeout")), WakeAt)

    assert only(told.tell(TimerFired(at=hour(4), id=timer.id, key="settle")), Reconcile).settled
    assert "IN_DOUBT" == state(told, wish)


def test_a_look_before_the_window_is_over_resolves_nothing_it_does_not_see() -> None:
    """An order in flight may still turn up: it stays in doubt, and so does the hold."""
    told, wish = in_doubt()
    told.tell(reconciled(at=hour(4)))

    assert ("IN_DOUBT", ["IN_DOUBT:XAUUSD"]) == (state(told, wish), told.holds)


def test_a_doubted_order_found_resting_works_again() -> None:
    """It is known by its magic number; the hold goes."""
    told, wish = in_doubt()
    told.tell(reconciled(at=hour(4), orders=(resting(wish),)))

    assert ("WORKING", []) == (state(told, wish), told.holds)
    assert 55 == told.core.ledger.orders[wish.id].ticket


def test_a_doubted_order_whose_deal_is_told_is_filled() -> None:
    """A deal with its magic number is all the proof there can be."""
    told, wish = in_doubt()
    deal = told.deal(wish, "in", 100.1)
    told.tell(DealMade(at=hour(4), deal=deal), reconciled(BALANCE, position_of(deal), at=hour(4)))

    assert ("FILLED", []) == (state(told, wish), told.holds)
    assert "in_position" == told.decide(4).outcome


def test_an_order_never_found_is_missing_held_and_told() -> None:
    """A second, longer window begins in which its symbol takes no entry, and somebody is told."""
    told, wish = in_doubt()
    step = told.tell(reconciled(at=hour(4), settled=True))

    assert ("MISSING", ["MISSING:XAUUSD"]) == (state(told, wish), told.holds)
    assert ("page", "missing:XAUUSD") == (only(step, Alert).severity, only(step, WakeAt).key)
    assert only(step, WakeAt).after_s > 6.0
    assert ("held", ("MISSING:XAUUSD",)) == (lambda d: (d.outcome, d.holds))(told.decide(4))


def test_after_the_longer_window_the_symbol_is_free() -> None:
    """The timer lifts the hold; the strategy may enter again, with another order."""
    told, wish = missing()
    told.tell(TimerFired(at=hour(4), id=9, key="missing:XAUUSD"))

    assert [] == told.holds
    assert told.submit(4).magic != wish.magic


def test_the_late_fill_of_a_missing_order_is_taken() -> None:
    """A venue may deny an order and fill it after all: the trade is ours, with its stop and plan."""
    told, wish = missing()
    deal = told.deal(wish, "in", 100.2)
    told.tell(DealMade(at=hour(5), deal=deal), reconciled(BALANCE, position_of(deal, stop=99.1), at=hour(5)))
    trade = told.core.lanes[0].trade

    assert trade is not None
    assert ("FILLED", deal.position, 99.1) == (state(told, wish), trade.position, trade.stop)
    assert "in_position" == told.decide(4).outcome


def test_the_late_fill_of_a_missing_order_may_come_in_parts() -> None:
    """A missing order that turns up may be filled a part at a time, as any other."""
    told, wish = missing()
    first = told.deal(wish, "in", 100.0, volume=0.4)
    told.tell(DealMade(at=hour(5), deal=first))
    told.tell(DealMade(at=hour(5), deal=told.deal(wish, "in", 100.5, volume=0.6, position=first.position)))
    trade = told.core.lanes[0].trade

    assert trade is not None
    assert ("FILLED", 1.0, 100.3) == (state(told, wish), trade.volume, pytest.approx(trade.entry))


def test_a_missing_order_found_resting_works_again() -> None:
    """A missing order that rests after all is ours, and is taken back where entries are."""
    told, wish = missing()
    told.tell(reconciled(at=hour(5), orders=(resting(wish),)))

    assert "WORKING" == state(told, wish)
    assert wish.id == told.core.lanes[0].order


def test_a_late_fill_beside_another_position_is_told_and_held() -> None:
    """A strategy holds one position: a second is a break that a person must look at, and the first is not forgotten."""
    told, wish = missing()
    told.tell(TimerFired(at=hour(4), id=9, key="missing:XAUUSD"))
    mine = told.enter(4)

    step = told.tell(DealMade(at=hour(6), deal=told.deal(wish, "in", 100.2)))
    trade = told.core.lanes[0].trade

    assert trade is not None
    assert (mine.position, ["BREAK:XAUUSD"], "page") == (trade.position, told.holds, only(step, Alert).severity)


def test_a_late_fill_leaves_another_working_order_in_its_place() -> None:
    """An entry that rests is not forgotten because an older one is filled late."""
    told = Told(a_plan(a_lane({3: buy(), 4: buy_limit(99.5)})))
    old = told.submit(3)
    told.tell(InDoubt(at=hour(4), id=old.id, code=1, reason="timeout"), reconciled(at=hour(4), settled=True))
    told.tell(TimerFired(at=hour(4), id=9, key="missing:XAUUSD"))
    new = told.submit(4)
    told.tell(Accepted(at=hour(5), id=new.id, order=55), DealMade(at=hour(5), deal=told.deal(old, "in", 100.2)))

    assert new.id == told.core.lanes[0].order


def test_each_doubt_has_a_settle_window_of_its_own() -> None:
    """An order that came into doubt later is not declared missing when the window of an earlier one is over."""
    told = Told(a_plan(a_lane(SIX), a_lane(SIX, 2)))
    first, second = of_kind(told.tell(closed(3)), Submit)
    early = only(told.tell(InDoubt(at=hour(4), id=first.id, code=1, reason="timeout")), WakeAt)
    late = of_kind(told.tell(InDoubt(at=hour(4) + 5_900, id=second.id, code=1, reason="timeout")), WakeAt)

    looks = of_kind(told.tell(TimerFired(at=hour(4) + 6_000, id=early.id, key="settle")), Reconcile)
    told.tell(*(reconciled(at=hour(4) + 6_000, settled=look.settled) for look in looks))

    assert "IN_DOUBT" == state(told, second)
    assert ["settle"] == [wake.key for wake in late]


def test_what_was_on_its_way_when_the_process_ended_is_in_doubt() -> None:
    """A sent order without an answer is doubted by the next run, never sent again."""
    told = Told(a_plan(a_lane(SIX)))
    wish = told.submit(3)
    again = told.again()

    step = again.tell(RunStarted(at=hour(4), run=2))

    assert ("IN_DOUBT", ["settle"]) == (state(again, wish), [w.key for w in of_kind(step, WakeAt)])
    assert [] == of_kind(step, Submit)


def test_a_link_that_returns_gives_the_settle_window_anew() -> None:
    """A timer may have fired into a dead link: the doubt is looked at again once there is one."""
    told, _ = in_doubt()
    step = told.tell(LinkUp(at=hour(4), account=an_account()))

    assert ["Reconcile", "WakeAt"] == kinds(step)


def test_the_longer_window_of_a_missing_order_outlives_the_process() -> None:
    """A restart asks for the timer again, so that the hold does not stay for ever."""
    again = missing()[0].again()
    step = again.tell(RunStarted(at=hour(5), run=2))

    assert ["missing:XAUUSD"] == [wake.key for wake in of_kind(step, WakeAt)]


# --- parts ------------------------------------------------------------------------------------------------------------


def part_filled() -> tuple[Told, Submit]:
    """Return a core whose resting entry is filled for 0.4 of a lot."""
    told = Told(a_plan(a_lane({3: buy_limit(99.5)})))
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
    assert (1.0, pytest.approx(99.2), pytest.approx(99.2)) == (trade.volume, trade.entry, trade.plan[1])


def test_the_rest_of_an_entry_may_expire() -> None:
    """What was filled stays; the strategy holds less than it wanted."""
    told, wish = part_filled()
    told.tell(OrderGone(at=hour(5), order=55, magic=wish.magic, end="expired"))
    trade = told.core.lanes[0].trade

    assert trade is not None
    assert ("CANCELLED", 0, 0.4) == (state(told, wish), told.core.lanes[0].order, trade.volume)


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


def test_a_missing_order_may_be_told_to_have_ended() -> None:
    """News of the end of an order that was given up is no bug."""
    told, wish = missing()
    told.tell(OrderGone(at=hour(5), order=55, magic=wish.magic, end="expired"))

    assert "CANCELLED" == state(told, wish)


# --- many -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 16, 17, 40])
def test_every_order_of_one_bar_finds_its_deal(count: int) -> None:
    """However many strategies trade on one bar, all answers come first and all deals after them."""
    limits = {"max_positions": 99, "max_margin": 99.0}
    plan = a_plan(*(a_lane({3: buy(9.0)}, n) for n in range(1, count + 1)))
    told = Told(msgspec.structs.replace(plan, limits=msgspec.structs.replace(plan.limits, **limits)))
    wishes = of_kind(told.tell(closed(3)), Submit)
    deals = [told.deal(wish, "in", 100.1) for wish in wishes]
    told.tell(*(Accepted(at=hour(4), id=w.id, order=d.order, deal=d.ticket, volume=d.volume) for w, d in zip(wishes, deals, strict=True)))
    told.tell(*(DealMade(at=hour(4), deal=deal) for deal in deals))

    assert [d.position for d in deals] == [lane.trade.position for lane in told.core.lanes if lane.trade is not None]


def test_ended_orders_are_forgotten_in_the_end() -> None:
    """A core's state stays small however long it runs, and no open order is among the forgotten."""
    told = Told(a_plan(a_lane(dict.fromkeys(range(3, 200), buy()))))
    for n in range(3, 200):
        wish = told.submit(n)
        told.tell(Rejected(at=hour(n + 1), id=wish.id, code=10019, reason="no money"))

    assert 16 >= len(told.core.ledger.orders) == len(told.core.ledger.magics)
