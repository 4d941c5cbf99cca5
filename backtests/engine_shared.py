"""The record of a compiled drive in which several strategies share the account: that of each, and all in order."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from backtests.engine_layout import D_TICKET
from backtests.engine_record import Array, CompiledRecord
from backtests.equity import Curve
from market.types import Deal
from runtime.core.decision import Decision
from runtime.outcomes.outcome import Outcome


class SharedRecord:
    """All that a compiled drive wrote down of strategies that share an account."""

    def __init__(self, records: list[CompiledRecord]) -> None:
        """Take the record of each strategy, in the order of the plan."""
        self.records = records
        self.shadows: Sequence[CompiledRecord] = ()

    def __len__(self) -> int:
        return len(self.records[0])

    @property
    def dealt(self) -> Array:
        """All deals, in the order in which they were made."""
        rows = np.concatenate([record.dealt for record in self.records])
        return rows[np.argsort(rows[:, D_TICKET])]

    @property
    def before(self) -> Array:
        """The equity as each bar was decided."""
        return self.records[0].before

    def equity(self) -> Curve:
        """Return the equity at every told bar."""
        return self.records[0].equity()

    def decisions(self) -> list[Decision]:
        """Return all decisions: bar by bar, of each strategy in turn."""
        return [one for bar in zip(*self.records, strict=True) for one in bar]

    def deals(self) -> list[Deal]:
        """Return all deals, the one that opened the account first."""
        opened = self.records[0].opened
        return [opened, *sorted((d for record in self.records for d in record.deals()[1:]), key=lambda d: d.ticket)]

    def outcomes(self) -> list[tuple[Any, Outcome]]:
        """Return what became of the trades, each with its last deal."""
        found = [ended for record in self.records for ended in record.outcomes()]
        return sorted(found, key=lambda ended: float(ended[0][D_TICKET]))
