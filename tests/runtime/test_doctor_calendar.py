"""What the doctor says of a calendar: what is in force, and when quotes or the date speak against it."""

import datetime

from pathlib import Path

import pytest

from config.account import AccountConfig
from config.load import parse
from config.new_account import account_text
from runtime.doctor_calendar import calendar_of, in_force
from tests.venues import EURUSD
from tests.visits import a_visit

HOUR = 3_600_000
HOURS = """
holidays_to = 2025-12-31
[sessions.DEFAULT]
monday = ["00:05-24:00"]
tuesday = ["00:05-21:00", "22:00-24:00"]
friday = ["00:05-23:55"]
[swap.DEFAULT]
wednesday = 3
[[holidays]]
date = 2025-12-26
closed = true
"""


def utc(*date: int) -> int:
    """Return a moment in UTC as milliseconds."""
    return int(datetime.datetime(*date, tzinfo=datetime.UTC).timestamp()) * 1000  # type: ignore[misc, arg-type]


def account(folder: Path, hours: str = HOURS) -> AccountConfig:
    """Return an account on a server two hours ahead, with this calendar; none if it is empty."""
    text = account_text("client", kind="lookalike")
    if hours:
        (folder / "hours.toml").write_text(hours, encoding="utf-8")
        text = text.replace('zone = "UTC" ', 'calendar = "hours.toml"\nzone = "UTC+2" ')
    return parse(text, folder=folder)


TUESDAY = utc(2025, 11, 11, 10)


def test_what_is_in_force_is_told_on_the_servers_clock(tmp_path: Path) -> None:
    """Sessions of the day, the next opening and close, swap factors and the next holidays."""
    (row,) = in_force(account(tmp_path), TUESDAY)

    assert ["00:05-21:00", "22:00-24:00"] == row.today
    assert (True, TUESDAY, utc(2025, 11, 11, 19)) == (row.open, row.opens, row.closes)
    assert [1, 1, 3, 1, 1, 0, 0] == row.swap
    assert ["2025-12-26 closed"] == row.holidays


def test_a_sentence_says_it_to_people(tmp_path: Path) -> None:
    """Open and until when, or closed and until when; and how far holidays are known."""
    config = account(tmp_path)

    assert (
        "EURUSD: today 00:05-21:00, 22:00-24:00, open until Tuesday 2025-11-11 21:00, swap from Monday 1 1 3 1 1 0 0; "
        "holidays known to 2025-12-31"
    ) == calendar_of(config, TUESDAY, None)
    assert "closed until Friday 2025-11-14 00:05" in calendar_of(config, TUESDAY + 24 * HOUR, None)


def test_dates_whose_night_counts_otherwise_are_told(tmp_path: Path) -> None:
    """Those to come, in the row and in the sentence; those that are over are left out."""
    dates = "[swap.DEFAULT.dates]\n2025-11-10 = 5\n2025-12-26 = 0\n2025-12-24 = 4.5\n"
    config = account(tmp_path, HOURS.replace("[[holidays]]", f"{dates}[[holidays]]"))
    (row,) = in_force(config, TUESDAY)

    assert ["2025-12-24 4.5", "2025-12-26 0"] == row.swap_dates
    assert "swap from Monday 1 1 3 1 1 0 0, on 2025-12-24 4.5, 2025-12-26 0; " in calendar_of(config, TUESDAY, None)


def test_no_calendar_is_said_and_is_no_fault(tmp_path: Path) -> None:
    """Nothing is held then, and that is what is told."""
    config = account(tmp_path, "")

    assert "no calendar: sessions, holidays and swap factors are not known" in calendar_of(config, TUESDAY, None)
    assert [] == in_force(config, TUESDAY)


def test_a_file_that_is_too_old_is_a_fault(tmp_path: Path) -> None:
    """Beyond its last known holiday the calendar is not to be trusted."""
    with pytest.raises(ValueError, match=r"holidays are known to 2025-12-31 only: .*hours.toml"):
        calendar_of(account(tmp_path), utc(2026, 1, 2), None)


def test_a_tick_while_the_calendar_says_closed_is_a_fault(tmp_path: Path) -> None:
    """Either the calendar is wrong, or the clock it is read by."""
    seen = a_visit(EURUSD, history=[], tick=utc(2025, 11, 11, 19, 30))

    with pytest.raises(ValueError, match="a tick of EURUSD came just now, Tuesday 2025-11-11 21:30, while the"):
        calendar_of(account(tmp_path), TUESDAY, seen)


def test_quotes_in_closed_hours_are_a_fault(tmp_path: Path) -> None:
    """Two hours of a break in the last weeks; one might be stray, and what is older is another schedule's."""
    breaks = [utc(2025, 11, day, 19) for day in (4, 11)]
    config, noon = account(tmp_path), utc(2025, 11, 4, 10)
    stray = [breaks[0] - 800 * HOUR, breaks[1]]

    with pytest.raises(ValueError, match="EURUSD was quoted in 2 of 3 hours outside of its sessions, the last time in"):
        calendar_of(config, TUESDAY, a_visit(EURUSD, history=[noon, *breaks]))
    assert "open until" in calendar_of(config, TUESDAY, a_visit(EURUSD, history=stray))


def test_an_hour_that_opens_late_is_no_fault(tmp_path: Path) -> None:
    """The session begins five minutes after the hour's bar."""
    opens = [utc(2025, 11, day, 22) for day in (2, 3, 9, 10)]

    assert "EURUSD: today" in calendar_of(account(tmp_path), TUESDAY, a_visit(EURUSD, history=opens))
