"""A calendar proposed from recorded quotes: hours, breaks and holidays, with the weeks that stand behind them."""

import datetime
import gzip
import tomllib

from pathlib import Path

import numpy as np
import pytest

from backtests.calendars import Proposal, propose, toml_of
from backtests.stamps import Stamps, read_stamps
from brokers.mt5.zone import NEW_YORK_CLOSE, to_utc
from config.calendar import read_calendar
from config.sessions import text_of
from market.barcheck import BarFileError
from market.calendar import Calendar
from market.types import DAY_MS

MINUTE = 60_000
HOUR = 60 * MINUTE


def dial(*date: int) -> int:
    """Return a wall clock's milliseconds."""
    return int(datetime.datetime(*date, tzinfo=datetime.UTC).timestamp()) * 1000  # type: ignore[misc, arg-type]


MONDAY = dial(2025, 1, 6)
HOLIDAY, SHORT = dial(2025, 2, 5), dial(2025, 2, 13)


def year(weeks: int = 20, every: int = MINUTE, *, odd: bool = True) -> Stamps:
    """Return quotes of a metal: 01:00 to 23:55 with a break from 21:00 to 22:00; two days are not like the others."""
    times = []
    for day in (MONDAY + n * DAY_MS for n in range(7 * weeks) if n % 7 < 5):
        if odd and day == HOLIDAY:
            continue
        end = 18 * HOUR if odd and day == SHORT else 24 * HOUR - 5 * MINUTE
        times += [day + at for at in range(HOUR, end, every) if not 21 * HOUR <= at < 22 * HOUR]
    return Stamps(time=np.asarray(times, np.int64), frame=0)


def calendar(found: Proposal) -> Calendar:
    """Return what a proposal's TOML means, as an account would read it."""
    calendars, wrong = read_calendar(tomllib.loads(toml_of(found, "XAUUSD", "UTC+2")), {"XAUUSD": "GOLD"}, "UTC+2")
    assert [] == wrong
    return calendars.symbols["XAUUSD"]


