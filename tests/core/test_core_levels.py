"""What tighter levels and a shut gate do: nothing new leaves, and what rests is taken back."""

from typing import Any

import pytest

from brokers.facts import Accepted, DealMade, InDoubt, LinkDown, LinkUp, OrderGone, Rejected
from runtime.core.facts import RunStarted
from runtime.core.instructions import Cancel, ClosePosition, SetLevel, Submit
from tests.cores import (
    a_gated_plan,
    a_lane,
    a_plan,
    an_account,
    buy,
    buy_limit,
    closed,
    hour,
    level,
    reconciled,
)
from tests.told import Told, kinds, of_kind, only, resting, with_resting_entry


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


# --- scopes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", ["strategy:lane1", "symbol:XAUUSD"])
def test_a_halted_scope_holds_its_strategy_and_no_other(scope: str) -> None:
    """Its decision says which scope forbade, the account's own level stays at run."""
    told = Told(a_plan(a_lane({4: buy()}), a_lane({4: buy()}, 2, symbol="EURUSD")))
    told.tell(*(closed(n, symbol="EURUSD", phase="warm") for n in range(3)))
    told.tell(level("halt", hour(3), scope=scope))
    (held,) = told.tell(closed(4)).decisions
    (other,) = told.tell(closed(4, symbol="EURUSD")).decisions

    assert ("held", (f"halt {scope}",), "run") == (held.outcome, held.holds, held.level)
    assert () == other.holds


@pytest.mark.parametrize("scope", ["model:up", "fingerprint"])
def test_a_halted_model_holds_the_strategies_whose_gate_it_stands_before(scope: str) -> None:
    """By its name, or by the beginning of the fingerprint that people are shown."""
    gated = a_gated_plan({4: buy()})
    plan = a_plan(*gated.strategies, a_lane({4: buy()}, 2), regimes=gated.regimes)
    named = f"model:{gated.regimes[0].model.fingerprint[:12]}" if scope == "fingerprint" else scope
    told = Told(plan)
    told.tell(closed(3, 101.0), level("halt", hour(4), scope=named))
    first, second = told.tell(closed(4, 102.0)).decisions

    assert (("held", (f"halt {named}",)), ("traded", ())) == (
        (first.outcome, first.holds), (second.outcome, second.holds),
    )  # fmt: skip


@pytest.mark.parametrize("to", ["close-only", "halt", "flatten"])
def test_a_tighter_scope_takes_back_what_rests_of_it_alone(to: Any) -> None:  # noqa: ANN401 - a level
    """The other strategy's entry rests on."""
    told = Told(a_plan(a_lane({3: buy_limit(99.5)}), a_lane({3: buy_limit(99.0)}, 2)))
    first, second = (wish for wish in told.tell(closed(3)).instructions)
    told.tell(Accepted(at=hour(4), id=first.id, order=55), Accepted(at=hour(4), id=second.id, order=56))
    step = told.tell(level(to, hour(4), scope="strategy:lane2"), closed(4))

    assert [56] == [wish.order for wish in of_kind(step, Cancel)]


def test_flattening_a_strategy_closes_its_position_and_ends_in_its_halt() -> None:
    """The other one's position stands, and the account runs on."""
    told = Told(a_plan(a_lane({3: buy()}), a_lane({3: buy()}, 2)))
    wishes = of_kind(told.tell(closed(3)), Submit)
    deals = [told.deal(wish, "in", 100.1) for wish in wishes]
    told.tell(*(DealMade(at=hour(4), deal=deal) for deal in deals))
    close = only(told.tell(level("flatten", hour(4), scope="strategy:lane2")), ClosePosition)
    asked = only(told.tell(DealMade(at=hour(4), deal=told.deal(close, "out", 100.0))), SetLevel)
    ledger = told.core.ledger

    assert (deals[1].position, True) == (close.position, close.operator)
    assert ("halt", "strategy:lane2", "flattened: nothing of strategy:lane2 is open") == (
        asked.level, asked.scope, asked.why,
    )  # fmt: skip
    assert ("run", "halt") == (ledger.level, ledger.scopes["strategy:lane2"].level)
    assert [True, False] == [lane.trade is not None for lane in told.core.lanes]


def test_lifting_the_account_leaves_a_halted_scope_halted() -> None:
    """Each is lifted by its own resume."""
    told = Told(a_plan(a_lane({4: buy(), 5: buy()})))
    told.tell(level("halt", hour(3), scope="strategy:lane1"), level("halt", hour(3)), level("run", hour(4)))
    held = told.decide(4)
    told.tell(level("run", hour(5), scope="strategy:lane1"))

    assert (("halt strategy:lane1",), "traded") == (held.holds, told.decide(5).outcome)


# --- the gate ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "outcome"), [("enforce", "vetoed_by_regime"), ("advise", "traded"), ("off", "traded")]
)
def test_only_an_enforced_gate_forbids(mode: str, outcome: str) -> None:
    """Advise journals what the gate says, and does not block."""
    d = Told(a_gated_plan({3: buy()}, mode)).decide(3, 99.0)

    assert (outcome, False) == (d.outcome, d.gate_open)
    assert pytest.approx((1.0, 0.0), abs=1e-9) == (d.regime, d.allowed)


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


def test_resuming_the_run_level_lets_entries_leave_again() -> None:
    """A level holds as long as it stands, and no longer."""
    told = Told(a_plan(a_lane({3: buy(), 4: buy()})))
    told.tell(level("halt", hour(3)))
    held = told.decide(3)
    told.tell(level("run", hour(4)))

    assert (("held", ("halt",)), "traded") == ((held.outcome, held.holds), told.decide(4).outcome)
