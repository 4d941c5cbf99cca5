"""The compiled drive: recorded bars through the kernels of core and venue in loops of machine code, to one record."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import msgspec
import numpy as np

from backtests.drive import Drive, PlainDrive
from backtests.engine_columns import Read
from backtests.engine_features import SLOTS, features_loop, slots_of
from backtests.engine_layout import (
    ALIKE,
    BALANCE,
    BLIND,
    DENSITY,
    ENDS,
    HAS_MARKS,
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
from backtests.engine_regime import regime_loop
from backtests.engine_shadow import told_in_order
from backtests.engine_shared import SharedRecord
from backtests.engine_together import Together
from backtests.kept_reading import Fold, KeptReading, read_nothing
from backtests.scratch import room
from brokers.venue import Costs
from market.barfile_room import let_go
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
from runtime.core.decision import Decision
from runtime.core.feeds import FeedKey
from runtime.core.readings import REMEMBERED, RegimeReading
from runtime.core.state import Lane
from runtime.core.warming import bars_wanted
from runtime.outcomes.books import Books
from strategies.adapter import KernelRunner


class CompiledDrive:
    """Strategies on one feed, played by compiled loops; `backtests.engine_plan.why_plain` says what it can play."""

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
        self.core, self.plan = core, core.plan
        self.lane = self.plan.strategies[0]
        self.key = (self.lane.symbol, self.lane.timeframe)
        self.tape, self.costs = tapes[self.key], costs.get(self.lane.symbol, Costs())
        self.first = self.plain.paths[0].next
        self.begin = max(0, self.first - bars_wanted(core.feeds, core.made, self.key, warmup))

    def run(self, progress: Callable[[int], None] | None = None, *, decided: bool = True) -> Drive:
        """Play everything from start to end; `decided`: tell the decisions, too."""
        record, account = self.played(progress)
        if not decided:
            words: Sequence[Decision] = []
        else:
            words = record if isinstance(record, CompiledRecord) else record.decisions()
        return Drive(
            decisions=words, deals=record.deals(), outcomes=told_in_order(record),
            equity=record.equity(), bars=len(record), balance=float(account[BALANCE]), orders=int(account[ORDERS]),
            ambiguous=int(account[UNSURE]),
            played="compiled" if isinstance(self.core.lanes[0].runner, KernelRunner) else "compiled, row by row",
        )  # fmt: skip

    def played(self, progress: Callable[[int], None] | None = None) -> tuple[CompiledRecord | SharedRecord, Any]:
        """Play everything; return the record, and the account as it stands at the end."""
        self.plain.come_up()
        live, shadows = self._play(progress)
        record = live.record()
        record.shadows = [shadow.record() for shadow in shadows]
        return record, live.state

    # --- features and regime ------------------------------------------------------------------------------------------

    def _reader(self, lane: Lane) -> tuple[Read, Fold, Fold]:
        """Return room for what a strategy is told, what is done with a part of the bars first, and what reads it."""
        feed, n = self.core.feeds[self.key], len(self.tape)
        reading, picks = self.core.decider.readings.get(lane.plan.regime), lane.picks
        bars = n if reading else 0
        ordinals = reading.model.states if reading else 0
        read = Read(
            room((n, len(picks))), room(bars, np.int8), room(bars, np.int8), room((bars, ordinals)), room(bars),
            room(bars), room(bars, np.int8), room(bars, np.int8), room(bars, np.int32), room(bars), room(bars),
        )  # fmt: skip
        seen_picks = reading.picks if reading else ()
        slots, places = slots_of(feed, (*picks, *seen_picks))
        states, params = (tuple(array_of(slot[n]) for slot in slots) for n in (1, 2))
        told = columns_of(self.tape, "time", "open", "high", "low", "close", "volume")
        folded = features_loop(*(step for step, _, _ in slots))
        given, seen = np.zeros(SLOTS), _places(places, seen_picks)
        picked = _places(places, picks)
        rows = np.empty((2, CHUNK if reading else 0, len(seen)))  # a part may be read while the next one is folded
        regime = (array_of(halt_init()), *self._regime(lane, reading)) if reading else ()
        filtered: Any = regime_loop(shape_of(reading.model.weights), rule=bool(reading.rule)) if reading else None

        def fold(begin: int, end: int) -> None:
            left = read.features, rows[self._turn(begin)]
            folded(told, (begin, end), (states, params, given), (picked, seen), left)

        def look(begin: int, end: int) -> None:
            filtered(told[0], told[4], (begin, end), rows[self._turn(begin)], regime, tuple(read)[1:])

        first, last = (fold, look) if reading else (read_nothing, fold)
        if self.reading is None:
            return read, first, last
        made_from = (folded, filtered, self.tape, self.begin, states, params, regime, picked, seen)
        return self.reading.reader(made_from, read, first, last)

    def _turn(self, begin: int) -> int:
        """Return in which half of what features leave to the regime a part of the bars stands."""
        return (begin - self.first) // CHUNK % 2

    def _regime(self, lane: Lane, reading: RegimeReading) -> tuple[Any, ...]:
        """Return the regime's state and parameters, those of a strategy's gate with it."""
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
        listen = [s for s in self.plan.strategies if s.regime == reading.name and s.gate and s.gate.mode != "off"]
        model: RegimeModel = reading.model
        width, marks, rule = len(reading.picks), likeness_params(model.quantiles), reading.rule
        q[[STATES, WIDTH, HAS_MARKS]] = model.states, width, bool(model.quantiles)
        q[[ENDS, MAX_AGE, WEIGHS, LISTENS]] = reading.ends, gate.max_age, bool(lane.weights), bool(listen)
        q[LENGTH] = float(self.tape.frame)
        return (
            m, q, np.full(width, np.nan),
            np.zeros(REMEMBERED * width if model.quantiles else 1), np.zeros(width), array_of(likeness_init(marks)),
            array_of(marks), array_of(filter_init(model.weights)), array_of(model.weights),
            array_of(pit_init(model.weights, model.evidence)), array_of(novelty_init(rule) if rule else ()),
            array_of(rule), *limits,
        )  # fmt: skip

    # --- the account --------------------------------------------------------------------------------------------------

    def _play(self, progress: Callable[[int], None] | None) -> tuple[Pass | Together, list[Pass]]:
        """Play the bars in parts; return the account as it stands at the end, and those of the shadow books.

        While one part is played the next one is read, for what a bar says does not depend on the account; and a shadow
        book plays the part before, for which it is lent the account's equity. A regime takes longest: while one is read
        of a part, this thread folds the features of the part after.
        """
        first, bars = self.first, len(self.tape)
        lanes = [*self.core.lanes, *self._listeners()]
        readers = [self._reader(lane) for lane in lanes]
        parts = [(n, min(bars, n + CHUNK)) for n in range(first, bars, CHUNK)]
        for part in [*((n, min(first, n + CHUNK)) for n in range(self.begin, first, CHUNK)), *parts[:1]]:
            _each(readers, 1, part)
            _each(readers, 2, part)
        for part in parts[1:2]:
            _each(readers, 1, part)
        told = [Told(self.tape, self.costs, read, self.begin, first) for read, _, _ in readers]
        live = self._live(lanes, told)
        places = {lane.number: place for place, lane in enumerate(self.core.lanes)}
        shadows = [
            Pass(s.core, s.venue, told[places[s.core.lanes[0].number]], live.before) for s in self.plain.books.shadows
        ]
        with ThreadPoolExecutor(1) as ahead, ThreadPoolExecutor(1) as behind:
            following = []
            for n, (begin, end) in enumerate(parts):
                reading = [ahead.submit(_each, readers, 2, part) for part in parts[n + 1 : n + 2]]
                live.play(begin - first, end - first)
                for shadow in shadows:
                    if shadow.asks:  # no two threads ask a strategy at once
                        shadow.play(begin - first, end - first)
                    else:
                        following.append(behind.submit(shadow.play, begin - first, end - first))
                for part in parts[n + 2 : n + 3]:
                    _each(readers, 1, part)
                if progress is not None:
                    progress(end - first)
                for one in reading:
                    one.result()
                _let_go(told, live)
            for one in following:
                one.result()
        return live, shadows

    def _live(self, lanes: Sequence[Lane], told: Sequence[Told]) -> Pass | Together:
        """Return the live account: of one strategy, or of several, and of regimes that are read beside theirs."""
        core, venue = self.core, self.plain.venue
        if len(lanes) == 1:
            return Pass(core, venue, told[0])
        names = [reading.name for reading in core.readings]
        regimes = [next(t.read.alerts for x, t in zip(lanes, told, strict=True) if x.plan.regime == n) for n in names]
        reads = [names.index(lane.plan.regime) if lane.plan.regime else -1 for lane in core.lanes]
        return Together(core, venue, told[: len(core.lanes)], regimes, reads)

    def _listeners(self) -> list[Lane]:
        """Return a lane for each regime that no strategy reads: people are told of it all the same."""
        own, read = self.core.lanes[0].plan, {lane.plan.regime for lane in self.core.lanes}
        return [
            Lane(msgspec.structs.replace(own, gate=None, regime=reading.name), (), reading.model.states)
            for reading in self.core.readings
            if reading.name not in read
        ]


def _let_go(told: Sequence[Told], live: Pass | Together) -> None:
    """Give back the memory of what was read and played, where it is so much that it lies in files."""
    for each in told:
        let_go(each.read)
    let_go((*live.columns, *live.bars))


def _places(places: Sequence[int], picks: Sequence[int]) -> Any:  # noqa: ANN401 - an array
    return np.array([places[pick] for pick in picks], dtype=np.int64)


def _each(readers: Sequence[tuple[Read, Fold, Fold]], step: Literal[1, 2], part: tuple[int, int]) -> None:
    """Have each reader do the first or the second thing with a part of the bars."""
    for reader in readers:
        reader[step](*part)
