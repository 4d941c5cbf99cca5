"""Named windows: when each is on, that no entry is taken in it, and what is done on the last bar before it."""

import datetime

from typing import Any

import msgspec
import pytest

from hypothesis import given
from hypothesis import strategies as st

from brokers.facts import Accepted
from brokers.mt5.zone import to_server
from config.windows import FridaySection, News, NewsSection, RolloverSection, WindowsSection
from market.types import DAY_MS
from runtime.core.instructions import Cancel, ClosePosition
from runtime.core.windows import Windows
from tests.cores import a_lane, a_plan, buy, buy_limit, closed, hour
from tests.told import Told, in_trade, of_kind, only
from tests.venues import EURUSD, GOLD, MONDAY

MINUTE = 60_000
EVERY = dict.fromkeys(range(3, 200), buy())


def windows(*news: News, zone: str = "UTC", **said: Any) -> Windows:  # noqa: ANN401 - the sections
    """Return windows on a server with this clock."""
    return Windows(WindowsSection(**said), news, zone)


def on(these: Windows, first: int, last: int = 0) -> list[str]:
    """Return the names of the windows that are on for gold from one moment to another."""
    return [name for name, _ in these.on(GOLD, first, last or first)]


# --- when one is on ---------------------------------------------------------------------------------------------------


@given(
    st.integers(0, 2 * DAY_MS // MINUTE), st.integers(0, 600), st.integers(0, 1439), st.integers(1, 1439),
    st.sampled_from(("UTC", "UTC+2", "UTC-5:30")),
)  # fmt: skip
def test_a_rollover_is_on_in_the_minutes_that_it_names(
    first: int, lasts: int, begins: int, length: int, zone: str
) -> None:
    """As if every minute were asked by itself."""
    ends = begins + length
    hours = f"{begins // 60:02}:{begins % 60:02}-{ends // 60 % 24:02}:{ends % 60:02}"
    these = windows(rollover=RolloverSection(hours=hours), zone=zone)
    asked = range(first, first + lasts + 1)
    dial = [to_server(zone, MONDAY + n * MINUTE) // MINUTE % 1440 for n in asked]
    expected = any((m - begins) % 1440 < length for m in dial)

    assert expected is bool(on(these, MONDAY + first * MINUTE, MONDAY + (first + lasts) * MINUTE))


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (hour(4 * 24 + 20.9), False), (hour(4 * 24 + 21), True), (hour(6 * 24), True), (hour(7 * 24 - 0.01), True),
        (hour(7 * 24), False), (hour(11 * 24 + 22), True),
    ],
)  # fmt: skip
def test_a_friday_close_lasts_until_the_week_opens(at: int, expected: bool) -> None:  # noqa: FBT001
    """Every week."""
    assert expected is bool(on(windows(friday_close=FridaySection()), at))


@pytest.mark.parametrize(
    ("at", "expected"),
    [(14.74, False), (14.75, True), (15.0, True), (15.49, True), (15.5, False)],
)
def test_news_are_on_from_before_until_after(at: float, expected: bool) -> None:  # noqa: FBT001
    """A quarter of an hour before three and half an hour after."""
    these = windows(News(hour(15), "USD"), news=NewsSection(file="x", before=15.0, after=30.0))

    assert expected is bool(on(these, hour(at)))


def test_news_concern_the_currencies_that_they_name() -> None:
    """Of a symbol's two; without a name all of them."""
    these = windows(News(hour(5), "EUR"), News(hour(9)), news=NewsSection(file="x"))

    assert ([], ["news"]) == (on(these, hour(5)), on(these, hour(9)))
    assert ["news"] == [name for name, _ in these.on(EURUSD, hour(5), hour(5))]


@given(st.lists(st.integers(0, 60), max_size=8), st.integers(0, 60), st.integers(0, 20))
def test_no_news_are_missed(times: list[int], first: int, lasts: int) -> None:
    """As if each were looked at by itself."""
    told = tuple(News(hour(n)) for n in sorted(times))
    these = windows(*told, news=NewsSection(file="x", before=60.0, after=60.0))
    expected = any(hour(first) < one.at + 60 * MINUTE and one.at - 60 * MINUTE <= hour(first + lasts) for one in told)

    assert expected is bool(on(these, hour(first), hour(first + lasts)))


# --- what a core does -----------------------------------------------------------------------------------------------


def under(script: Any = None, **said: Any) -> Told:  # noqa: ANN401
    """Return a core that wants to enter on every bar, under windows and one announcement for the eighth hour."""
    news = (News(hour(8.25), "USD"),)
    return Told(a_plan(a_lane(EVERY if script is None else script), windows=Windows(WindowsSection(**said), news)))


