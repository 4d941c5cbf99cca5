"""Controls of what the whole account carries: each a number and a limit, each with an entry that breaks it."""

from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from brokers.facts import Accepted, DealMade, LinkUp, Reconciled, Rejected
from brokers.fills import INVERSE, profit
from config.controls import ControlsSection, ThrottleSection
from market.types import Order, Position
from runtime.core.controls import limits_of_controls
from runtime.core.core import Core
from runtime.core.decision import Decision
from runtime.core.facts import HoldLifted
from runtime.core.instructions import Alert, Asker, Reply, Submit
from runtime.core.stakes import Stake, Valued
from tests.cores import a_lane, a_plan, an_account, buy, buy_limit, closed, hour, sell
from tests.told import Told, of_kind, only, resting
from tests.venues import MONDAY, USDJPY

ANN = Asker(id="ann-1", who="ann", why="it was the feed", wall=0)
EVERY: dict[str, Any] = {
    "max_symbol": 9.0, "max_strategy": 9.0, "max_account": 9.0, "max_currency": 9.0, "max_orders": 9,
    "max_open_risk": 0.9, "min_margin_level": 0.5, "throttle": ThrottleSection(entries=9, minutes=600.0),
}  # fmt: skip
"""All controls, so wide that nothing breaks them."""


def controlled(script: dict[int, Any], *more: Any, **controls: Any) -> Told:  # noqa: ANN401 - lanes, and limits
    """Return a core of a strategy with a script, and of more lanes, under these controls."""
    return Told(a_plan(a_lane(script), *more, controls=ControlsSection(**(EVERY | controls))))


def beside(told: Told, *positions: Position, orders: tuple[Order, ...] = (), margin: float = 0.0) -> Told:
    """Return the core once it has seen foreign positions and orders."""
    account = an_account()
    told.tell(LinkUp(at=MONDAY, account=account))
    taken = type(account)(**{f: getattr(account, f) for f in account.__struct_fields__} | {"margin": margin})
    told.tell(Reconciled(at=MONDAY, account=taken, positions=positions, orders=orders))
    return told


def a_position(**fields: Any) -> Position:  # noqa: ANN401 - of any field
    """Return two lots of gold that somebody else bought at 100.00, without a stop; fields may be changed."""
    given: dict[str, Any] = {
        "ticket": 4711,
        "at": MONDAY,
        "symbol": "XAUUSD",
        "side": 1,
        "volume": 2.0,
        "price": 100.0,
        "magic": 77,
    }
    return Position(**(given | fields))


def an_order(**fields: Any) -> Order:  # noqa: ANN401 - of any field
    """Return somebody else's buy limit of a lot of gold at 99.00; fields may be changed."""
    given: dict[str, Any] = {
        "ticket": 4712, "at": MONDAY, "symbol": "XAUUSD", "side": 1, "kind": "limit", "volume": 1.0, "price": 99.0,
    }  # fmt: skip
    return Order(**(given | fields))


def numbers(told: Told, d: Decision) -> dict[str, float]:
    """Return the numbers of a decision by the names of their checks."""
    return dict(zip(told.core.decider.controls.checks, d.numbers, strict=True))


# --- a lot of gold: 10,010 by 10,000 of equity, 100 of it at its stop ------------------------------------------------


@pytest.mark.parametrize(
    ("name", "controls", "number"),
    [
        ("symbol position", {"max_symbol": 1.0}, 1.001),
        ("strategy position", {"max_strategy": 1.0}, 1.001),
        ("account position", {"max_account": 1.0}, 1.001),
        ("currency", {"max_currency": 1.0}, 1.001),
        ("open risk", {"max_open_risk": 0.0099}, 0.01),
        ("margin level", {"min_margin_level": 100.0}, 0.01001),
    ],
)
def test_each_control_fails_alone_and_under_its_name(name: str, controls: dict[str, Any], number: float) -> None:
    """A lot of gold that is just beyond one limit is refused by that control, and by no other."""
    told = controlled({3: buy()}, **controls)
    d = told.decide(3)

    assert ("refused_by_risk", (name,)) == (d.outcome, d.reasons)
    assert pytest.approx(number) == numbers(told, d)[name]