def test_hours_breaks_and_holidays_are_found() -> None:
    """Twenty weeks of a metal give its week back, a closed day and a short one."""
    found = calendar(propose(year()))
    day = ((HOUR, 21 * HOUR), (22 * HOUR, 23 * HOUR + 55 * MINUTE))

    assert ((day,) * 5, (), ()) == (found.week[:5], *found.week[5:])
    assert {HOLIDAY // DAY_MS: (), SHORT // DAY_MS: ((HOUR, 18 * HOUR),)} == found.holidays


def test_a_symbol_that_is_seldom_quoted_is_not_cut_to_pieces() -> None:
    """A quote every seven minutes, at another one each day, is one session for all that."""
    times = [
        MONDAY + day * DAY_MS + at
        for day in range(70)
        if day % 7 < 5
        for at in range(HOUR + day // 7 % 7 * MINUTE, 20 * HOUR, 7 * MINUTE)
    ]
    found = propose(Stamps(time=np.asarray(times, np.int64), frame=0))

    assert [1] * 5 == [len(seen.day) for seen in found.week[:5]]
    assert () == found.odd


def test_one_stray_quote_opens_nothing() -> None:
    """An indicative price on a night of one week in twenty is no session."""
    stamps = year(odd=False)
    stray = Stamps(time=np.sort(np.append(stamps.time, MONDAY + 30 * MINUTE)), frame=0)

    assert propose(stamps).week == propose(stray).week


def test_every_line_says_how_many_weeks_stand_behind_it() -> None:
    """Three weeks are not enough, and it is said; what was never quoted is said too."""
    few, many = toml_of(propose(year(3))), toml_of(propose(year()), "XAUUSD")

    assert 'monday = ["01:00-21:00", "22:00-23:55"]  # 3 of 3 weeks: not enough, from 8 on it is believed' in few
    assert "[sessions.DEFAULT]" in few
    assert 'wednesday = ["01:00-21:00", "22:00-23:55"]  # 19 of 20 weeks\n' in many
    assert "# sunday: no quote on any" in many
    assert "date = 2025-02-05  # a Wednesday, usually 01:00-21:00, 22:00-23:55 (19 of 20 weeks)\nclosed = true" in many


def test_bars_fill_their_own_length_and_say_so() -> None:
    """An hour's bar says no more than that something was quoted within the hour."""
    stamps = Stamps(time=year(every=HOUR).time, frame=HOUR)
    found = propose(stamps)

    assert ((HOUR, 21 * HOUR), (22 * HOUR, DAY_MS)) == found.week[0].day
    assert "# Hours are known to 60 minutes: these are bars." in toml_of(found)


@pytest.mark.parametrize(("clock", "two"), [(NEW_YORK_CLOSE, False), ("UTC+2", True)])
def test_a_clock_that_is_not_the_markets_shows(clock: str, *, two: bool) -> None:
    """A year that opens with New York, read by another clock: weeks open at two times of day, and it is said."""
    opens = [to_utc(NEW_YORK_CLOSE, dial(2025, 1, 6) + week * 7 * DAY_MS) for week in range(52)]
    times = np.asarray([at + n * MINUTE for at in opens for n in range(120 * 60)], np.int64)
    found = propose(Stamps(time=times, frame=0), "UTC", clock)

    assert two == found.two_clocks
    assert two == ("TWO OPENINGS" in toml_of(found))
    assert not two or "[[holidays]]" not in toml_of(found)


def test_the_weeks_in_which_two_summer_times_differ_are_days_of_their_own() -> None:
    """A server by European summer time opens on Sunday for four weeks of the year: that is not its week."""
    opens = [to_utc(NEW_YORK_CLOSE, dial(2025, 1, 6) + week * 7 * DAY_MS) for week in range(52)]
    times = np.asarray([at + n * MINUTE for at in opens for n in range(120 * 60)], np.int64)
    found = propose(Stamps(time=times, frame=0), "UTC", "UTC+2 EU")

    assert ((), 4, 51) == (found.week[6].day, found.week[6].weeks, found.week[6].of)
    assert ["2025-03-09", "2025-03-14", "2025-03-16", "2025-03-21"] == [str(odd.date) for odd in found.odd[:4]]
    assert [["23:00-24:00"], ["00:00-23:00"]] == [text_of(odd.hours) for odd in found.odd[:2]]
    assert [] == read_calendar(tomllib.loads(toml_of(found)), {"EURUSD": "EURUSD"}, "UTC+2 EU")[1]


# --- files ----------------------------------------------------------------------------------------------------------


def test_a_tick_export_of_the_terminal_is_read(tmp_path: Path) -> None:
    """Date and time to the millisecond, as Market Watch exports them, packed or not; rows that are none are skipped."""
    rows = "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\t<FLAGS>\n2025.01.06\t00:05:00.161\t1.1\t1.2\t\t\t6\nnone\n"
    plain, packed = tmp_path / "ticks.csv", tmp_path / "ticks.csv.gz"
    plain.write_text(rows, encoding="utf-16")
    packed.write_bytes(gzip.compress(rows.encode()))

    for path in (plain, packed):
        assert [dial(2025, 1, 6, 0, 5) + 161] == read_stamps(path).time.tolist()


@pytest.mark.parametrize(
    ("rows", "word"),
    [("time,bid,ask\n", "no tick in it"), ("time,open,high,low,close\n2025-01-06,1,1,1,1\n2025-01-07,1,1,1,1\n", "D1")],
)
def test_a_file_that_tells_no_hours_is_refused(tmp_path: Path, rows: str, word: str) -> None:
    """Nothing in it, or bars of days."""
    path = tmp_path / "file.csv"
    path.write_text(rows, encoding="utf-8")

    with pytest.raises(BarFileError, match=word):
        read_stamps(path)


def test_real_ticks_of_a_week_are_not_enough(shared_data: Path) -> None:
    """The server's clock keeps the New York close: midnight to a minute before; and seven days are said to be few."""
    found = propose(read_stamps(shared_data / "mt5" / "eurusd-ticks-2025-09.parquet"))

    assert [["00:00-23:59"]] * 4 + [["00:00-23:57"], [], []] == [text_of(seen.day) for seen in found.week]
    assert [2, 2, 1, 1, 1, 0, 0] == [seen.weeks for seen in found.week]
    assert 5 == toml_of(found).count("not enough")


def test_a_real_year_gives_its_week_and_its_christmas(shared_data: Path) -> None:
    """372,607 minutes of 2018 on New York's clock: Sunday 17:00 to Friday 17:00, and a gap on the 25th of December."""
    found = propose(read_stamps(shared_data / "prices" / "eurusd-m1-2018.histdata.zip"))

    assert [["00:00-24:00"]] * 4 + [["00:00-17:00"], [], ["17:00-24:00"]] == [text_of(seen.day) for seen in found.week]
    assert [(datetime.date(2018, 12, 25), ["00:00-02:59", "17:01-24:00"])] == [
        (o.date, text_of(o.hours)) for o in found.odd
    ]
    assert not found.two_clocks
