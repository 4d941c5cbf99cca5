"""The columns of a compiled drive as those of all decisions: what a report asks of them without making words."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from numpy.typing import NDArray

from backtests.decided import GATES, PLACES, Entries, Part, Why
from backtests.engine_columns import WrittenRows
from backtests.engine_layout import (
    VETOED,
    W_MAGIC,
    W_PRICE,
    W_ROW,
    W_STOP,
    W_TARGET,
)
from backtests.engine_table import said_at
from backtests.engine_words import reasons_of
from runtime.core.desk import magic_of

Array = NDArray[Any]
KEPT_OUT = np.array([PLACES[name] for name in GATES], np.int8)
NAMES = {PLACES[name]: gate for name, gate in GATES.items()}
"""The gate of each class, by its place."""


class Written:
    """What one strategy has decided, as the loops have written it down."""

    def __init__(self, record: WrittenRows) -> None:
        """Look at a record; its numbers stay where they are."""
        self.record = record
        self.strategies: Sequence[str] = [record.lane.name]
        self.symbols: Sequence[str] = [record.lane.symbol]
        self.models = {record.lane.name: record.model} if record.model and len(record) else {}
        self.whys: list[Why] = []
        self._places: dict[Why, int] = {}

    def __len__(self) -> int:
        return len(self.record)

    @property
    def since(self) -> int:
        """When the earliest bar opened that was decided on; 0: none was."""
        return int(self.record.tape.time[self.record.first]) if len(self) else 0

    def part(self, begin: int, end: int) -> Part:
        """Return the decisions from one place to another."""
        r, rows = self.record, np.arange(begin, end)
        r.let_go()
        bars, ordinals = slice(r.first + begin, r.first + end), r.read.ordinals
        same = np.zeros(end - begin, np.int16)
        return Part(
            at=r.at(rows),
            bar_time=np.asarray(r.tape.time)[bars],
            strategy=same,
            symbol=same,
            outcome=r.columns.outcomes[begin:end],
            regime=ordinals[bars].astype(np.int16) if len(ordinals) else same - 1,
            bid=r.bid(rows),
            ask=r.ask(rows),
            why=self._why(begin, end),
        )

    def entries(self) -> Entries:
        """Return those that were traded."""
        r = self.record
        wishes = r.wishes[r.traded]
        rows = wishes[:, W_ROW].astype(np.int64)
        spread = np.zeros(len(rows))
        for some in r.parted(rows):
            spread[some] = r.ask(rows[some]) - r.bid(rows[some])
        magics = [magic_of(r.lane.number, r.run, int(number)) for number in wishes[:, W_MAGIC].tolist()]
        return Entries(
            symbol=np.zeros(len(rows), np.int16), magic=np.array(magics, np.int64), price=wishes[:, W_PRICE],
            stop=wishes[:, W_STOP], target=wishes[:, W_TARGET], spread=spread,
        )  # fmt: skip

    # --- what kept entries out ----------------------------------------------------------------------------------------

    def _why(self, begin: int, end: int) -> Array:
        c, rows = self.record.columns, slice(begin, end)
        found = np.full(end - begin, -1, np.int32)
        wanted = np.isin(c.outcomes[rows], KEPT_OUT) & (c.positions[rows] == 0) & (np.abs(c.actions[rows]) == 1.0)
        vetoed = wanted & (c.outcomes[rows] == VETOED)
        self._vetoed(found, np.flatnonzero(vetoed), begin)
        others = np.flatnonzero(wanted & ~vetoed) + begin
        wishes = self.record.wished(others)
        for row in others.tolist():
            found[row - begin] = self._place(self._other(row, wishes.get(row)))
        return found

    def _vetoed(self, found: Array, rows: Array, begin: int) -> None:
        """Note why the gate kept entries out: what it said on those bars."""
        if len(rows):
            said = said_at(self.record, rows + begin + self.record.first)
            found[rows] = np.array([self._place(("regime", reason)) for reason in said.words])[said.places]

    def _other(self, row: int, wish: Sequence[float] | None) -> Why:
        """Return what kept an entry out that the gate let through."""
        gate = NAMES[int(self.record.columns.outcomes[row])]
        if gate == "hold":
            return gate, ", ".join(self.record.holds_at(row))
        return gate, ", ".join(reasons_of(wish)) if wish is not None else ""

    def _place(self, why: Why) -> int:
        if why not in self._places:
            self._places[why] = len(self.whys)
            self.whys.append(why)
        return self._places[why]
