"""Drives whose bars go their way: ticks or shorter bars say what came first, and orders arrive when they do."""

from collections.abc import Mapping, Sequence

import msgspec
import pytest

from backtests.drive import Drive
from backtests.passage import Passage
from backtests.ticked import bars_of_ticks
from brokers.costs import Costs
from brokers.requests import AnyRequest
from brokers.within import OfBars, OfTicks, Within
from market.bars import Bars, bars_of
from market.ticks import Ticks
from market.types import Deal
from runtime.core.plan import Plan
from strategies.exits import ExitPlan
from strategies.protocol import Entry
from tests.cores import LEAVE, a_gated_plan, a_lane, a_plan, buy, buy_limit
from tests.tapes import driven
from tests.venues import GOLD, HOUR, MONDAY, a_venue, close, entry

FREE = {"XAUUSD": Costs(), "EURUSD": Costs()}
MINUTE = 60_000
Late = float | tuple[float, ...]
Quote = tuple[int, float]
"""Milliseconds since an hour began, and a bid; the ask is ten points above."""


def ticks_of(hours: Sequence[Sequence[Quote]], symbol: str = "XAUUSD", spread: float = 0.1) -> Ticks:
    """Return the ticks of hours since Monday; three quiet ones go before them."""
    rows = [
        (MONDAY + n * HOUR + at, bid) for n, hour in enumerate([[(0, 100.0)]] * 3 + list(hours)) for at, bid in hour
    ]
    bids = [bid for _, bid in rows]
    return Ticks(symbol=symbol, time=[at for at, _ in rows], bid=bids, ask=[round(bid + spread, 5) for bid in bids])


def tape_of(ticks: Ticks, timeframe: str = "H1") -> Bars:
    """Return the bars of ticks."""
    return bars_of_ticks(ticks, timeframe, "UTC", GOLD.scale)


def played(plan: Plan, *tapes: Bars, late: Late = 0.0, within: Mapping[str, Within] | None = None) -> Drive:
    """Drive a plan whose orders take so long over bars of which something tells the way, from the third hour on."""
    costs = {name: Costs(latency_ms=late) for name in FREE}
    return driven(plan, *tapes, costs=costs, start=MONDAY + 3 * HOUR, warmup=3, within=within)


def dealt(drive: Drive) -> list[tuple[str, str, float, int]]:
    """Return all deals but the deposit: entry, reason, price, milliseconds since the first hour."""
    return [(d.entry, d.reason, d.price, d.at - MONDAY) for d in drive.deals if d.entry != "none"]


BOTH = ticks_of(
    [
        [(0, 100.0)],
        [(0, 100.0), (MINUTE, 100.5), (2 * MINUTE, 102.2), (30 * MINUTE, 98.7), (59 * MINUTE, 99.5)],
        [(0, 99.5)],
    ]
)
"""Bought at the first tick of hour 4, whose target at 102.1 is reached before the stop at 99.1."""
WANT = Entry(side=1, plan=ExitPlan(stop=1.0, target=2.0))
BOUGHT = ("in", "expert", 100.1, 4 * HOUR)


def both() -> Plan:
    """Return a plan that buys at the close of hour 3."""
    return a_plan(a_lane({3: WANT}))


def test_a_bar_alone_is_resolved_against_the_strategy_and_counted() -> None:
    """Nobody knows what came first."""
    drive = played(both(), tape_of(BOTH))

    assert [BOUGHT, ("out", "stop", 99.1, 5 * HOUR - 1)] == dealt(drive)
    assert (1, 0, 0) == (drive.ambiguous, drive.resolved, drive.apart)


def test_ticks_say_that_the_target_came_first() -> None:
    """At the tick's own price and moment; the bar is counted as resolved."""
    drive = played(both(), tape_of(BOTH), within={"XAUUSD": OfTicks(BOTH)})

    assert [BOUGHT, ("out", "target", 102.2, 4 * HOUR + 2 * MINUTE)] == dealt(drive)
    assert (0, 1, 0) == (drive.ambiguous, drive.resolved, drive.apart)


