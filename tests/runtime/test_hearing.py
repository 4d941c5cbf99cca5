"""What a poll amounts to: bars in their order, revisions, silent feeds, a doubtful clock, and each thing once."""

from typing import Any

import msgspec
import pytest

from brokers.facts import (
    BarClosed,
    BarRevised,
    ClockDoubted,
    DataEnded,
    FeedBroken,
    FeedFresh,
    FeedStale,
    TradingAllowed,
    TradingForbidden,
)
from brokers.hours import Hours
from brokers.mt5.frames import Closed, Connected, FeedCursor, Identity, Polled
from market.calendar import ALL_DAY, Calendar
from market.types import Bar
from runtime.clock import Clock
from runtime.core.facts import AnyFact
from runtime.core.feeds import Feed
from runtime.core.instructions import Alert
from runtime.core.state import Ledger
from runtime.hearing import Ears, Hearing, facts_of, history
from tests.cores import a_lane, a_plan, an_account, closed, hour, opening
from tests.told import Told, of_kind
from tests.venues import EURUSD, GOLD, HOUR

WHO = Identity(7, "S", "/t")
MINUTE = 60_000
WEEKDAYS = Calendar(week=(ALL_DAY, ALL_DAY, ALL_DAY, ALL_DAY, ALL_DAY, (), ()))


class Hands(Clock):
    """A clock set by hand; the wall stands at hour 5 when nothing has elapsed."""

    def __init__(self) -> None:
        """Begin at the beginning."""
        self.passed = 0.0

    def wall_ms(self) -> int:
        """Return the wall's time."""
        return hour(5) + int(self.passed * 1000)

    def elapsed(self) -> float:
        """Return what was set."""
        return self.passed


class Room:
    """A hearing, its clock, and what it was told."""

    def __init__(self, *, hours: bool = True, lockstep: bool = False) -> None:
        """Be linked."""
        self.clock, self.ledger = Hands(), Ledger(holds={})
        open_hours = {"XAUUSD": Hours(WEEKDAYS, "UTC")} if hours else {}
        self.hearing = Hearing(self.ledger, self.clock, open_hours, Ears(max_age_ms=30_000, agreeing_s=10.0))
        self.link(lockstep=lockstep)

    def link(self, *, lockstep: bool = False) -> None:
        """Come up (again)."""
        told = Connected(who=WHO, at=hour(5), account=an_account(), symbols=(GOLD,), lockstep=lockstep)
        self.hearing.linked(told)

    def poll(self, passed: float, quoted: float | None = None, **told: Any) -> list[AnyFact]:  # noqa: ANN401
        """Poll so many seconds in; the last quote of gold is of the second `quoted`, else of now."""
        self.clock.passed = passed
        at = hour(5) + int((passed if quoted is None else quoted) * 1000)
        given: dict[str, Any] = {"news": (), "bars": (), "ended": False, "ticks": {"XAUUSD": at}} | told
        return list(self.hearing.facts(Polled(who=WHO, at=at, **given)))


# --- permission -------------------------------------------------------------------------------------------------------


def test_what_is_forbidden_and_allowed_is_told_when_it_changes() -> None:
    """Not with every poll."""
    room = Room()
    told = [room.poll(n, forbidden=why) for n, why in enumerate(("", "off", "off", "", ""))]

    assert [TradingForbidden(at=hour(5) + 1000, reason="off")] == told[1]
    assert [TradingAllowed(at=hour(5) + 3000)] == told[3]
    assert [[], [], []] == [told[0], told[2], told[4]]


# --- silence ----------------------------------------------------------------------------------------------------------


def test_a_symbol_that_stands_still_in_an_open_market_is_stale_until_it_moves() -> None:
    """Told once when two minutes have passed, and once when it is quoted again."""
    room = Room()
    told = [room.poll(10.0 * n, quoted=0.0) for n in range(20)]
    moved = room.poll(200.0)

    stale = FeedStale(at=hour(5) + 120_000, symbol="XAUUSD", problem="its quotes stand still in an open market")
    assert [stale] == [fact for facts in told for fact in facts]
    assert [stale] == told[12]
    assert [FeedFresh(at=hour(5) + 200_000, symbol="XAUUSD")] == moved


