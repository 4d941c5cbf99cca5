"""What is lost within a bar, and between two: a loss that was won back by the close was one."""

import pytest

from brokers.facts import Accepted, DealMade, WorthSeen
from runtime.core.instructions import Alert, ClosePosition
from tests.core.test_drawdown import under
from tests.cores import buy, closed, hour, sell
from tests.told import Told, of_kind, only


def seen(told: Told, worth: float, highest: float | None = None, at: int = 0) -> list[str]:
    """Tell what the account is worth between two bars; return what people were told."""
    at = at or told.core.ledger.at
    step = told.tell(WorthSeen(at=at, worth=worth, highest=worth if highest is None else highest))
    return [alert.text for alert in of_kind(step, Alert)]


def test_a_day_that_has_lost_too_much_between_two_bars_is_held_at_once() -> None:
    """No bar closed, and nobody looked at the venue."""
    told = under(total=0.5, script={4: buy()})
    told.tell(closed(3))
    pages = seen(told, 9_500.0)

    assert ["5.00% lost since the day began, 5.00% break the rule: no entry until the next day begins"] == pages
    assert ["LOSS_LIMIT"] == told.holds


def test_what_is_open_is_closed_at_once_where_the_rule_says_so() -> None:
    """It is asked for once, however often the account is seen to be worth too little."""
    told = under(script={3: buy()}, on_breach="flatten")
    entry = told.enter(3)
    step = told.tell(WorthSeen(at=told.core.ledger.at, worth=8_900.0, highest=10_000.0))
    again = told.tell(WorthSeen(at=told.core.ledger.at, worth=8_900.0, highest=8_900.0))

    assert entry.position == only(step, ClosePosition).position
    assert not of_kind(again, ClosePosition)


def test_a_trailing_mark_follows_the_most_that_was_seen_between() -> None:
    """It was worth 11,000 once: at 10,250 with 7.5 % of 8 % lost nothing is broken, at 10,199 it is."""
    told = under("trailing", script={}, daily=0.5)
    told.tell(closed(3))
    seen(told, 10_250.0, highest=11_000.0)
    before = told.holds
    seen(told, 10_199.0)

    assert ([], ["DRAWDOWN"]) == (before, told.holds)


def test_a_day_begins_with_the_first_worth_of_it() -> None:
    """Its loss is counted from what was there then, by the rule and by the mandatory limit."""
    told = under(script={})
    told.tell(closed(21))
    seen(told, 10_400.0, at=hour(24))
    ledger = told.core.ledger

    assert 10_400.0 == ledger.marks.anchor
    assert hour(24) // 86_400_000 == ledger.marks.day == ledger.day


def test_a_loss_that_a_bar_had_won_back_by_its_close_was_one() -> None:
    """A lot of gold at 100.1 has lost 499 at 95.11 and 500 at 95.1, and nothing at the close: 5 % of 10,000."""
    told = under(script={3: buy()}, total=0.5)
    told.enter(3)
    told.tell(closed(4, 100.1, low=95.11))
    before = told.holds
    told.tell(closed(5, 100.1, low=95.1))

    assert ([], ["LOSS_LIMIT"]) == (before, told.holds)


def test_a_short_position_is_left_at_the_ask() -> None:
    """From 100.0 it has lost 490 at a bid of 104.9, and ten more by the spread of the quote."""
    told = under(script={3: sell()}, total=0.5)
    told.enter(3, 100.0)
    told.tell(closed(4, 100.0, high=104.9, spread=0.05))
    before = told.holds
    told.tell(closed(5, 100.0, high=104.9, spread=0.1))

    assert ([], ["LOSS_LIMIT"]) == (before, told.holds)


def test_the_bar_in_which_a_position_was_opened_says_nothing_of_its_extremes() -> None:
    """They may have been before it."""
    told = under(script={3: buy()}, total=0.5)
    wish = told.submit(3)
    deal = told.deal(wish, "in", 100.1, at=hour(4.5))
    told.tell(Accepted(at=hour(4.5), id=wish.id, order=deal.order, deal=deal.ticket, volume=deal.volume))
    told.tell(DealMade(at=hour(4.5), deal=deal))
    told.tell(closed(4, 100.1, low=50.0))

    assert [] == told.holds


@pytest.mark.parametrize(("low", "holds"), [(92.11, []), (92.09, ["DRAWDOWN"])])
def test_within_one_bar_the_low_is_held_against_what_was_known_before_its_high(low: float, holds: list[str]) -> None:
    """Nobody knows which came first: had the high of 105 been it, either low would have been too far below."""
    told = under("trailing", script={3: buy()}, daily=0.9)
    told.enter(3)
    told.tell(closed(4, 100.1, low=low, high=105.0))

    assert holds == told.holds


def test_a_close_is_held_against_the_high_of_its_bar() -> None:
    """It came after it: from 490 won to 310 lost there are 8 % of 10,000."""
    told = under("trailing", script={3: buy()}, daily=0.9)
    told.enter(3)
    told.tell(closed(4, 97.01, high=105.0))
    before = told.holds
    told.tell(closed(5, 97.0, high=97.1))

    assert ([], ["DRAWDOWN"]) == (before, told.holds)
