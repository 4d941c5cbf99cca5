"""What prices do at the venue: gaps, stops, targets and resting orders, on the right side of the spread."""

import pytest

from brokers.costs import Costs
from brokers.facts import OrderGone
from brokers.venue import Venue, VenueError
from market.types import Side
from tests.venues import EURUSD, HOUR, MONDAY, a_venue, bar, deals, entry, sent

NEXT = MONDAY + 13 * HOUR

# --- market orders --------------------------------------------------------------------------------------------------


def test_a_long_buys_at_ask_and_leaves_at_bid() -> None:
    """A market buy pays the open's ask, and its stop fills at a bid."""
    venue = a_venue()
    answer = sent(venue, entry())
    out = bar(venue, NEXT, 99.0, 99.0, 94.0, 94.5)[-1]

    assert 100.1 == answer.price
    assert (95.0, "out", -1, "stop", -510.0) == (out.price, out.entry, out.side, out.reason, out.profit)


def test_a_short_sells_at_bid_and_leaves_at_ask() -> None:
    """A short's stop is touched by the ask: bid plus that bar's spread."""
    venue = a_venue()
    answer = sent(venue, entry(side=-1, stop=105.0))
    quiet = bar(venue, NEXT, 104.0, 104.89, 103.0, 104.0)
    out = bar(venue, NEXT + HOUR, 104.0, 104.5, 103.0, 104.0, spread=50.0)[-1]

    assert 100.0 == answer.price
    assert 1 == len(quiet)
    assert (105.0, "out", 1, "stop") == (out.price, out.entry, out.side, out.reason)


def test_slippage_is_paid_on_market_and_stop_fills_only() -> None:
    """Two points are lost on entry and on the stop, none on the target."""
    stopped, reached = a_venue(slippage=2.0), a_venue(slippage=2.0)
    fills = [sent(v, entry(target=110.0)).price for v in (stopped, reached)]
    out = [
        bar(stopped, NEXT, 99.0, 99.0, 94.0, 94.5)[-1].price,
        bar(reached, NEXT, 109.0, 111.0, 108.0, 111.0)[-1].price,
    ]

    assert [100.12, 100.12] == fills
    assert [94.98, 110.0] == out


def test_the_usual_spread_is_used_where_a_bar_has_none() -> None:
    """A bar without a spread of its own is quoted with the configured one."""
    venue = a_venue(spread=0.0, bid=100.0)
    wide = Venue({"EURUSD": EURUSD}, {"EURUSD": Costs(spread=15.0)}, currency="USD", balance=1.0, leverage=1, at=0)
    wide.open_bar("EURUSD", 0, 1.1, 0.0)

    assert (100.0, 100.0) == venue.quote("XAUUSD")
    assert (1.1, 1.10015) == wide.quote("EURUSD")


# --- gaps -----------------------------------------------------------------------------------------------------------


def test_a_stop_jumped_by_the_open_fills_at_the_open() -> None:
    """A gap through the stop costs what the gap is."""
    venue = a_venue()
    sent(venue, entry())
    out = bar(venue, NEXT, 90.0, 96.0, 89.0, 95.5)[-1]

    assert (90.0, "stop", "sl 95.00") == (out.price, out.reason, out.comment)


def test_a_target_jumped_by_the_open_fills_at_the_open() -> None:
    """A gap through the target is a gift."""
    venue = a_venue()
    sent(venue, entry(target=110.0))
    out = bar(venue, NEXT, 112.0, 113.0, 111.0, 112.0)[-1]

    assert (112.0, "target", "tp 110.00") == (out.price, out.reason, out.comment)


def test_a_short_target_is_jumped_on_ask() -> None:
    """A short's target needs the ask down there, at the open too."""
    venue = a_venue()
    sent(venue, entry(side=-1, stop=105.0, target=90.0))
    quiet = bar(venue, NEXT, 89.95, 89.95, 89.95, 89.95)
    out = bar(venue, NEXT + HOUR, 89.8, 89.8, 89.8, 89.8)[-1]

    assert 1 == len(quiet)
    assert (89.9, "target") == (out.price, out.reason)