@pytest.mark.parametrize(
    ("hours", "lockstep", "began"), [(False, False, 0), (True, True, 0), (True, False, 5 * 24)], ids=str
)
def test_nobody_knows_of_a_market_without_hours_and_a_shut_one_may_stand_still(
    hours: bool,  # noqa: FBT001 - a table
    lockstep: bool,  # noqa: FBT001 - a table
    began: int,
) -> None:
    """No calendar, recorded time that waits for us, a Saturday: silence says nothing."""
    room = Room(hours=hours, lockstep=lockstep)
    told = [room.poll(10.0 * n, ticks={"XAUUSD": hour(5 + began)}) for n in range(100)]

    assert [] == [fact for facts in told for fact in facts if isinstance(fact, FeedStale)]


def test_a_new_link_gives_silence_a_new_patience() -> None:
    """What passed while the terminal was away is not held against the symbol."""
    room = Room()
    room.poll(0.0)
    room.clock.passed = 1000.0
    room.link()

    assert [] == room.poll(1001.0, quoted=0.0)


def test_a_new_link_does_not_end_a_silence_that_was_told() -> None:
    """A symbol that stood still, and is told at the same quote after it, is held on until it moves."""
    room = Room()
    for n in range(14):
        room.poll(10.0 * n, quoted=0.0)
    room.link()
    still, moved = room.poll(141.0, quoted=0.0), room.poll(142.0)

    assert [] == still
    assert [FeedFresh(at=hour(5) + 142_000, symbol="XAUUSD")] == moved


@pytest.mark.parametrize(("lost_h", "opened"), [(0.05, [True] * 4), (5.0, [False, False, False, True])], ids=str)
def test_without_a_calendar_a_terminal_lost_in_a_quiet_market_is_away_at_the_latest_on_the_next_weekday(
    lost_h: float, opened: list[bool]
) -> None:
    """Gold was last quoted on Friday at eight: that it is away is said at once, or on Monday, and not never."""
    room = Room(hours=False)
    room.poll(0.0, ticks={"XAUUSD": hour(4 * 24 + 20)})
    asked = [3600.0 * (lost_h + n) for n in (0.5, 6.0, 40.0, 51.0)]  # up to Sunday afternoon, and Monday morning

    assert opened == [room.hearing.silence.market_open(now, 3600.0 * lost_h) for now in asked]


def test_a_history_that_does_not_come_is_stale_as_well() -> None:
    """A feed that cannot be continued is waited for, and then told; when it is there, it is fresh."""
    room = Room(hours=False)
    told = [room.poll(10.0 * n, late=(("XAUUSD", "H1"),)) for n in range(20)]
    (stale,) = [fact for facts in told for fact in facts]

    assert isinstance(stale, FeedStale)
    assert "history of H1" in stale.problem
    assert [FeedFresh(at=hour(5) + 200_000, symbol="XAUUSD")] == room.poll(200.0)


# --- the clock --------------------------------------------------------------------------------------------------------


def doubts(told: list[list[AnyFact]], ledger: Ledger) -> list[str]:
    """Return what was said of the clock; it is held as the core would hold it."""
    said = [fact.problem for facts in told for fact in facts if isinstance(fact, ClockDoubted)]
    for problem in said:
        ledger.holds["CONTRACT"] = problem
    return said


@pytest.mark.parametrize(("ahead_h", "words"), [(2.0, "+2 h"), (-1.0, "-1 h"), (5.5, "+5.5 h")])
def test_quotes_that_contradict_the_zone_are_told_once_and_taken_back_once(ahead_h: float, words: str) -> None:
    """Fresh quotes ten seconds long say the same; later ones say that all is well."""
    room = Room()
    wrong = []
    for n in range(30):
        wrong += doubts([room.poll(n, quoted=n + ahead_h * 3600)], room.ledger)
    right = []
    for n in range(30, 60):
        right += doubts([room.poll(n)], room.ledger)

    assert 1 == len(wrong)
    assert words in wrong[0]
    assert [""] == right


@pytest.mark.parametrize("late_s", [0.0, -3.0, -400.0, 400.0])
def test_a_late_quote_or_a_clock_minutes_off_is_no_contradiction(late_s: float) -> None:
    """Zones differ by quarters of an hour, nothing else does."""
    room = Room()

    assert [] == doubts([room.poll(n, quoted=n + late_s) for n in range(60)], room.ledger)


def test_a_quote_that_stands_still_says_nothing_of_the_clock() -> None:
    """On Monday morning Friday's last quote is no contradiction, nor is one flicker of another time."""
    room = Room(hours=False)
    still = [room.poll(n, quoted=-100_000.0) for n in range(60)]
    flicker = [room.poll(60.0 + n, quoted=7200.0 if n == 1 else 60.0 + n) for n in range(3)]

    assert [] == doubts([*still, *flicker], room.ledger)


