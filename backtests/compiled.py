"""The compiled drive: recorded bars through the kernels of core and venue in loops of machine code, to one record."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from backtests.drive import Drive, PlainDrive
from backtests.engine_account import account_loop
from backtests.engine_features import SLOTS, reading_loop, slots_of
from backtests.engine_layout import (
    ALIKE,
    BALANCE,
    BLIND,
    DAY,
    DEAL,
    DEALS,
    DENSITY,
    ENDS,
    GATE_MASS,
    GATE_SHARE,
    HAS_MARKS,
    HAS_RULE,
    KNOWN,
    LENGTH,
    LISTENS,
    MAX_AGE,
    MOST_DEALS,
    NIGHT,
    NOVELTY,
    NUMBER,
    ORDERS,
    ORDINAL,
    READING,
    SLIP,
    STATE,
    STATES,
    TICKET,
    UNLIKE,
    UNSURE,
    WEIGHS,
    WIDTH,
    WISH,
    WISHES,
)
from backtests.engine_plan import parameters
from backtests.engine_record import Columns, CompiledRecord, Read
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
from regimes.shut import flat_policy
from runtime.core.core import Core
from runtime.core.feeds import FeedKey
from runtime.core.readings import REMEMBERED
from runtime.core.warming import bars_wanted
from runtime.outcomes.books import Books

CHUNK = 16_384
"""Rows between two looks at the clock, and of the buffers of deals and wishes."""
Fold = Callable[[int, int], None]
"""Reads the bars from one place to another."""


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
    ) -> None:
        """Be asked as the plain drive is: it brings core and venue up, and they are left there."""
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
            decisions=record.decisions() if decided else [], deals=record.deals(), outcomes=record.outcomes(),
            equity=record.equity(), bars=len(record), balance=float(account[BALANCE]), orders=int(account[ORDERS]),
            ambiguous=int(account[UNSURE]), played="compiled",
        )  # fmt: skip

    def played(self, progress: Callable[[int], None] | None = None) -> tuple[CompiledRecord, Any]:
        """Play everything; return the record, and the account as it stands at the end."""
        self.plain.come_up()
        read, fold = self._reader()
        rows = len(self.tape) - self.first
        columns = Columns(
            np.empty(rows, np.int8), np.empty(rows), np.empty(rows, np.int8), np.empty(rows), np.empty(rows, np.int8),
            np.empty(rows, np.int32), np.empty(rows), np.empty(rows),
        )  # fmt: skip
        account, wishes, dealt = self._play(read, fold, columns, progress)
        record = CompiledRecord(
            self.plan, self.tape, first=self.first, run=self.core.ledger.run, usual=self.costs.spread, read=read,
            columns=columns, wishes=wishes, dealt=dealt, opened=self.plain.venue.deals[0],
        )  # fmt: skip
        return record, account

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
            tuple(_array(state) for _, state, _ in slots), tuple(_array(p) for _, _, p in slots), np.zeros(SLOTS),
            _array(halt_init()),
        )  # fmt: skip
        told = _columns(self.tape, "time", "open", "high", "low", "close", "volume")
        regime, out = self._regime(places), (_places(places, picks), *read)
        return read, lambda begin, end: loop(told, (begin, end), folds, regime, out)

    def _regime(self, places: Sequence[int]) -> tuple[Any, ...]:
        """Return the regime's state and parameters, those of its gate with it; numbers of nobody where none is read."""
        lane = self.core.lanes[0]
        m = np.zeros(READING)
        m[[BLIND, UNLIKE, NOVELTY, ORDINAL, DENSITY]] = 1 << 30, ALIKE, np.nan, -1.0, np.nan
        q = np.zeros(LENGTH + 1)
        gate = lane.gate
        limits = (_array(gate_init(lane.gate_flat)), _array(lane.gate_flat), _array(lane.mask), _array(lane.weights))
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
            np.zeros(REMEMBERED * width if model.quantiles else 1), np.zeros(width), _array(likeness_init(marks)),
            _array(marks), _array(filter_init(model.weights)), _array(model.weights),
            _array(pit_init(model.weights, model.evidence)), _array(novelty_init(rule) if rule else ()), _array(rule),
            *limits,
        )  # fmt: skip

    # --- the account --------------------------------------------------------------------------------------------------

    def _play(
        self, read: Read, fold: Fold, columns: Columns, progress: Callable[[int], None] | None
    ) -> tuple[Any, Any, Any]:
        """Play the bars in parts; return the account at the end, all wishes and all deals.

        While one part is played the next one is read: what a bar says does not depend on the account.
        """
        feed, lane, rows = self.core.feeds[self.key], self.core.lanes[0], len(columns.outcomes)
        runner = lane.runner
        loop = account_loop(self.lane.strategy.step)  # type: ignore[union-attr]  # a kernel strategy
        p, nights = parameters(self.plan, self.costs, self.tape, STOP_OUT_LEVEL)
        fold(self.begin, self.first + min(rows, CHUNK))
        a = self._account(read, warm=self.first - self.begin >= feed.warm_after)
        deals, wishes = np.empty((MOST_DEALS * CHUNK) * DEAL), np.empty(CHUNK * WISH)
        account = (a, np.zeros(3), np.zeros(5), _array(p), _array(nights), _array(flat_policy(lane.gate.on_shut)))
        params = tuple(float(x) for x in self.lane.strategy.params())  # type: ignore[union-attr]
        strategy = (_array(runner.state), _array(params), np.zeros(len(lane.picks)), np.zeros(10))
        bars = _columns(self.tape, "time", "open", "high", "low", "close", "spread")
        told = read.features, read.alerts, read.is_open, read.allowed, read.shares
        warm_from = self.begin + feed.warm_after - 1
        found: tuple[list[Any], list[Any]] = ([], [])
        with ThreadPoolExecutor(1) as ahead:
            for begin in range(0, rows, CHUNK):
                end = min(rows, begin + CHUNK)
                reading = ahead.submit(fold, self.first + end, self.first + min(rows, end + CHUNK))
                loop(
                    bars, (self.first, self.begin, begin, end, warm_from),
                    (*account, deals, wishes), strategy, told, tuple(columns),
                )  # fmt: skip
                for kept, buffer, count, width in ((found[0], wishes, WISHES, WISH), (found[1], deals, DEALS, DEAL)):
                    kept.append(buffer[: int(a[count]) * width].reshape(-1, width).copy())
                    a[count] = 0.0
                if progress is not None:
                    progress(end)
                reading.result()
        return a, np.concatenate(found[0]), np.concatenate(found[1])

    def _account(self, read: Read, *, warm: bool) -> Any:  # noqa: ANN401 - an array
        """Return the account's state before the first bar."""
        a, ledger, venue = np.zeros(STATE), self.core.ledger, self.plain.venue
        a[BALANCE], a[KNOWN], a[DAY], a[NIGHT] = venue.balance, ledger.balance, -1.0, -1.0
        a[GATE_MASS], a[GATE_SHARE] = np.nan, 1.0
        a[TICKET] = venue.deals[-1].ticket + 1
        told = int(read.alerts[self.begin : self.first].sum())
        a[NUMBER] = ledger.instructions + told + (not warm)  # history that is too short is told to people, too
        slips = len(self.costs.slips)
        a[SLIP] = len(venue.deals) % slips if slips else 0
        return a


STOP_OUT_LEVEL = 0.5


def _places(places: Sequence[int], picks: Sequence[int]) -> Any:  # noqa: ANN401 - an array
    return np.array([places[pick] for pick in picks], dtype=np.int64)


def _array(numbers: Any) -> Any:  # noqa: ANN401
    return np.array(list(numbers), dtype=np.float64)


def _columns(tape: Bars, *names: str) -> tuple[Any, ...]:
    return tuple(np.asarray(getattr(tape, name)) for name in names)
