"""The calendar file of a broker: what it means for an account's symbols, and what it may not say."""

import datetime
import tomllib

from pathlib import Path
from typing import Any

import msgspec
import pytest

from hypothesis import given
from hypothesis import strategies as st

from config.account import AccountConfig
from config.calendar import Calendars, read_calendar
from config.errors import ConfigError
from config.load import digest, parse
from config.new_account import account_text, calendar_text, demo_text
from config.sessions import joined, span_of, text_of
from market.calendar import ALL_DAY, ALWAYS, Calendar
from market.types import DAY_MS
from runtime.assemble import hours_of, symbols_of
from tests.venues import EURUSD

HOUR = 3_600_000
WHOLE = """
zone = "UTC+2"
holidays_to = 2026-12-31
[groups]
metals = ["XAU*", "XAG*"]
[sessions.DEFAULT]
monday = ["22:00-02:00", "08:00-12:00", "12:00-16:00"]
friday = ["00:05-23:55"]
[sessions.metals]
tuesday = ["01:00-24:00"]
[sessions."OIL.x"]
sunday = ["00:00-24:00"]
[swap.DEFAULT]
wednesday = 3
[swap.DEFAULT.dates]
2026-12-25 = 0
2026-12-24 = 4.0
[swap.XAGUSD]
friday = 3.0
[[holidays]]
date = 2026-12-25
closed = true
name = "Christmas"
[[holidays]]
date = 2026-12-25
hours = ["09:00-12:00"]
symbols = ["metals"]
"""
TWIN = """
[[holidays]]
date = 2026-12-25
closed = true
symbols = ["XAUUSD"]
"""
NAMES = {"EURUSD": "EURUSD.m", "XAUUSD": "XAUUSD.m", "XAGUSD": "SILVER", "OIL": "OIL.x"}
CHRISTMAS = (datetime.date(2026, 12, 25) - datetime.date(1970, 1, 1)).days


def read(text: str, zone: str = "UTC+2") -> tuple[Calendars, list[str]]:
    """Return what a text means for four symbols, and what is wrong with it."""
    return read_calendar(tomllib.loads(text), NAMES, zone)


def meant(text: str) -> dict[str, Calendar]:
    """Return what a good text means."""
    calendars, wrong = read(text)
    assert [] == wrong
    return calendars.symbols


def test_sessions_are_sorted_joined_and_cut_at_midnight() -> None:
    """Two that touch are one, and what lies past midnight is the next day's."""
    week = meant(WHOLE)["EURUSD"].week

    assert ((8 * HOUR, 16 * HOUR), (22 * HOUR, DAY_MS)) == week[0]
    assert ((0, 2 * HOUR),) == week[1]
    assert ((300_000, DAY_MS - 300_000),) == week[4]
    assert () == week[2] == week[3] == week[5] == week[6]


def test_the_nearest_table_alone_counts() -> None:
    """A symbol's own by either name, else its group's, else DEFAULT."""
    found = meant(WHOLE)

    assert [(), ((HOUR, DAY_MS),)] == [found["XAUUSD"].week[day] for day in (0, 1)]
    assert [(), ALL_DAY] == [found["OIL"].week[day] for day in (0, 6)]
    assert (1.0, 1.0, 3.0, 1.0, 1.0, 0.0, 0.0) == found["XAUUSD"].swap_days
    assert (1.0, 1.0, 1.0, 1.0, 3.0, 0.0, 0.0) == found["XAGUSD"].swap_days


def test_a_night_may_count_otherwise_on_a_date() -> None:
    """The days of the nearest table's dates, in their order; a table without any has none of another's."""
    found = meant(WHOLE)

    assert ((CHRISTMAS - 1, 4.0), (CHRISTMAS, 0.0)) == found["XAUUSD"].swap_dates
    assert () == found["XAGUSD"].swap_dates


def test_a_holiday_for_some_goes_before_one_for_all() -> None:
    """Currencies are closed on Christmas Day, metals open for three hours."""
    found = meant(WHOLE)

    assert {CHRISTMAS: ()} == found["EURUSD"].holidays
    assert {CHRISTMAS: ((9 * HOUR, 12 * HOUR),)} == found["XAUUSD"].holidays


def test_a_file_that_says_nothing_changes_nothing() -> None:
    """Without tables a market never shuts, and contracts keep their swaps."""
    calendars, wrong = read("")

    assert ([], None) == (wrong, calendars.holidays_to)
    assert Calendar(week=ALWAYS) == calendars.symbols["EURUSD"]


