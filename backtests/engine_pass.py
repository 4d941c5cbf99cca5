"""One account's way through the bars of a compiled drive, a live one or a shadow book: its state and its rows."""

from typing import Any, NamedTuple

import numpy as np

from backtests.engine_account import account_loop
from backtests.engine_columns import Columns, Read
from backtests.engine_layout import (
    BALANCE,
    DAY,
    DEAL,
    DEALS,
    GATE_MASS,
    GATE_SHARE,
    GUEST,
    KNOWN,
    MOST_DEALS,
    NIGHT,
    NUMBER,
    SLIP,
    STATE,
    TICKET,
    WISH,
    WISHES,
)
from backtests.engine_plan import parameters
from backtests.engine_record import CompiledRecord
from backtests.scratch import room
from brokers.venue import Costs, Venue
from market.bars import Bars
from regimes.shut import flat_policy
from runtime.core.core import Core
from runtime.outcomes.outcome import Book
from strategies.adapter import KernelRunner, Runner

CHUNK = 16_384
"""Rows between two looks at the clock, and of the buffers of deals and wishes."""
STOP_OUT_LEVEL = 0.5


class Told(NamedTuple):
    """What an account is told: the bars, their costs, what is read of them, and from which of them on it is played."""

    tape: Bars
    costs: Costs
    read: Read
    begin: int
    """The first bar of the warm-up."""
    first: int
    """The first bar that is decided."""


class Kept:
    """Rows that are taken out of a buffer part by part, in one array that grows."""

    def __init__(self, width: int, bars: int) -> None:
        """Hold none, and have room for one of eight bars: memory that is not written to costs nothing."""
        self.array, self.count = np.empty((max(CHUNK, bars // 8), width)), 0

    def take(self, buffer: Any, count: int) -> None:  # noqa: ANN401 - an array
        """Take the first rows that stand in a flat buffer."""
        end, width = self.count + count, self.array.shape[1]
        if end > len(self.array):
            larger = np.empty((2 * end, width))
            larger[: self.count] = self.rows
            self.array = larger
        self.array[self.count : end] = buffer[: count * width].reshape(count, width)
        self.count = end

    @property
    def rows(self) -> Any:  # noqa: ANN401 - likewise
        """All that were taken, oldest first."""
        return self.array[: self.count]


class Pass:
    """An account of one strategy that is played part by part."""

    def __init__(self, core: Core, venue: Venue, told: Told, lent: Any = None) -> None:  # noqa: ANN401 - an array
        """Stand before the first bar, as core and venue do; a shadow book is `lent` the live account's equity."""
        lane, self.told, self.plan, self.run = core.lanes[0], told, core.plan, core.ledger.run
        self.kind: Book = "live" if lent is None else "shadow"
        self.opened = venue.deals[0]
        strategy: Any = lane.plan.strategy
        self.asks = not isinstance(lane.runner, KernelRunner)
        self.loop = _asking(strategy, lane.runner, told.tape) if self.asks else account_loop(strategy.step)
        tape, rows = told.tape, len(told.tape) - told.first
        self.columns = Columns(
            room(rows, np.int8), room(rows), room(rows, np.int8), room(rows), room(rows, np.int8), room(rows, np.int32),
            room(rows), room(rows),
        )  # fmt: skip
        self.before = self.columns.before
        p, nights = parameters(core.plan, told.costs, tape, STOP_OUT_LEVEL)
        self.state = self._state(core, venue)
        self.deals, self.wishes = np.empty((MOST_DEALS * CHUNK) * DEAL), np.empty(CHUNK * WISH)
        policy = array_of(flat_policy(lane.gate.on_shut))
        self.account = (
            self.state, np.zeros(3), np.zeros(5), array_of(p), array_of(nights), policy, self.deals, self.wishes,
        )  # fmt: skip
        state, params = ((), ()) if self.asks else (lane.runner.state, strategy.params())
        self.strategy = (array_of(state), array_of(params), np.zeros(len(lane.picks)), np.zeros(10))
        self.bars = columns_of(tape, "time", "open", "high", "low", "close", "spread")
        read = told.read
        self.heard = (
            read.features, read.alerts, read.is_open, read.allowed, read.shares, np.zeros(0) if lent is None else lent,
        )  # fmt: skip
        self.warm_from = told.begin + core.feeds[lane.plan.symbol, lane.plan.timeframe].warm_after - 1
        self.found = Kept(WISH, rows), Kept(DEAL, rows)

    def _state(self, core: Core, venue: Venue) -> Any:  # noqa: ANN401 - an array
        """Return the account's state before the first bar."""
        a, told = np.zeros(STATE), self.told
        a[BALANCE], a[KNOWN], a[DAY], a[NIGHT] = venue.balance, core.ledger.balance, -1.0, -1.0
        a[GATE_MASS], a[GATE_SHARE], a[GUEST] = np.nan, 1.0, float(self.kind == "shadow")
        a[TICKET] = venue.deals[-1].ticket + 1
        alerts = int(told.read.alerts[told.begin : told.first].sum())
        lane = core.lanes[0].plan
        warm = told.first - told.begin >= core.feeds[lane.symbol, lane.timeframe].warm_after
        a[NUMBER] = core.ledger.instructions + alerts + (not warm)  # history that is too short is told to people, too
        slips = len(told.costs.slips)
        a[SLIP] = len(venue.deals) % slips if slips else 0
        return a

    def play(self, begin: int, end: int) -> None:
        """Play some rows, those before being played already."""
        told = self.told
        self.loop(
            self.bars, (told.first, told.begin, begin, end, self.warm_from), self.account, self.strategy, self.heard,
            tuple(self.columns),
        )  # fmt: skip
        for kept, buffer, count in zip(self.found, (self.wishes, self.deals), (WISHES, DEALS), strict=True):
            kept.take(buffer, int(self.state[count]))
            self.state[count] = 0.0

    def record(self) -> CompiledRecord:
        """Return all that was written down."""
        told, (wishes, dealt) = self.told, self.found
        return CompiledRecord(
            self.plan, told.tape, first=told.first, run=self.run, usual=told.costs.spread, read=told.read,
            columns=self.columns, wishes=wishes.rows, dealt=dealt.rows, opened=self.opened,
            kind=self.kind,
        )  # fmt: skip


def _asking(strategy: Any, runner: Runner, tape: Bars) -> Any:  # noqa: ANN401 - called as a compiled loop is
    from backtests.rows import Asked  # noqa: PLC0415 - it imports numba, and only a drive needs that

    return Asked(strategy, runner, tape)


def array_of(numbers: Any) -> Any:  # noqa: ANN401
    """Return numbers as loops take them."""
    return np.array(list(numbers), dtype=np.float64)


def columns_of(tape: Bars, *names: str) -> tuple[Any, ...]:
    """Return columns of a tape, none of them copied."""
    return tuple(np.asarray(getattr(tape, name)) for name in names)
