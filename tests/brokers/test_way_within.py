"""The way of prices within a bar: played moment by moment it is what the venue would have been fed."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from brokers.costs import Costs
from brokers.venue import Venue
from brokers.within import OfBars, OfTicks, Opened, Quoted, Ran, Span, Within, closing, happen
from market.bars import bars_of
from market.ticks import Ticks
from tests.venues import GOLD, HOUR, MONDAY, a_venue, deals, entry

OPEN = MONDAY + 12 * HOUR
LAST = OPEN + HOUR - 1
Row = tuple[int, float, float]


def ticks_of(rows: Sequence[Row]) -> Ticks:
    """Return ticks of (milliseconds after the opening, bid, ask)."""
    return Ticks(
        symbol="XAUUSD", time=[OPEN + row[0] for row in rows], bid=[row[1] for row in rows], ask=[r[2] for r in rows]
    )


def span_of(rows: Sequence[Row]) -> Span:
    """Return the hour that ticks make up."""
    bids = [bid for _, bid, _ in rows]
    return Span(OPEN, LAST, bids[0], max(bids), min(bids), bids[-1], (rows[0][2] - rows[0][1]) * GOLD.scale)


def gone(venue: Venue, within: Within, bar: Span) -> None:
    """Play an hour that has opened, by its way."""
    way = within.way(bar)
    for moment in (*way, closing(bar, way)):
        happen(venue, "XAUUSD", moment)


A_DAY = (
    (0, 100.0, 100.1),
    (60_000, 103.0, 103.2),
    (120_000, 94.0, 94.1),
    (120_000, 95.5, 95.6),
    (3_599_000, 99.0, 99.4),
)
"""Up to a target first, then down to a stop, in the same hour; two ticks share a millisecond."""


@given(
    steps=st.lists(st.tuples(st.sampled_from([0, 1, 40_000]), st.integers(-200, 200), st.integers(0, 40)), max_size=60),
    wishes=st.lists(
        st.tuples(
            st.sampled_from([1, -1]), st.sampled_from(["market", "limit", "stop", "stop_limit"]), st.integers(20, 300),
            st.integers(20, 300), st.integers(10, 200),
        ),
        min_size=1,
        max_size=5,
    ),
    slips=st.lists(st.integers(-5, 9).map(float), max_size=3),
)  # fmt: skip
@settings(max_examples=150)
def test_a_bar_resolved_by_ticks_is_the_venue_fed_with_them(
    steps: list[tuple[int, int, int]], wishes: list[tuple[int, str, int, int, int]], slips: list[float]
) -> None:
    """Whatever stands and rests: each stop, target and entry is what comes of the ticks one after another."""
    rows, at, bid = [(0, 100.0, 100.1)], 0, 10_000
    for after, move, points in steps:
        at, bid = min(at + after, HOUR - 1), max(5_000, bid + move)
        rows.append((at, bid / 100.0, (bid + points) / 100.0))
    by_bar, fed = (a_venue(balance=100_000.0, slips=tuple(slips), commission=3.0) for _ in range(2))
    for venue in (by_bar, fed):
        for number, (side, kind, stop, target, away) in enumerate(wishes, 1):
            ahead = side * away / 100.0 * (-1.0 if kind == "limit" else 1.0)
            price = round((100.1 if side > 0 else 100.0) + (ahead if kind != "market" else 0.0), 2)
            limit = round(price - side * 0.05, 2) if kind == "stop_limit" else 0.0
            base = limit or price
            venue.send(
                entry(
                    number, side=side, kind=kind, price=price, limit=limit, volume=0.1, magic=number,
                    stop=round(base - side * stop / 100.0, 2), target=round(base + side * target / 100.0, 2),
                )
            )  # fmt: skip
    gone(by_bar, OfTicks(ticks_of(rows)), span_of(rows))
    for after, one, other in rows:
        fed.tick("XAUUSD", OPEN + after, one, other)

    assert fed.deals == by_bar.deals
    assert [msgspec.json.encode(x) for x in (fed.positions(), fed.orders(), fed.equity())] == [
        msgspec.json.encode(x) for x in (by_bar.positions(), by_bar.orders(), by_bar.equity())
    ]


@pytest.mark.parametrize(
    ("within", "left"),
    [(None, ("stop", 95.0, 1)), (OfTicks(ticks_of(A_DAY)), ("target", 103.0, 0))],
    ids=["the bar alone", "ticks"],
)
def test_ticks_tell_that_the_target_came_first(within: Within | None, left: tuple[str, float, int]) -> None:
    """A bar that reached both counts as stopped, against the strategy; ticks say what was so."""
    venue, bar = a_venue(), span_of(A_DAY)
    venue.send(entry(stop=95.0, target=103.0))
    deals(venue)
    asked = venue.unsure("XAUUSD", bar.high, bar.low, bar.close)
    gone(venue, within or OfTicks(ticks_of([])), bar)
    (deal,) = deals(venue)

    assert 1 == asked
    assert left == (deal.reason, deal.price, venue.ambiguous)


def test_ticks_give_a_stop_the_price_of_their_gap() -> None:
    """Through a stop at 95.0 the next quote is 94.0: that is what it gets, at that moment."""
    venue = a_venue()
    venue.send(entry(stop=95.0))
    gone(venue, OfTicks(ticks_of(A_DAY)), span_of(A_DAY))

    assert [("stop", 94.0, OPEN + 120_000)] == [(d.reason, d.price, d.at) for d in deals(venue) if d.entry == "out"]


def test_an_order_that_rests_is_filled_and_stopped_in_the_order_of_ticks() -> None:
    """A limit at 99.0 rests below; the price falls through it, then to its stop: each when it was."""
    rows = ((0, 100.0, 100.1), (60_000, 98.8, 98.9), (90_000, 97.9, 98.0), (120_000, 101.0, 101.1))
    venue = a_venue()
    venue.send(entry(kind="limit", price=99.0, stop=98.0, target=101.0))
    gone(venue, OfTicks(ticks_of(rows)), span_of(rows))

    assert [("in", 98.9, OPEN + 60_000), ("out", 97.9, OPEN + 90_000)] == [
        (d.entry, d.price, d.at) for d in deals(venue)
    ]


# --- shorter bars -----------------------------------------------------------------------------------------------------

QUARTERS = [
    (OPEN, 100.0, 101.0, 99.5, 100.5, 9.0, 10.0),
    (OPEN + HOUR // 4, 100.5, 104.0, 100.0, 101.0, 9.0, 0.0),
    (OPEN + HOUR // 2, 101.0, 101.0, 94.0, 96.0, 9.0, 12.0),
]
HOUR_BAR = Span(OPEN, LAST, 100.0, 104.0, 94.0, 96.0, 10.0)
OF_QUARTERS = OfBars(bars_of("XAUUSD", "M15", QUARTERS))


def test_shorter_bars_are_told_one_after_another() -> None:
    """Each opens and runs; one without a spread has that of the bar, and a quarter without trade has no bar."""
    assert "M15 bars" == OF_QUARTERS.said
    assert [
        Opened(OPEN, 100.0, 10.0), Ran(OPEN + HOUR // 4 - 1, 101.0, 99.5, 100.5),
        Opened(OPEN + HOUR // 4, 100.5, 10.0), Ran(OPEN + HOUR // 2 - 1, 104.0, 100.0, 101.0),
        Opened(OPEN + HOUR // 2, 101.0, 12.0), Ran(OPEN + 3 * HOUR // 4 - 1, 101.0, 94.0, 96.0),
    ] == OF_QUARTERS.way(HOUR_BAR)  # fmt: skip


def test_shorter_bars_tell_that_the_target_came_first() -> None:
    """It was reached in the second quarter, the stop in the third."""
    venue = a_venue()
    venue.send(entry(stop=95.0, target=103.0))
    gone(venue, OF_QUARTERS, HOUR_BAR)

    assert [("target", 103.0, OPEN + HOUR // 2 - 1)] == [
        (d.reason, d.price, d.at) for d in deals(venue) if d.entry == "out"
    ]
    assert 0 == venue.ambiguous


def test_a_shorter_bar_that_reached_both_counts_as_stopped() -> None:
    """It does not tell either."""
    venue = a_venue()
    venue.send(entry(stop=99.6, target=101.0))
    gone(venue, OF_QUARTERS, HOUR_BAR)

    assert (["stop"], 1) == ([d.reason for d in deals(venue) if d.entry == "out"], venue.ambiguous)


@pytest.mark.parametrize(
    ("within", "bar"),
    [
        (OF_QUARTERS, HOUR_BAR._replace(high=104.01)),
        (OF_QUARTERS, HOUR_BAR._replace(low=93.9)),
        (OF_QUARTERS, HOUR_BAR._replace(open=100.1)),
        (OF_QUARTERS, HOUR_BAR._replace(close=96.1)),
        (OF_QUARTERS, HOUR_BAR._replace(ends=OPEN + HOUR // 2)),
        (OfTicks(ticks_of(A_DAY)), span_of(A_DAY)._replace(low=94.5)),
        (OfTicks(ticks_of(A_DAY[1:])), span_of(A_DAY)),
    ],
    ids=["high", "low", "open", "close", "one longer than it", "ticks", "ticks that begin late"],
)
def test_what_makes_another_bar_tells_nothing(within: Within, bar: Span) -> None:
    """Of another feed's prices, or with some missing, nobody knows what came first; the bar is then played alone."""
    assert [] == list(within.way(bar))
    assert Ran(bar.ends, bar.high, bar.low, bar.close) == closing(bar, within.way(bar))