def test_shorter_bars_say_that_the_target_came_first() -> None:
    """At its level, in the minute that reached it."""
    drive = played(both(), tape_of(BOTH), within={"XAUUSD": OfBars(tape_of(BOTH, "M1"))})

    assert [BOUGHT, ("out", "target", 102.1, 4 * HOUR + 2 * MINUTE)] == [
        (*row[:2], min(row[2], 102.1) if row[1] == "target" else row[2], row[3]) for row in dealt(drive)
    ]
    assert (0, 1, 0) == (drive.ambiguous, drive.resolved, drive.apart)


def test_a_shorter_bar_that_reached_both_leaves_it_open() -> None:
    """Half an hour that holds target and stop tells no more than the hour: stopped, and counted."""
    drive = played(both(), tape_of(BOTH), within={"XAUUSD": OfBars(tape_of(BOTH, "M30"))})
    whole = ticks_of(
        [[(0, 100.0)], [(0, 100.0), (MINUTE, 102.2), (2 * MINUTE, 98.7), (40 * MINUTE, 99.5)], [(0, 99.5)]]
    )
    again = played(both(), tape_of(whole), within={"XAUUSD": OfBars(tape_of(whole, "M30"))})

    assert ("target", 1, 0) == (drive.deals[-1].reason, drive.resolved, drive.ambiguous)
    assert ("stop", 0, 1) == (again.deals[-1].reason, again.resolved, again.ambiguous)


def test_what_makes_other_bars_is_left_out_and_counted() -> None:
    """Ticks of another feed, a point off, tell nothing of this bar: it is played alone, against the strategy."""
    other = ticks_of(
        [[(0, 100.0)], [(0, 100.0), (MINUTE, 102.21), (2 * MINUTE, 98.7), (59 * MINUTE, 99.5)], [(0, 99.5)]]
    )
    drive = played(both(), tape_of(BOTH), within={"XAUUSD": OfTicks(other)})

    assert [BOUGHT, ("out", "stop", 99.1, 5 * HOUR - 1)] == dealt(drive)
    assert (1, 0, 1) == (drive.ambiguous, drive.resolved, drive.apart)


def test_an_order_that_rests_is_filled_and_left_in_the_order_of_ticks() -> None:
    """A limit at 99.5 is filled by a tick, and its stop reached by a later one of the same bar."""
    ticks = ticks_of(
        [[(0, 100.0)], [(0, 100.0), (MINUTE, 99.3), (2 * MINUTE, 98.4), (3 * MINUTE, 100.0)], [(0, 100.0)]]
    )
    drive = played(a_plan(a_lane({3: buy_limit(99.5)})), tape_of(ticks), within={"XAUUSD": OfTicks(ticks)})

    assert [("in", "expert", 99.4, 4 * HOUR + MINUTE), ("out", "stop", 98.4, 4 * HOUR + 2 * MINUTE)] == dealt(drive)


@pytest.mark.parametrize(
    ("fall", "told", "at"),
    [([[(0, 100.0), (MINUTE, 25.0)], [(0, 25.0)]], True, MINUTE), ([[(0, 100.0)], [(0, 25.0)]], False, HOUR)],
    ids=["ticks within a bar", "the open of the next bar"],
)
def test_a_gap_of_one_symbol_stops_another_one_out(fall: list[list[Quote]], told: bool, at: int) -> None:  # noqa: FBT001
    """Gold falls through its stop by seventy dollars, which is not given back; the venue then closes the euro, too."""
    gold = ticks_of([[(0, 100.0)], *fall, [(0, 25.0)]])
    euro = ticks_of([[(0, 1.1)], [(0, 1.1), (MINUTE, 1.1)], [(0, 1.1)], [(0, 1.1)]], "EURUSD", 0.0)
    entry = Entry(side=1, plan=ExitPlan(stop=0.001))
    plan = a_plan(a_lane({3: buy(1.0)}), a_lane({3: entry}, 2, symbol="EURUSD"), leverage=14)
    within: dict[str, Within] = {"XAUUSD": OfTicks(gold), "EURUSD": OfTicks(euro)} if told else {}
    drive = played(plan, tape_of(gold), bars_of_ticks(euro, "H1", "UTC", 1e5), within=within)
    out = [(d.symbol, d.reason, d.price, d.at - MONDAY - 4 * HOUR) for d in drive.deals if d.entry == "out"]

    assert [("XAUUSD", "stop", 25.0, at), ("EURUSD", "stop_out", 1.1, at)] == out


