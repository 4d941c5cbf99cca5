"""What positions bind: by calculation mode, by named margins, and together where they cover each other."""

import random

from typing import Any

import msgspec
import pytest

from hypothesis import given
from hypothesis import strategies as st

from brokers.facts import Accepted, Rejected
from brokers.holdings import affords
from brokers.margins import bound, covered
from brokers.stopout import suffices
from brokers.venue import Venue
from market.money import cents
from market.types import CalcMode, Side, Symbol
from tests.kernels import same_call
from tests.venues import EURUSD, GOLD, HOUR, MONDAY, close, entry, sent

NOON = MONDAY + 12 * HOUR


def one(contract: Symbol, *, balance: float = 1e6, leverage: int = 50, hedging: bool = True) -> Venue:
    """Return a dollar account with one symbol, quoted at 100 without a spread."""
    venue = Venue(
        {contract.name: contract}, {}, currency="USD", balance=balance, leverage=leverage, at=NOON, hedging=hedging
    )
    venue.tick(contract.name, NOON, 100.0, 100.0)
    return venue


def gold(**changed: Any) -> Symbol:  # noqa: ANN401 - fields of a contract
    """Return another contract of gold."""
    return msgspec.structs.replace(GOLD, **changed)


def test_the_kernels_of_margin_are_the_same_in_both_drives() -> None:
    """Margins alone and together give the same bits interpreted and compiled."""
    rng = random.Random(20_260_104)
    rows = [tuple(round(rng.uniform(0.01, 5000.0), 2) for _ in range(4)) for _ in range(2000)]
    lots = [(rng.choice((0.0, 1.0, 2.5)), rng.choice((0.0, 1.0, 2.5)), *row[:2], rng.random() * 2) for row in rows]

    same_call(bound, rows)
    same_call(covered, lots)
    same_call(affords, [(*row, 0.0 - row[3] / 100.0) for row in rows])
    same_call(suffices, [(row[0] - 500.0, rng.choice((0.0, row[1])), rng.choice((0.5, 1.0))) for row in rows])


@pytest.mark.parametrize(
    ("calc", "changed", "expected"),
    [
        ("forex", {}, 200.0),
        ("forex_no_leverage", {}, 10_000.0),
        ("cfd", {}, 10_000.0),
        ("cfd_leverage", {}, 200.0),
        ("cfd_index", {"tick_value": 5.0, "tick_size": 0.01}, 5_000_000.0),
        ("futures", {"margin_initial": 750.0}, 750.0),
        ("cfd_leverage", {"margin_initial": 120.0}, 120.0),
        ("futures", {}, 0.0),
    ],
)
def test_each_calculation_mode_has_its_margin(calc: CalcMode, changed: dict[str, Any], expected: float) -> None:
    """A lot of a hundred ounces at a hundred dollars, on leverage fifty."""
    venue = one(gold(calc=calc, **changed), balance=1e7)
    sent(venue, entry(stop=0.0))

    assert expected == venue.margin()


@pytest.mark.parametrize(("currency", "expected"), [("USD", 110_000.0), ("EUR", 100_000.0)])
def test_a_pair_without_leverage_binds_its_whole_value(currency: str, expected: float) -> None:
    """A hundred thousand euros are what they are, or their price in dollars."""
    contract = msgspec.structs.replace(EURUSD, calc="forex_no_leverage")
    venue = Venue({"EURUSD": contract}, {}, currency=currency, balance=1e6, leverage=100, at=NOON)
    venue.tick("EURUSD", NOON, 1.1, 1.1)
    sent(venue, entry(symbol="EURUSD", stop=0.0))

    assert expected == venue.margin()


def test_a_named_margin_is_in_the_margin_currency() -> None:
    """Two thousand euros a lot are dollars at the pair's own ask."""
    contract = msgspec.structs.replace(EURUSD, margin_initial=2000.0)
    venue = Venue({"EURUSD": contract}, {}, currency="USD", balance=1e6, leverage=100, at=NOON)
    venue.tick("EURUSD", NOON, 1.1, 1.2)
    sent(venue, entry(symbol="EURUSD", stop=0.0))

    assert 2400.0 == venue.margin()


