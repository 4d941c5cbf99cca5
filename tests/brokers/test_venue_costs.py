"""What trading costs, each way a broker charges: commissions and swaps as values, and what the venue makes of them."""

import random

from typing import Any

import msgspec
import pytest

from hypothesis import given
from hypothesis import strategies as st

from brokers.commission import DEAL, LOT, TURNOVER, PerDeal, PerLot, Turnover, at_least, charge, charged, commission
from brokers.costs import Costs
from brokers.fills import DIRECT, INVERSE
from brokers.swap import SwapInterest, SwapMoney, SwapPoints, night, night_of_interest, night_of_points, swap_of
from brokers.venue import Venue
from market.types import SwapMode
from tests.kernels import same_call
from tests.venues import DAY, GOLD, HOUR, MONDAY, SYMBOLS, USDJPY, a_venue, close, deals, entry, sent

# --- both drives ----------------------------------------------------------------------------------------------------


def test_the_kernels_of_costs_are_the_same_in_both_drives() -> None:
    """Commission and swap give the same bits interpreted and compiled."""
    r = random.Random(20_260_102)
    money = [round(r.uniform(-500.0, 500.0), r.choice((0, 2, 5))) for _ in range(2000)]
    lots = [round(r.uniform(0.01, 50.0), 2) for _ in range(2000)]
    prices = [round(r.uniform(0.5, 90000.0), r.choice((2, 3, 5))) for _ in range(2000)]
    sizes = [r.choice((1.0, 100.0, 1000.0, 100000.0)) for _ in range(2000)]
    modes = [r.choice((DIRECT, INVERSE)) for _ in range(2000)]
    factors = [r.choice((0.0, 1.0, 2.0, 3.0)) for _ in range(2000)]

    same_call(commission, zip(money, lots, strict=True))
    same_call(at_least, zip(money, lots, strict=True))
    same_call(
        charged,
        [(r.choice((LOT, DEAL, TURNOVER)), lots[-i], r.random() * 3.0, lots[i], prices[i]) for i in range(2000)],
    )
    same_call(night, zip(modes, money, prices, strict=True))
    same_call(night_of_points, zip(money, factors, lots, sizes, strict=True))
    same_call(night_of_interest, zip(money, factors, lots, sizes, prices, [360.0] * 2000, strict=True))


# --- commission -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (3.5, [-1.75, -1.75]),
        (3, [-1.5, -1.5]),
        (PerLot(rate=5.0, on="in"), [-2.5, 0.0]),
        (PerLot(rate=5.0, on="out"), [0.0, -2.5]),
        (PerLot(rate=5.0, minimum=4.0), [-4.0, -4.0]),
        (PerDeal(rate=1.25), [-1.25, -1.25]),
        (PerDeal(rate=1.25, on="out"), [0.0, -1.25]),
        (Turnover(percent=0.01), [-0.5, -0.5]),
        (Turnover(percent=0.01, minimum=1.0, on="in"), [-1.0, 0.0]),
    ],
)
def test_each_policy_charges_its_deals(policy: Any, expected: list[float]) -> None:  # noqa: ANN401 - what Costs takes
    """Half a lot of gold at a hundred is worth five thousand; it is charged on the way in, out, or both."""
    venue = a_venue(spread=0.0, commission=policy)
    venue.open_bar("XAUUSD", venue.at, 100.0, 0.0)
    position = sent(venue, entry(volume=0.5)).order
    sent(venue, close(position, volume=0.5))

    assert expected == [deal.commission for deal in deals(venue)]


def test_a_turn_is_charged_for_both_its_parts() -> None:
    """A deal that closes one lot and opens two is one deal, in with two lots and out with one."""
    assert [-15.0, -10.0, -5.0] == [charge(PerLot(rate=5.0, on=on), 2.0, 1.0, 0.0) for on in ("both", "in", "out")]
    assert -1.0 == charge(PerDeal(rate=1.0), 2.0, 1.0, 0.0)


@given(
    st.one_of(
        st.floats(0.0, 100.0),
        st.builds(PerLot, rate=st.floats(0.0, 100.0), minimum=st.floats(0.0, 10.0)),
        st.builds(PerDeal, rate=st.floats(0.0, 100.0)),
        st.builds(Turnover, percent=st.floats(0.0, 1.0), minimum=st.floats(0.0, 10.0)),
    ),
    st.floats(0.01, 100.0),
    st.floats(0.0, 1e6),
)
def test_a_commission_is_never_a_gift(policy: Any, volume: float, value: float) -> None:  # noqa: ANN401
    """Whatever the policy, a deal costs something or nothing, in whole cents."""
    cost = charge(policy, volume, 0.0, value)

    assert cost <= 0.0
    assert cost == round(cost, 2)