@pytest.mark.parametrize(
    "controls",
    [
        {"max_symbol": 1.001}, {"max_strategy": 1.001}, {"max_account": 1.001}, {"max_currency": 1.001},
        {"max_open_risk": 0.0101}, {"max_orders": 1}, {"min_margin_level": 99.0},
    ],
    ids=str,
)  # fmt: skip
def test_a_number_within_its_limit_passes(controls: dict[str, Any]) -> None:
    """A limit is the last number that is allowed."""
    assert "traded" == controlled({3: buy()}, **controls).decide(3).outcome


def test_every_control_stands_in_a_decision_with_number_and_limit() -> None:
    """Behind those of the mandatory limits, in one order; what needs an intent is not a number without one."""
    told = controlled({4: buy()})
    idle, entry = told.decide(3), told.decide(4)
    names = told.core.decider.controls.checks

    assert list(limits_of_controls(told.core.plan)) == list(names[9:])
    assert [9.0, 9.0, 9.0, 9.0, 9.0, 0.9, 2.0, 9.0] == list(entry.limits[9:])
    assert len(names) == len(entry.numbers) == len(idle.numbers) == len(idle.limits)
    assert {"open orders": 1.0, "entries sent": 1.0} == {
        k: x for k, x in list(numbers(told, idle).items())[9:] if x == x
    }
    assert all(x == x for x in entry.numbers)


def test_without_controls_a_decision_has_the_mandatory_numbers_alone() -> None:
    """What nobody has configured is not told of."""
    d = Told(a_plan(a_lane({3: buy()}))).decide(3)

    assert (9, 9) == (len(d.numbers), len(d.limits))


def test_all_controls_that_fail_are_named() -> None:
    """None hides behind another, nor behind a mandatory limit."""
    told = controlled({3: buy()}, max_symbol=0.1, max_open_risk=0.001)
    d = told.decide(3, spread=0.6)

    assert ("spread", "symbol position", "open risk") == d.reasons


def test_an_intent_without_size_is_refused_for_that_alone() -> None:
    """What needs a size is not held against it."""
    d = controlled({3: buy(stop=9_000.0)}, max_symbol=0.001).decide(3)

    assert ("refused_by_risk", ("size below the minimum volume",)) == (d.outcome, d.reasons)


# --- what is counted --------------------------------------------------------------------------------------------------


def test_foreign_positions_and_orders_count_in_every_position() -> None:
    """Two lots of somebody else's, and one that rests at 99.00, beside our own."""
    told = beside(controlled({3: buy()}), a_position(), orders=(an_order(),))
    now = numbers(told, told.decide(3))

    assert pytest.approx((10_010 + 20_000 + 9_900) / 10_000) == now["symbol position"]
    assert now["symbol position"] == now["account position"] == now["currency"]
    assert pytest.approx((2.0, 1.001)) == (now["open orders"], now["strategy position"])


def test_a_position_the_other_way_counts_in_the_account_and_not_on_the_side() -> None:
    """Net of currencies it is taken off; gross it is added."""
    told = beside(controlled({3: buy()}), a_position(side=-1, volume=0.5))
    now = numbers(told, told.decide(3))

    assert pytest.approx((1.001, 1.001 + 0.5005)) == (now["symbol position"], now["account position"])
    assert pytest.approx(1.001 - 0.5005) == now["currency"]


def test_what_rests_is_taken_off_no_exposure() -> None:
    """It may never be filled: somebody's sell limit leaves the net position as large as it is."""
    told = beside(controlled({3: buy()}), orders=(an_order(side=-1, price=100.1),))

    assert pytest.approx(1.001) == numbers(told, told.decide(3))["currency"]


def test_currencies_add_up_over_symbols() -> None:
    """Long gold and long the euro are both short of dollars; the euro itself is less."""
    told = beside(controlled({3: buy()}), a_position(symbol="EURUSD", volume=0.1, price=1.1))
    now = numbers(told, told.decide(3))

    assert pytest.approx((1.001 + 1.1, 1.001)) == (now["currency"], now["symbol position"])


def test_a_foreign_position_of_an_unknown_symbol_counts_by_its_margin() -> None:
    """Its margin of 50 at a leverage of 100 is 5,000, in whatever currency and, without a stop known, to a tenth."""
    told = beside(controlled({3: buy()}), a_position(symbol="DE40", stop=90.0), margin=50.0)
    now = numbers(told, told.decide(3))

    assert pytest.approx((1.501, 1.501, 1.001)) == (
        now["account position"], now["currency"], now["symbol position"],
    )  # fmt: skip
    assert pytest.approx(0.01 + 0.05) == now["open risk"]


