"""What may be asked at the venue, and how much of it fills: modes, masks, fillings, depth and limits."""

from typing import Any

import msgspec
import pytest

from hypothesis import given
from hypothesis import strategies as st

from brokers.costs import Costs
from brokers.facts import Accepted, OrderGone, Rejected
from brokers.fillrules import fillings
from brokers.venue import Venue
from market.types import Execution, Filling, OrderKind, Side, TradeMode
from tests.venues import GOLD, HOUR, MONDAY, SYMBOLS, close, deals, entry, sent

NOON = MONDAY + 12 * HOUR


def gold(*, hedging: bool = True, limit_orders: int = 0, depth: float = 0.0, **changed: Any) -> Venue:  # noqa: ANN401
    """Return a venue with another contract of gold, quoted at 100.00 to 100.10."""
    contract = msgspec.structs.replace(GOLD, **changed)
    venue = Venue(
        {"XAUUSD": contract}, {"XAUUSD": Costs(depth=depth)}, currency="USD", balance=1e5, leverage=100, at=NOON,
        hedging=hedging, limit_orders=limit_orders,
    )  # fmt: skip
    venue.tick("XAUUSD", NOON, 100.0, 100.1)
    venue.news()
    return venue


def code(venue: Venue, request: Any) -> int:  # noqa: ANN401 - any request
    """Return the code of a request that must be refused, and must change nothing; 0 for one that was taken."""
    before = venue.snapshot()
    answer = venue.send(request)
    if isinstance(answer, Accepted):
        return 0

    assert isinstance(answer, Rejected)
    assert before == venue.snapshot()
    return answer.code


# --- modes and masks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "buy", "sell"),
    [
        ("full", 0, 0),
        ("long_only", 0, 10042),
        ("short_only", 10043, 0),
        ("close_only", 10044, 10044),
        ("disabled", 10017, 10017),
    ],
)
def test_a_trade_mode_says_who_may_enter(mode: TradeMode, buy: int, sell: int) -> None:
    """Each mode refuses the sides it does not allow, for market and resting orders alike."""
    venue = gold(trade_mode=mode)

    assert [buy, sell] == [code(venue, entry(side=s, stop=0.0)) for s in (1, -1)]
    assert [buy, sell] == [
        code(venue, entry(side=s, kind="limit", price=100.0 - s, stop=0.0)) for s in (1, -1)
    ]  # fmt: skip


@pytest.mark.parametrize(("mode", "expected"), [("close_only", 0), ("long_only", 0), ("disabled", 10017)])
def test_a_position_may_be_closed_where_no_entry_may_be_made(mode: TradeMode, expected: int) -> None:
    """Closing is refused only where trading is disabled."""
    venue = gold()
    position = sent(venue, entry()).order
    venue._a.books["XAUUSD"].symbol = msgspec.structs.replace(GOLD, trade_mode=mode)

    assert expected == code(venue, close(position))


def test_a_netting_order_that_only_closes_is_no_entry() -> None:
    """Close only takes a sale of what is held, and not of more."""
    venue = gold(hedging=False)
    sent(venue, entry(volume=1.0, stop=0.0))
    venue._a.books["XAUUSD"].symbol = msgspec.structs.replace(GOLD, trade_mode="close_only")

    assert 10044 == code(venue, entry(side=-1, volume=1.1, stop=0.0))
    assert 0 == code(venue, entry(side=-1, volume=1.0, stop=0.0))


@pytest.mark.parametrize(
    ("mask", "expected", "fields"),
    [
        (126, 10035, {}),
        (125, 10035, {"kind": "limit", "price": 99.0}),
        (123, 10035, {"kind": "stop", "price": 101.0}),
        (119, 10035, {"kind": "stop_limit", "price": 101.0, "limit": 100.5}),
        (111, 10016, {"stop": 95.0}),
        (95, 10016, {"target": 105.0}),
        (1, 0, {}),
    ],
)
def test_only_what_the_order_mask_names_may_be_asked(mask: int, expected: int, fields: dict[str, Any]) -> None:
    """Each bit of the mask is one kind of order, or a stop, or a target."""
    assert expected == code(gold(order_mask=mask), entry(**({"stop": 0.0} | fields)))


