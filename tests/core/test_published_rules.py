"""Rules of firms as their own pages tell them, by the examples on those pages: `docs/risk.md` names the pages."""

import pytest

from config.drawdown import DrawdownSection
from runtime.core.marks import Marks, begin_day, counted_from, room, see


def floors(rule: DrawdownSection, *days: float) -> list[float]:
    """Return below which worth an account breaks the rule in all, on each of the days that begin with such balances."""
    marks, found = Marks(), []
    for day, balance in enumerate(days):
        see(marks, rule, balance, balance)
        begin_day(marks, rule, day, balance, balance)
        found.append(round(counted_from(marks, rule) - rule.most * marks.size, 2))
    return found


def of_day(rule: DrawdownSection, begun: float, balance: float, worth: float) -> float:
    """Return how much more may be lost today once the account is worth so much, on a day that began with a balance."""
    marks = Marks()
    begin_day(marks, rule, 0, begun, begun)
    see(marks, rule, balance, worth)
    return round(room(marks, rule, worth)[0], 2)


def test_static_is_the_rule_of_ftmo_in_two_steps() -> None:
    """Equity below 90 % of 100,000 breaks it, whatever was made; 5,000 a day are counted from midnight's balance."""
    rule = DrawdownSection(preset="static", initial=100_000.0, zone="UTC+1 EU")

    assert [90_000.0, 90_000.0, 90_000.0] == floors(rule, 100_000.0, 104_000.0, 97_000.0)
    assert (0.05, 0.10) == (rule.most_daily, rule.most)
    assert 1.0 == of_day(rule, 104_000.0, 104_000.0, 99_001.0)


def test_end_of_day_is_the_rule_of_ftmo_in_one_step() -> None:
    """Day 1: 90,000; after a day that ended at 104,000: 94,000; and no less after one that ended at 103,000."""
    rule = DrawdownSection(preset="end-of-day", total=0.10, initial=100_000.0, zone="UTC+1 EU")

    assert [90_000.0, 94_000.0, 94_000.0] == floors(rule, 100_000.0, 104_000.0, 103_000.0)


def test_end_of_day_that_locks_is_the_rule_of_topstep() -> None:
    """Of 50,000: 2,000 below the highest end of a day, and from 52,000 on 50,000 for good."""
    rule = DrawdownSection(preset="end-of-day", total=0.04, initial=50_000.0, locks=True)

    assert [48_000.0, 48_500.0, 48_500.0, 50_000.0, 50_000.0] == floors(
        rule, 50_000.0, 50_500.0, 50_000.0, 52_500.0, 51_000.0
    )


def test_what_a_day_has_made_may_be_lost_on_it_as_with_fundednext() -> None:
    """5,000 of 100,000 a day; with 2,000 made by noon it is 7,000 that may be lost from there."""
    rule = DrawdownSection(preset="static", initial=100_000.0)

    assert [5_000.0, 7_000.0] == [of_day(rule, 100_000.0, x, x) for x in (100_000.0, 102_000.0)]


@pytest.mark.parametrize(
    ("balance", "worth", "anchor"), [(100_000.0, 103_000.0, 103_000.0), (100_000.0, 97_000.0, 100_000.0)]
)
def test_a_day_is_counted_from_the_higher_of_balance_and_equity_as_with_the5ers(
    balance: float, worth: float, anchor: float
) -> None:
    """Where a firm counts from the balance alone, as FTMO does, that is never looser than its rule."""
    marks, rule = Marks(), DrawdownSection(preset="static", initial=100_000.0)
    begin_day(marks, rule, 0, balance, worth)

    assert anchor == marks.anchor
