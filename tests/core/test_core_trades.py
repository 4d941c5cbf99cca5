"""What becomes of a trade and of the money: exits, moved stops, deals of every kind, each counted once."""

import pytest

from brokers.facts import Accepted, DealMade, InDoubt, Rejected
from market.types import Deal
from runtime.core.facts import TimerFired
from runtime.core.instructions import ClosePosition, ModifyStop, Submit, WakeAt
from runtime.core.positions import Trade
from tests.cores import BALANCE, LEAVE, a_lane, a_plan, buy, closed, hour, reconciled, sell
from tests.told import Told, kinds, of_kind, only, position_of


def holding(**plan: float) -> tuple[Told, Deal]:
    """Return a core that bought one lot on bar 3 and wants to leave on bars 5 and later; its stop is at 99.10."""
    told = Told(a_plan(a_lane({3: buy(**plan)} | dict.fromkeys(range(5, 20), LEAVE))))
    return told, told.enter(3)


def trade_of(told: Told) -> Trade:
    """Return the trade of the first strategy."""
    trade = told.core.lanes[0].trade
    assert trade is not None
    return trade


def a_flow(told: Told, ticket: int, money: float) -> DealMade:
    """Return a deposit or withdrawal."""
    deal = Deal(
        ticket=ticket, order=0, position=0, at=hour(5), symbol="", side=1, entry="none", volume=0.0, price=0.0,
        profit=money, reason="balance",
    )  # fmt: skip
    told.deals = max(told.deals, ticket)
    return DealMade(at=hour(5), deal=deal)


# --- closing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("deal_first", [True, False])
def test_a_close_ends_the_trade(deal_first: bool) -> None:  # noqa: FBT001 - a case
    """Its deal takes the position off the book; answer and deal come in either order."""
    told, _ = holding()
    wish = only(told.tell(closed(5)), ClosePosition)
    deal = told.deal(wish, "out", 100.0, profit=-10.0)
    facts = [Accepted(at=hour(6), id=wish.id, order=deal.order, deal=deal.ticket), DealMade(at=hour(6), deal=deal)]
    told.tell(*(reversed(facts) if deal_first else facts))

    assert told.core.lanes[0].trade is None
    assert BALANCE - 10.0 == told.balance


def test_a_refused_close_is_asked_again_on_the_next_bar() -> None:
    """Nothing is repeated by itself; the next bar decides anew."""
    told, _ = holding()
    wish = only(told.tell(closed(5)), ClosePosition)
    after = told.tell(Rejected(at=hour(6), id=wish.id, code=10018, reason="market closed"))

    assert [] == kinds(after)
    assert only(told.tell(closed(6)), ClosePosition).id > wish.id


def test_a_close_in_doubt_is_not_asked_again() -> None:
    """Until the venue was looked at nothing more is sent for that position."""
    told, entry = holding()
    wish = only(told.tell(closed(5)), ClosePosition)
    told.tell(InDoubt(at=hour(6), id=wish.id, code=1, reason="timeout"))
    quiet = told.tell(closed(6), reconciled(BALANCE, position_of(entry, stop=99.1), at=hour(7)), closed(7))
    told.tell(reconciled(BALANCE, position_of(entry, stop=99.1), at=hour(8), settled=True))

    assert [] == kinds(quiet)
    assert only(told.tell(closed(8)), ClosePosition).id > wish.id


def test_a_close_in_doubt_that_was_done_is_known_by_its_deal() -> None:
    """The deal resolves the doubt, and with it the hold goes: it need not wait for a look."""
    told, _ = holding()
    wish = only(told.tell(closed(5)), ClosePosition)
    told.tell(InDoubt(at=hour(6), id=wish.id, code=1, reason="timeout"))
    told.tell(DealMade(at=hour(6), deal=told.deal(wish, "out", 100.0, profit=-10.0)))

    assert (None, []) == (told.core.lanes[0].trade, told.holds)
    assert "FILLED" == told.core.ledger.orders[wish.id].state