def test_open_risk_counts_what_is_open_and_rests_before_the_entry() -> None:
    """A lot with a stop a dollar away, one that rests a dollar above its stop, and the entry: three hundred."""
    other = a_position(volume=1.0, stop=99.0)
    told = beside(controlled({3: buy()}, max_open_risk=0.03), other, orders=(an_order(stop=98.0),))
    d = told.decide(3)

    assert "traded" == d.outcome
    assert pytest.approx(0.03) == numbers(told, d)["open risk"]


def test_an_entry_that_would_raise_the_open_risk_above_its_limit_is_refused() -> None:
    """It is small enough by itself."""
    told = beside(
        controlled({3: buy()}, max_open_risk=0.0299),
        a_position(volume=1.0, stop=99.0),
        a_position(ticket=1, volume=1.0, stop=99.0),
    )
    d = told.decide(3)

    assert ("refused_by_risk", ("open risk",)) == (d.outcome, d.reasons)


def test_a_foreign_position_without_a_stop_counts_a_share_of_its_value() -> None:
    """By the rule a stop is thought a tenth of the price away: two lots of 20,000 may lose 2,000."""
    told = beside(controlled({3: buy()}), a_position())
    wider = beside(controlled({3: buy()}, unstopped=0.2), a_position())

    assert pytest.approx((0.21, 0.41)) == (
        numbers(told, told.decide(3))["open risk"], numbers(wider, wider.decide(3))["open risk"],
    )  # fmt: skip


def test_the_loss_at_a_stop_is_the_one_that_the_size_is_made_of() -> None:
    """Ten yen of a hundred thousand dollars are paid at the rate of the stop, 140: not at that of the price."""
    core = Core(a_plan(symbols={"USDJPY": USDJPY}))
    core.ledger.quotes["USDJPY"] = (150.0, 150.01)
    stake = Stake("USDJPY", 1, 1.0, 150.0, 140.0, rests=True)

    assert -profit(INVERSE, 1.0, 150.0, 140.0, 1.0, 100_000.0) == pytest.approx(Valued(core.decider, 0.1).loss(stake))


def test_a_trade_that_has_gained_may_lose_that_again() -> None:
    """The equity counts the gain, so what is lost at the stop is counted from the quote."""
    lanes = a_lane({3: buy()}), a_lane({5: buy()}, number=2)
    told = Told(a_plan(*lanes, controls=ControlsSection(**EVERY)))
    wish = only(told.tell(closed(3)), Submit)
    deal = told.deal(wish, "in", 100.1)
    told.tell(Accepted(at=hour(4), id=wish.id, order=deal.order, deal=deal.ticket, volume=1.0))
    told.tell(DealMade(at=hour(4), deal=deal))
    d = told.tell(closed(5, 101.1)).decisions[1]

    assert pytest.approx((200.0 + d.risk) / 10_100.0) == numbers(told, d)["open risk"]


@given(st.lists(st.tuples(st.sampled_from((-1, 1)), st.integers(1, 500), st.booleans()), max_size=6))
def test_no_fill_of_what_rests_exposes_more_than_was_told(others: list[tuple[int, int, bool]]) -> None:
    """Whatever of the resting orders is filled, the net value is within what was counted before."""
    positions = [a_position(ticket=n, side=s, volume=v / 100) for n, (s, v, rests) in enumerate(others, 1) if not rests]
    orders = [
        an_order(ticket=n, side=s, volume=v / 100, price=100.0) for n, (s, v, rests) in enumerate(others, 1) if rests
    ]
    told = beside(controlled({3: buy()}), *positions, orders=tuple(orders))
    now = numbers(told, told.decide(3, spread=0.0))["currency"]
    net = sum(p.side * p.volume for p in positions)
    worst = max(
        abs(net + sum(o.side * o.volume for k, o in enumerate(orders) if mask >> k & 1) + ours)
        for mask in range(1 << len(orders))
        for ours in (0.0, 1.0)
    )

    assert pytest.approx(worst) == now


# --- orders and the throttle ------------------------------------------------------------------------------------------