def test_the_last_tick_of_a_bar_belongs_to_it_and_the_next_one_does_not() -> None:
    """To the millisecond."""
    rows = [(0, 100.0, 100.1), (HOUR - 1, 101.0, 101.1), (HOUR, 90.0, 90.1)]

    assert [Quoted(OPEN, 100.0, 100.1), Quoted(LAST, 101.0, 101.1)] == OfTicks(ticks_of(rows)).way(span_of(rows[:2]))


@pytest.mark.parametrize(
    ("wish", "unsure"),
    [
        ({"stop": 95.0, "target": 103.0}, 1),
        ({"stop": 90.0, "target": 103.0}, 0),
        ({"side": -1, "stop": 103.0, "target": 95.0}, 1),
        ({"kind": "limit", "price": 99.0, "stop": 98.0, "target": 103.0}, 1),
        ({"kind": "stop", "price": 102.0, "stop": 98.0}, 1),
        ({"kind": "limit", "price": 80.0, "stop": 70.0}, 0),
    ],
    ids=["both", "target alone", "short", "limit", "stop entry", "never reached"],
)
def test_what_a_bar_leaves_open_is_counted_before_it_is_played(wish: dict[str, Any], unsure: int) -> None:
    """Of positions, and of those that resting orders would open."""
    venue = a_venue()
    venue.send(entry(**wish))

    assert unsure == venue.unsure("XAUUSD", 104.0, 94.0, 99.0)


def test_where_nothing_stands_no_way_is_looked_for() -> None:
    """A quiet bar costs nothing."""
    assert None is Venue({"XAUUSD": GOLD}, {"XAUUSD": Costs()}, currency="USD", balance=1.0, leverage=1, at=0).unsure(
        "XAUUSD", 2.0, 1.0, 1.0
    )