@pytest.mark.parametrize("reason", ["stop", "target", "stop_out"])
def test_a_position_closed_by_the_venue_is_taken_off(reason: str) -> None:
    """The venue's own doing: the deal says it all, and nothing is asked for."""
    told, entry = holding()
    step = told.tell(DealMade(at=hour(5), deal=told.deal(entry, "out", 99.1, profit=-100.0, reason=reason)))

    assert (None, ()) == (told.core.lanes[0].trade, step.instructions)
    assert 0 == told.decide(6).position


def test_a_close_that_comes_too_late_is_no_matter() -> None:
    """The stop was hit while a close was on its way: its rejection changes nothing more."""
    told, entry = holding()
    wish = only(told.tell(closed(5)), ClosePosition)
    told.tell(DealMade(at=hour(6), deal=told.deal(entry, "out", 99.1, profit=-100.0, reason="stop")))
    step = told.tell(Rejected(at=hour(6), id=wish.id, code=10036, reason="position closed"))

    assert ((), None) == (step.instructions, told.core.lanes[0].trade)


# --- stops ------------------------------------------------------------------------------------------------------------


def trailing(side: int = 1) -> tuple[Told, Deal, ModifyStop]:
    """Return a core whose trade asked for its stop to be moved a dollar behind the best price, on bar 4."""
    told = Told(a_plan(a_lane({3: buy(trail=1.0) if side > 0 else sell(trail=1.0)})))
    entry = told.enter(3)
    close = 100.0 + side * 2.0
    return told, entry, only(told.tell(closed(4, close, high=max(close, 100.0), low=min(close, 100.0))), ModifyStop)


@pytest.mark.parametrize(("side", "stop"), [(1, 101.0), (-1, 99.0)])
def test_a_stop_follows_the_best_price(side: int, stop: float) -> None:
    """It is asked for once, and stands in the book only when the venue has said so."""
    told, entry, wish = trailing(side)
    before = trade_of(told).stop
    told.tell(Accepted(at=hour(5), id=wish.id))

    assert (stop, entry.position) == (wish.stop, wish.position)
    assert pytest.approx(100.0 - side, abs=0.2) == before
    assert (stop, 0) == (trade_of(told).stop, trade_of(told).moving)
    assert [] == kinds(told.tell(closed(5, 100.0 + side * 2.0)))


def test_a_refused_stop_is_asked_again_on_the_next_bar() -> None:
    """The plan's stop is not forgotten because the venue would not move it this time."""
    told, _, wish = trailing()
    told.tell(Rejected(at=hour(5), id=wish.id, code=10016, reason="too near"))

    assert 101.0 == only(told.tell(closed(5, 102.0)), ModifyStop).stop


def test_a_stop_that_stands_already_is_taken_as_moved() -> None:
    """The venue says that nothing changes: then it is where it should be."""
    told, _, wish = trailing()
    told.tell(Rejected(at=hour(5), id=wish.id, code=10025, reason="no changes"))

    assert 101.0 == trade_of(told).stop
    assert [] == kinds(told.tell(closed(5, 102.0)))


@pytest.mark.parametrize(("there", "alerts", "asked"), [(101.0, [], []), (99.1, [], ["ModifyStop"])])
def test_a_moved_stop_in_doubt_is_seen_at_the_position(there: float, alerts: list[str], asked: list[str]) -> None:
    """The position shows whether it was done; what we did ourselves is no hand's work, and nobody is alerted."""
    told, entry, wish = trailing()
    told.tell(InDoubt(at=hour(5), id=wish.id, code=1, reason="timeout"))
    step = told.tell(reconciled(BALANCE, position_of(entry, stop=there), at=hour(5), settled=True))

    assert (alerts, there, 0) == (kinds(step), trade_of(told).stop, trade_of(told).moving)
    assert asked == kinds(told.tell(closed(5, 102.0)))


