"""Executions that miss their price: draws both ways, given as numbers, the same for the same account."""

import pytest

from hypothesis import given
from hypothesis import strategies as st

from brokers.costs import Costs
from brokers.facts import Accepted
from brokers.venue import Venue
from market.types import Side
from tests.venues import HOUR, MONDAY, SYMBOLS, a_venue, bar, close, entry, sent

NOON = MONDAY + 12 * HOUR


def drawn(*slips: float, seed: int = 0, slippage: float = 0.0) -> Venue:
    """Return a venue with draws, gold quoted at 100.00 without a spread; the deposit is deal 0."""
    costs = {"XAUUSD": Costs(slips=slips, slippage=slippage)}
    venue = Venue(SYMBOLS, costs, currency="USD", balance=1e5, leverage=100, at=NOON, seed=seed)
    venue.tick("XAUUSD", NOON, 100.0, 100.0)
    return venue


def test_a_draw_misses_to_either_side() -> None:
    """Three points against us on the way in, two for us on the way out, and the first comes again."""
    venue = drawn(0.0, 3.0, -2.0)
    first = sent(venue, entry(stop=0.0))
    last = sent(venue, close(first.order))
    again = sent(venue, entry(side=-1, stop=0.0))

    assert (100.03, 100.02, 100.0) == (first.price, last.price, again.price)


def test_the_draws_go_on_where_deals_are_not_kept() -> None:
    """A draw is taken by the deals that were made, not by those that are remembered."""
    venue = drawn(0.0, 3.0, -2.0)
    first = sent(venue, entry(stop=0.0))
    venue.keep(1)
    last = sent(venue, close(first.order))
    venue.keep(1)
    again = sent(venue, entry(side=-1, stop=0.0))

    assert (100.03, 100.02, 100.0) == (first.price, last.price, again.price)


def test_a_short_misses_the_other_way() -> None:
    """Against us is lower for who sells."""
    venue = drawn(3.0)

    assert 99.97 == sent(venue, entry(side=-1, stop=0.0)).price


@pytest.mark.parametrize(("draw", "expected"), [(4.0, 94.96), (0.0, 95.0), (-4.0, 95.04)])
def test_a_stop_misses_its_level_both_ways(draw: float, expected: float) -> None:
    """A stop becomes a market order, and the comment keeps the level."""
    venue = drawn(draw)
    sent(venue, entry(stop=95.0))
    out = bar(venue, NOON + HOUR, 97.0, 97.0, 94.0, 94.5, spread=0.0)[-1]

    assert (expected, "sl 95.00") == (out.price, out.comment)


@pytest.mark.parametrize(("draw", "expected"), [(4.0, 104.96), (0.0, 105.0), (-4.0, 105.04)])
def test_a_target_misses_its_level_both_ways(draw: float, expected: float) -> None:
    """So does a target, as the comment shows."""
    venue = drawn(draw)
    sent(venue, entry(stop=0.0, target=105.0))
    out = bar(venue, NOON + HOUR, 104.0, 106.0, 104.0, 106.0, spread=0.0)[-1]

    assert (expected, "tp 105.00") == (out.price, out.comment)


def test_a_limit_order_never_misses_and_a_stop_order_does() -> None:
    """A limit is a promise of its price."""
    venue = drawn(5.0)
    sent(venue, entry(kind="limit", price=98.0, stop=0.0))
    sent(venue, entry(2, kind="stop", price=102.0, stop=0.0))
    made = [d.price for d in bar(venue, NOON + HOUR, 100.0, 103.0, 97.0, 100.0, spread=0.0) if d.entry == "in"]

    assert [98.0, 102.05] == made


def test_a_draw_is_added_to_the_constant_slippage() -> None:
    """Two points always, and three by draw."""
    assert 100.05 == sent(drawn(3.0, slippage=2.0), entry(stop=0.0)).price


def test_the_seed_says_where_the_draws_begin() -> None:
    """The same account on another seed meets another draw."""
    assert [100.01, 100.02, 100.03] == [
        sent(drawn(3.0, 1.0, 2.0, seed=seed), entry(stop=0.0)).price for seed in (0, 1, 2)
    ]


def test_a_refused_request_takes_no_draw() -> None:
    """What was not done has missed nothing."""
    venue, refused = drawn(0.0, 1.0, 2.0), drawn(0.0, 1.0, 2.0)
    for volume in (0.001, 20.0, 99.0):
        refused.send(entry(volume=volume, stop=101.0))

    assert sent(venue, entry(stop=0.0)).price == sent(refused, entry(stop=0.0)).price


def test_an_account_without_draws_is_what_it_was() -> None:
    """No draws are no misses."""
    assert 100.1 == sent(a_venue(), entry()).price


@given(
    st.lists(st.integers(-50, 50), min_size=1, max_size=7),
    st.integers(0, 10),
    st.lists(st.sampled_from([1, -1]), max_size=12),
    st.integers(0, 11),
)
def test_the_same_seed_meets_the_same_draws_across_a_restore(
    slips: list[int], seed: int, sides: list[Side], cut: int
) -> None:
    """A venue written down and read back anywhere goes on in the same place of its draws."""
    venue = drawn(*(float(s) for s in slips), seed=seed)
    other = drawn(*(float(s) for s in slips), seed=seed)
    for number, side in enumerate(sides):
        if number == cut:
            other = Venue.restore(other.snapshot())
        answers = [v.send(entry(number, side=side, volume=0.1, stop=0.0)) for v in (venue, other)]

        assert answers[0] == answers[1]
        assert isinstance(answers[0], Accepted)
        assert round(100.0 + side * slips[(seed + number + 1) % len(slips)] / 100, 2) == answers[0].price
