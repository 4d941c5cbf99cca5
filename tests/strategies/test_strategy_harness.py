"""The simple market of the contract suite, and the one face for both sorts of strategy."""

import math

import msgspec
import pytest

from hypothesis import given
from hypothesis import strategies as st

from market.types import Bar
from strategies.adapter import flat_of, runner_of
from strategies.exits import ExitPlan
from strategies.harness import Book, drive, sample_bars
from strategies.protocol import Entry, Exit, View, Want, want_of
from strategies.trend import Trend

DISTANCE = st.floats(0.0, 1e6)
PLANS = st.builds(
    ExitPlan, stop=DISTANCE, target=DISTANCE, trail=DISTANCE, breakeven=DISTANCE, bars=st.integers(0, 9999)
)
ENTRIES = st.builds(
    Entry,
    side=st.sampled_from([-1, 1]),
    plan=PLANS,
    kind=st.sampled_from(["market", "limit", "stop"]),
    price=DISTANCE,
    expiry=st.integers(0, 9999),
)


class Careless:
    """Answers with whatever it was given."""

    name = "careless"
    version = 3

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def features(self) -> dict[str, tuple[str, tuple[float, ...]]]:
        """Return two features."""
        return {"one": ("sma", (1.0,)), "two": ("sma", (2.0,))}

    def init(self) -> dict[str, object]:
        """Return a state with something in it."""
        return {"seen": []}

    def decide(self, state: dict[str, list[float]], view: View) -> tuple[Want, float]:
        """Remember what was seen and return the answer."""
        state["seen"].append(view.features["two"])
        return self.answer  # type: ignore[return-value]


def bar(open_: float, high: float, low: float, close: float) -> Bar:
    """Return a bar of these prices."""
    return Bar("EURUSD", "H1", 0, open_, high, low, close)


def entered(side: int, *, kind: str = "market", price: float = 0.0, expiry: int = 2, **plan: float) -> Book:
    """Return a book that was told to enter with a stop of 2.0."""
    book = Book()
    out = msgspec.convert({"stop": 2.0, **plan}, ExitPlan)
    book.take(
        flat_of(
            msgspec.convert({"side": side, "kind": kind, "price": price, "expiry": expiry, "plan": out}, Entry), 0.0
        )
    )
    return book


def sides(book: Book, *bars: Bar) -> list[int]:
    """Return the book's side after each bar."""
    seen = []
    for one in bars:
        book.play(one)
        seen.append(book.side)
    return seen


@given(st.one_of(st.none(), st.builds(Exit), ENTRIES), st.floats(allow_nan=False))
def test_flat_and_dressed_wants_are_the_same(want: Want, score: float) -> None:
    """What is flattened and dressed again is what it was."""
    assert (want, score) == want_of(flat_of(want, score))


@pytest.mark.parametrize("side", [-1, 1])
def test_a_market_entry_is_open_from_the_next_bar_until_its_stop_is_touched(side: int) -> None:
    """The entry is at the open, the stop two below (or above) it."""
    book = entered(side)

    assert [side, 0] == sides(book, bar(100.0, 101.9, 98.1, 100.0), bar(100.0, 102.0, 98.0, 100.0))


@pytest.mark.parametrize("side", [-1, 1])
def test_a_target_ends_the_trade(side: int) -> None:
    """A target three ahead is reached by a bar whose range touches it."""
    book = entered(side, target=3.0)
    quiet = bar(100.0, 101.0, 99.0, 100.0)
    reaching = bar(100.0, max(100.0, 100.0 + 3 * side), min(100.0, 100.0 + 3 * side), 100.0)

    assert [side, 0] == sides(book, quiet, reaching)


@pytest.mark.parametrize(("kind", "price"), [("stop", 105.0), ("limit", 95.0)])
def test_a_resting_entry_waits_for_its_price_and_expires(kind: str, price: float) -> None:
    """An entry of two bars is open where the second touches its price and gone where none does."""
    quiet, touching = bar(100.0, 101.0, 99.0, 100.0), bar(100.0, 105.0, 95.0, 100.0)

    assert [0, 0, 0] == sides(entered(1, kind=kind, price=price, stop=20.0), quiet, quiet, touching)
    assert [0, 1, 1] == sides(entered(1, kind=kind, price=price, stop=20.0), quiet, touching, quiet)


def test_a_plan_of_bars_leaves_at_the_open_after_the_last_of_them() -> None:
    """Two bars are held; at the open of the third the trade is left, before its range."""
    book = entered(1, bars=2)
    quiet = bar(100.0, 101.0, 99.0, 100.0)
    book.play(quiet)
    book.play(quiet)

    assert (1, 2, True) == (book.side, book.held, book.leaving)
    assert [0] == sides(book, quiet)


def test_an_exit_is_taken_at_the_next_open_and_means_nothing_without_a_position() -> None:
    """The strategy's exit flattens the book on the next bar."""
    book = entered(1)
    quiet = bar(100.0, 101.0, 99.0, 100.0)
    book.play(quiet)
    book.take(flat_of(Exit(), 0.0))

    assert [0] == sides(book, quiet)

    book.take(flat_of(Exit(), 0.0))

    assert [0] == sides(book, quiet)


def test_sample_bars_are_bars_and_the_same_at_every_call() -> None:
    """Made-up bars obey the laws of bars: the high is highest, the low lowest, times rise."""
    bars = sample_bars(500)

    assert sample_bars(500) == bars
    assert all(b.low <= min(b.open, b.close) <= max(b.open, b.close) <= b.high for b in bars)
    assert [3_600_000 * i for i in range(500)] == [b.time for b in bars]


def test_a_drive_has_an_answer_for_every_bar() -> None:
    """As many answers as bars, silent while the slow average is cold."""
    told = drive(Trend(), sample_bars(200))

    assert 200 == len(told)
    assert [None] * 49 == [want for want, _ in told[:49]]
    assert isinstance(told[49][0], Entry)


def test_a_kernel_runner_restores_its_state_and_refuses_another_strategys() -> None:
    """A snapshot is a copy, and a state of another length is refused."""
    runner = runner_of(Trend())

    assert [] == runner.snapshot()
    with pytest.raises(ValueError, match="a state of 2 numbers, but it has 0"):
        runner.restore([1.0, 2.0])


def test_a_snapshot_is_not_changed_by_later_bars() -> None:
    """What was saved stays as it was, and what was restored is a copy of it."""
    runner = runner_of(Careless((None, 0.0)))
    one = bar(1.0, 1.0, 1.0, 1.0)
    runner.step_flat((1.0, 2.0), one, 0, 0)
    saved = runner.snapshot()
    runner.step_flat((1.0, 3.0), one, 0, 0)
    runner.restore(saved)
    runner.step_flat((1.0, 4.0), one, 0, 0)

    assert {"seen": [2.0]} == saved
    assert {"seen": [2.0, 4.0]} == runner.state
    assert ("careless", 3, ["one", "two"]) == (runner.name, runner.version, list(runner.refs))


@pytest.mark.parametrize("answer", [None, (None,), (None, "high"), ("buy", 1.0), Exit()])
def test_an_answer_that_is_no_want_is_a_bug_with_a_story(answer: object) -> None:
    """A strategy that answers with anything else is named together with what it said."""
    runner = runner_of(Careless(answer))

    with pytest.raises(TypeError, match="strategy careless: decide returned"):
        runner.step_flat((math.nan, math.nan), bar(1.0, 1.0, 1.0, 1.0), 0, 0)