@pytest.mark.parametrize(
    "document",
    [
        {"commission": {"per": "lot", "rate": 5.0, "on": "sometimes"}},
        {"commission": {"per": "lot", "rate": 5.0, "rebate": 1.0}},
        {"commission": {"per": "moon", "rate": 5.0}},
        {"commission": {"per": "lot", "rate": -5.0}},
        {"swap": {"by": "interest", "long": 1.0, "short": 1.0, "on": "friday"}},
        {"swap": {"by": "points", "long": 1.0, "short": 1.0, "days": [1.0]}},
        {"swap": {"by": "points", "long": 1.0}},
    ],
)
def test_a_policy_that_cannot_be_read_is_refused(document: dict[str, Any]) -> None:
    """Unknown words, unknown keys and negative rates are no policies."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(document, Costs)


def test_numbers_and_switches_mean_what_they_meant() -> None:
    """A number is money a lot and side, and swap is on or off as the symbol says."""
    assert Costs(commission=3.5, swap=False) == msgspec.convert({"commission": 3.5, "swap": False}, Costs)
    assert Costs(commission=PerLot(rate=5.0, on="in")) == msgspec.convert(
        {"commission": {"per": "lot", "rate": 5, "on": "in"}}, Costs
    )


# --- swap -----------------------------------------------------------------------------------------------------------


def swapped(costs: Costs, symbol: str = "XAUUSD", price: float = 100.0, night: float = 110.0, nights: int = 1) -> float:
    """Return the swap of a lot bought on Monday, after nights at another price."""
    venue = Venue(SYMBOLS, {symbol: costs}, currency="USD", balance=1e6, leverage=100, at=MONDAY)
    venue.open_bar(symbol, MONDAY + 12 * HOUR, price, 0.0)
    sent(venue, entry(symbol=symbol, stop=0.0))
    venue.open_bar(symbol, MONDAY + 13 * HOUR, night, 0.0)
    venue.open_bar(symbol, MONDAY + nights * DAY, night, 0.0)
    return venue.positions()[0].swap


@pytest.mark.parametrize(
    ("swap", "expected"),
    [
        (True, -60.0),
        (False, 0.0),
        (SwapPoints(long=-70.0, short=0.0), -70.0),
        (SwapMoney(long=-3.5, short=0.0), -3.5),
        (SwapMoney(long=-3.5, short=0.0, currency="base"), -385.0),
        (SwapMoney(long=-3.5, short=0.0, currency="margin"), -3.5),
        (SwapInterest(long=-30.0, short=0.0), -9.17),
        (SwapInterest(long=-30.0, short=0.0, on="open"), -8.33),
        (SwapInterest(long=-36.5, short=0.0, on="open", year=365.0), -10.0),
    ],
)
def test_a_night_costs_what_the_policy_says(swap: Any, expected: float) -> None:  # noqa: ANN401 - what Costs takes
    """A lot of gold bought at a hundred stands over a night at a hundred and ten; gold's margin is in dollars."""
    assert expected == swapped(Costs(swap=swap))


@pytest.mark.parametrize(
    ("swap", "expected"),
    [(SwapPoints(long=6.0, short=0.0), 3.75), (SwapMoney(long=6.0, short=0.0, currency="base"), 6.0),
     (SwapInterest(long=3.6, short=0.0), 10.0), (SwapInterest(long=3.6, short=0.0, on="open"), 9.38)],
)  # fmt: skip
def test_a_night_of_an_inverse_pair_becomes_the_accounts_money(swap: Any, expected: float) -> None:  # noqa: ANN401
    """Yen are divided by the price of the night, dollars are dollars."""
    assert expected == swapped(Costs(swap=swap), symbol="USDJPY", price=150.0, night=160.0)


def test_each_policy_may_have_weekdays_of_its_own() -> None:
    """Bitcoin's nights: threefold on Friday, none on Saturday and Sunday."""
    policy = SwapMoney(long=-1.0, short=0.0, days=(1.0, 1.0, 1.0, 1.0, 3.0, 0.0, 0.0))

    assert [-1.0, -4.0, -7.0, -7.0, -7.0] == [swapped(Costs(swap=policy), nights=n) for n in (1, 4, 5, 6, 7)]


def test_a_date_counts_in_place_of_its_weekday() -> None:
    """Of two nights the second is told to count four; a policy with days of its own knows nothing of it."""
    tuesday = MONDAY // DAY + 1
    told = msgspec.structs.replace(GOLD, swap_dates=((tuesday, 4.0), (tuesday + 2, 0.0)))
    own = SwapPoints(long=-60.0, short=40.0, days=(1.0,) * 7)
    found = []
    for swap in (True, own):
        venue = Venue(
            {"XAUUSD": told}, {"XAUUSD": Costs(swap=swap)}, currency="USD", balance=1e6, leverage=100, at=MONDAY
        )
        venue.open_bar("XAUUSD", MONDAY + 12 * HOUR, 100.0, 0.0)
        sent(venue, entry(stop=0.0))
        for nights in (1, 2, 3, 4):
            venue.open_bar("XAUUSD", MONDAY + nights * DAY, 100.0, 0.0)
            found.append(venue.positions()[0].swap)

    assert [-60.0, -300.0, -480.0, -480.0] == found[:4]
    assert [-60.0, -120.0, -180.0, -240.0] == found[4:]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("disabled", None),
        ("points", SwapPoints(long=-60.0, short=40.0)),
        ("symbol", SwapMoney(long=-60.0, short=40.0, currency="base")),
        ("margin", SwapMoney(long=-60.0, short=40.0, currency="margin")),
        ("deposit", SwapMoney(long=-60.0, short=40.0, currency="deposit")),
        ("interest_current", SwapInterest(long=-60.0, short=40.0)),
        ("interest_open", SwapInterest(long=-60.0, short=40.0, on="open")),
    ],
)
def test_the_symbols_swap_mode_is_a_policy(mode: SwapMode, expected: Any) -> None:  # noqa: ANN401
    """Every mode a contract can have is one of the policies."""
    assert expected == swap_of(msgspec.structs.replace(GOLD, swap_mode=mode), True)  # noqa: FBT003 - as configured


def test_a_short_is_paid_the_other_rate() -> None:
    """Interest and points have a sign for each side."""
    venue = Venue(SYMBOLS, {"USDJPY": Costs()}, currency="USD", balance=1e6, leverage=100, at=MONDAY)
    venue.open_bar("USDJPY", MONDAY + 12 * HOUR, 150.0, 0.0)
    sent(venue, entry(symbol="USDJPY", side=-1, stop=0.0))
    venue.open_bar("USDJPY", MONDAY + DAY, 150.0, 0.0)

    assert USDJPY.swap_short == -17.0
    assert -11.33 == venue.positions()[0].swap
