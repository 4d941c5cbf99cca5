"""A strategy that is asked in Python is played by the compiled engine as by the plain drive, to the bit."""

from typing import Any

import msgspec
import pytest

from hypothesis import given, settings

from backtests.compiled import CompiledDrive
from backtests.drive import Drive, PlainDrive
from backtests.engine_readers import CHUNK
from backtests.engine_rows import LOOK
from market.bars import Bars
from runtime.core.plan import Plan
from strategies.breakout import Breakout
from strategies.exits import ExitPlan
from strategies.mean_reversion import MeanReversion
from strategies.protocol import Entry, Exit, FeatureRef, KernelStrategy, PythonStrategy, View, Want
from strategies.trend import Trend
from strategies.window import WindowStrategy
from tests.cores import a_lane, a_plan
from tests.engines import POLICIES, Dice, Twin, any_dice, any_gate, begun, difference, gated, played, tapes
from tests.planted_strategies import Changing, Good, Keeping
from tests.tapes import walk
from tests.windows import dip

BARS = walk(700)
BUILT_IN: dict[str, KernelStrategy] = {
    "trend": Trend(fast=5, slow=12, atr=5),
    "mean_reversion": MeanReversion(n=10, atr=5, entry=1.2, max_bars=6),
    "breakout": Breakout(n=8, atr=5),
}


def driven(kind: type[PlainDrive | CompiledDrive], plan: Plan, tape: Bars, **options: Any) -> tuple[Drive, Any]:  # noqa: ANN401
    """Return what came of a drive, and the state in which it left the strategy."""
    drive = begun(kind, plan, tape, shadows=True, **options)
    return drive.run(), drive.core.lanes[0].runner.state


def compared(plan: Plan, tape: Bars, **options: Any) -> str:  # noqa: ANN401 - of a drive
    """Return in what the two drives differ, or the states in which they leave the strategy; empty: in nothing."""
    plain, one = driven(PlainDrive, plan, tape, **options)
    rows, other = driven(CompiledDrive, plan, tape, **options)
    same = msgspec.msgpack.encode(one) == msgspec.msgpack.encode(other)
    return difference(plain, rows) or ("" if same else f"left in {one} and in {other}")


class Wanting:
    """Wants something on every bar, whatever it has and whether or not it may: the next of a list."""

    name, version = "wanting", 1

    def __init__(self, *wants: Want) -> None:
        """Want these in turn."""
        self.wants = wants

    def features(self) -> dict[str, FeatureRef]:
        """Return a mean of three closes."""
        return {"mean": ("sma", (3.0,))}

    def init(self) -> dict[str, Any]:
        """Return a count, and nothing seen."""
        return {"bars": 0, "seen": []}

    def decide(self, state: dict[str, Any], view: View) -> tuple[Want, float]:
        """Note what it is asked with, and want the next."""
        state["bars"] += 1
        state["seen"] = [*state["seen"][-9:], [view.bar.time, view.position, view.held]]
        return self.wants[state["bars"] % len(self.wants)], state["bars"]


BUY, SELL = (Entry(side=side, plan=ExitPlan(stop=0.8, target=0.9, bars=5)) for side in (1, -1))
REST = Entry(side=1, plan=ExitPlan(stop=0.8), kind="limit", price=99.7, expiry=3)


# --- alike ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["off", "enforce"])
@pytest.mark.parametrize("name", BUILT_IN)
def test_a_class_is_played_as_its_kernel_is(name: str, mode: str) -> None:
    """Every built-in strategy, written as an ordinary class too."""
    kernel = BUILT_IN[name]
    twin = gated(Twin(kernel), mode, dwell=2)
    rows = driven(CompiledDrive, twin, BARS)[0]

    assert not compared(twin, BARS)
    assert not difference(played(CompiledDrive, gated(kernel, mode, dwell=2), BARS, shadows=True), rows)
    assert 30 < len(rows.deals)


@settings(max_examples=30)
@given(tapes(), any_dice, any_gate)
def test_bars_of_every_shape_are_asked_about_alike(tape: Bars, strategy: Dice, gate: dict[str, Any]) -> None:
    """Whatever the bars, the ways in and out, the gate and its policy."""
    assert not compared(gated(Twin(strategy), **gate), tape)