def test_a_trail_moves_by_closed_bars_whatever_ticks_tell() -> None:
    """A stop that trails by a dollar is moved at the close of a bar, not at the tick that was its high."""
    ticks = ticks_of(
        [[(0, 100.0)], [(0, 100.0), (MINUTE, 105.0), (2 * MINUTE, 102.0)], [(0, 102.0), (MINUTE, 104.0)], [(0, 104.0)]]
    )
    drive = played(a_plan(a_lane({3: buy(2.0, trail=2.0)})), tape_of(ticks), within={"XAUUSD": OfTicks(ticks)})

    assert BOUGHT == dealt(drive)[0]
    assert 5 * HOUR <= dealt(drive)[1][3]


# --- orders on their way ----------------------------------------------------------------------------------------------

RISING = ticks_of(
    [
        [(0, 100.0)],
        [(0, 100.0), (150, 100.2), (300, 100.4), (MINUTE, 100.6)],
        [(0, 100.6), (150, 100.8), (300, 101.0), (MINUTE, 101.2)],
        [(0, 101.2), (150, 101.4)],
    ]
)


def there_and_back() -> Plan:
    """Return a plan that buys at the close of hour 3, and leaves at that of hour 4."""
    return a_plan(a_lane({3: buy(5.0), 4: LEAVE}))


@pytest.mark.parametrize(
    ("late", "bought", "sold"),
    [
        (0.0, (100.1, 0), (100.6, 0)),
        (100.0, (100.1, 100), (100.6, 100)),
        (150.0, (100.3, 150), (100.8, 150)),
        (299.0, (100.3, 299), (100.8, 299)),
        (5_000.0, (100.5, 5_000), (101.0, 5_000)),
    ],
)
def test_an_order_gets_the_quote_of_the_moment_at_which_it_arrives(
    late: float, bought: Quote, sold: Quote
) -> None:  # fmt: skip
    """The last tick up to it, the one of the very millisecond too; entry and exit alike."""
    drive = played(there_and_back(), tape_of(RISING), late=late, within={"XAUUSD": OfTicks(RISING)})

    assert [("in", "expert", bought[0], 4 * HOUR + bought[1]), ("out", "expert", sold[0], 5 * HOUR + sold[1])] == dealt(
        drive
    )


def test_what_an_order_would_leave_open_is_counted_when_it_arrives() -> None:
    """Bought within the bar that then reaches both its target and its stop: ticks tell which was first."""
    drive = played(both(), tape_of(BOTH), late=150.0, within={"XAUUSD": OfTicks(BOTH)})

    assert ("out", "target", 102.2, 4 * HOUR + 2 * MINUTE) == dealt(drive)[-1]
    assert (0, 1) == (drive.ambiguous, drive.resolved)


def test_draws_of_latency_are_taken_by_the_order() -> None:
    """The same account meets the same ones, and no order overtakes another."""
    drive = played(there_and_back(), tape_of(RISING), late=(0.0, 150.0, 300.0), within={"XAUUSD": OfTicks(RISING)})
    again = played(there_and_back(), tape_of(RISING), late=(0.0, 150.0, 300.0), within={"XAUUSD": OfTicks(RISING)})

    assert dealt(drive) == dealt(again)
    assert {0, 150, 300} >= {at % HOUR for *_, at in dealt(drive)}