def test_futures_earn_by_the_tick() -> None:
    """Twelve and a half dollars a quarter point: two points are a hundred dollars."""
    contract = gold(calc="futures", margin_initial=500.0, tick_size=0.25, tick_value=12.5, contract_size=1.0)
    venue = one(contract)
    position = sent(venue, entry(stop=0.0)).order
    venue.tick("XAUUSD", NOON, 102.0, 102.0)
    sent(venue, close(position))

    assert 100.0 == venue.deals[-1].profit


# --- hedged ---------------------------------------------------------------------------------------------------------


def pair(venue: Venue, longs: float, shorts: float) -> float:
    """Buy at a hundred, sell at a hundred and ten, and return what both bind."""
    sent(venue, entry(volume=longs, stop=0.0))
    venue.tick("XAUUSD", NOON, 110.0, 110.0)
    sent(venue, entry(2, side=-1, volume=shorts, stop=0.0))
    return venue.margin()


@pytest.mark.parametrize(
    ("hedged", "longs", "shorts", "expected"),
    [
        (None, 1.0, 1.0, 420.0),
        (0.0, 1.0, 1.0, 0.0),
        (100.0, 1.0, 1.0, 210.0),
        (25.0, 1.0, 1.0, 52.5),
        (200.0, 1.0, 1.0, 420.0),
        (0.0, 3.0, 1.0, 400.0),
        (0.0, 1.0, 3.0, 440.0),
        (100.0, 3.0, 1.0, 605.0),
    ],
)
def test_covered_lots_bind_by_the_hedged_margin(
    hedged: float | None, longs: float, shorts: float, expected: float
) -> None:
    """Uncovered lots bind the larger side's average, covered ones the average of all by the hedged contract size."""
    assert expected == pair(one(gold(margin_hedged=hedged)), longs, shorts)


def test_a_hedged_margin_beside_a_named_one_is_a_sum_of_money() -> None:
    """Eighty dollars a covered lot, where a lot alone binds a hundred and twenty."""
    assert 80.0 + 120.0 == pair(one(gold(margin_initial=120.0, margin_hedged=80.0)), 2.0, 1.0)


def test_a_covering_position_needs_no_margin_where_covered_lots_bind_none() -> None:
    """An account bound to the last cent may still cover itself, and may not uncover more than it has."""
    venue = one(gold(margin_hedged=0.0), balance=200.0)
    sent(venue, entry(stop=0.0))

    assert isinstance(venue.send(entry(2, volume=0.01, stop=0.0)), Rejected)
    assert isinstance(venue.send(entry(3, side=-1, stop=0.0)), Accepted)
    assert 0.0 == venue.margin()


def test_closing_one_side_uncovers_the_other() -> None:
    """What was covered binds in full again."""
    venue = one(gold(margin_hedged=0.0))
    first = sent(venue, entry(stop=0.0)).order
    sent(venue, entry(2, side=-1, stop=0.0))
    sent(venue, close(first))

    assert 200.0 == venue.margin()


@given(
    st.lists(st.tuples(st.sampled_from([1, -1]), st.integers(1, 300), st.integers(-300, 300)), max_size=10),
    st.sampled_from([None, 0.0, 25.0, 100.0]),
    st.booleans(),
)
def test_margin_is_never_negative_nor_more_than_all_positions_alone(
    acts: list[tuple[Side, int, int]],
    hedged: float | None,
    hedging: bool,  # noqa: FBT001 - drawn
) -> None:
    """Whatever is bought and sold, positions together bind no more than each of them alone."""
    venue = one(gold(margin_hedged=hedged), hedging=hedging)
    price = 10_000
    for number, (side, volume, move) in enumerate(acts):
        price += move
        venue.tick("XAUUSD", NOON, price / 100, price / 100)
        venue.send(entry(number, side=side, volume=volume / 100, stop=0.0))
        alone = sum(p.volume * p.price * 100.0 / 50.0 for p in venue.positions())

        assert 0.0 <= venue.margin() <= cents(alone) + 0.01 * len(acts)
        assert hedged == 0.0 or (venue.margin() > 0.0) == (venue.positions() != ())
