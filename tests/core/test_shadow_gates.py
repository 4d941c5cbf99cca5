"""Shadow books without each gate: a signal that one of them keeps out on twenty bars in a row is one missed trade."""

import msgspec
import pytest

from brokers.facts import BarClosed
from config.windows import RolloverSection, WindowsSection
from market.types import Bar
from runtime.core.plan import Plan
from runtime.core.windows import Windows
from runtime.outcomes.books import Books
from runtime.outcomes.outcome import Outcome
from runtime.outcomes.without import gates_of
from tests.chaos_world import COSTS
from tests.cores import LIMITS, a_gated_plan, a_lane, a_plan, buy, hour, opening
from tests.told import Told

SIGNALS = dict.fromkeys(range(3, 23), buy(0.5))
CLOSES = [*(100.0 - 0.01 * n for n in range(1, 21)), 99.0]
ALWAYS = Windows(WindowsSection(rollover=RolloverSection(hours="00:00-23:59")))


def a_house(**fields: object) -> Plan:
    """Return a plan of twenty signals behind a gate that is always open; fields may be changed."""
    return msgspec.structs.replace(a_gated_plan(SIGNALS, allow=(0, 1), enter=0.0, leave=0.0), **fields)


def told(plan: Plan) -> tuple[Books, list[Outcome]]:
    """Tell falling bars; return the books and every outcome. The books are put to rest and woken on the way."""
    told = Told(plan, opened=False)
    books = Books(told.core, COSTS)
    outcomes: list[Outcome] = []
    for fact in opening():
        outcomes += books.observe(fact, told.core.handle(fact))
    for n, close in enumerate(CLOSES, 3):
        bar = Bar("XAUUSD", "H1", hour(n), close + 0.01, close + 0.01, close, close)
        fact = BarClosed(at=hour(n + 1), bar=bar, bid=close, ask=close + 0.1)
        outcomes += books.observe(fact, told.core.handle(fact))
        woken = Books(told.core, COSTS)
        woken.restore(books.snapshot())
        books = woken
    return books, outcomes


@pytest.mark.parametrize(
    ("fields", "gates"),
    [
        ({"limits": msgspec.structs.replace(LIMITS, max_spread=5.0)}, ["risk", "all"]),
        ({"windows": ALWAYS}, ["hold", "all"]),
        ({"windows": ALWAYS, "limits": msgspec.structs.replace(LIMITS, max_spread=5.0)}, ["all"]),
    ],
    ids=["risk", "hold", "both"],
)
def test_a_signal_kept_out_on_twenty_bars_is_one_missed_trade(fields: dict[str, object], gates: list[str]) -> None:
    """In the book without that gate, and in the one without all; what two gates keep out is in the last alone."""
    books, outcomes = told(a_house(**fields))

    assert [("shadow", gate, "stop") for gate in gates] == [(o.book, o.gate, o.exit_reason) for o in outcomes]
    assert {} == books.live.held


def test_a_missed_trade_is_known_by_what_was_decided_instead() -> None:
    """By the live decision on its bar, which says what has kept it out; also in books that were woken."""
    _, outcomes = told(a_house(windows=ALWAYS))

    assert ["1-1", "1-1"] == [outcome.decision for outcome in outcomes]


def test_which_books_are_kept() -> None:
    """Of a strategy without a gate and without holds none; where other bars tell the regime, none in which it stays."""
    gated, apart = a_gated_plan({}), a_gated_plan({}, timeframe="D1")
    plans = [a_plan(a_lane({})), gated, apart, msgspec.structs.replace(gated, windows=ALWAYS)]
    kept = [("regime", "risk", "all"), ("regime", "all"), ("regime", "hold", "risk", "all")]

    assert [(), *kept] == [gates_of(plan, plan.strategies[0]) for plan in plans]
