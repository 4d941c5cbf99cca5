"""The way of an account through the bars of a compiled drive, where several strategies share it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from backtests.engine_columns import Read
from backtests.engine_lanes import LANES, lanes_loop
from backtests.engine_layout import (
    D_LANE,
    D_ROW,
    GATE_MASS,
    GATE_SHARE,
    HOLDING,
    SEAT,
    SIDE,
    STATE,
    W_ROW,
)
from backtests.engine_pass import Told, Written, columns_for, state_before, warm_after
from backtests.engine_plan import parameters
from backtests.engine_readers import array_of, columns_of
from backtests.engine_record import CompiledRecord
from backtests.engine_seats import HAS
from backtests.engine_shared import SharedRecord
from backtests.scratch import room
from brokers.stopout import STOP_OUT_LEVEL
from brokers.venue import Venue
from regimes.shut import flat_policy
from runtime.core.core import Core


class Together:
    """An account of several strategies that is played part by part."""

    def __init__(
        self, core: Core, venue: Venue, told: Sequence[Told], regimes: Sequence[Read], reads: Sequence[int]
    ) -> None:
        """Stand before the first bar, as core and venue do.

        `told` is what each strategy is told, `regimes` what is read of each regime, `reads` which of them each strategy
        reads, -1: none.
        """
        one, n = told[0], len(core.lanes)
        self.names = [lane.runner.name for lane in core.lanes]
        self.told, self.plan, self.run, self.opened = told, core.plan, core.ledger.run, venue.deals[0]
        strategies: list[Any] = [lane.plan.strategy for lane in core.lanes]  # kernel strategies
        steps = [strategy.step for strategy in strategies]
        kernels = list(dict.fromkeys(steps))
        self.loop = lanes_loop(kernels)
        rows = len(one.tape) - one.first
        money = (room(rows), room(rows))
        self.before = money[1]
        self.columns = [columns_for(rows, *money) for _ in core.lanes]
        self.standing = [np.empty(rows, np.int8) for _ in core.lanes]
        self.state, seats = state_before(core, venue, one, regimes, STATE + HOLDING * n), np.zeros(n * SEAT)
        seats[GATE_MASS - SIDE :: SEAT], seats[GATE_SHARE - SIDE :: SEAT] = np.nan, 1.0
        self.written = Written(rows, n)
        flat = [parameters(core.plan, one.costs, one.tape, STOP_OUT_LEVEL, k) for k in range(n)]
        self.account = (
            self.state, seats, np.zeros(n * HAS), np.zeros(n), array_of(flat[0][1]), np.zeros(10),
        )  # fmt: skip
        self.lanes = (
            _padded([np.zeros(3) for _ in core.lanes]),
            _padded([np.zeros(5) for _ in core.lanes]),
            _padded([array_of(p) for p, _ in flat]),
            _padded([array_of(flat_policy(lane.gate.on_shut)) for lane in core.lanes]),
            _padded([array_of(lane.runner.state) for lane in core.lanes]),
            _padded([array_of(float(x) for x in strategy.params()) for strategy in strategies]),
            _padded([np.zeros(len(lane.picks)) for lane in core.lanes]),
            np.array(reads, np.int64),
            np.array([kernels.index(step) for step in steps], np.int64),
        )
        self.bars = columns_of(one.tape, "time", "open", "high", "low", "close", "spread")
        names = ("features", "is_open", "allowed", "shares", "back", "barred")
        self.heard = tuple(_padded([getattr(part.read, name) for part in told]) for name in names)
        self.many, none = len(regimes), np.zeros(0, np.int8)
        people = ([getattr(read, name) for read in regimes] for name in ("alerts", "late"))
        self.regimes = tuple(_padded(told or [none]) for told in people)
        columns = [_padded([column[k] for column in self.columns]) for k in range(6)]
        self.out = (*columns, _padded(self.standing), *money)
        self.warm_from = one.begin + warm_after(core) - 1

    def play(self, begin: int, end: int) -> None:
        """Play some rows, those before being played already."""
        one, account = self.told[0], (*self.account, *self.written.space())
        self.loop(
            self.bars, (one.first, one.begin, begin, end, self.warm_from, len(self.told), self.many), account,
            self.lanes, self.heard, self.regimes, self.out,
        )  # fmt: skip
        self.written.take(self.state, self.names)

    def record(self) -> SharedRecord:
        """Return all that was written down."""
        wishes, dealt = self.written.wishes.rows.copy(), self.written.deals.rows.copy()
        n = len(self.told)
        dealt[:, D_ROW] = -(-dealt[:, D_ROW] // n)  # of a bar: all have decided it before a deal is told
        asking = wishes[:, W_ROW] % n
        wishes[:, W_ROW] //= n
        return SharedRecord(
            [
                CompiledRecord(
                    self.plan, told.tape, first=told.first, run=self.run, usual=told.costs.spread, read=told.read,
                    columns=self.columns[k], wishes=wishes[asking == k], dealt=dealt[dealt[:, D_LANE] == k],
                    opened=self.opened, seat=(k, n), standing=self.standing[k],
                )
                for k, told in enumerate(self.told)
            ]
        )  # fmt: skip


def _padded(arrays: Sequence[Any]) -> tuple[Any, ...]:
    """Return as many arrays as a loop has slots; of those beyond the strategies nothing is read."""
    return (*arrays, *[arrays[0]] * (LANES - len(arrays)))