@pytest.mark.parametrize("looks", [0, 1])
def test_while_a_stop_is_in_doubt_its_position_is_left_alone(looks: int) -> None:
    """A hold of doubt permits exits of other positions, not of the one in doubt, looked at meanwhile or not."""
    told = Told(a_plan(a_lane({3: buy(trail=1.0), 5: LEAVE}), a_lane({3: buy(), 5: LEAVE}, 2)))
    deals = [told.deal(wish, "in", 100.1) for wish in of_kind(told.tell(closed(3)), Submit)]
    told.tell(*(DealMade(at=hour(4), deal=deal) for deal in deals))
    moved = only(told.tell(closed(4, 102.0)), ModifyStop)
    told.tell(InDoubt(at=hour(5), id=moved.id, code=1, reason="timeout"))
    told.tell(*[reconciled(BALANCE, *(position_of(deal, stop=99.1) for deal in deals), at=hour(5))] * looks)

    step = told.tell(closed(5, 102.0))

    assert [("held", ("IN_DOUBT:XAUUSD",)), ("exit", ())] == [(d.outcome, d.holds) for d in step.decisions]


# --- the ledger -------------------------------------------------------------------------------------------------------


def test_a_deal_told_twice_is_counted_once() -> None:
    """It is known by its ticket."""
    told, entry = holding()
    out = DealMade(at=hour(5), deal=told.deal(entry, "out", 101.0, profit=90.0, commission=-3.0, swap=-1.5, fee=-0.5))
    told.tell(out)
    before = told.core.snapshot()
    told.tell(out, DealMade(at=hour(5), deal=entry))

    assert BALANCE + 85.0 == told.balance
    assert before == told.core.snapshot()


def test_the_balance_is_all_money_that_deals_moved() -> None:
    """Deposits, foreign trades and our own, costs included: every deal changes the balance by its money."""
    told, entry = holding()
    told.tell(a_flow(told, 20, 500.0), a_flow(told, 21, -200.0))
    foreign = Deal(
        ticket=22, order=1, position=2, at=hour(5), symbol="EURUSD", side=-1, entry="out", volume=1.0, price=1.1,
        profit=-50.0, commission=-7.0,
    )  # fmt: skip
    told.tell(DealMade(at=hour(5), deal=foreign))
    told.deals = 22
    told.tell(DealMade(at=hour(5), deal=told.deal(entry, "out", 101.0, profit=90.0, swap=-1.0)))
    told.tell(reconciled(10_332.0, at=hour(6)))

    assert (10_332.0, []) == (told.balance, told.holds)


@pytest.mark.parametrize("money", [5_000.0, -5_000.0])
def test_a_deposit_is_no_profit_of_the_day(money: float) -> None:
    """The loss of the day is adjusted for flows."""
    told = Told(a_plan(a_lane({3: buy()})))
    told.tell(closed(3, phase="missed"), a_flow(told, 20, money))

    assert 0.0 == told.decide(4).numbers[1]


def test_a_foreign_deal_opens_no_trade() -> None:
    """A magic number that is not ours is somebody else's business."""
    told = Told(a_plan(a_lane({3: buy()})))
    wish = told.submit(3)
    told.tell(DealMade(at=hour(4), deal=told.deal(wish, "in", 100.0, magic=77)))

    assert (None, wish.id) == (told.core.lanes[0].trade, told.core.lanes[0].order)


def test_the_settle_timer_of_a_resolved_doubt_asks_for_nothing() -> None:
    """What was found early need not be looked for again."""
    told, _ = holding()
    wish = only(told.tell(closed(5)), ClosePosition)
    timer = only(told.tell(InDoubt(at=hour(6), id=wish.id, code=1, reason="timeout")), WakeAt)
    told.tell(DealMade(at=hour(6), deal=told.deal(wish, "out", 100.0)), reconciled(at=hour(6)))

    assert () == told.tell(TimerFired(at=hour(6), id=timer.id, key="settle")).instructions
