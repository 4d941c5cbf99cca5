"""Which rule a server's clock keeps, by the openings of its weeks and by a live tick."""

import datetime

from pathlib import Path

import pytest

from hypothesis import given
from hypothesis import strategies as st

from backtests.stamps import read_stamps
from brokers.mt5.zone import NEW_YORK_CLOSE, offset_seconds, to_server, to_utc
from market.types import DAY_MS
from runtime.zones import RULES, ahead, differ, judge, openings, weigh

HOUR = 3_600_000
WEEK = 7 * DAY_MS


def ms(*date: int) -> int:
    """Return a moment in UTC as milliseconds."""
    return int(datetime.datetime(*date, tzinfo=datetime.UTC).timestamp()) * 1000  # type: ignore[misc, arg-type]


def history(rule: str, first: tuple[int, int, int] = (2025, 1, 6), weeks: int = 52, late: int = 0) -> list[int]:
    """Return when weeks opened, on a server's clock: Monday's midnight by the New York close, or `late` after it."""
    monday = ms(*first) - datetime.date(*first).weekday() * DAY_MS
    return [to_server(rule, to_utc(NEW_YORK_CLOSE, monday + week * WEEK) + late) for week in range(weeks)]


def named(opens: list[int], *, currency: bool = True) -> tuple[list[str], dict[str, str]]:
    """Return the rules that fit, and the day that refutes each of the others worth naming."""
    fit, refuted = weigh(opens, currency=currency)
    return [v.rule for v in fit], {v.rule: str(v.day) for v in refuted}


@pytest.mark.parametrize(
    ("rule", "refuted"),
    [
        (NEW_YORK_CLOSE, {"UTC+2 EU": "2025-03-09", "UTC+2": "2025-03-09", "UTC+3": "2025-01-05"}),
        ("UTC+2 EU", {NEW_YORK_CLOSE: "2025-03-09", "UTC+2": "2025-03-30", "UTC+3": "2025-03-09"}),
        ("UTC+2", {NEW_YORK_CLOSE: "2025-03-09", "UTC+2 EU": "2025-03-30"}),
        ("UTC", {"UTC US": "2025-03-09", "UTC EU": "2025-03-30"}),
        ("UTC-5 US", {"UTC-5": "2025-03-09", "UTC-4": "2025-01-05"}),
    ],
)
def test_a_year_of_openings_leaves_one_rule(rule: str, refuted: dict[str, str]) -> None:
    """Every other is refuted by the first week that it cannot explain, one of those in which clocks differ if any."""
    fit, others = named(history(rule))

    assert [rule] == fit
    assert refuted.items() <= others.items()


def test_a_winter_leaves_several() -> None:
    """Without a week in which summer times differ nobody can say more."""
    assert [NEW_YORK_CLOSE, "UTC+2 EU", "UTC+2"] == named(history(NEW_YORK_CLOSE, weeks=8))[0]
    assert not any(differ(ms(2025, 1, 6) + week * WEEK) for week in range(8))


@pytest.mark.parametrize("first", [(2025, 3, 10), (2025, 10, 27)])
def test_one_week_in_which_clocks_differ_is_enough(first: tuple[int, int, int]) -> None:
    """Between 9 and 30 March, and between 26 October and 2 November, America and Europe do not agree."""
    fit, _ = named(history(NEW_YORK_CLOSE, first, weeks=1))

    assert NEW_YORK_CLOSE in fit
    assert "UTC+2 EU" not in fit


def test_a_week_that_opens_late_for_a_holiday_refutes_nothing() -> None:
    """One opening in a year is two hours late, in a week in which clocks agree."""
    opens = history(NEW_YORK_CLOSE)
    opens[20] += 2 * HOUR

    assert [NEW_YORK_CLOSE] == named(opens)[0]


def test_a_metal_proves_the_summer_time_but_not_the_hour() -> None:
    """It may open at 18:00 by one clock or at 17:00 by another; a currency does not open an hour late."""
    opens = history(NEW_YORK_CLOSE, late=HOUR)

    assert [NEW_YORK_CLOSE, "UTC+1 US", "UTC+3 US"] == named(opens, currency=False)[0]
    assert ["UTC+3 US"] == named(opens)[0]


@given(rule=st.sampled_from(RULES), year=st.integers(2008, 2035))
def test_a_rule_fits_its_own_history(rule: str, year: int) -> None:
    """Whatever clock a server keeps, nothing refutes it."""
    assert judge(rule, history(rule, (year, 1, 8)), currency=True).fits


def test_nothing_is_said_without_an_opening() -> None:
    """A market that never shuts tells nothing of its clock."""
    verdict = judge("UTC", [], currency=True)

    assert not verdict.fits
    assert not verdict.refuted


def test_openings_are_found_behind_weekends_alone() -> None:
    """A night, a holiday and a weekend that is longer by one are no openings."""
    friday = ms(2025, 1, 10, 23)
    bars = [friday - 30 * HOUR, friday, friday + 49 * HOUR, friday + 50 * HOUR, friday + 50 * HOUR + 73 * HOUR]

    assert [friday + 49 * HOUR] == openings(bars)


@pytest.mark.parametrize(
    ("dial", "expected"),
    [
        (2 * HOUR, 2 * HOUR),
        (3 * HOUR - 20_000, 3 * HOUR),
        (5 * HOUR + 1_800_000 + 9, 5 * HOUR + 1_800_000),
        (-5 * HOUR, -5 * HOUR),
    ],
)
def test_a_live_tick_tells_the_offset_to_the_quarter(dial: int, expected: int) -> None:
    """A tick's delay and a clock's error do not matter."""
    now = ms(2025, 7, 1)

    assert expected == ahead(now + dial, now)


def test_recorded_time_tells_no_offset() -> None:
    """No clock of this world is a day ahead."""
    assert ahead(ms(2025, 1, 1), ms(2026, 1, 1)) is None


def test_a_real_history_said_to_be_eastern_standard_time_keeps_new_yorks_summer_time(shared_data: Path) -> None:
    """Minutes of 2018 as histdata.com stamps them: all weeks open at 17:00 on the file's clock, and 34 refute UTC-5."""
    opens = openings(read_stamps(shared_data / "prices" / "eurusd-m1-2018.histdata.zip").time.tolist())
    verdict = judge("UTC-5", opens, currency=True)

    assert ["UTC-5 US"] == named(opens)[0]
    assert (18, 52, "2018-03-11", HOUR) == (verdict.weeks, verdict.of, str(verdict.day), verdict.off_ms)


def test_real_ticks_of_a_summer_week_fit_three_rules(shared_data: Path) -> None:
    """September alone cannot tell the New York close from a European clock or a fixed one."""
    opens = openings(read_stamps(shared_data / "mt5" / "eurusd-ticks-2025-09.parquet").time.tolist())

    assert [NEW_YORK_CLOSE, "UTC+2 EU", "UTC+3"] == [rule for rule in named(opens)[0] if not rule.startswith("UTC+3 ")][
        :3
    ]
    assert {10800} == {offset_seconds(rule, ms(2025, 9, 29)) for rule in named(opens)[0]}
