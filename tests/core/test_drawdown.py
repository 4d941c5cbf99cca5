"""What is lost in a day and in all, open profit counted: when entries end, when all is closed, and what ends that."""

from typing import Any

import pytest

from brokers.facts import Accepted, ClockDoubted, DealMade, Rejected
from config.drawdown import USUAL, DrawdownSection, Preset
from market.types import DAY_MS, Deal, Flow, Position
from runtime.core.decision import Decision
from runtime.core.facts import HoldLifted
from runtime.core.instructions import Alert, Asker, Cancel, ClosePosition, Reply
from tests.cores import BALANCE, a_lane, a_plan, buy, buy_limit, closed, hour, reconciled
from tests.told import Told, of_kind, only
from tests.venues import MONDAY

ANN = Asker(id="ann-1", who="ann", why="the desk has agreed", wall=0)
ALL = dict.fromkeys(range(3, 80), buy())


def under(preset: Preset = "static", script: Any = None, **rule: Any) -> Told:  # noqa: ANN401
    """Return a core of an account of 10,000 that enters on every bar, under a rule."""
    drawdown = DrawdownSection(preset=preset, **({"initial": BALANCE} | rule))
    return Told(a_plan(a_lane(ALL if script is None else script), drawdown=drawdown))


def lost(told: Told, money: float, at: int = 0) -> None:
    """Let a look show that somebody's open position has lost so much; below 0.0: gained."""
    there = Position(
        ticket=4711, at=MONDAY, symbol="XAUUSD", side=1, volume=0.01, price=100.0, stop=99.0, profit=-money
    )  # fmt: skip
    mine = [
        Position(ticket=t.position, at=0, symbol=t.symbol, side=1, volume=t.volume, price=t.entry, stop=t.stop)
        for lane in told.core.lanes
        if (t := lane.trade) is not None
    ]
    told.tell(reconciled(told.balance, there, *mine, at=at or told.core.ledger.at))


def flows(told: Told, money: float, flow: Flow = "balance") -> None:
    """Let somebody put money in or take it out."""
    told.deals += 1
    deal = Deal(
        ticket=told.deals, order=0, position=0, at=told.core.ledger.at, symbol="", side=1, entry="none", volume=0.0,
        price=0.0, profit=money, reason="balance", flow=flow,
    )  # fmt: skip
    told.tell(DealMade(at=told.core.ledger.at, deal=deal))


def numbers(told: Told, d: Decision) -> tuple[float, float]:
    """Return the losses of the day and in all as a decision tells them."""
    named = dict(zip(told.core.decider.controls.checks, d.numbers, strict=True))
    return named["daily drawdown"], named["total drawdown"]


# --- presets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", USUAL)
def test_a_preset_names_both_losses_and_the_toml_may_name_others(preset: Preset) -> None:
    """Entries end at four fifths of each."""
    usual, own = under(preset).decide(3), under(preset, daily=0.01, total=0.02, soft=0.5).decide(3)

    assert pytest.approx([0.8 * x for x in USUAL[preset]]) == usual.limits[-2:]
    assert (0.005, 0.01) == own.limits[-2:]


# --- the soft limit, and the hard one ---------------------------------------------------------------------------------


def test_from_four_fifths_of_a_days_loss_on_no_entry_is_taken() -> None:
    """401 of 500 are lost by an open position of somebody else's: it is refused by its number, and nothing is held."""
    told = under(script={4: buy(), 5: buy()})
    told.decide(3)
    lost(told, 401.0)
    refused = told.decide(4)
    lost(told, 399.0)

    assert ("refused_by_risk", ("daily drawdown",)) == (refused.outcome, refused.reasons)
    assert pytest.approx((0.0401, 0.0401)) == numbers(told, refused)
    assert "traded" == told.decide(5).outcome


def test_a_day_that_has_lost_all_it_may_is_held_until_the_next_one() -> None:
    """Also when the loss is won back meanwhile; people are paged once."""
    told = under(total=0.5, script=dict.fromkeys((5, 22, 23), buy()))
    told.tell(closed(3))
    lost(told, 500.0)
    pages = [a.text for a in of_kind(told.steps[-1], Alert)]
    lost(told, 0.0)
    held, before, after = told.decide(5), told.decide(22), told.decide(23)

    assert ["5.00% lost since the day began, 5.00% break the rule: no entry until the next day begins"] == pages
    assert [("held", ("LOSS_LIMIT",)), ("held", ("LOSS_LIMIT",))] == [(d.outcome, d.holds) for d in (held, before)]
    assert "traded" == after.outcome