def test_holidays_are_known_to_the_last_one_unless_it_is_said() -> None:
    """The day from which on a file is too old."""
    assert datetime.date(2026, 12, 31) == read(WHOLE)[0].holidays_to
    assert datetime.date(2026, 12, 25) == read(WHOLE.replace("holidays_to", "# "))[0].holidays_to


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("monday", "mondy", "sessions.DEFAULT.mondy: unknown key, did you mean `monday`?"),
        ("00:05-23:55", "0:05-23:55", 'sessions.DEFAULT.friday[0]: expected hours like "00:05-23:55", '),
        ("00:05-23:55", "12:00-12:00", "sessions.DEFAULT.friday[0]: expected hours like"),
        ("00:05-23:55", "12:00-24:30", "sessions.DEFAULT.friday[0]: expected hours like"),
        ("08:00-12:00", "08:00-12:01", "sessions.DEFAULT: expected sessions that do not overlap"),
        ('friday = ["00:05-23:55"]', 'tuesday = ["01:00-03:00"]', "sessions.DEFAULT: expected sessions that do not"),
        ("UTC+2", "UTC+3", 'zone: expected "UTC+2", as account.zone says, got "UTC+3"'),
        ("UTC+2", "CET", 'zone: expected "UTC", an offset like'),
        ("wednesday = 3", "wednesday = -3", "swap.DEFAULT.wednesday: expected a number from 0 up to 14, got -3"),
        ("2026-12-24 =", "2026-13-24 =", "swap.DEFAULT.dates.2026-13-24: expected a date like 1999-01-04, and its"),
        ("2026-12-24 =", "christmas =", "swap.DEFAULT.dates.christmas: expected a date like 1999-01-04, and its"),
        ("2026-12-24 =", "20261224 =", "swap.DEFAULT.dates.20261224: expected a date like 1999-01-04, and its"),
        ("= 4.0", "= 15", "swap.DEFAULT.dates.2026-12-24: expected a number from 0 up to 14, got 15"),
        ("= 4.0", '= "four"', 'swap.DEFAULT.dates.2026-12-24: expected a number from 0 up to 14, got "four"'),
        ("sessions.metals", 'sessions."XAU*"', 'sessions."XAU*": expected a symbol, a group or DEFAULT'),
        ("metals = [", "DEFAULT = [", "groups.DEFAULT: expected another name"),
        ("closed = true", "", "holidays[0]: expected either closed = true or hours, got neither"),
        ("closed = true", 'closed = true\nhours = ["09:00-10:00"]', "holidays[0]: expected either closed"),
        ("09:00-12:00", "22:00-02:00", "holidays[1].hours[0]: expected hours like"),
        ('"09:00-12:00"', '"09:00-12:00", "11:00-13:00"', "holidays[1].hours: expected hours that do not overlap"),
        ('symbols = ["metals"]', "", "holidays[0]: expected one entry for a day and its symbols, holidays[1]"),
        ("2026-12-31", "2026-12-01", "holidays[0].date: expected a date up to holidays_to (2026-12-01)"),
        ("[groups]", '[sessions.gold]\n[groups]\ngold = ["XAU*"]', "sessions: XAUUSD is in the groups gold and metals"),
        ("[[holidays]]", f"{TWIN}[[holidays]]", "holidays: 2026-12-25 has 2 entries for XAUUSD, expected one"),
    ],
)  # fmt: skip
def test_what_a_file_may_not_say_is_told_by_key(old: str, new: str, problem: str) -> None:
    """Unknown keys, hours that are none, days told twice: each by its place, with what was expected."""
    wrong = read(WHOLE.replace(old, new, 1))[1]

    assert any(problem in line for line in wrong), wrong


@given(st.text(st.sampled_from("0123456789:-"), max_size=12))
def test_any_text_is_hours_or_none(text: str) -> None:
    """Nothing raises, and hours are read as they are written."""
    span = span_of(text)

    assert span is None or [text] == text_of((span,)) or span[1] > DAY_MS


def test_overlapping_spans_are_no_day() -> None:
    """A moment belongs to one session."""
    assert joined([(0, 10), (9, 12)]) is None
    assert ((0, 12),) == joined([(10, 12), (0, 10)])


# --- in an account --------------------------------------------------------------------------------------------------


