"""Money of other currencies: the pairs it passes through, and what profits, swaps and margins become."""

import random

from typing import Any

import msgspec
import pytest

from hypothesis import given
from hypothesis import strategies as st

from brokers.conversion import converted, converted_cents, leg_rate, route_of
from brokers.costs import Costs
from brokers.facts import Accepted, Rejected
from brokers.swap import SwapMoney
from brokers.venue import Venue, VenueError
from market.money import cents
from market.types import Side
from tests.kernels import same_call
from tests.venues import DAY, EURUSD, GOLD, HOUR, MONDAY, USDJPY, close, entry, sent

EURGBP = msgspec.structs.replace(EURUSD, name="EURGBP", currency_profit="GBP", stops_level=0)
GBPUSD = msgspec.structs.replace(EURUSD, name="GBPUSD", currency_base="GBP")
GBPJPY = msgspec.structs.replace(USDJPY, name="GBPJPY", currency_base="GBP")
USDCAD = msgspec.structs.replace(EURUSD, name="USDCAD", currency_base="USD", currency_profit="CAD")
DAX = msgspec.structs.replace(
    GOLD, name="DAX", contract_size=10.0, currency_base="EUR", currency_profit="EUR", volume_max=500.0
)
FOUR = {s.name: s for s in (EURGBP, GBPUSD, EURUSD, DAX)}
NOON = MONDAY + 12 * HOUR


def crossed(*, hedging: bool = True) -> Venue:
    """Return a dollar account with crosses, quoted with a spread of two points."""
    venue = Venue(FOUR, {}, currency="USD", balance=1e5, leverage=100, at=NOON, hedging=hedging)
    venue.tick("EURGBP", NOON, 0.85, 0.85002)
    venue.tick("GBPUSD", NOON, 1.25, 1.25002)
    venue.tick("EURUSD", NOON, 1.0625, 1.06252)
    venue.tick("DAX", NOON, 16_000.0, 16_001.0)
    return venue


def test_the_kernels_of_conversion_are_the_same_in_both_drives() -> None:
    """Rates and conversions give the same bits interpreted and compiled."""
    rng = random.Random(20_260_103)
    prices = [(round(rng.uniform(0.0, 200.0), 5), round(rng.uniform(0.0, 200.0), 5)) for _ in range(2000)]
    signs = [(rng.choice((0.0, 1.0)), rng.choice((0.0, 1.0))) for _ in range(2000)]
    money = [(round(rng.uniform(-1e5, 1e5), 3), *pair) for pair in prices]

    same_call(leg_rate, [(*s, *p) for s, p in zip(signs, [*prices[1:], (0.0, 0.0)], strict=True)])
    same_call(converted, money)
    same_call(converted_cents, money)


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("USD", "USD", ()),
        ("GBP", "USD", (("GBPUSD", True),)),
        ("USD", "GBP", (("GBPUSD", False),)),
        ("JPY", "USD", (("GBPJPY", False), ("GBPUSD", True))),
        ("CAD", "JPY", (("USDCAD", False), ("GBPUSD", False), ("GBPJPY", True))),
        ("CHF", "USD", None),
        ("XAU", "USD", None),
    ],
)
def test_the_shortest_way_through_pairs_is_taken(source: str, target: str, expected: Any) -> None:  # noqa: ANN401
    """Only currency pairs convert, either way; metals do not."""
    symbols = {s.name: s for s in (GOLD, GBPJPY, GBPUSD, USDCAD)}
    route = route_of(symbols, source, target)

    assert expected == (route if route is None else tuple((leg.symbol, leg.forward) for leg in route))


@pytest.mark.parametrize(("side", "move", "expected"), [(1, 0.01, 1250.0), (1, -0.01, -1250.02), (-1, -0.01, 1250.0)])
def test_a_gain_is_sold_at_the_bid_and_a_loss_bought_at_the_ask(side: Side, move: float, expected: float) -> None:
    """A thousand pounds won are worth the bid of GBPUSD, a thousand lost cost its ask."""
    venue = crossed()
    venue.tick("EURGBP", NOON, 0.85, 0.85)
    position = sent(venue, entry(symbol="EURGBP", side=side, stop=0.0)).order
    venue.tick("EURGBP", NOON, round(0.85 + move, 5), round(0.85 + move, 5))
    floating = venue.positions()[0].profit
    sent(venue, close(position, symbol="EURGBP", side=side))

    assert [expected, expected] == [floating, venue.deals[-1].profit]


def test_conversion_is_at_the_quote_of_the_moment() -> None:
    """A profit in pounds grows with the pound."""
    venue = crossed()
    venue.tick("EURGBP", NOON, 0.85, 0.85)
    sent(venue, entry(symbol="EURGBP", stop=0.0))
    venue.tick("EURGBP", NOON, 0.86, 0.86)
    before = venue.equity()
    venue.tick("GBPUSD", NOON, 1.5, 1.5)

    assert (101_250.0, 101_500.0) == (before, venue.equity())