def test_no_order_overtakes_another() -> None:
    """The second takes less time than the first, and arrives with it: a line has no two lanes."""
    venue = a_venue()
    ticks = Ticks(symbol="XAUUSD", time=[venue.at, venue.at + 50, venue.at + 350], bid=[100.0] * 3, ask=[100.1] * 3)
    passage = Passage(venue, {"XAUUSD": OfTicks(ticks)}, {"XAUUSD": Costs(latency_ms=(0.0, 300.0, 100.0))})
    requests: list[AnyRequest] = [entry(1), close(1, 2)]
    taken = [passage.takes(request) for request in requests]
    arrived = [(venue.at - venue.deals[0].at, request.id) for request in passage.until(venue.at + HOUR, [])]

    assert [True, True] == taken
    assert [(300, 1), (300, 2)] == arrived


@pytest.mark.parametrize("within", [None, "M1"], ids=["bars alone", "shorter bars"])
def test_bars_have_no_quote_at_the_moment_at_which_an_order_arrives(within: str | None) -> None:
    """It is filled at the next bar's open, as if it took no time: what is said with every such backtest."""
    told = {"XAUUSD": OfBars(tape_of(RISING, within))} if within else {}
    drive = played(there_and_back(), tape_of(RISING), late=150.0, within=told)

    assert [("in", "expert", 100.1, 4 * HOUR), ("out", "expert", 100.6, 5 * HOUR)] == dealt(drive)


def test_a_position_that_was_stopped_meanwhile_is_not_left_twice() -> None:
    """The close arrives at nothing: it is refused, and the trade is closed once."""
    ticks = ticks_of(
        [[(0, 100.0)], [(0, 100.0), (MINUTE, 100.5)], [(0, 100.5), (100, 94.0), (200, 101.0)], [(0, 101.0)]]
    )
    drive = played(there_and_back(), tape_of(ticks), late=150.0, within={"XAUUSD": OfTicks(ticks)})

    assert [BOUGHT[0:2], ("out", "stop")] == [row[:2] for row in dealt(drive)]
    assert 1 == len(drive.outcomes)


def test_a_stop_that_is_moved_guards_where_it_was_until_it_has_arrived() -> None:
    """Moved at once it would have been hit by the first ticks of the bar; it is not there yet."""
    hours = [[(0, 100.0)], [(0, 100.0), (MINUTE, 104.0)], [(0, 104.0), (100, 101.5), (400, 104.0), (MINUTE, 104.5)]]
    ticks = ticks_of([*hours, [(0, 104.5)]])
    plan = a_plan(a_lane({3: buy(2.0, trail=2.0)}))
    at_once, late = (played(plan, tape_of(ticks), late=ms, within={"XAUUSD": OfTicks(ticks)}) for ms in (0.0, 300.0))

    assert ("out", "stop", 101.5, 5 * HOUR + 100) == dealt(at_once)[1]
    assert 6 * HOUR <= dealt(late)[1][3]


def test_an_order_taken_back_can_still_be_filled_until_the_word_arrives() -> None:
    """A gate that shuts has a resting limit cancelled; a tick before the cancel arrives fills it."""
    hours = [[(0, 100.0), (MINUTE, 100.3)], [(0, 100.3), (MINUTE, 100.1)], [(0, 100.1), (100, 99.0), (200, 100.4)]]
    ticks = ticks_of([*hours, [(0, 100.4)]])
    plan = a_gated_plan({3: buy_limit(99.5)})
    at_once, late = (played(plan, tape_of(ticks), late=ms, within={"XAUUSD": OfTicks(ticks)}) for ms in (0.0, 150.0))

    assert [] == dealt(at_once)
    assert ("in", "expert", 99.1, 5 * HOUR + 100) == dealt(late)[0]