def test_recorded_time_contradicts_nothing() -> None:
    """A replay shows another year."""
    room = Room()

    assert [] == doubts([room.poll(n, quoted=n - 10_000_000.0) for n in range(60)], room.ledger)


def test_a_doubted_clock_holds_every_symbol_until_it_is_doubted_no_more() -> None:
    """One page, and a hold that neither a bar nor a restart lifts: only quotes do."""
    core = Told(a_plan(a_lane({})))
    steps = [core.tell(ClockDoubted(at=hour(4), problem=problem)) for problem in ("2 h off", "2 h off")]
    core.tell(*opening(run=2))
    core.decide(4)
    held = core.holds
    core.tell(ClockDoubted(at=hour(5), problem=""))

    assert [1, 0] == [len(of_kind(step, Alert)) for step in steps]
    assert (["CONTRACT"], []) == (held, core.holds)


def test_feeds_that_have_forgotten_what_a_wrong_clock_told_are_read_from_their_beginning() -> None:
    """Once, when the clock is right; nothing is told before their history was, and other feeds go on."""
    room, core = Room(), Told(a_plan(a_lane({})))
    room.ledger.holds["CONTRACT"] = "5 h off"
    core.decide(9)  # of a clock that is five hours ahead
    other = Feed(("EURUSD", "H1"))
    other.fold(closed(4, symbol="EURUSD").bar)
    feeds = core.core.feeds | {other.key: other}
    room.hearing.recall(feeds)
    for passed in (0.0, 1.0):
        room.poll(passed)
    core.tell(ClockDoubted(at=hour(10), problem="5 h off"), ClockDoubted(at=hour(5), problem=""))
    none = room.hearing.forgotten(feeds)
    righted = room.poll(12.0, moved=True, bars=(Closed(closed(9).bar, 1.0, 1.1, hour(10)),))
    keys = [room.hearing.forgotten(feeds) for _ in range(2)]

    assert [ClockDoubted(at=hour(5) + 12_000, problem="")] == righted
    assert ([], [[("XAUUSD", "H1")], []]) == (none, keys)
    assert [FeedCursor("XAUUSD", "H1", 0), FeedCursor("EURUSD", "H1", hour(4), (*other.known,))] == [
        *room.hearing.cursors(feeds)
    ]


# --- revisions --------------------------------------------------------------------------------------------------------


def test_the_last_bars_told_are_read_again_and_a_changed_one_is_told_once() -> None:
    """Three of them; what is told of one now takes the place of what was told."""
    room = Room(lockstep=True)
    bars = [told_bar(n, symbol="XAUUSD") for n in range(5)]
    room.poll(0.0, bars=tuple(bars))
    feed = Feed(("XAUUSD", "H1"))
    changed = msgspec.structs.replace(bars[3].bar, close=100.7)
    (cursor,) = room.hearing.cursors({feed.key: feed})
    told = room.poll(1.0, revised=(changed,))
    (again,) = room.hearing.cursors({feed.key: feed})

    assert FeedCursor("XAUUSD", "H1", hour(4), tuple(c.bar for c in bars[2:])) == cursor
    assert [BarRevised(at=hour(5) + 1000, bar=changed)] == told
    assert (bars[2].bar, changed, bars[4].bar) == again.known


def test_the_last_bars_of_a_run_are_read_again_by_the_next_one() -> None:
    """The core remembers three of each feed, as they were told last."""
    core = Told(a_plan(a_lane({})))
    core.tell(*(closed(n) for n in range(3, 7)))
    changed = msgspec.structs.replace(closed(5).bar, close=100.7)
    core.tell(BarRevised(at=hour(8), bar=changed))
    room = Room()
    room.hearing.recall(core.again().core.feeds)
    (cursor,) = room.hearing.cursors(core.core.feeds)

    assert (closed(4).bar, changed, closed(6).bar) == cursor.known


def test_a_bar_that_is_revised_into_none_is_a_broken_feed() -> None:
    """It is folded in nowhere, and read again: once it is a bar it is revised."""
    room = Room(lockstep=True)
    bar = told_bar(4, symbol="XAUUSD")
    room.poll(0.0, bars=(bar,))
    crossed = msgspec.structs.replace(bar.bar, high=1.0)
    broken, right = (room.poll(n, revised=(one,)) for n, one in enumerate((crossed, bar.bar), 1))

    assert [FeedBroken] == [type(fact) for fact in broken]
    assert [BarRevised(at=hour(5) + 2000, bar=bar.bar)] == right


