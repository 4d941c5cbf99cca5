"""One account's way through the bars of a compiled drive, a live one or a shadow book: its state and its rows."""

from collections.abc import Sequence
from functools import cached_property
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
    LIFELESS,
    MOST_DEALS,
    NIGHT,
    NUMBER,
    SLIP,
    STATE,
    TICKET,
    W_AMOUNT,
    W_BROKEN,
    W_ROW,
    WISH,
    WISHES,
)
from backtests.engine_plan import parameters
from backtests.engine_readers import CHUNK, array_of, columns_of
from backtests.engine_record import CompiledRecord
from backtests.scratch import NEVER, room
from brokers.costs import Costs
from brokers.stopout import STOP_OUT_LEVEL
from brokers.venue import Venue
from market.bars import Bars
from regimes.shut import flat_policy
from runtime.core.core import Core
from runtime.outcomes.outcome import Book
from strategies.adapter import KernelRunner, Runner
from strategies.protocol import lifeless


class Told(NamedTuple):
    """What an account is told: the bars, their costs, what is read of them, and from which of them on it is played."""

    tape: Bars
    costs: Costs
    read: Read
    begin: int
    """The first bar of the warm-up."""
    first: int
    """The first bar that is decided."""
    short: bool
    """Whether history was too short for some features, which is told to people."""

    @property
    def unaged(self) -> "Told":
        """What a shadow book is told, which minds no silence of a regime."""
        read = self.read
        return self._replace(read=read._replace(is_open=read.unaged)) if len(read.unaged) else self