def account(folder: Path, calendar: str | None = WHOLE, *, swap: str = "") -> AccountConfig:
    """Return an account on EURUSD whose calendar lies beside it."""
    if calendar is not None:
        (folder / "hours.toml").write_text(calendar, encoding="utf-8")
    text = account_text("client", kind="lookalike").replace('zone = "UTC" ', 'calendar = "hours.toml"\nzone = "UTC+2" ')
    return parse(text.replace("digits = 5", f"digits = 5\n{swap}"), folder=folder, name="client.toml")


def test_the_contract_takes_its_swaps_from_the_calendar(tmp_path: Path) -> None:
    """So does one that the terminal told; one that names its own keeps them."""
    friday = (1.0, 1.0, 1.0, 1.0, 3.0, 0.0, 0.0)
    text = WHOLE.replace("wednesday = 3", "friday = 3")
    config = account(tmp_path, text)
    own = account(tmp_path, text, swap="swap_days = [1, 1, 1, 1, 1, 1, 1]")
    told = msgspec.structs.replace(
        config, symbols={"EURUSD": msgspec.structs.replace(config.symbols["EURUSD"], spec=None)}
    )

    assert friday == symbols_of(config)["EURUSD"].swap_days
    assert friday == symbols_of(told, {"EURUSD": EURUSD})["EURUSD"].swap_days
    assert (1.0,) * 7 == symbols_of(own)["EURUSD"].swap_days
    dated = [symbols_of(config), symbols_of(told, {"EURUSD": EURUSD}), symbols_of(own)]
    assert [((CHRISTMAS - 1, 4.0), (CHRISTMAS, 0.0))] * 2 + [()] == [found["EURUSD"].swap_dates for found in dated]


def test_hours_are_by_the_accounts_clock(tmp_path: Path) -> None:
    """Friday 00:05 on a clock two hours ahead is Thursday 22:05 UTC."""
    hours = hours_of(account(tmp_path))["EURUSD"]
    thursday = 1_735_855_500_000  # 2025-01-02 22:05

    assert [False, True] == [hours.is_open(thursday + shift) for shift in (-1, 0)]
    assert {} == hours_of(parse(demo_text(), folder=tmp_path))


def test_a_config_with_a_calendar_survives_the_journal(tmp_path: Path) -> None:
    """A run can be replayed after the file has changed or gone."""
    config = account(tmp_path)

    assert config == msgspec.json.decode(msgspec.json.encode(config), type=AccountConfig)


def test_the_digest_is_of_what_the_calendar_says_not_of_where_it_lies(tmp_path: Path) -> None:
    """Another session is another configuration; another folder is none, nor is a holiday of a symbol not traded."""
    first, second = (tmp_path / name for name in ("a", "b"))
    first.mkdir()
    second.mkdir()

    assert digest(account(first)) == digest(account(second))
    assert digest(account(first)) == digest(account(second, WHOLE.replace("09:00", "10:00")))
    assert digest(account(first)) != digest(account(second, WHOLE.replace("23:55", "23:50")))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "client.toml: account.calendar: expected a calendar file, {}/hours.toml: cannot be read: No such file"),
        ("monday = [", "hours.toml: not TOML: "),
        ("zone = 3", "hours.toml: zone: expected a text, got 3"),
        ('zone = "UTC"', 'hours.toml: zone: expected "UTC+2", as account.zone says, got "UTC"'),
    ],
)  # fmt: skip
def test_a_refusal_names_the_file(tmp_path: Path, text: str | None, problem: str) -> None:
    """The account's TOML where it names no file, the calendar where that is wrong."""
    with pytest.raises(ConfigError) as error:
        account(tmp_path, text)

    assert problem.format(tmp_path) in str(error.value)


def test_the_shipped_example_reads_and_says_that_it_is_one() -> None:
    """Currencies, metals, indices and crypto by the names brokers give them, and a warning in its first line."""
    text = calendar_text()
    document: dict[str, Any] = tomllib.loads(text)
    names = {name: name for name in ("EURUSD", "XAUUSD", "US30", "BTCUSD")}
    calendars, wrong = read_calendar(document, names, "New York close")

    assert [] == wrong
    assert "AN EXAMPLE, TO BE CHECKED" in text.splitlines()[0]
    assert {CHRISTMAS: ALL_DAY} == {day: calendars.symbols["BTCUSD"].holidays[day] for day in (CHRISTMAS,)}
    assert 3.0 == (calendars.symbols["US30"].swap_days or ALL_DAY)[4]