def test_history_that_cannot_be_a_bar_is_folded_in_nowhere() -> None:
    """One number that is none would stay in every mean for ever: the feed is broken there, until its next bar."""
    bar = closed(1).bar
    told = [history(one) for one in (bar, msgspec.structs.replace(bar, close=float("nan")))]

    assert [closed(1, spread=0.0, phase="warm"), FeedBroken] == [told[0], type(told[1])]


# --- contracts --------------------------------------------------------------------------------------------------------


def test_contracts_are_told_anew_when_they_change_and_once_a_day() -> None:
    """The value of a tick moves with the market, and is no change."""
    room = Room()
    moved = msgspec.structs.replace(GOLD, tick_value=9.9)
    changed = msgspec.structs.replace(GOLD, contract_size=10.0)
    told = [
        [fact.symbol for fact in room.hearing.contracts(symbols, at)]
        for symbols, at in (
            ((GOLD, EURUSD), hour(1)), ((moved, EURUSD), hour(2)), ((changed,), hour(3)), ((changed,), hour(26)),
            ((changed,), hour(27)),
        )
    ]  # fmt: skip

    assert [[GOLD, EURUSD], [], [changed], [], [changed]] == told


# --- bars as facts ----------------------------------------------------------------------------------------------------


def told_bar(n: int, timeframe: str = "H1", symbol: str = "GOLD", opens: int | None = None, **price: float) -> Closed:
    """Return a told bar that opened n hours in; its next one has opened when it closed."""
    length = {"H1": HOUR, "H4": 4 * HOUR}[timeframe]
    bar = Bar(symbol, timeframe, hour(n), 100.0, price.get("high", 101.0), 99.0, 100.5)
    next_open = hour(n) + length if opens is None else opens
    return Closed(bar, price.get("bid", 100.5), price.get("ask", 100.7), next_open)