class Kept:
    """Rows that loops write one after the other into an array that grows."""

    def __init__(self, width: int, most: int, rows: int) -> None:
        """Hold none; `most` may come with a part of the bars, and of all `rows` one in eight is thought to bring one.

        What is not written to takes no memory.
        """
        self.array, self.most, self.count = rows_for(most + rows // 8, width), most, 0

    def space(self) -> Any:  # noqa: ANN401 - an array
        """Return where the next rows are to be written, flat, with room for those of a part of the bars."""
        least = self.count + self.most
        if least > len(self.array):
            larger = rows_for(2 * least, self.array.shape[1])
            larger[: self.count] = self.rows
            self.array = larger
        return self.array[self.count :].reshape(-1)

    @property
    def rows(self) -> Any:  # noqa: ANN401 - likewise
        """All that were written, oldest first."""
        return self.array[: self.count]


def rows_for(many: int, width: int) -> Any:  # noqa: ANN401 - an array
    """Return room for rows of so many numbers, never in a file: what is not written to takes no memory."""
    return room((many, width), long=NEVER)


class Written:
    """Deals and wishes, which few rows have."""

    def __init__(self, rows: int, lanes: int = 1) -> None:
        """Have room for those of so many strategies; `rows` are those that will be played."""
        self.deals = Kept(DEAL, MOST_DEALS * CHUNK * lanes, rows * lanes)
        self.wishes = Kept(WISH, CHUNK * lanes, rows * lanes)

    def space(self) -> tuple[Any, Any]:
        """Return where the deals and the wishes of the next part of the bars are to be written."""
        return self.deals.space(), self.wishes.space()

    def take(self, a: Any, names: Sequence[str], apart: Sequence[Any] = ()) -> None:  # noqa: ANN401 - an array
        """Count those that the account's state says were written; they are copied where that was `apart`.

        StrategyError where a strategy, of these names, wanted what none may.
        """
        known = self.wishes.count
        for place, (kept, count) in enumerate(((self.deals, DEALS), (self.wishes, WISHES))):
            numbers = int(a[count]) * kept.array.shape[1]
            if apart:
                kept.space()[:numbers] = apart[place][:numbers]
            kept.count += int(a[count])
            a[count] = 0.0
        fresh = self.wishes.rows[known:]
        for wish in fresh[fresh[:, W_BROKEN] == LIFELESS][:1]:
            raise lifeless(names[int(wish[W_ROW]) % len(names)], float(wish[W_AMOUNT]))


class Pass:
    """An account of one strategy that is played part by part."""

    gate = ""
    """What a shadow book leaves out."""

    def __init__(self, core: Core, venue: Venue, told: Told, lent: Any = None) -> None:  # noqa: ANN401 - an array
        """Stand before the first bar, as core and venue do; a shadow book is `lent` the live account's equity."""
        lane, self.told, self.plan, self.run = core.lanes[0], told, core.plan, core.ledger.run
        self.kind: Book = "live" if lent is None else "shadow"
        self.opened, self.name = venue.deals[0], lane.runner.name
        strategy: Any = lane.plan.strategy
        self.asks = not isinstance(lane.runner, KernelRunner)
        self.loop = _asking(strategy, lane.runner, told.tape) if self.asks else account_loop(strategy.step)
        tape, rows = told.tape, len(told.tape) - told.first
        self.columns = columns_for(rows, room(rows), room(rows))
        self.before = self.columns.before
        p, nights = parameters(core.plan, told.costs, tape, STOP_OUT_LEVEL)
        self.state = state_before(core, venue, told, [told.read])
        self.state[GATE_MASS], self.state[GATE_SHARE] = np.nan, 1.0
        self.state[GUEST] = float(self.kind == "shadow")
        self.written = Written(rows)
        policy = array_of(flat_policy(lane.gate.on_shut))
        self.account = (
            self.state, np.zeros(3), np.zeros(5), array_of(p), array_of(nights), policy,
        )  # fmt: skip
        self.apart = Written(0).space() if self.asks else ()  # who plays ahead must find them where they were
        state, params = ((), ()) if self.asks else (lane.runner.state, strategy.params())
        self.strategy = (array_of(state), array_of(params), np.zeros(len(lane.picks)), np.zeros(10))
        self.bars = columns_of(tape, "time", "open", "high", "low", "close", "spread")
        read = told.read
        self.heard = (
            read.features, read.alerts, read.is_open, read.allowed, read.shares, np.zeros(0) if lent is None else lent,
            read.late, read.back, read.barred,
        )  # fmt: skip
        self.warm_from = told.begin + warm_after(core) - 1

    def play(self, begin: int, end: int) -> None:
        """Play some rows, those before being played already."""
        told, account = self.told, (*self.account, *(self.apart or self.written.space()))
        self.loop(
            self.bars, (told.first, told.begin, begin, end, self.warm_from), account, self.strategy, self.heard,
            tuple(self.columns),
        )  # fmt: skip
        self.written.take(self.state, [self.name], self.apart)

    def record(self) -> CompiledRecord:
        """Return all that was written down so far: always the same record, which grows."""
        self._record.wishes, self._record.dealt = self.written.wishes.rows, self.written.deals.rows
        self._record.gate = self.gate
        return self._record

    @cached_property
    def _record(self) -> CompiledRecord:
        told, wishes, dealt = self.told, self.written.wishes, self.written.deals
        return CompiledRecord(
            self.plan, told.tape, first=told.first, run=self.run, usual=told.costs.spread, read=told.read,
            columns=self.columns, wishes=wishes.rows, dealt=dealt.rows, opened=self.opened,
            kind=self.kind,
        )  # fmt: skip


def _asking(strategy: Any, runner: Runner, tape: Bars) -> Any:  # noqa: ANN401 - called as a compiled loop is
    from backtests.rows import Asked  # noqa: PLC0415 - it imports numba, and only a drive needs that

    return Asked(strategy, runner, tape)


def state_before(core: Core, venue: Venue, told: Told, regimes: Sequence[Read], numbers: int = STATE) -> Any:  # noqa: ANN401 - an array
    """Return an account's state before the first bar; `regimes`: what is read of each."""
    a = np.zeros(numbers)
    a[BALANCE], a[KNOWN], a[DAY], a[NIGHT] = venue.balance, core.ledger.balance, -1.0, -1.0
    a[TICKET] = venue.deals[-1].ticket + 1
    history = slice(told.begin, told.first)
    before = sum(int(column[history].sum()) for read in regimes for column in (read.alerts, read.late))
    a[NUMBER] = core.ledger.instructions + before + told.short
    slips = len(told.costs.slips)
    a[SLIP] = len(venue.deals) % slips if slips else 0
    return a


def warm_after(core: Core) -> int:
    """Return after how many bars the feed of the first strategy is warm."""
    lane = core.lanes[0].plan
    return core.feeds[lane.symbol, lane.timeframe].warm_after


def columns_for(rows: int, equities: Any, before: Any) -> Columns:  # noqa: ANN401 - arrays
    """Return columns of so many decisions, with those of money, which strategies that share an account share."""
    return Columns(
        room(rows, np.int8), room(rows), room(rows, np.int8), room(rows), room(rows, np.int8), room(rows, np.int32),
        equities, before,
    )  # fmt: skip
