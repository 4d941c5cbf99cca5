"""What the operator's levels and a shut gate do: nothing new leaves, what rests is taken back, flatten closes all."""

from typing import Any

import pytest

from brokers.port import Accepted, DealMade, InDoubt, LinkDown, LinkUp, OrderGone, Rejected
from market.types import Deal
from runtime.core.facts import AnyFact, RunStarted
from runtime.core.instructions import Cancel, ClosePosition, SetLevel, Submit
from tests.cores import (
    BALANCE,
    Told,
    a_gated_plan,
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
from tests.core.test_core_orders import resting


def with_resting_entry(plan: Any = None, close: float = 100.0) -> tuple[Told, Submit]:  # noqa: ANN401 - a plan
    """Return a core whose entry of bar 3 rests at the venue as order 55."""
    told = Told(plan or a_plan(a_lane({3: buy_limit(99.5)})))
    wish = told.submit(3, close)
    told.tell(Accepted(at=hour(4), id=wish.id, order=55))
    return told, wish


def with_two_trades() -> tuple[Told, list[Deal]]:
    """Return a core that bought with one strategy and sold with another."""
    told = Told(a_plan(a_lane({3: buy()}), a_lane({3: sell()}, 2)))
    wishes = of_kind(told.tell(closed(3)), Submit)
    deals = [told.deal(wish, "in", 100.0) for wish in wishes]
    for wish, deal in zip(wishes, deals, strict=True):
        told.tell(Accepted(at=hour(4), id=wish.id, order=deal.order, deal=deal.ticket), DealMade(at=hour(4), deal=deal))
    return told, deals


# --- entries taken back -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", ["close-only", "halt", "flatten"])
def test_a_tighter_level_takes_resting_entries_back_once(to: Any) -> None:  # noqa: ANN401 - a level
    """First nothing new can leave, then what rests is cancelled; and it is asked for once."""
    told, _ = with_resting_entry()

    first, second = told.tell(level(to, hour(4))), told.tell(level(to, hour(4)), closed(4))

    assert 55 == only(first, Cancel).order
    assert [] == of_kind(second, Cancel)


def test_a_confirmed_cancel_frees_the_strategy() -> None:
    """The answer says that it was done, the news that the order is gone."""
    told, wish = with_resting_entry()
    cancel = only(told.tell(level("halt", hour(4))), Cancel)
    gone = OrderGone(at=hour(4), order=55, magic=wish.magic, end="cancelled")
    told.tell(Accepted(at=hour(4), id=cancel.id, order=55), gone)

    assert (0, "CANCELLED") == (told.core.lanes[0].order, told.core.ledger.orders[wish.id].state)


def test_a_refused_cancel_is_not_repeated_at_once_but_not_forgotten() -> None:
    """The same answer would come again; the next fact is time enough."""
    told, _ = with_resting_entry()
    cancel = only(told.tell(level("halt", hour(4))), Cancel)
    refused = told.tell(Rejected(at=hour(4), id=cancel.id, code=10018, reason="market closed"))

    assert [] == kinds(refused)
    assert 55 == only(told.tell(closed(4)), Cancel).order


def test_a_cancel_in_doubt_is_asked_again_when_the_order_still_rests() -> None:
    """Once settled, an order that is still there is taken back anew."""
    told, wish = with_resting_entry()
    cancel = only(told.tell(level("halt", hour(4))), Cancel)
    told.tell(InDoubt(at=hour(4), id=cancel.id, code=1, reason="timeout"))
    look = told.tell(reconciled(at=hour(4), orders=(resting(wish),), settled=True))
    after = told.tell(closed(4))

    assert [55] == [c.order for c in of_kind(look, Cancel) + of_kind(after, Cancel)]


def test_an_entry_found_resting_at_halt_is_taken_back() -> None:
    """It was in doubt when the level changed; as soon as it is known to rest, it is cancelled."""
    told = Told(a_plan(a_lane({3: buy_limit(99.5)})))
    wish = told.submit(3)
    told.tell(InDoubt(at=hour(4), id=wish.id, code=1, reason="timeout"), level("halt", hour(4)))

    assert 55 == only(told.tell(reconciled(at=hour(4), orders=(resting(wish),))), Cancel).order


def test_after_a_restart_at_halt_resting_entries_are_taken_back_when_the_venue_was_seen() -> None:
    """A cancel needs a link and a look; what rests is cancelled after them, not before."""
    told, wish = with_resting_entry()
    again = told.again()

    early = again.tell(RunStarted(at=hour(4), run=2), level("halt", hour(4)), LinkUp(at=hour(4), account=an_account()))
    seen = again.tell(reconciled(at=hour(4), orders=(resting(wish),)))

    assert [] == of_kind(early, Cancel)
    assert 55 == only(seen, Cancel).order


def test_no_cancel_leaves_without_a_link() -> None:
    """The table permits nothing on a lost link; the cancel follows when the venue was looked at again."""
    told, wish = with_resting_entry()
    lost = told.tell(LinkDown(at=hour(4), reason="away"), level("halt", hour(4)))
    back = told.tell(LinkUp(at=hour(4), account=an_account()), reconciled(at=hour(4), orders=(resting(wish),)))

    assert ([], [55]) == (of_kind(lost, Cancel), [c.order for c in of_kind(back, Cancel)])


# --- the gate ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mode", "outcome"), [("enforce", "vetoed_by_regime"), ("advise", "traded"), ("off", "traded")])
def test_only_an_enforced_gate_forbids(mode: str, outcome: str) -> None:
    """Advise journals what the gate says, and does not block."""
    d = Told(a_gated_plan({3: buy()}, mode)).decide(3, 99.0)

    assert (outcome, False) == (d.outcome, d.gate_open)
    assert (1, pytest.approx(0.0, abs=1e-9)) == (d.regime, d.allowed)


def test_an_open_gate_lets_through() -> None:
    """In a regime the strategy was made for, it trades."""
    d = Told(a_gated_plan({3: buy()})).decide(3, 101.0)

    assert ("traded", True, 0, "regime allowed") == (d.outcome, d.gate_open, d.regime, d.gate_reason)


def test_without_a_regime_bar_an_enforced_gate_is_shut() -> None:
    """What is not known is not allowed."""
    d = Told(a_gated_plan({3: buy()}, timeframe="D1")).decide(3, 101.0)

    assert ("vetoed_by_regime", "no regime bar yet", -1) == (d.outcome, d.gate_reason, d.regime)


def test_a_gate_that_shuts_takes_the_resting_entry_back() -> None:
    """Under enforce the entry was wanted in another market than this."""
    told, _ = with_resting_entry(a_gated_plan({3: buy_limit(100.5)}), close=101.0)

    assert 55 == only(told.tell(closed(4, 100.9)), Cancel).order


def test_an_advising_gate_leaves_the_resting_entry() -> None:
    """Advice cancels nothing."""
    told, _ = with_resting_entry(a_gated_plan({3: buy_limit(100.5)}, "advise"), close=101.0)

    assert [] == kinds(told.tell(closed(4, 100.9)))


def test_a_shut_gate_does_not_keep_a_trade_from_being_left() -> None:
    """What is open is left by its own plan."""
    told = Told(a_gated_plan({3: buy(bars=1)}))
    wish = told.submit(3, 101.0)
    told.tell(DealMade(at=hour(4), deal=told.deal(wish, "in", 101.1)))

    assert "exit" == told.decide(4, 100.5).outcome


def test_a_regime_that_falls_silent_shuts_the_gate() -> None:
    """After more than max_age of its own bars without a new one the reading is stale."""
    plan = a_gated_plan({n: buy() for n in range(50, 80)}, timeframe="H4", max_age=2)
    told = Told(plan)
    for n, close in ((0, 100.0), (4, 101.0)):
        fact = closed(n + 3, close)
        bar = type(fact.bar)("XAUUSD", "H4", hour(n), close, close, close, close)
        told.tell(type(fact)(at=hour(n + 4), bar=bar, bid=close, ask=close))
    outcomes = [told.decide(n, 101.0) for n in range(51, 66)]

    assert 12 == next(i for i, d in enumerate(outcomes) if d.gate_reason == "the regime reading is stale")
    assert (["traded"], ["order_working"]) == ([outcomes[0].outcome], [outcomes[1].outcome])


# --- flatten ----------------------------------------------------------------------------------------------------------


def close_all(told: Told, wishes: list[ClosePosition]) -> list[Any]:
    """Fill closes; return every instruction that followed."""
    asked: list[Any] = []
    for wish in wishes:
        deal = told.deal(wish, "out", 100.0)
        asked += told.tell(
            Accepted(at=hour(4), id=wish.id, order=deal.order, deal=deal.ticket), DealMade(at=hour(4), deal=deal)
        ).instructions
    return asked


def test_flatten_closes_all_of_ours_and_ends_in_halt() -> None:
    """One close a position, as the operator's; when nothing is left the core asks for halt, once."""
    told, deals = with_two_trades()
    wishes = of_kind(told.tell(level("flatten", hour(4))), ClosePosition)
    asked = close_all(told, wishes)

    assert [(d.position, d.side, True, "flatten") for d in deals] == [
        (w.position, w.side, w.operator, w.reason) for w in wishes
    ]
    assert [("halt", SetLevel)] == [(w.level, type(w)) for w in asked]
    assert "halt" == told.core.ledger.level
    assert () == told.tell(level("halt", hour(4), asked[0].id), closed(4)).instructions


def test_flatten_with_nothing_open_is_halt() -> None:
    """There is nothing to wait for."""
    told = Told(a_plan(a_lane({})))

    assert "halt" == only(told.tell(level("flatten", hour(4))), SetLevel).level


def test_flatten_waits_for_a_resting_entry_to_be_gone() -> None:
    """Halt is told only when nothing of ours can be filled any more."""
    told, wish = with_resting_entry()
    first = told.tell(level("flatten", hour(4)))
    cancel = only(first, Cancel)
    last = told.tell(
        Accepted(at=hour(4), id=cancel.id, order=55), OrderGone(at=hour(4), order=55, magic=wish.magic, end="cancelled")
    )

    assert [] == of_kind(first, SetLevel)
    assert "halt" == only(last, SetLevel).level


def test_flatten_closes_an_entry_that_was_filled_meanwhile() -> None:
    """The cancel came too late: what was filled is closed as well."""
    told, wish = with_resting_entry()
    cancel = only(told.tell(level("flatten", hour(4))), Cancel)
    told.tell(Rejected(at=hour(4), id=cancel.id, code=10035, reason="no such order"))
    step = told.tell(DealMade(at=hour(4), deal=told.deal(wish, "in", 99.5)))

    assert 1 == len(of_kind(step, ClosePosition))


def test_a_refused_close_of_flatten_is_not_hammered() -> None:
    """A closed market says no to every close: it is asked again with the next fact, not in the same breath."""
    told, _ = with_two_trades()
    wishes = of_kind(told.tell(level("flatten", hour(4))), ClosePosition)
    refused = told.tell(*(Rejected(at=hour(4), id=w.id, code=10018, reason="market closed") for w in wishes))

    assert [] == kinds(refused)
    assert 2 == len(of_kind(told.tell(reconciled_with_all(told)), ClosePosition))


def reconciled_with_all(told: Told) -> AnyFact:
    """Return a look at a venue that holds exactly what the core thinks."""
    trades = [lane.trade for lane in told.core.lanes if lane.trade is not None]
    orders = told.core.ledger.orders
    positions = [
        position_of(told.deal(_wish_of(told, orders, t.magic), "in", t.entry, position=t.position), stop=t.stop, side=t.side)
        for t in trades
    ]  # fmt: skip
    return reconciled(told.balance, *positions, at=told.core.ledger.at)


def _wish_of(told: Told, orders: Any, magic: int) -> Submit:  # noqa: ANN401
    return next(w for step in told.steps for w in of_kind(step, Submit) if w.magic == magic)


def test_flatten_waits_for_a_doubt_to_be_resolved() -> None:
    """A close in doubt is not sent twice; when the position still stands after the window, it is closed anew."""
    told, _ = with_two_trades()
    first, second = of_kind(told.tell(level("flatten", hour(4))), ClosePosition)
    close_all(told, [second])
    told.tell(InDoubt(at=hour(4), id=first.id, code=1, reason="timeout"))
    quiet = told.tell(closed(4))
    look = told.tell(msgspec_settled(reconciled_with_all(told)))

    assert [] == of_kind(quiet, ClosePosition)
    assert [first.position] == [w.position for w in of_kind(look, ClosePosition)]


def msgspec_settled(fact: Any) -> Any:  # noqa: ANN401
    """Return a look after the settle window."""
    import msgspec  # noqa: PLC0415

    return msgspec.structs.replace(fact, settled=True)


@pytest.mark.parametrize("answered", [True, False])
def test_flatten_is_resumed_after_a_crash(answered: bool) -> None:  # noqa: FBT001 - a case
    """The phase is latched: the next run goes on closing when it has seen the venue, and ends in halt."""
    told, _ = with_two_trades()
    first, second = of_kind(told.tell(level("flatten", hour(4))), ClosePosition)
    if answered:
        close_all(told, [first])
    again = told.again()
    again.steps = told.steps
    early = again.tell(RunStarted(at=hour(4), run=2), level("flatten", hour(4)), LinkUp(at=hour(4), account=an_account()))
    again.tell(reconciled_with_all(again))
    look = again.tell(msgspec_settled(reconciled_with_all(again)))
    wishes = of_kind(look, ClosePosition)
    asked = close_all(again, wishes)

    assert [] == of_kind(early, ClosePosition)
    assert ([second.position] if answered else [first.position, second.position]) == [w.position for w in wishes]
    assert ["halt"] == [w.level for w in asked if isinstance(w, SetLevel)]


def test_flatten_does_nothing_without_a_link() -> None:
    """It goes on when the link is back and the venue was seen."""
    told, _ = with_two_trades()
    lost = told.tell(LinkDown(at=hour(4), reason="away"), level("flatten", hour(4)), closed(4))
    back = told.tell(LinkUp(at=hour(5), account=an_account()), reconciled_with_all(told))

    assert ([], 2) == (of_kind(lost, ClosePosition), len(of_kind(back, ClosePosition)))


def test_foreign_positions_are_not_flattened() -> None:
    """What is not ours is never touched."""
    told = Told(a_plan(a_lane({3: buy()})))
    entry = told.enter(3)
    theirs = position_of(entry, ticket=4711, magic=0)
    told.tell(reconciled(BALANCE, position_of(entry, stop=99.1), theirs, at=hour(4)))

    assert [entry.position] == [w.position for w in of_kind(told.tell(level("flatten", hour(4))), ClosePosition)]


def test_resuming_the_run_level_lets_entries_leave_again() -> None:
    """A level holds as long as it stands, and no longer."""
    told = Told(a_plan(a_lane({3: buy(), 4: buy()})))
    told.tell(level("halt", hour(3)))
    held = told.decide(3)
    told.tell(level("run", hour(4)))

    assert (("held", ("halt",)), "traded") == ((held.outcome, held.holds), told.decide(4).outcome)