@pytest.mark.parametrize(
    ("mask", "expiry", "expected"), [(1, 0, 0), (14, 0, 10022), (4, NOON + 1, 0), (1, NOON + 1, 10022)]
)
def test_only_lifetimes_that_the_symbol_offers_may_be_asked(mask: int, expiry: int, expected: int) -> None:
    """Till cancelled is a bit of its own, a time is any of the others."""
    request = entry(kind="limit", price=99.0, stop=0.0, expiry=expiry)

    assert expected == code(gold(expiration_mask=mask), request)


# --- limits ---------------------------------------------------------------------------------------------------------


def test_no_more_orders_rest_than_the_account_may_have() -> None:
    """The third of two is refused; a market order rests nowhere."""
    venue = gold(limit_orders=2)
    requests = [entry(n, kind="limit", price=99.0, stop=0.0) for n in range(3)]

    assert [0, 0, 10033, 0] == [code(venue, r) for r in [*requests, entry(9, stop=0.0)]]


def test_volume_in_one_direction_is_limited_open_and_resting_together() -> None:
    """Two lots held and one resting leave nothing of three, but the other side has three of its own."""
    venue = gold(volume_limit=3.0)
    sent(venue, entry(volume=2.0, stop=0.0))
    sent(venue, entry(2, kind="limit", price=99.0, volume=1.0, stop=0.0))

    assert 10034 == code(venue, entry(volume=0.01, stop=0.0))
    assert [0, 10034] == [code(venue, entry(side=-1, volume=v, stop=0.0)) for v in (3.0, 0.01)]


def test_a_netted_position_counts_for_the_direction_it_would_have() -> None:
    """Two lots held and five sold are three the other way: as many as there may be."""
    venue = gold(hedging=False, volume_limit=3.0)
    sent(venue, entry(volume=2.0, stop=0.0))

    assert 10034 == code(venue, entry(side=-1, volume=5.01, stop=0.0))
    assert 0 == code(venue, entry(side=-1, volume=5.0, stop=0.0))


# --- fillings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("execution", "mask", "market", "resting"),
    [
        ("request", (), "fok ioc return", "return fok ioc"),
        ("instant", ("ioc",), "fok ioc return", "return fok ioc"),
        ("market", ("fok",), "fok", "return fok"),
        ("market", ("fok", "ioc", "return"), "fok ioc", "return fok ioc"),
        ("exchange", (), "return", "return"),
        ("exchange", ("ioc",), "ioc return", "return ioc"),
    ],
)
def test_fillings_follow_the_execution_mode(
    execution: Execution, mask: tuple[Filling, ...], market: str, resting: str
) -> None:
    """The documented table, and for resting orders always the return of the rest."""
    contract = msgspec.structs.replace(GOLD, execution=execution, fillings=mask)
    kinds: tuple[OrderKind, ...] = ("market", "limit")

    assert [market.split(), resting.split()] == [list(fillings(contract, kind)) for kind in kinds]


@pytest.mark.parametrize(("filling", "expected"), [("ioc", 0), ("fok", 10030), ("return", 10030), (None, 0)])
def test_a_filling_that_is_not_offered_is_refused(filling: Filling | None, expected: int) -> None:
    """Market execution takes what the mask names."""
    assert expected == code(gold(), entry(filling=filling, stop=0.0))


# --- depth ----------------------------------------------------------------------------------------------------------


def test_fill_or_kill_is_killed_where_the_quote_is_thin() -> None:
    """Two lots are not to be had where one is offered."""
    venue = gold(depth=1.0, fillings=("fok",))

    assert 10006 == code(venue, entry(volume=2.0, stop=0.0))
    assert 0 == code(venue, entry(volume=1.0, stop=0.0))


def test_immediate_or_cancel_takes_what_there_is() -> None:
    """One of two lots is filled, the answer says so, and nothing rests."""
    venue = gold(depth=1.0)
    answer = sent(venue, entry(volume=2.0, stop=0.0))

    assert (1.0, [1.0], [1.0], ()) == (
        answer.volume, [d.volume for d in deals(venue)], [p.volume for p in venue.positions()], venue.orders(),
    )  # fmt: skip