@pytest.mark.parametrize(
    ("symbol", "side", "expected"),
    [("EURGBP", 1, 1062.52), ("EURGBP", -1, 1062.5), ("DAX", 1, 1700.14), ("DAX", -1, 1700.0)],
)
def test_margin_is_converted_for_a_buyer_at_the_ask(symbol: str, side: Side, expected: float) -> None:
    """A pair binds euros of its base, an index its value in euros; both become dollars when the position is opened."""
    venue = crossed()
    sent(venue, entry(symbol=symbol, side=side, stop=0.0))
    venue.tick("EURUSD", NOON, 2.0, 2.0)

    assert expected == venue.margin()


def test_swap_in_points_of_a_cross_is_converted_too() -> None:
    """Seven points on a lot are seven pounds."""
    venue = crossed()
    sent(venue, entry(symbol="EURGBP", stop=0.0))
    venue.tick("EURGBP", MONDAY + DAY, 0.85, 0.85002)

    assert [-8.75] == [p.swap for p in venue.positions()]


def test_swap_in_the_base_currency_of_a_cross_passes_through_its_price() -> None:
    """Ten euros are eight and a half pounds, and those ten dollars and sixty-three cents."""
    costs = {"EURGBP": Costs(swap=SwapMoney(long=-10.0, short=0.0, currency="base"))}
    venue = Venue(FOUR, costs, currency="USD", balance=1e5, leverage=100, at=NOON)
    venue.tick("GBPUSD", NOON, 1.25, 1.25)
    venue.tick("EURUSD", NOON, 1.0625, 1.0625)
    venue.tick("EURGBP", NOON, 0.85, 0.85)
    sent(venue, entry(symbol="EURGBP", stop=0.0))
    venue.tick("EURGBP", MONDAY + DAY, 0.85, 0.85)

    assert [-10.63] == [p.swap for p in venue.positions()]


def test_a_commission_on_turnover_is_of_the_accounts_money() -> None:
    """A hundredth of a percent of 85,000 pounds."""
    costs = {"EURGBP": msgspec.convert({"commission": {"per": "turnover", "percent": 0.01}}, Costs)}
    venue = Venue(FOUR, costs, currency="USD", balance=1e5, leverage=100, at=NOON)
    for symbol, price in (("GBPUSD", 1.25), ("EURUSD", 1.0625), ("EURGBP", 0.85)):
        venue.tick(symbol, NOON, price, price)
    sent(venue, entry(symbol="EURGBP", stop=0.0))

    assert -10.63 == venue.deals[-1].commission


def test_without_a_quote_to_convert_at_nothing_is_sent() -> None:
    """Until GBPUSD and EURUSD are quoted, EURGBP is not traded on a dollar account."""
    venue = Venue(FOUR, {}, currency="USD", balance=1e5, leverage=100, at=NOON)
    answers = []
    for symbol, price in (("EURGBP", 0.85), ("GBPUSD", 1.25), ("EURUSD", 1.0625)):
        venue.tick(symbol, NOON, price, price)
        answers.append(venue.send(entry(symbol="EURGBP", stop=0.0)))

    assert [10021, 10021] == [a.code for a in answers if isinstance(a, Rejected)]
    assert isinstance(answers[-1], Accepted)


def test_a_currency_without_any_route_is_refused_at_once() -> None:
    """Pounds become no dollars without a pair, and the venue says so before it opens."""
    with pytest.raises(VenueError, match="EURGBP: use an account in GBP"):
        Venue({"EURGBP": EURGBP, "XAUUSD": GOLD}, {}, currency="USD", balance=1.0, leverage=1, at=0)


def test_a_restored_venue_still_converts() -> None:
    """Routes are written down with the rest."""
    venue = crossed()
    sent(venue, entry(symbol="EURGBP", stop=0.0))
    restored = Venue.restore(venue.snapshot())
    for one in (venue, restored):
        one.tick("EURGBP", NOON, 0.87, 0.87002)

    assert venue.equity() == restored.equity()


@given(
    st.lists(
        st.tuples(st.sampled_from(["EURGBP", "DAX", "EURUSD"]), st.sampled_from([1, -1]), st.integers(1, 50)),
        max_size=8,
    ),
    st.integers(-400, 400),
    st.integers(-400, 400),
    st.booleans(),
)
def test_money_of_all_currencies_adds_up(
    acts: list[tuple[str, Side, int]],
    move: int,
    pound: int,
    hedging: bool,  # noqa: FBT001 - drawn
) -> None:
    """Whatever is converted, balance is the sum of deals, equity that and what floats, and margin is never negative."""
    venue = crossed(hedging=hedging)
    for number, (symbol, side, volume) in enumerate(acts):
        venue.send(entry(number, symbol=symbol, side=side, volume=volume / 100, stop=0.0))
        venue.tick("GBPUSD", venue.at, 1.25 + pound / 1e5, 1.25002 + pound / 1e5)
        venue.tick("EURGBP", venue.at, 0.85 + move / 1e5, 0.85002 + move / 1e5)
        standing = venue.positions()

        assert cents(sum(d.money for d in venue.deals)) == venue.balance
        assert cents(venue.balance + sum(p.profit + p.swap for p in standing)) == venue.equity()
        assert venue.margin() >= 0.0
        assert (venue.margin() > 0.0) == (standing != ())
