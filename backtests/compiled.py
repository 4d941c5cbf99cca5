"""The compiled drive: recorded bars through the kernels of core and venue in loops of machine code, to one record."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, Literal

import msgspec

from backtests.drive import Drive, PlainDrive
from backtests.engine_beside import AllBeside
from backtests.engine_columns import Read
from backtests.engine_layout import BALANCE, ORDERS, UNSURE
from backtests.engine_pass import Pass, Told
from backtests.engine_place import place_of
from backtests.engine_readers import CHUNK, Readers
from backtests.engine_record import CompiledRecord
from backtests.engine_shadow import told_in_order
from backtests.engine_shared import SharedRecord
from backtests.engine_together import Together
from backtests.equity import Curve
from backtests.kept_reading import Fold, KeptReading
from brokers.costs import Costs
from market.barfile_room import files_of, let_go
from market.bars import Bars
from runtime.core.core import Core
from runtime.core.decision import Decision
from runtime.core.feeds import FeedKey
from runtime.core.state import Lane
from runtime.outcomes.books import Books
from runtime.outcomes.shadow import Shadow
from strategies.adapter import KernelRunner

SHORT = CHUNK // 8
"""Bars of the first part: nothing can be played while they are read."""
Growing = Callable[[Sequence[Decision], int], None]


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
        self.plain = PlainDrive(core, books, tapes, costs, balance=balance, start=start, warmup=warmup)
        self.core, self.plan = core, core.plan
        lane = self.plan.strategies[0]
        self.tape, self.costs = tapes[lane.symbol, lane.timeframe], costs.get(lane.symbol, Costs())
        self.place = place_of(core, self.plain.told_order, self.tape, warmup)
        self.begin, self.first = self.place.begin, self.place.first
        self.beside = AllBeside(core, self.plain.told_order, self.place, warmup)
        self.readers = Readers(core, self.place, reading)

    growing: Growing | None = None
    """Is told of the decisions of one strategy, and how many of them are made, while they are."""

    def run(self, progress: Callable[[int], None] | None = None, *, decided: bool = True) -> Drive:
        """Play everything from start to end; `decided`: tell the decisions, too."""
        record, account = self.played(progress)
        if not decided:
            words: Sequence[Decision] = []
        else:
            words = record if isinstance(record, CompiledRecord) else record.decisions()
        return Drive(
            decisions=words, deals=record.deals(), outcomes=told_in_order(record),
            equity=self.equity_of(record), bars=len(record) + self.beside.told, balance=float(account[BALANCE]),
            orders=int(account[ORDERS]), ambiguous=int(account[UNSURE]),
            played="compiled" if isinstance(self.core.lanes[0].runner, KernelRunner) else "compiled, row by row",
        )  # fmt: skip

    def played(self, progress: Callable[[int], None] | None = None) -> tuple[CompiledRecord | SharedRecord, Any]:
        """Play everything; return the record, and the account as it stands at the end."""
        self.plain.come_up()
        live, shadows = self._play(progress)
        record = live.record()
        record.shadows = [shadow.record() for shadow in shadows]
        lanes = {one.lane.number: one for one in (record.records if isinstance(record, SharedRecord) else [record])}
        for shadow in record.shadows:
            shadow.beside = lanes[shadow.lane.number]
        return record, live.state

    def equity_of(self, record: CompiledRecord | SharedRecord) -> Curve:
        """Return the equity of what was played at every told bar, those that a regime is told by itself among them."""
        return self.beside.with_points(record.equity(), record.before)

    # --- the account --------------------------------------------------------------------------------------------------

    def _play(self, progress: Callable[[int], None] | None) -> tuple[Pass | Together, list[Pass]]:
        """Play the bars in parts; return the account as it stands at the end, and those of the shadow books.

        While one part is played the next one is read, for what a bar says does not depend on the account; and a shadow
        book plays the part before, for which it is lent the account's equity. A regime takes longest: while one is read
        of a part, this thread folds the features of the part after.
        """
        first, bars = self.first, len(self.tape)
        lanes = [*self.core.lanes, *self._listeners()]
        barred, short = self.beside.barred()
        readers = [self.readers.reader(lane, self.beside.of.get(lane.plan.regime), barred) for lane in lanes]
        parts = [part for part in pairwise((first, *range(first + SHORT, bars, CHUNK), bars)) if part[0] < part[1]]
        for part in [*((n, min(first, n + CHUNK)) for n in range(self.begin, first, CHUNK)), *parts[:1]]:
            _each(readers, 1, part)
            _each(readers, 2, part)
        for part in parts[1:2]:
            _each(readers, 1, part)
        told = [Told(self.tape, self.costs, read, self.begin, first, short) for read, _, _ in readers]
        live = self._live(lanes, told)
        places = {lane.number: place for place, lane in enumerate(self.core.lanes)}
        shadows = [self._shadow(s, told[places[s.of.number]], live.before) for s in self.plain.books.shadows]
        lanes_of = live.columns if isinstance(live, Together) else [live.columns]
        written = [*lanes_of, *(shadow.columns for shadow in shadows)]
        files = files_of(column for part in (live.bars, *(each.read for each in told), *written) for column in part)
        with ThreadPoolExecutor(1) as ahead, ThreadPoolExecutor(1) as behind:
            following = []
            for n, (begin, end) in enumerate(parts):
                reading = [ahead.submit(_each, readers, 2, part) for part in parts[n + 1 : n + 2]]
                live.play(begin - first, end - first)
                self._grown(live, end - first)
                for shadow in shadows:
                    if shadow.asks:  # no two threads ask a strategy at once
                        shadow.play(begin - first, end - first)
                    else:
                        following.append(behind.submit(shadow.play, begin - first, end - first))
                for part in parts[n + 2 : n + 3]:
                    _each(readers, 1, part)
                if progress is not None:
                    progress(end - first + (self.beside.told if end == bars else 0))
                for one in reading:
                    one.result()
                let_go(files)
            for one in following:
                one.result()
        return live, shadows

    def _shadow(self, shadow: Shadow, told: Told, lent: Any) -> Pass:  # noqa: ANN401 - an array
        """Return the account of a shadow book; nobody minds the silence of a regime whose gate is left out."""
        unread = shadow.core.lanes[0].gate.mode == "off"
        account = Pass(shadow.core, shadow.venue, told.unaged if unread else told, lent)
        account.gate = shadow.gate
        return account

    def _grown(self, live: Pass | Together, rows: int) -> None:
        """Tell that so many decisions are made."""
        if self.growing is not None and isinstance(live, Pass):
            self.growing(live.record(), rows)

    def _live(self, lanes: Sequence[Lane], told: Sequence[Told]) -> Pass | Together:
        """Return the live account: of one strategy, or of several, and of regimes that are read beside theirs."""
        core, venue = self.core, self.plain.venue
        if len(lanes) == 1:
            return Pass(core, venue, told[0])
        names = [reading.name for reading in core.readings]
        regimes = [next(t.read for x, t in zip(lanes, told, strict=True) if x.plan.regime == n) for n in names]
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


def _each(readers: Sequence[tuple[Read, Fold, Fold]], step: Literal[1, 2], part: tuple[int, int]) -> None:
    """Have each reader do the first or the second thing with a part of the bars."""
    for reader in readers:
        reader[step](*part)