def test_return_leaves_the_rest_standing_until_it_is_filled() -> None:
    """Every quote fills a lot of two and a half, into one position at the average price, and the order ends once."""
    venue = gold(depth=1.0, execution="exchange", fillings=())
    answer = sent(venue, entry(volume=2.5, stop=95.0))
    standing = [(o.ticket, o.volume, o.filled) for o in venue.orders()]
    for bid in (101.0, 102.0, 103.0):
        venue.tick("XAUUSD", venue.at + 1, bid, bid)
    told = venue.news()
    (position,) = venue.positions()

    assert 1.0 == answer.volume
    assert [(answer.order, 1.5, 1.0)] == standing
    assert [1.0, 1.0, 0.5] == [d.volume for d in venue.deals if d.entry == "in"]
    assert (answer.order, 2.5, 95.0) == (position.ticket, position.volume, position.stop)
    assert abs((100.1 + 101.0 + 51.0) / 2.5 - position.price) < 1e-9
    assert ["filled"] == [n.end for n in told if isinstance(n, OrderGone)]


def test_a_resting_limit_fills_in_parts() -> None:
    """What was not filled rests at its price."""
    venue = gold(depth=1.0)
    order = sent(venue, entry(kind="limit", price=99.0, volume=1.5, stop=90.0)).order
    venue.tick("XAUUSD", venue.at, 98.9, 99.0)
    between = [(o.ticket, o.volume, o.filled, o.price) for o in venue.orders()]
    venue.tick("XAUUSD", venue.at, 99.5, 99.6)
    untouched = len(venue.orders())
    venue.tick("XAUUSD", venue.at, 98.9, 99.0)

    assert [(order, 0.5, 1.0, 99.0)] == between
    assert (1, ()) == (untouched, venue.orders())
    assert [1.5] == [p.volume for p in venue.positions()]


def test_a_close_takes_what_there_is() -> None:
    """A part of the position is closed, and the answer says how much."""
    venue = gold()
    position = sent(venue, entry(volume=2.0, stop=0.0)).order
    venue.offer("XAUUSD", 0.7)
    answer = sent(venue, close(position, volume=2.0))

    assert (0.7, [1.3]) == (answer.volume, [p.volume for p in venue.positions()])


# --- promised prices ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("execution", "price", "deviation", "expected"),
    [
        ("market", 0.0, 0, 0),
        ("market", 99.0, 0, 0),
        ("instant", 100.1, 0, 0),
        ("instant", 100.05, 5, 0),
        ("instant", 100.05, 4, 10004),
        ("instant", 0.0, 4, 10015),
        ("request", 100.2, 9, 10004),
    ],
)
def test_a_promised_price_is_kept_or_requoted(
    execution: Execution, price: float, deviation: int, expected: int
) -> None:
    """Request and instant execution refuse a price that has moved by more than the deviation; the others never ask."""
    venue = gold(execution=execution)

    assert expected == code(venue, entry(price=price, deviation=deviation, stop=0.0))


# --- laws -----------------------------------------------------------------------------------------------------------


@given(
    st.sampled_from(["fok", "ioc", "return"]),
    st.integers(1, 300),
    st.integers(0, 200),
    st.sampled_from([1, -1]),
    st.integers(0, 4),
)
def test_no_more_is_ever_filled_than_was_asked(
    filling: Filling, asked: int, depth: int, side: Side, quotes: int
) -> None:
    """Filled and standing together are what was asked, or what was filled alone where the rest was dropped."""
    venue = gold(depth=depth / 100, execution="instant")
    request = entry(side=side, volume=asked / 100, stop=0.0, filling=filling, price=100.1 if side > 0 else 100.0)
    answer = venue.send(request)
    for _ in range(quotes):
        venue.tick("XAUUSD", venue.at + 1, 100.0, 100.1)
    got = round(sum(p.volume for p in venue.positions()), 2)
    rest = round(sum(o.volume for o in venue.orders()), 2)

    assert got + rest <= asked / 100 + 1e-9
    if filling == "return" and isinstance(answer, Accepted):
        assert abs(got + rest - asked / 100) < 1e-9
    if filling == "fok":
        assert got in {0.0, asked / 100}
    assert got <= (depth / 100) * (1 + quotes) + 1e-9 or depth == 0


def test_contracts_as_they_were_need_nothing_of_this() -> None:
    """A contract that says nothing of modes takes all kinds of orders."""
    venue = Venue(SYMBOLS, {}, currency="USD", balance=1e5, leverage=100, at=NOON)
    venue.tick("XAUUSD", NOON, 100.0, 100.1)
    requests = [
        entry(1), entry(2, kind="limit", price=99.0, stop=0.0), entry(3, kind="stop", price=101.0, stop=0.0),
        entry(4, kind="stop_limit", price=101.0, limit=100.5, stop=0.0),
    ]  # fmt: skip

    assert [0, 0, 0, 0] == [code(venue, r) for r in requests]