@pytest.mark.parametrize(
    ("kind", "side", "price", "stop", "opened", "expected"),
    [
        ("stop", 1, 102.0, 99.0, 104.0, 104.1),
        ("stop", -1, 98.0, 101.0, 96.0, 96.0),
        ("limit", 1, 98.0, 90.0, 96.0, 96.1),
        ("limit", -1, 102.0, 110.0, 104.0, 104.0),
    ],
)
def test_a_resting_order_jumped_by_the_open_fills_at_the_open(
    kind: str, side: Side, price: float, stop: float, opened: float, expected: float
) -> None:
    """A gap makes a stop entry worse and a limit better than asked."""
    venue = a_venue()
    sent(venue, entry(kind=kind, side=side, price=price, stop=stop))
    venue.open_bar("XAUUSD", NEXT, opened, 10.0)

    assert [expected] == [d.price for d in deals(venue)]


def test_a_limit_that_fills_beyond_its_own_stop_is_stopped_at_once() -> None:
    """The gap that fills a limit beyond its stop closes it at the same quote."""
    venue = a_venue()
    sent(venue, entry(kind="limit", price=98.0, stop=95.0))
    venue.open_bar("XAUUSD", NEXT, 94.0, 10.0)

    assert [("in", 94.1), ("out", 94.0)] == [(d.entry, d.price) for d in deals(venue)]


# --- inside a bar ---------------------------------------------------------------------------------------------------


def test_the_stop_comes_first_where_a_bar_reached_both() -> None:
    """A bar that spans stop and target is a loss, and is counted."""
    venue = a_venue()
    sent(venue, entry(target=105.0))
    out = bar(venue, NEXT, 100.0, 106.0, 94.0, 105.5)[-1]

    assert ("stop", 95.0, 1) == (out.reason, out.price, venue.ambiguous)


def test_a_target_alone_fills_at_its_level() -> None:
    """A target within the bar fills at the target."""
    venue = a_venue()
    sent(venue, entry(target=105.0))
    out = bar(venue, NEXT, 100.0, 106.0, 99.0, 105.5)[-1]

    assert ("target", 105.0, 0) == (out.reason, out.price, venue.ambiguous)


@pytest.mark.parametrize(
    ("kind", "side", "price", "stop", "expected"),
    [
        ("stop", 1, 102.0, 90.0, 102.02),
        ("stop", -1, 98.0, 110.0, 97.98),
        ("limit", 1, 98.0, 90.0, 98.0),
        ("limit", -1, 102.0, 110.0, 102.0),
    ],
)
def test_resting_orders_fill_at_their_price(kind: str, side: Side, price: float, stop: float, expected: float) -> None:
    """Inside a bar a limit fills at its price and a stop entry slips."""
    venue = a_venue(slippage=2.0)
    sent(venue, entry(kind=kind, side=side, price=price, stop=stop))

    assert [expected] == [d.price for d in bar(venue, NEXT, 100.0, 102.5, 97.5, 100.0)]


def test_a_buy_limit_waits_for_the_ask() -> None:
    """The bid at the limit is not enough for a buyer."""
    venue = a_venue()
    sent(venue, entry(kind="limit", price=98.0, stop=90.0))
    quiet = bar(venue, NEXT, 100.0, 100.0, 97.91, 99.0)

    assert [] == quiet
    assert 1 == len(bar(venue, NEXT + HOUR, 99.0, 99.0, 97.9, 99.0))


def test_a_fill_inside_a_bar_can_be_stopped_in_the_same_bar() -> None:
    """A stop entry whose bar also reached its stop is a loss, and is counted as undecidable."""
    venue = a_venue()
    sent(venue, entry(kind="stop", price=102.0, stop=99.0))
    made = bar(venue, NEXT, 100.0, 103.0, 98.0, 102.0)

    assert [("in", 102.0), ("out", 99.0)] == [(d.entry, d.price) for d in made]
    assert 1 == venue.ambiguous


