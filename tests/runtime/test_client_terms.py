"""Terms that were changed in mid-year: gains before it are reckoned by the old ones, gains after it by the new."""

import datetime

from pathlib import Path
from typing import Any

import msgspec
import pytest

from backtests.client_blocks import Words
from backtests.client_content import page_of
from backtests.client_said import warnings_of
from runtime.clients.high_water import Terms
from tests.journals import edit
from tests.lives import Life, journaled, told
from tests.venues import MONDAY

FIFTH, QUARTER = Terms(rate=0.2), Terms(rate=0.25)
JULY = [{"since": "2024-07-01", "fee": 0.25}]
"""In the second half of the year a quarter of each new high, where it was a fifth."""


def at(day: str) -> int:
    """Return noon of a day of 2024, UTC milliseconds."""
    return int(datetime.datetime.fromisoformat(f"2024-{day}T12:00Z").timestamp() * 1000)


def a_year() -> Life:
    """Return an account that gains 1,000 in May, loses 400 in August and gains 900 in September."""
    life = Life(MONDAY)
    for entered, left, profit in (("05-06", "05-07", 1000.0), ("08-05", "08-06", -400.0), ("09-02", "09-03", 900.0)):
        life.trade(at(entered), at(left), profit)
        life.look(at(left) + 1)
    life.look(at("10-02"))
    return life


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Return the journal of that account, with a change of its terms in July."""
    return journaled(tmp_path, a_year().facts, fee=0.2, changes=JULY)


def owed(journal: Path, month: str) -> list[tuple[float, float, float]]:
    """Return gain, fee and mark of all that is owed with a month."""
    return [(fee.gain, fee.fee, fee.mark) for fee in told(journal, month).due]


def test_each_quarter_is_reckoned_by_the_terms_of_its_time(journal: Path) -> None:
    """June's by a fifth, also when it is told in October; September's by a quarter, of what is beyond June's high."""
    assert [(1000.0, 200.0, 10_000.0)] == owed(journal, "2024-06")
    assert [(500.0, 125.0, 11_000.0)] == owed(journal, "2024-09")


def test_an_edited_fee_would_have_reckoned_the_past_anew(tmp_path: Path) -> None:
    """Without a change that says since when, June is told with a fee that was never agreed for it."""
    assert [(1000.0, 250.0, 10_000.0)] == owed(journaled(tmp_path, a_year().facts, fee=0.25), "2024-06")


@pytest.mark.parametrize(
    ("month", "terms", "words"),
    [
        ("2024-06", FIFTH, ("Agreed: 20 % of", "From 1 July 2024 on it is agreed: 25 % of")),
        ("2024-08", QUARTER, ("Agreed since 1 July 2024: 25 % of", "Until 30 June 2024 it was agreed: 20 % of")),
    ],
)
def test_a_report_says_which_terms_it_used_and_since_when(
    journal: Path, month: str, terms: Terms, words: tuple[str, str]
) -> None:
    """Those of its month, and what was agreed before, or will be."""
    found = told(journal, month)
    (fee,) = [part for part in page_of(found).rest if part.title == "Performance fee"]

    said = [block.text for block in fee.blocks if isinstance(block, Words)]

    assert terms == found.terms
    assert [True, True] == [any(word in text for text in said) for word in words]


def test_a_fee_that_is_agreed_later_charges_nothing_that_was_gained_before(tmp_path: Path) -> None:
    """Until July none was agreed: the mark has risen to what the account was worth then."""
    journal = journaled(tmp_path, a_year().facts, changes=JULY)

    assert None is told(journal, "2024-06").terms
    assert [(500.0, 125.0, 11_000.0)] == owed(journal, "2024-09")


def test_quarters_may_become_months(tmp_path: Path) -> None:
    """From July on each month is reckoned: August's loss is made good in September before there is a fee."""
    journal = journaled(tmp_path, a_year().facts, fee=0.2, changes=[{"since": "2024-07-01", "crystallise": "month"}])

    assert [[], [(1000.0, 200.0, 10_000.0)]] == [owed(journal, month) for month in ("2024-05", "2024-06")]
    assert [(0.0, 0.0, 11_000.0)] == owed(journal, "2024-08")
    assert [(500.0, 100.0, 11_000.0)] == owed(journal, "2024-09")


@pytest.mark.parametrize(
    ("now", "said"),
    [({"fee": 0.25}, [True]), ({"fee": 0.2, "changes": JULY}, [])],
    ids=["edited", "changed by a date"],
)
def test_terms_that_a_start_has_told_otherwise_are_named(tmp_path: Path, now: dict[str, Any], said: list[bool]) -> None:
    """The account was started in February with a fifth: a report that reckons February by a quarter says so first."""
    journal = journaled(tmp_path, a_year().facts, fee=0.2)
    edit(journal, "UPDATE runs SET started = ?", at("02-01"))
    with_config(journal, now)

    warned = warnings_of(told(journal, "2024-06"))

    words = "On 1 February 2024 it was agreed: 20 % of"
    assert said == [words in text for text in warned if "it was agreed" in text]


def with_config(journal: Path, client: dict[str, Any]) -> None:
    """Add a run that began in October with other terms."""
    config = {"account": {"name": "one", "user": "Ann", "owner": "Bob"}, "client": client}
    text = msgspec.json.encode(config).decode()
    again = "INSERT INTO runs (run, started, config, symbols) SELECT 2, ?, ?, symbols FROM runs"
    edit(journal, again, at("10-01"), text)