def test_bars_are_facts_by_the_time_they_closed_the_longest_first() -> None:
    """Of those that close together the longest is told first: it may be what the shorter one's gate reads."""
    bars = (told_bar(3), told_bar(2), told_bar(0, "H4"), told_bar(3, symbol="OIL"))
    facts = list(facts_of(bars, hour(4), 30_000))

    assert [("H1", 2), ("H4", 0), ("H1", 3), ("H1", 3)] == [
        (f.bar.timeframe, (f.bar.time - hour(0)) // HOUR) for f in facts if isinstance(f, BarClosed)
    ]


@pytest.mark.parametrize(
    ("age_ms", "opens", "phase"),
    [(0, None, "live"), (30_000, None, "live"), (30_001, None, "missed"), (10**9, 0, "live")],
)
def test_only_the_newest_bar_of_a_feed_is_live_and_only_while_fresh(age_ms: int, opens: int | None, phase: str) -> None:
    """Older ones closed while we were away; the last bar of recorded data has no next one and is never late."""
    facts = list(facts_of((told_bar(1), told_bar(2), told_bar(3, opens=opens)), hour(4) + age_ms, 30_000))

    assert ["missed", "missed", phase] == [f.phase for f in facts if isinstance(f, BarClosed)]


@pytest.mark.parametrize("price", [{"bid": 0.0}, {"bid": 100.8}, {"ask": float("nan")}])
def test_a_bar_that_comes_with_a_quote_that_is_none_is_missed_and_breaks_the_feed(price: dict[str, float]) -> None:
    """It is folded in, as a backtest would; by such a quote nobody can trade, and the next bar ends that."""
    told = told_bar(1, "H1", "GOLD", None, **price)
    missed, broken, good = facts_of((told, told_bar(2)), hour(3), 30_000)

    assert isinstance(missed, BarClosed)
    assert isinstance(broken, FeedBroken)
    assert isinstance(good, BarClosed)
    assert (told.bar, "missed") == (missed.bar, missed.phase)
    assert "quote" in broken.problem


@pytest.mark.parametrize("price", [{"high": 100.2}, {"high": float("nan")}])
def test_what_cannot_be_a_bar_breaks_the_feed(price: dict[str, float]) -> None:
    """It is not told as a bar; the next good one is."""
    broken, good = facts_of((told_bar(1, "H1", "GOLD", None, **price), told_bar(2)), hour(3), 30_000)

    assert isinstance(broken, FeedBroken)
    assert isinstance(good, BarClosed)
    assert ("GOLD", hour(3)) == (broken.symbol, broken.at)


def test_missed_bars_come_in_the_order_of_a_daemon_that_was_there() -> None:
    """Where the clock leaves out an hour, four hours last three: the long bar comes before what followed it."""
    short = tuple(told_bar(n, opens=hour(n + 1)) for n in range(5))
    long = (told_bar(0, "H4", opens=hour(3)), told_bar(3, "H4", opens=hour(7)))
    away = list(facts_of((*short, *long), hour(40), 30_000))
    there = [fact for n in range(1, 8) for fact in facts_of(opened_at(hour(n), short + long), hour(n), 30_000)]

    assert [bar_of(fact) for fact in there] == [bar_of(fact) for fact in away]
    assert {"missed"} == {fact.phase for fact in away if isinstance(fact, BarClosed)}
    assert [("H1", 0), ("H1", 1), ("H4", 0), ("H1", 2)] == [bar_of(fact) for fact in away][:4]


def test_of_bars_shown_together_the_one_that_ended_first_comes_first() -> None:
    """A symbol without bars for some hours shows its last one when it opens again, beside the others' newest."""
    quiet, busy = told_bar(2, opens=hour(7)), told_bar(6, symbol="OIL")

    assert [2, 6] == [bar_of(fact)[1] for fact in facts_of((busy, quiet), hour(7), 30_000)]


def opened_at(at: int, bars: tuple[Closed, ...]) -> tuple[Closed, ...]:
    """Return the bars that were shown to be closed at a moment."""
    return tuple(closed for closed in bars if closed.next_open == at)


def bar_of(fact: AnyFact) -> tuple[str, int]:
    """Return which bar a fact tells."""
    assert isinstance(fact, BarClosed)
    return fact.bar.timeframe, (fact.bar.time - hour(0)) // HOUR


@pytest.mark.parametrize("of_old", [{"moved": True}, {"revised": (closed(3).bar,)}])
@pytest.mark.parametrize("ahead_h", [2.0, -1.0])
def test_bars_that_moved_with_a_wrong_clock_are_waited_for(ahead_h: float, of_old: dict[str, Any]) -> None:
    """Bars told before stand at other times since the clock is wrong: they are no new ones, and are not asked past."""
    room = Room()
    room.poll(0.0)
    moved = room.poll(1.0, quoted=1.0 + ahead_h * 3600, bars=(Closed(closed(5).bar, 1.0, 1.1, hour(6)),), **of_old)
    righted = room.poll(2.0, bars=(Closed(closed(4).bar, 1.0, 1.1, hour(5)),))

    assert [] == moved
    assert [closed(4).bar.time] == [fact.bar.time for fact in righted if isinstance(fact, BarClosed)]


@pytest.mark.parametrize("ahead_h", [2.0, -1.0])
def test_bars_of_a_doubted_clock_are_told_where_the_known_ones_stand_as_they_stood(ahead_h: float) -> None:
    """It may be this machine's clock that is wrong: open trades are looked after, and nothing is entered."""
    room = Room()
    room.poll(0.0)
    told = room.poll(1.0, quoted=1.0 + ahead_h * 3600, bars=(Closed(closed(4).bar, 1.0, 1.1, hour(5)),))

    assert [ClockDoubted, BarClosed] == [type(fact) for fact in told]


def test_no_bar_is_entered_upon_before_it_is_believed_which_clock_is_wrong() -> None:
    """A quote that contradicts the zone is a doubt at once where a bar is to be decided; a minute later it is none."""
    room = Room()
    room.poll(0.0)
    first = doubts([room.poll(1.0, quoted=7200.0, bars=(Closed(closed(4).bar, 1.0, 1.1, hour(5)),))], room.ledger)
    then = doubts([room.poll(2.0 + n) for n in range(12)], room.ledger)

    assert (["quotes are +2 h"], {""}) == ([problem[:15] for problem in first], set(then))


def test_a_first_quote_is_believed_to_be_wrong_only_where_it_is_of_later() -> None:
    """An old quote may be Friday's; none is tomorrow's."""
    told = [Room().poll(0.0, quoted=hours * 3600.0, moved=True, bars=(Closed(closed(4).bar, 1.0, 1.1, hour(5)),))
            for hours in (-2, 2)]  # fmt: skip

    assert [1, 0] == [len([fact for fact in facts if isinstance(fact, BarClosed)]) for facts in told]


def test_the_end_of_recorded_data_is_told_before_its_last_bars() -> None:
    """On them all is left that is open, as in a backtest."""
    told = Room(lockstep=True).poll(1.0, ended=True, bars=(Closed(closed(4).bar, 1.0, 1.1, 0),))

    assert [DataEnded, BarClosed] == [type(fact) for fact in told]
