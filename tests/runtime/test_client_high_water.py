"""The fee by the high-water mark: on new highs only, never on money paid in, and never twice on the same gain."""

import re

from pathlib import Path

import pytest

from hypothesis import given
from hypothesis import strategies as st

from market.money import cents
from runtime.clients.high_water import YEAR_MS, Terms, fees
from runtime.clients.returns import Flow, Worth

FIFTH = Terms(rate=0.2)
CENTS = st.integers(-300_000, 300_000).map(lambda n: n / 100.0)
LIVES = st.lists(st.tuples(CENTS, CENTS), min_size=1, max_size=12)
"""Of each period what trading made, and what was paid in or out after it."""


def lived(steps: list[tuple[float, float]], began: float = 10_000.0) -> tuple[list[Flow], list[Worth]]:
    """Return the flows and reckonings of periods a day long; flows come at noon, what was made after them."""
    worth, flows, worths = began, [], []
    for n, (made, paid) in enumerate(steps):
        flows.append(Flow(2 * n + 1, paid))
        worth = cents(worth + paid + made)
        worths.append(Worth(2 * n + 2, worth))
    return flows, worths


@given(LIVES)
def test_no_gain_is_charged_twice(steps: list[tuple[float, float]]) -> None:
    """All fees together are the rate of the most that trading had ever made at a reckoning."""
    flows, worths = lived(steps)
    made, most = 0.0, 0.0
    for gain, _ in steps:
        made = cents(made + gain)
        most = max(most, made)

    found = fees(Worth(0, 10_000.0), flows, worths, FIFTH)

    assert most == pytest.approx(sum(fee.gain for fee in found), abs=0.001)
    assert all(cents(0.2 * fee.gain) == fee.fee >= 0.0 for fee in found)


@given(st.lists(CENTS, min_size=1, max_size=12))
def test_money_paid_in_or_out_is_never_charged(paid: list[float]) -> None:
    """Where trading made nothing there is no fee, whatever the hurdle."""
    flows, worths = lived([(0.0, money) for money in paid])

    assert {0.0} == {fee.fee for hurdle in (0.0, 0.05) for fee in fees(
        Worth(0, 10_000.0), flows, worths, Terms(rate=0.2, hurdle=hurdle)
    )}  # fmt: skip


@given(LIVES, st.lists(CENTS, min_size=12, max_size=12))
def test_without_a_hurdle_flows_change_no_fee(steps: list[tuple[float, float]], others: list[float]) -> None:
    """The same gains are charged alike, whatever was paid in or out between them."""
    other = [(made, paid) for (made, _), paid in zip(steps, others, strict=False)]

    assert [fee.fee for fee in fees(Worth(0, 10_000.0), *lived(steps), FIFTH)] == pytest.approx(
        [fee.fee for fee in fees(Worth(0, 10_000.0), *lived(other), FIFTH)], abs=0.001
    )


@given(LIVES, st.floats(0.0, 1.0))
def test_a_hurdle_never_makes_a_fee_larger(steps: list[tuple[float, float]], hurdle: float) -> None:
    """In all, and no fee is ever negative."""
    life = lived(steps)
    with_hurdle = fees(Worth(0, 10_000.0), *life, Terms(rate=0.2, hurdle=hurdle))

    assert sum(fee.fee for fee in with_hurdle) <= sum(fee.fee for fee in fees(Worth(0, 10_000.0), *life, FIFTH)) + 1e-6
    assert all(fee.fee >= 0.0 for fee in with_hurdle)


def test_the_mark_falls_only_by_what_is_taken_out() -> None:
    """A loss leaves it where it is: it has to be made good first."""
    flows, worths = lived([(1000.0, 0.0), (-600.0, 0.0), (500.0, -2000.0), (300.0, 0.0)])

    found = fees(Worth(0, 10_000.0), flows, worths, FIFTH)

    assert [10_000.0, 11_000.0, 9000.0, 9000.0] == [fee.mark for fee in found]
    assert [200.0, 0.0, 0.0, 40.0] == [fee.fee for fee in found]
    assert 9200.0 == found[-1].after


def test_a_hurdle_is_reckoned_by_days_and_what_it_leaves_free_stays_free() -> None:
    """4 % a year of 10,000 for half a year are 200; of the 300 made 100 are charged, and the mark is at 10,300."""
    half = YEAR_MS // 2
    worths = [Worth(half, 10_300.0), Worth(2 * half, 10_400.0)]

    first, second = fees(Worth(0, 10_000.0), [], worths, Terms(rate=0.2, hurdle=0.04))

    assert (200.0, 100.0, 20.0) == (first.free, first.gain, first.fee)
    assert (10_300.0, 206.0, 0.0, 10_400.0) == (second.mark, second.free, second.fee, second.after)


def test_the_example_of_the_documentation_holds() -> None:
    """Quarter by quarter, by hand: what was paid, what was made, and what was charged for it."""
    text = (Path(__file__).parents[2] / "docs" / "clients.md").read_text(encoding="utf-8")
    table = [
        [float(cell.replace(",", "")) for cell in line.strip("| ").split("|")]
        for line in text.splitlines()
        if re.match(r"\| \d \|", line)
    ]
    flows, worths = lived([(made, paid) for _, paid, made, *_ in table])

    found = fees(Worth(0, 10_000.0), flows, worths, FIFTH)

    assert [row[3:] for row in table] == [[fee.worth, fee.mark, fee.gain, fee.fee] for fee in found]
    assert 4 == len(table)


def test_a_flow_at_the_moment_of_a_reckoning_belongs_to_the_time_after() -> None:
    """What was there was reckoned without it."""
    found = fees(Worth(0, 100.0), [Flow(10, 50.0)], [Worth(10, 110.0), Worth(20, 160.0)], FIFTH)

    assert [(100.0, 2.0), (160.0, 0.0)] == [(fee.mark, fee.fee) for fee in found]
