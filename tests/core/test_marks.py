"""The arithmetic of what losses are counted from: money put in or taken out is no profit and no loss."""

import pytest

from hypothesis import given
from hypothesis import strategies as st

from config.drawdown import USUAL, DrawdownSection, Preset
from runtime.core.marks import Marks, begin_day, counted_from, flow, losses, room, see

moves = st.lists(st.tuples(st.booleans(), st.integers(-2_000, 2_000)), max_size=12)
"""Whether it is put in or taken out, else earned or lost, and how much of an account of 10,000."""
presets = st.sampled_from(sorted(USUAL))


def marked(preset: Preset, *, locks: bool = False) -> tuple[Marks, DrawdownSection]:
    """Return the marks of an account of 10,000 as its first day begins, and its rule."""
    drawdown = DrawdownSection(preset=preset, initial=10_000.0, locks=locks)
    marks = Marks()
    begin_day(marks, drawdown, 0, 10_000.0, 10_000.0)
    return marks, drawdown


@given(presets, moves)
def test_a_day_has_lost_what_was_lost_whatever_was_put_in_or_taken_out(
    preset: Preset, steps: list[tuple[bool, int]]
) -> None:
    """The loss of the day, in money, is the sum of what was earned and lost."""
    marks, rule = marked(preset)
    balance, earned = 10_000.0, 0.0
    for outside, money in steps:
        if outside:
            flow(marks, float(money), balance)
        else:
            earned += money
        balance += money
        see(marks, rule, balance, balance)

    assert pytest.approx(-earned) == marks.anchor - balance


@given(presets, moves)
def test_no_flow_widens_what_may_be_lost(preset: Preset, steps: list[tuple[bool, int]]) -> None:
    """After money was put in or taken out no more room is left than before, today and in all."""
    marks, rule = marked(preset)
    balance = 10_000.0
    for outside, money in steps:
        before = room(marks, rule, balance)
        if outside:
            flow(marks, float(money), balance)
        balance += money
        after = room(marks, rule, balance)

        assert not outside or all(b <= a + 1e-6 for a, b in zip(before, after, strict=True))
        see(marks, rule, balance, balance)


@given(presets, st.lists(st.integers(-2_000, 2_000), max_size=12), st.booleans())
def test_a_floor_never_falls(preset: Preset, earned: list[int], locks: bool) -> None:  # noqa: FBT001 - drawn
    """While nothing is put in or taken out, what a total is counted from only rises; locked, to its top."""
    marks, rule = marked(preset, locks=locks and preset != "static")
    balance, day = 10_000.0, 0
    for money in earned:
        was = counted_from(marks, rule)
        balance, day = balance + money, day + 1
        see(marks, rule, balance, balance)
        begin_day(marks, rule, day, balance, balance)

        assert counted_from(marks, rule) >= was
        assert not rule.locks or counted_from(marks, rule) <= 10_000.0 + rule.most * 10_000.0


def test_room_is_what_is_left_of_each_loss() -> None:
    """In money: of 500 a day and 1,000 in all 200 are lost."""
    marks, rule = marked("static")

    assert (300.0, 800.0) == room(marks, rule, 9_800.0)
    assert (0.02, 0.02) == losses(marks, rule, 9_800.0)


def test_another_initial_balance_begins_anew() -> None:
    """A firm has made the account larger: the floor is that of the new size from the next day on."""
    marks, _ = marked("static")
    larger = DrawdownSection(preset="static", initial=20_000.0)
    flow(marks, 10_000.0, 10_000.0)
    begin_day(marks, larger, 1, 20_000.0, 20_000.0)

    assert (20_000.0, 20_000.0, 1_000.0) == (marks.initial, marks.size, room(marks, larger, 20_000.0)[0])
