"""The compiled drive: recorded bars through the kernels of core and venue in loops of machine code, to one record."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from backtests.drive import Drive, PlainDrive
from backtests.engine_columns import Read
from backtests.engine_features import SLOTS, reading_loop, slots_of
from backtests.engine_layout import (
    ALIKE,
    BALANCE,
    BLIND,
    DENSITY,
    ENDS,
    HAS_MARKS,
    HAS_RULE,
    LENGTH,
    LISTENS,
    MAX_AGE,
    NOVELTY,
    ORDERS,
    ORDINAL,
    READING,
    STATES,
    UNLIKE,
    UNSURE,
    WEIGHS,
    WIDTH,
)
from backtests.engine_pass import CHUNK, Pass, Told, array_of, columns_of
from backtests.engine_record import CompiledRecord
from backtests.engine_shadow import told_in_order
from backtests.kept_reading import Fold, KeptReading
from brokers.venue import Costs
from market.bars import Bars
from market.halts import halt_init
from regimes.bundle import RegimeModel
from regimes.filter import filter_init
from regimes.filter_shaped import shape_of
from regimes.gate import gate_init
from regimes.likeness import likeness_init, likeness_params
from regimes.novelty import novelty_init
from regimes.pit import pit_init
from runtime.core.core import Core
from runtime.core.feeds import FeedKey
from runtime.core.readings import REMEMBERED
from runtime.core.warming import bars_wanted
from runtime.outcomes.books import Books
from strategies.adapter import KernelRunner


class CompiledDrive:
    """One strategy on one feed, played by compiled loops; `backtests.engine_plan.why_plain` says what it can play."""

    def __init__(
        self,
        core: Core,
        books: Books,
        tapes: Mapping[FeedKey, Bars],
        costs: Mapping[str, Costs],
        *,
        balance: float,
        start: int,
        warmup: int,
        reading: KeptReading | None = None,
    ) -> None:
        """Be asked as the plain drive is: it brings core and venue up, and they are left there."""
        self.reading = reading
        self.plain = PlainDrive(core, books, tapes, costs, balance=balance, start=start, warmup=warmup)
        self.core, self.plan, self.balance = core, core.plan, balance
        self.lane = self.plan.strategies[0]
        self.key = (self.lane.symbol, self.lane.timeframe)
        self.tape, self.costs = tapes[self.key], costs.get(self.lane.symbol, Costs())
        self.first = self.plain.paths[0].next
        self.begin = max(0, self.first - bars_wanted(core.feeds, core.made, self.key, warmup))

    def run(self, progress: Callable[[int], None] | None = None, *, decided: bool = True) -> Drive:
        """Play everything from start to end; `decided`: tell the decisions, too."""
        record, account = self.played(progress)
        return Drive(
            decisions=record if decided else [], deals=record.deals(), outcomes=told_in_order(record),
            equity=record.equity(), bars=len(record), balance=float(account[BALANCE]), orders=int(account[ORDERS]),
            ambiguous=int(account[UNSURE]),
            played="compiled" if isinstance(self.core.lanes[0].runner, KernelRunner) else "compiled, row by row",
        )  # fmt: skip

    def played(self, progress: Callable[[int], None] | None = None) -> tuple[CompiledRecord, Any]:
        """Play everything; return the record, and the account as it stands at the end."""
        self.plain.come_up()
        live, shadows = self._play(*self._reader(), progress)
        record = live.record()
        record.shadows = [shadow.record() for shadow in shadows]
        return record, live.state

    # --- features and regime ------------------------------------------------------------------------------------------

    def _reader(self) -> tuple[Read, Fold]:
        """Return room for what is read, and what reads some bars into it, those before being read already."""
        feed, n = self.core.feeds[self.key], len(self.tape)
        readings, picks = self.core.readings, self.core.lanes[0].picks
        bars = n if readings else 0
        states = readings[0].model.states if readings else 0
        read = Read(
            np.empty((n, len(picks))), np.zeros(bars, np.int8), np.empty(bars, np.int8), np.empty((bars, states)),
            np.empty(bars), np.empty(bars), np.empty(bars, np.int8), np.empty(bars, np.int8), np.empty(bars, np.int32),
            np.empty(bars), np.empty(bars),
        )  # fmt: skip
        slots, places = slots_of(feed)
        loop = reading_loop([step for step, _, _ in slots], shape_of(readings[0].model.weights) if readings else None)
        folds = (
            tuple(array_of(state) for _, state, _ in slots), tuple(array_of(p) for _, _, p in slots), np.zeros(SLOTS),
            array_of(halt_init()),
        )  # fmt: skip
        told = columns_of(self.tape, "time", "open", "high", "low", "close", "volume")
        regime, picked = self._regime(places), _places(places, picks)

        def fold(begin: int, end: int) -> None:
            loop(told, (begin, end), folds, regime, (picked, *read))

        if self.reading is None:
            return read, fold
        return self.reading.reader((loop, self.tape, self.begin, folds, regime, picked), read, fold)

    def _regime(self, places: Sequence[int]) -> tuple[Any, ...]:
        """Return the regime's state and parameters, those of its gate with it; numbers of nobody where none is read."""
        lane = self.core.lanes[0]
        m = np.zeros(READING)
        m[[BLIND, UNLIKE, NOVELTY, ORDINAL, DENSITY]] = 1 << 30, ALIKE, np.nan, -1.0, np.nan
        q = np.zeros(LENGTH + 1)
        gate = lane.gate
        limits = (
            array_of(gate_init(lane.gate_flat)),
            array_of(lane.gate_flat),
            array_of(lane.mask),
            array_of(lane.weights),
        )
        if not self.core.readings:
            spare = np.zeros(1)
            return m, q, spare, np.zeros(0, np.int64), *[spare] * 9, *limits
        reading = self.core.readings[0]
        model: RegimeModel = reading.model
        width, marks, rule = len(reading.picks), likeness_params(model.quantiles), reading.rule
        q[[STATES, WIDTH, HAS_MARKS, HAS_RULE]] = model.states, width, bool(model.quantiles), bool(rule)
        q[[ENDS, MAX_AGE, WEIGHS, LISTENS]] = reading.ends, gate.max_age, bool(lane.weights), gate.mode != "off"
        q[LENGTH] = float(self.tape.frame)
        return (
            m, q, np.full(width, np.nan), _places(places, reading.picks),
            np.zeros(REMEMBERED * width if model.quantiles else 1), np.zeros(width), array_of(likeness_init(marks)),
            array_of(marks), array_of(filter_init(model.weights)), array_of(model.weights),
            array_of(pit_init(model.weights, model.evidence)), array_of(novelty_init(rule) if rule else ()),
            array_of(rule), *limits,
        )  # fmt: skip

    # --- the account --------------------------------------------------------------------------------------------------

    def _play(self, read: Read, fold: Fold, progress: Callable[[int], None] | None) -> tuple[Pass, list[Pass]]:
        """Play the bars in parts; return the account as it stands at the end, and those of the shadow books.

        While one part is played the next one is read, for what a bar says does not depend on the account; and a shadow
        book plays the part before, for which it is lent the account's equity.
        """
        rows = len(self.tape) - self.first
        fold(self.begin, self.first + min(rows, CHUNK))
        told = Told(self.tape, self.costs, read, self.begin, self.first)
        live = Pass(self.core, self.plain.venue, told)
        shadows = [Pass(s.core, s.venue, told, live.columns.before) for s in self.plain.books.shadows]
        with ThreadPoolExecutor(1) as ahead, ThreadPoolExecutor(1) as behind:
            following = []
            for begin in range(0, rows, CHUNK):
                end = min(rows, begin + CHUNK)
                reading = ahead.submit(fold, self.first + end, self.first + min(rows, end + CHUNK))
                live.play(begin, end)
                for shadow in shadows:
                    if shadow.asks:  # no two threads ask a strategy at once
                        shadow.play(begin, end)
                    else:
                        following.append(behind.submit(shadow.play, begin, end))
                if progress is not None:
                    progress(end)
                reading.result()
            for part in following:
                part.result()
        return live, shadows


def _places(places: Sequence[int], picks: Sequence[int]) -> Any:  # noqa: ANN401 - an array
    return np.array([places[pick] for pick in picks], dtype=np.int64)