@pytest.mark.parametrize("mode", ["off", "advise", "enforce"])
@pytest.mark.parametrize(
    "wants",
    [(BUY,), (Exit(),), (BUY, Exit()), (REST, None, SELL), (BUY, None, None, Exit(), SELL, SELL), (None,)],
    ids=["in", "out", "in and out", "rests", "turns", "nothing"],
)
def test_wants_that_do_nothing_are_written_down_alike(wants: tuple[Want, ...], mode: str) -> None:
    """In a position, behind a shut gate, while an order rests, and out where nothing is."""
    for run in ("live", "observe"):
        plan = msgspec.structs.replace(gated(Wanting(*wants), mode, on_shut=POLICIES[-1]), mode=run)

        assert not compared(plan, BARS.part(0, 400))


@pytest.mark.parametrize("length", [31, 32, 33, 30 + LOOK, 31 + LOOK])
def test_the_end_of_the_data_is_asked_about_alike(length: int) -> None:
    """What is wanted on the last bar is held back, and what is open is left."""
    for wants in ((BUY,), (BUY, Exit()), (None,), (REST,)):
        assert not compared(a_plan(a_lane({}, strategy=Wanting(*wants))), BARS.part(0, length))


@pytest.mark.parametrize("warmup", [0, 7, 30])
def test_the_history_is_shown_alike(warmup: int) -> None:
    """A class that counts has seen the bars of the warm-up."""
    start = BARS.time[warmup]

    assert not compared(gated(Twin(Dice())), BARS.part(0, 90), warmup=warmup, start=start)


def test_more_bars_than_a_chunk_are_asked_about_alike() -> None:
    """A position stays open over the end of one."""
    tape = walk(CHUNK + 60)
    plan = a_plan(a_lane({}, strategy=Wanting(BUY, None, SELL)))

    assert not compared(plan, tape, start=tape.time[40])


def test_a_window_is_shown_alike() -> None:
    """The same rows, and the ring that it leaves is the same."""
    strategy = WindowStrategy(name="dip", function=dip, window=20, refs={"mean": ("sma", (30.0,))})

    assert not compared(gated(strategy, "advise"), BARS)
    assert not compared(gated(strategy, "advise"), BARS.part(0, 45), warmup=5)


# --- what a strategy can do wrong -------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", [Changing(), Keeping(), Good()], ids=lambda s: type(s).__name__)
def test_a_class_changes_nothing_that_the_next_bar_sees(strategy: PythonStrategy) -> None:
    """Features that it writes into, or keeps, are its own."""
    assert not compared(a_plan(a_lane({}, strategy=strategy)), BARS)


class Wrong(Wanting):
    """Answers as it should not, from some bar on."""

    def __init__(self, answer: Any) -> None:  # noqa: ANN401 - whatever people write
        """Give this answer; raise it, where it is an error."""
        super().__init__(None)
        self.answer = answer

    def decide(self, state: dict[str, Any], view: View) -> tuple[Want, float]:
        """Be right for a hundred bars."""
        want = super().decide(state, view)
        if state["bars"] <= 100:
            return want
        if isinstance(self.answer, Exception):
            raise self.answer
        answer: tuple[Want, float] = self.answer
        return answer


@pytest.mark.parametrize(
    "answer",
    [
        ZeroDivisionError("by nothing"),
        StopIteration("no more"),
        "buy",
        (None,),
        [None, 0.0],
        ("buy", 0.0),
        (None, "much"),
        (msgspec.structs.replace(BUY, kind="stop", expiry=float("nan")), 0.0),
        (msgspec.structs.replace(BUY, kind="limit", expiry=float("inf")), 0.0),
        (msgspec.structs.replace(BUY, kind="limit", expiry=2**63), 0.0),
        (msgspec.structs.replace(BUY, kind="iceberg"), 0.0),
    ],
    ids=repr,
)
def test_a_class_that_fails_ends_in_the_same_error(answer: object) -> None:
    """On the same bar, with the same words."""
    ends = []
    for kind in (PlainDrive, CompiledDrive):
        drive: PlainDrive | CompiledDrive = begun(kind, a_plan(a_lane({}, strategy=Wrong(answer))), BARS)
        with pytest.raises(Exception) as raised:  # noqa: PT011 - whichever it is, it is the same
            drive.run()
        ends.append((type(raised.value), str(raised.value), drive.core.lanes[0].runner.state))

    assert ends[0] == ends[1]
