"""When a refit is due: after its span, at the next moment that was named, in UTC."""

import datetime

from pathlib import Path

import msgspec
import pytest

from hypothesis import given
from hypothesis import strategies as st

from config.errors import ConfigError
from config.load import load
from config.refits import RefitSection, after, age_problem, aged, due_at
from market.types import DAY_MS

WEDNESDAY = 1_704_240_000_000  # 2024-01-03 00:00 UTC


def moment(text: str) -> int:
    """Return a time in UTC as milliseconds."""
    return int(datetime.datetime.fromisoformat(f"{text}+00:00").timestamp()) * 1000


@pytest.mark.parametrize(
    ("every", "at", "expected"),
    [
        ("6 months", "Sat 06:00", "2024-07-06 06:00"),
        ("1 day", "00:00", "2024-01-04 00:00"),
        ("2 weeks", "23:30", "2024-01-17 23:30"),
        ("3 days", "Sat 00:00", "2024-01-06 00:00"),
    ],
)
def test_a_refit_is_due_at_the_first_named_moment_after_its_span(every: str, at: str, expected: str) -> None:
    """The span is counted from the last bar learnt from; then the day and hour that people named comes."""
    refit = RefitSection(every=every, at=at)

    assert due_at(refit, WEDNESDAY, ()) == moment(expected)


def test_a_span_of_bars_is_counted_in_bars() -> None:
    """Holidays and weekends make no bars; before the last of them has closed nobody knows when."""
    refit = RefitSection(every="3 bars", at="06:00")
    closes = [WEDNESDAY + DAY_MS, WEDNESDAY + 5 * DAY_MS, WEDNESDAY + 6 * DAY_MS]

    assert due_at(refit, WEDNESDAY, closes[:2]) is None
    assert due_at(refit, WEDNESDAY, closes) == moment("2024-01-09 06:00")


def test_a_month_from_its_last_day_ends_on_the_next_ones_last() -> None:
    """31 January and one month is 29 February, in a leap year."""
    assert after(moment("2024-01-31 12:00"), "1 month") == moment("2024-02-29 12:00")
    assert after(moment("2023-11-30 00:00"), "15 months") == moment("2025-02-28 00:00")


@given(st.integers(0, 4_000_000_000_000), st.sampled_from(["1 day", "40 days", "7 weeks", "6 months"]))
def test_a_due_moment_is_after_the_span_and_within_a_week_of_it(last: int, every: str) -> None:
    """Whenever the training ended, the moment is of the named day and hour."""
    due = due_at(RefitSection(every=every, at="Tue 05:15"), last, ())
    assert due is not None
    named = datetime.datetime.fromtimestamp(due / 1000, datetime.UTC)

    assert (named.weekday(), named.hour, named.minute) == (1, 5, 15)
    assert -1000 <= due - after(last, every) <= 7 * DAY_MS


def test_age_is_a_share_of_the_greatest() -> None:
    """Half of a year is half of it; without a limit a model has no age."""
    assert aged(WEDNESDAY, "100 days", WEDNESDAY + 70 * DAY_MS) == pytest.approx(0.7)
    assert aged(WEDNESDAY, "", WEDNESDAY + 7000 * DAY_MS) == 0.0
    assert aged(WEDNESDAY, "1 day", 0) == 0.0


@pytest.mark.parametrize("given_", ["6 fortnights", "months", "0 days", "-1 days", "6months", ""])
def test_what_is_no_span_is_refused(given_: str) -> None:
    """The message shows how one is written."""
    with pytest.raises(ValueError, match='like "6 months"'):
        RefitSection(every=given_)


def test_what_is_no_moment_is_refused() -> None:
    """Days are named in three letters, hours by 24."""
    for at in ("Saturday 06:00", "sat 06:00", "24:00", "6:00", "noon"):
        with pytest.raises(ValueError, match='like "Sat 06:00"'):
            RefitSection(every="6 months", at=at)


def test_ages_are_told_in_calendar_time() -> None:
    """Bars are no age: a market that stands still would keep a model young."""
    assert age_problem("") == age_problem("12 months") == ""
    assert "200 days" in age_problem("500 bars")


def demo_with(line: str, folder: Path) -> Path:
    """Return the TOML of an account with a line more in its regime."""
    text = Path("config/demo.toml").read_text(encoding="utf-8")
    head, mark, rest = text.partition("states = 2\n")
    file = folder / "account.toml"
    file.write_text(head + mark + line + "\n" + rest, encoding="utf-8")
    return file


def test_a_schedule_stands_in_the_regimes_table(tmp_path: Path) -> None:
    """Window and moment have defaults; the age stands beside it."""
    config = load(demo_with('refit = { every = "6 months" }\nmax_model_age = "12 months"', tmp_path))
    regime = next(iter(config.regimes.values()))

    assert regime.refit == RefitSection(every="6 months", at="Sat 06:00", window=2000)
    assert regime.max_model_age == "12 months"
    assert msgspec.convert(msgspec.to_builtins(regime.refit), RefitSection) == regime.refit


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('refit = { every = "6 months", when = "Sat" }', "refit.when: unknown key"),
        ('refit = { every = "sometimes" }', 'refit: every: expected a span like "6 months"'),
        ('refit = { every = "6 months", window = 20 }', "refit.window: expected a whole number from 250"),
        ('max_model_age = "500 bars"', 'max_model_age: expected an age like "12 months"'),
    ],
)
def test_what_a_schedule_cannot_mean_is_refused(line: str, problem: str, tmp_path: Path) -> None:
    """Each wrong thing is named by its key."""
    with pytest.raises(ConfigError, match=problem):
        load(demo_with(line, tmp_path))