def test_the_holds_are_latched_over_a_restart() -> None:
    """They and what is lost come back with the snapshot."""
    told = under(script={4: buy()})
    told.tell(closed(3))
    lost(told, 1_000.0)
    again = told.again()

    assert ["LOSS_LIMIT", "DRAWDOWN"] == again.holds
    assert told.core.ledger.marks == again.core.ledger.marks
    assert "held" == again.decide(4).outcome


def test_what_rests_is_taken_back_when_too_much_is_lost() -> None:
    """It would be an entry."""
    told = under(script={3: buy_limit(99.5)})
    wish = told.submit(3)
    told.tell(Accepted(at=hour(4), id=wish.id, order=55))
    step = told.tell(closed(4, 93.0, bid=93.0))
    lost(told, 500.0)

    assert not of_kind(step, Cancel)
    assert 55 == only(told.steps[-1], Cancel).order


def held_long(on_breach: str) -> tuple[Told, Deal]:
    """Return a core that holds a lot of gold, under a rule."""
    told = under(script={3: buy()}, on_breach=on_breach)
    return told, told.enter(3)


def test_flatten_closes_what_is_open_and_asks_again_until_nothing_is() -> None:
    """A close that is refused is asked for with the next bar."""
    told, _ = held_long("flatten")
    lost(told, 500.0)
    first = only(told.steps[-1], ClosePosition)
    told.tell(Rejected(at=hour(4), id=first.id, code=10006, reason="no"))
    second = only(told.tell(closed(4)), ClosePosition)

    assert ("loss limit", "loss limit") == (first.reason, second.reason)


def test_hold_leaves_open_what_is_open() -> None:
    """Its stop guards it, and its strategy may leave it."""
    told, _ = held_long("hold")
    lost(told, 500.0)

    assert [] == of_kind(told.steps[-1], ClosePosition)
    assert [] == of_kind(told.tell(closed(4)), ClosePosition)


def test_an_own_open_loss_counts_at_every_bar() -> None:
    """A lot of gold that has fallen by five dollars below its entry."""
    told, _ = held_long("flatten")
    (close,) = of_kind(told.tell(closed(4, 95.1)), ClosePosition)

    assert "loss limit" == close.reason


# --- the total --------------------------------------------------------------------------------------------------------


def test_a_total_loss_is_held_over_days_until_a_person_lifts_it() -> None:
    """And nobody can while it is still lost."""
    told = under(daily=1.0, script=dict.fromkeys((30, 31), buy()))
    told.tell(closed(3))
    lost(told, 1_000.0)
    asked = HoldLifted(at=hour(5), asker=ANN, hold="DRAWDOWN")
    early = only(told.tell(asked), Reply)
    held = told.decide(30)
    lost(told, 100.0)
    late = only(told.tell(asked), Reply)

    assert (False, "10.00% are lost by the static rule, 10.00% break it: change [drawdown] first") == (
        early.ok, early.text,
    )  # fmt: skip
    assert (("DRAWDOWN",), True, "traded") == (held.holds, late.ok, told.decide(31).outcome)


@pytest.mark.parametrize(
    ("preset", "number"), [("static", -0.05), ("trailing", 0.05), ("end-of-day", -0.05)], ids=str
)  # fmt: skip
def test_what_a_total_is_counted_from_by_each_rule(preset: Preset, number: float) -> None:
    """A gain of 1,000 within a day, of which 500 is left: only a trailing floor has followed it."""
    told = under(preset, script={6: buy()}, daily=1.0)
    told.tell(closed(3))
    lost(told, -1_000.0)
    lost(told, -500.0)

    assert pytest.approx(number) == numbers(told, told.decide(6))[1]


def test_an_end_of_day_floor_follows_what_a_day_begins_with() -> None:
    """The gain that stood at midnight counts from then on, also once it is lost."""
    told = under("end-of-day", script={30: buy()}, daily=1.0, total=0.5)
    told.tell(closed(3))
    lost(told, -1_000.0)
    told.tell(closed(24))
    lost(told, 0.0)

    assert pytest.approx(0.1) == numbers(told, told.decide(30))[1]


def test_a_floor_that_locks_stays_at_the_initial_balance() -> None:
    """With 2,000 gained a floor of 8 % would stand at 11,200; locked it stands at 10,000, and no fall takes it away."""
    told = under("trailing", script={6: buy()}, daily=1.0, locks=True)
    told.tell(closed(3))
    lost(told, -2_000.0)
    lost(told, -100.0)

    assert pytest.approx(0.08 - 0.01) == numbers(told, told.decide(6))[1]