def test_a_limit_is_not_given_a_target_it_may_have_missed() -> None:
    """The high of the entry bar may have come before a buy limit's fill: no target, unless the bar closed there."""
    missed, certain = a_venue(), a_venue()
    for venue in (missed, certain):
        sent(venue, entry(kind="limit", price=98.0, stop=90.0, target=101.0))

    assert ["in"] == [d.entry for d in bar(missed, NEXT, 100.0, 102.0, 97.0, 100.5)]
    assert ["in", "out"] == [d.entry for d in bar(certain, NEXT, 100.0, 102.0, 97.0, 101.5)]


# --- orders that end ------------------------------------------------------------------------------------------------


def test_an_expired_order_is_gone_before_the_open_can_fill_it() -> None:
    """At its expiry an order is dropped, though the open would have triggered it."""
    venue = a_venue()
    order = sent(venue, entry(kind="limit", price=98.0, stop=90.0, expiry=NEXT)).order
    venue.open_bar("XAUUSD", NEXT, 97.0, 10.0)

    (gone,) = venue.news()

    assert OrderGone(at=NEXT, order=order, magic=7, end="expired", comment="expired [2024.01.01 13:00]") == gone
    assert () == venue.orders()


def test_a_filled_order_tells_its_deal_and_then_its_end() -> None:
    """The deal is told before the order is gone, at the venue's time."""
    venue = a_venue()
    order = sent(venue, entry(kind="limit", price=98.0, stop=90.0)).order
    venue.open_bar("XAUUSD", NEXT, 98.0, 0.0)
    made, gone = venue.news()

    assert (NEXT, order) == (made.at, made.deal.order if not isinstance(made, OrderGone) else 0)
    assert OrderGone(at=NEXT, order=order, magic=7, end="filled") == gone


def test_an_order_that_cannot_be_paid_when_it_triggers_is_rejected() -> None:
    """A resting order needs its margin only at the fill, and is gone without it."""
    venue = a_venue(balance=150.0)
    order = sent(venue, entry(kind="limit", price=98.0, stop=90.0, volume=2.0)).order
    venue.open_bar("XAUUSD", NEXT, 98.0, 0.0)

    assert [OrderGone(at=NEXT, order=order, magic=7, end="rejected")] == venue.news()


# --- time -----------------------------------------------------------------------------------------------------------


def test_bars_come_in_order_of_time() -> None:
    """A bar from the past is a mistake of the caller."""
    venue = a_venue()

    with pytest.raises(VenueError, match="order of time"):
        venue.open_bar("XAUUSD", MONDAY, 100.0, 10.0)


def test_a_late_tick_is_taken_at_the_time_of_the_venue() -> None:
    """Ticks of several symbols may cross on the wire: time does not go back."""
    venue = a_venue()
    venue.tick("EURUSD", MONDAY, 1.1, 1.1001)

    assert (MONDAY + 12 * HOUR, (1.1, 1.1001)) == (venue.at, venue.quote("EURUSD"))


def test_ticks_stop_positions_at_their_own_price() -> None:
    """A tick beyond the stop fills at the tick."""
    venue = a_venue()
    sent(venue, entry())
    venue.tick("XAUUSD", NEXT, 94.2, 94.4)

    assert [100.1, 94.2] == [d.price for d in deals(venue)]


def test_the_last_quote_is_the_close_of_the_last_bar() -> None:
    """After a bar was played its close can be traded on."""
    venue = a_venue()
    bar(venue, NEXT, 100.0, 104.0, 99.0, 103.0, spread=20.0)

    assert (103.0, 103.2) == venue.quote("XAUUSD")
    assert NEXT + HOUR - 1 == venue.at