def test_the_end_of_data_is_waited_for_by_nobody() -> None:
    """What is asked for when no quote follows is filled at the last one."""
    drive = played(a_plan(a_lane({3: buy(5.0)})), tape_of(RISING), late=150.0, within={"XAUUSD": OfTicks(RISING)})

    assert ("out", 101.4) == (dealt(drive)[-1][0], dealt(drive)[-1][2])


# --- several at once --------------------------------------------------------------------------------------------------


def test_two_symbols_go_their_ways_in_one_order_of_time() -> None:
    """Their ticks are merged, whatever the length of their bars; deals are made in that order."""
    gold = BOTH
    euro = Ticks(
        symbol="EURUSD", time=[at + 7 for at in gold.time], bid=[1.0 + bid / 1000.0 for bid in gold.bid],
        ask=[1.0001 + bid / 1000.0 for bid in gold.bid],
    )  # fmt: skip
    tapes = [tape_of(gold), bars_of_ticks(euro, "M30", "UTC", 1e5)]
    entry = Entry(side=1, plan=ExitPlan(stop=0.001, target=0.002))
    plan = a_plan(a_lane({3: WANT}), a_lane({3: entry}, 2, symbol="EURUSD", timeframe="M30"))
    drive = played(plan, *tapes, within={"XAUUSD": OfTicks(gold), "EURUSD": OfTicks(euro)})
    times = [deal.at for deal in drive.deals]

    assert sorted(times) == times
    assert {"XAUUSD", "EURUSD"} == {deal.symbol for deal in drive.deals if deal.entry == "out"}


def test_shadows_are_filled_by_the_same_ticks() -> None:
    """Where the gate vetoed nothing, live and shadow trades are the same."""
    ticks = ticks_of([[(0, 100.0), (MINUTE, 100.0)], *BOTH_HOURS])
    plan = a_gated_plan({4: WANT}, "enforce", dwell=0)
    drive = played(plan, tape_of(ticks), within={"XAUUSD": OfTicks(ticks)})
    books = {o.book: (o.exit_price, o.exit_reason) for o in drive.outcomes}

    assert books["live"] == books["shadow"]
    assert "target" == books["live"][1]


BOTH_HOURS: list[list[Quote]] = [
    [(0, 100.0), (MINUTE, 100.5)],
    [(0, 100.5), (MINUTE, 102.9), (30 * MINUTE, 98.7), (59 * MINUTE, 99.5)],
    [(0, 99.5)],
]


def test_a_quiet_drive_is_the_same_with_and_without_ticks() -> None:
    """What is decided does not depend on them where nothing is open."""
    plain, told = (played(a_plan(a_lane({})), tape_of(BOTH), within=way) for way in ({}, {"XAUUSD": OfTicks(BOTH)}))

    assert msgspec.json.encode(plain.decisions) == msgspec.json.encode(told.decisions)
    assert [Deal] == [type(deal) for deal in told.deals]


def test_shorter_bars_that_are_not_there_tell_nothing() -> None:
    """Each bar is played alone, and counted."""
    drive = played(both(), tape_of(BOTH), within={"XAUUSD": OfBars(bars_of("XAUUSD", "M1", []))})

    assert (1, 1) == (drive.ambiguous, drive.apart)


def test_the_time_an_order_takes_is_counted_from_the_tick_that_shows_the_bar_closed() -> None:
    """The hour opens at its hour, and its first tick comes two minutes later: nobody can decide before."""
    hours = [[(0, 100.0)], [(2 * MINUTE, 100.0), (2 * MINUTE + 100, 100.2), (3 * MINUTE, 100.4)], [(0, 100.4)]]
    ticks = ticks_of(hours)
    drive = played(a_plan(a_lane({3: buy(5.0)})), tape_of(ticks), late=150.0, within={"XAUUSD": OfTicks(ticks)})

    assert ("in", "expert", 100.3, 4 * HOUR + 2 * MINUTE + 150) == dealt(drive)[0]