@pytest.mark.parametrize(
    ("said", "n", "hold"),
    [
        ({"rollover": RolloverSection(hours="06:00-07:00")}, 5, "WINDOW:rollover"),
        ({"news": NewsSection(file="x", before=15.0)}, 7, "WINDOW:news"),
        ({"friday_close": FridaySection(closes="monday 06:00", act="block")}, 5, "WINDOW:friday_close"),
    ],
)
def test_no_entry_is_taken_in_a_window(said: dict[str, Any], n: int, hold: str) -> None:
    """It is held, by the window's name; the bar before it trades."""
    inside, before = under(**said).decide(n), under(**said).decide(n - 1)

    assert ("held", (hold,)) == (inside.outcome, inside.holds)
    assert "traded" == before.outcome


def test_a_window_is_over_at_its_end() -> None:
    """The end is no part of it."""
    assert "traded" == under(rollover=RolloverSection(hours="05:00-06:00")).decide(5).outcome


def test_an_entry_that_would_rest_into_a_window_is_not_taken() -> None:
    """The window begins half an hour after the bar, and the next one closes only then."""
    said = RolloverSection(hours="06:30-06:45")
    rests, market = under({5: buy_limit(99.5)}, rollover=said), under({5: buy()}, rollover=said)

    assert (("WINDOW:rollover",), ()) == (rests.decide(5).holds, market.decide(5).holds)


def test_an_entry_that_would_be_closed_at_once_is_not_taken() -> None:
    """The next bar closes after the time by which all has to be closed."""
    said = FridaySection(closes="monday 06:30")

    assert ("WINDOW:friday_close",) == under({5: buy()}, friday_close=said).decide(5).holds


def test_what_rests_is_taken_back_on_the_last_bar_before_a_window() -> None:
    """And not a bar earlier."""
    told = under({3: buy_limit(99.5)}, rollover=RolloverSection(hours="06:30-07:00"))
    wish = told.submit(3)
    told.tell(Accepted(at=hour(4), id=wish.id, order=55))
    early, late = told.tell(closed(4)), told.tell(closed(5))

    assert ([], 55) == (of_kind(early, Cancel), only(late, Cancel).order)


def holding(act: str) -> Told:
    """Return a core that holds a lot of gold on a day that is to be closed at half past six."""
    plan = a_plan(a_lane({3: buy()}), windows=windows(friday_close=FridaySection(closes="monday 06:30", act=act)))  # type: ignore[arg-type]
    told = Told(plan)
    told.enter(3)
    return told


def test_flatten_closes_on_the_last_bar_before_the_window() -> None:
    """The next one closes too late."""
    told = holding("flatten")
    early, late = told.tell(closed(4)), told.tell(closed(5))

    assert ([], "friday_close") == (of_kind(early, ClosePosition), only(late, ClosePosition).reason)


def test_block_leaves_open_what_is_open() -> None:
    """It has its stop."""
    told = holding("block")
    told.tell(closed(4))

    assert [] == of_kind(told.tell(closed(5)), ClosePosition)


def test_a_missed_bar_closes_nothing() -> None:
    """It is decided as missed; the next live one closes."""
    told = holding("flatten")

    assert [] == of_kind(told.tell(closed(5, phase="missed")), ClosePosition)
    assert 1 == len(of_kind(told.tell(closed(6)), ClosePosition))


def test_without_windows_nothing_is_held() -> None:
    """At no hour."""
    assert () == in_trade({}).decide(4).holds


def test_windows_are_part_of_a_plan_as_plain_values() -> None:
    """A journaled run is replayed without the file."""
    these = windows(News(hour(5), "EUR"), news=NewsSection(file="x"))

    assert these == msgspec.json.decode(msgspec.json.encode(these), type=Windows)


def test_summer_time_moves_a_window_with_the_servers_clock() -> None:
    """Midnight in Athens is an hour earlier by UTC in summer."""
    these = windows(rollover=RolloverSection(hours="00:00-00:10"), zone="UTC+2 EU")
    winter, summer = (int(datetime.datetime(2024, m, 10, tzinfo=datetime.UTC).timestamp()) * 1000 for m in (1, 7))

    assert (["rollover"], ["rollover"]) == (on(these, winter - 2 * 3_600_000), on(these, summer - 3 * 3_600_000))
    assert [] == on(these, summer - 2 * 3_600_000)
