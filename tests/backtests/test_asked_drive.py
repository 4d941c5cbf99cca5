"""A function that is asked before every bar trades as one that is called at it: live, and in the shadow of its gate."""

import math

from typing import Any

import msgspec
import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from backtests.drive import Drive, PlainDrive
from backtests.reel import Reel
from brokers.facts import BarPhase
from market.bars import Bars
from regimes.shut import OnShut
from runtime.asked import Question, questions
from runtime.core.facts import StrategyAnswered
from runtime.core.plan import Plan, RegimePlan
from strategies.adapter import flat_of
from strategies.exits import ExitPlan
from strategies.protocol import Entry, Exit, Want
from strategies.window import Window, WindowStrategy, window_of
from tests.cores import a_gate, a_lane, a_plan, up_model
from tests.cuts import cuts
from tests.tapes import COSTS, drive_of, walk
from tests.venues import HOUR, MONDAY

SIZE = 12


def resting(w: Window) -> tuple[Want, float]:
    """Enter at market or at a price, by turns, and leave by age and by price: whatever a function may want."""
    mean, turn = math.fsum(w.close) / len(w), w.time[-1] // HOUR % 5
    away = w.close[-1] - mean
    if w.position:
        return (Exit() if w.held >= 3 + turn or away * w.position > 1.5 else None), away
    side: Any = -1 if away > 0.0 else 1
    plan = ExitPlan(stop=0.8, target=1.2 if turn % 2 else 0.0, trail=0.6 if turn == 3 else 0.0, bars=9)
    if turn < 2:
        return Entry(side=side, plan=plan, kind="limit", price=w.close[-1] - 0.2 * side, expiry=2), away
    return (Entry(side=side, plan=plan) if abs(away) > 0.3 else None), away


class Asking(PlainDrive):
    """Asks before it tells a bar, as a daemon does; keeps what it asked."""

    def __init__(self, *given: Any, left_out: frozenset[tuple[int, int]] = frozenset(), **named: Any) -> None:  # noqa: ANN401 - the drive's
        """Leave questions about some positions out, to show that they are missed."""
        super().__init__(*given, **named)
        self.left_out, self.asked = left_out, 0

    def _tell_bar(self, reel: Reel, index: int, at: int, phase: BarPhase) -> None:
        for q in questions(self.core, self.books, reel.tape.bar(index)) if phase == "live" else ():
            if (q.position, q.held) not in self.left_out:
                self.asked += 1
                self._handle(answered(q, at))
        super()._tell_bar(reel, index, at, phase)


def answered(q: Question, at: int) -> StrategyAnswered:
    """Return what the function answers."""
    want = flat_of(*resting(window_of(q.columns, q.symbol, q.timeframe, q.position, q.held)))
    return StrategyAnswered(
        at=at, strategy=q.strategy, bar_time=q.bar_time, position=q.position, held=q.held, want=want
    )


def house(*, apart: bool) -> Plan:
    """Return a plan of the function behind a gate that shuts now and then, and closes what stays shut out."""
    regime = RegimePlan(name="up", symbol="XAUUSD", timeframe="H1", model=up_model())
    strategy = WindowStrategy(name="resting", function=None if apart else resting, window=SIZE)
    gate = a_gate(on_shut=OnShut(close_after=4), dwell=2)
    return a_plan(a_lane({}, strategy=strategy, gate=gate, regime="up"), regimes=(regime,))


def driven(bars: Bars, *, apart: bool, left_out: frozenset[tuple[int, int]] = frozenset()) -> tuple[Drive, int]:
    """Drive it over bars; return what came of it, and how many questions were asked."""
    settled: dict[str, Any] = {"balance": 10_000.0, "start": MONDAY + 30 * HOUR, "warmup": 30}
    made = drive_of(house(apart=apart), bars, costs=COSTS)
    drive = Asking(*made, left_out=left_out, **settled)
    return drive.run(), drive.asked


def encoded(drive: Drive) -> list[bytes]:
    """Return decisions, deals and trades of both books, as bytes."""
    return [msgspec.msgpack.encode(each) for kind in (drive.decisions, drive.deals, drive.outcomes) for each in kind]


@settings(max_examples=cuts(8, 60))
@given(st.integers(0, 10_000))
def test_asked_before_or_called_at_a_bar_it_trades_the_same(seed: int) -> None:
    """Every decision, deal and trade, to the bit; and not twice as many questions as bars, as a rule."""
    bars = walk(220, seed)
    called, _ = driven(bars, apart=False)
    asked, count = driven(bars, apart=True)

    assert encoded(called) == encoded(asked)
    assert not any("MODEL" in hold for decision in asked.decisions for hold in decision.holds)
    assert count < 4 * len(asked.decisions)


def test_what_is_compared_is_not_empty() -> None:
    """Both books trade, the gate shuts, orders rest and are left."""
    drive, _ = driven(walk(220, 1), apart=True)

    assert {"live", "shadow"} == {outcome.book for outcome in drive.outcomes}
    assert {"traded", "exit", "in_position", "order_working", "vetoed_by_regime"} <= {
        d.outcome for d in drive.decisions
    }


@pytest.mark.parametrize("stands", [(0, 0), (1, 1), (-1, 2)])
def test_a_position_that_is_not_asked_about_is_missed(stands: tuple[int, int]) -> None:
    """The test above can fail: without the answer for it something else is traded."""
    bars = walk(220, 1)

    assert encoded(driven(bars, apart=False)[0]) != encoded(driven(bars, apart=True, left_out=frozenset({stands}))[0])