def test_an_order_too_many_is_refused() -> None:
    """Two of somebody else's rest, and ours would be the third."""
    orders = (an_order(), an_order(ticket=4713, symbol="DE40"))
    told = beside(controlled({3: buy()}, max_orders=2), orders=orders)
    d = told.decide(3)

    assert ("refused_by_risk", ("open orders",), 3.0) == (d.outcome, d.reasons, numbers(told, d)["open orders"])


def test_an_entry_of_ours_that_rests_is_an_order() -> None:
    """Another strategy may not place a second one."""
    lanes = a_lane({3: buy_limit(99.5)}), a_lane({4: sell()}, number=2)
    told = Told(a_plan(*lanes, controls=ControlsSection(**(EVERY | {"max_orders": 1}))))
    (wish,) = of_kind(told.tell(closed(3)), Submit)
    told.tell(Accepted(at=hour(4), id=wish.id, order=55))
    told.tell(Reconciled(at=hour(4), account=an_account(), positions=(), orders=(resting(wish),)))
    d = told.tell(closed(4)).decisions[1]

    assert ("refused_by_risk", ("open orders",)) == (d.outcome, d.reasons)


def throttled() -> Told:
    """Return a core whose strategy may send two entries in ten hours, and has sent both; each was refused at once."""
    told = controlled(dict.fromkeys(range(3, 20), buy()), throttle=ThrottleSection(entries=2, minutes=600.0))
    for n in (3, 4):
        wish = told.submit(n)
        told.tell(Rejected(at=hour(n + 1), id=wish.id, code=10006, reason="no"))
    return told


def test_a_strategy_that_sends_too_often_is_held() -> None:
    """With the last entry that is allowed it is disabled, people are paged, and the decision says by which number."""
    told = throttled()
    alert = only(told.steps[-2], Alert)
    d = told.decide(5)

    assert ("held", ("THROTTLE:lane1",), ("entries sent",)) == (d.outcome, d.holds, d.reasons)
    assert ("page", 3.0) == (alert.severity, numbers(told, d)["entries sent"])


def test_time_does_not_lift_the_throttle() -> None:
    """Eleven hours later the count is over, the hold is not."""
    d = throttled().decide(16)

    assert ("held", ("THROTTLE:lane1",), ()) == (d.outcome, d.holds, d.reasons)


def test_the_throttle_is_latched_over_a_restart() -> None:
    """Count and hold are in the snapshot."""
    d = throttled().again().decide(5)

    assert (("THROTTLE:lane1",), ("entries sent",)) == (d.holds, d.reasons)


def test_another_strategy_goes_on() -> None:
    """The throttle holds the one that has run wild."""
    lanes = a_lane({3: buy()}), a_lane({4: buy()}, number=2)
    told = Told(a_plan(*lanes, controls=ControlsSection(throttle=ThrottleSection(entries=1, minutes=60.0))))
    told.tell(closed(3))

    assert (["THROTTLE:lane1"], "traded") == (told.holds, told.tell(closed(4)).decisions[1].outcome)


def test_a_person_lifts_the_throttle_and_the_count_begins_anew() -> None:
    """The answer says what was lifted; the strategy has all of its entries again."""
    told = throttled()
    answer = only(told.tell(HoldLifted(at=hour(5), asker=ANN, hold="THROTTLE:lane1")), Reply)
    d = told.decide(5)

    assert (True, "THROTTLE:lane1 is lifted: it was 2 entries within 600 minutes") == (answer.ok, answer.text)
    assert ("traded", 1.0) == (d.outcome, numbers(told, d)["entries sent"])


@pytest.mark.parametrize(
    ("hold", "why"),
    [
        ("THROTTLE:lane2", "THROTTLE:lane2 does not lie; those that a person may lift and that lie: THROTTLE:lane1"),
        ("BREAK:XAUUSD", "BREAK:XAUUSD is not lifted by a person: `tidegate status` says what it waits for"),
    ],
)
def test_what_is_not_for_a_person_to_lift_stays(hold: str, why: str) -> None:
    """A hold that does not lie, and one of which another fact tells."""
    told = throttled()
    told.core.ledger.holds["BREAK:XAUUSD"] = "a difference"
    answer = only(told.tell(HoldLifted(at=hour(5), asker=ANN, hold=hold)), Reply)

    assert (False, why) == (answer.ok, answer.text)
    assert ["THROTTLE:lane1", "BREAK:XAUUSD"] == told.holds