# --- midnight ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("open_loss", "anchor"), [(300.0, 10_000.0), (-300.0, 10_300.0)], ids=str)
def test_a_day_is_counted_from_the_higher_of_balance_and_equity(open_loss: float, anchor: float) -> None:
    """An open loss at midnight leaves the balance, an open gain the equity."""
    told = under()
    told.tell(closed(3))
    lost(told, open_loss)
    told.tell(closed(23))

    assert pytest.approx(anchor) == told.core.ledger.marks.anchor


def test_days_begin_at_the_midnight_of_the_rules_clock() -> None:
    """Two hours east of the server's."""
    told = under(zone="UTC+2")
    told.tell(closed(20))
    first = told.core.ledger.marks.day
    told.tell(closed(21))

    assert (MONDAY // DAY_MS, MONDAY // DAY_MS + 1) == (first, told.core.ledger.marks.day)


def test_where_nobody_watched_at_midnight_the_higher_of_before_and_after_counts() -> None:
    """In the evening there were 401 of open gain, in the morning they are gone: they may have gone after midnight."""
    told = under(script={31: buy()})
    told.tell(closed(3))
    lost(told, -401.0)
    again = told.again()
    again.tell(reconciled(BALANCE, at=hour(30)))
    d = again.decide(31)

    assert pytest.approx((10_401.0, 0.0401)) == (again.core.ledger.marks.anchor, numbers(again, d)[0])
    assert ("daily drawdown",) == d.reasons


def test_a_clock_that_contradicts_its_zone_begins_no_day() -> None:
    """The hold of yesterday's loss stays."""
    told = under(total=0.5)
    told.tell(closed(3))
    lost(told, 500.0)
    told.tell(ClockDoubted(at=hour(30), problem="an hour off"), closed(30))

    assert "LOSS_LIMIT" in told.holds


# --- deposits and withdrawals -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("money", [5_000.0, -5_000.0, 90_000.0])
def test_money_put_in_or_taken_out_hides_no_loss_and_is_none(money: float) -> None:
    """Four hundred are lost before and after."""
    told = under(script={6: buy()}, soft=0.5)
    told.tell(closed(3))
    lost(told, 400.0)
    flows(told, money)
    d = told.decide(6)
    size = BALANCE + min(money, 0.0)

    assert pytest.approx((400.0 / size, 400.0 / size)) == numbers(told, d)
    assert ("daily drawdown",) == d.reasons[:1]


def test_a_deposit_does_not_hide_a_loss_from_the_mandatory_limit() -> None:
    """Six hundred of 10,000 are lost; 90,000 are put in, and it is 6 % still, until the next day begins."""
    told = Told(a_plan(a_lane({3: buy(), 5: buy(), 30: buy()})))
    entry = told.enter(3)
    told.tell(DealMade(at=hour(4), deal=told.deal(entry, "out", 94.1, profit=-600.0, reason="stop")))
    flows(told, 90_000.0)
    today, tomorrow = told.decide(5), told.decide(30)

    assert (("daily loss",), "traded") == (today.reasons, tomorrow.outcome)
    assert pytest.approx((0.06, 0.0)) == (today.numbers[1], tomorrow.numbers[1])


@pytest.mark.parametrize(("flow", "loss"), [("charge", 0.03), ("balance", 0.0), ("correction", 0.0)])
def test_a_charge_is_a_loss_and_a_withdrawal_is_none(flow: Flow, loss: float) -> None:
    """By the kind of deal that took the money."""
    told = under(script={6: buy()}, initial=None)
    told.tell(closed(3))
    flows(told, -300.0, flow)

    assert pytest.approx(loss, abs=1e-9) == numbers(told, told.decide(6))[0]


def test_a_payout_of_profit_leaves_a_static_floor_where_it_is() -> None:
    """Of 10,800 the profit is taken out: the floor is 9,000 as before, and a thousand is left to lose."""
    told = under(script={6: buy()}, daily=1.0)
    told.tell(closed(3))
    told.core.ledger.balance += 800.0
    told.tell(closed(4))
    flows(told, -800.0)

    assert pytest.approx(0.0, abs=1e-9) == numbers(told, told.decide(6))[1]
    assert 10_000.0 == told.core.ledger.marks.initial
