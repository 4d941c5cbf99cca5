"""What a compiled drive writes down: typed columns, one row a decision, and what stands on some of their rows."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from numpy.typing import NDArray

from backtests.engine_layout import (
    EXIT_MADE,
    IN_POSITION,
    SMALL,
    TRADED,
    UNREAD_YET,
    W_AMOUNT,
    W_BROKEN,
    W_ID,
    W_MAGIC,
    W_NUMBERS,
    W_RISK,
    W_ROW,
    W_SAID,
    W_SIDE,
    W_VOLUME,
    WISH,
)
from backtests.engine_words import gate_reason, reasons_of, shut_said
from backtests.scratch import stretches_of
from brokers.fills import shift
from brokers.mt5.zone import midnights
from market.barfile_room import let_go
from market.bars import Bars
from market.types import Deal
from runtime.core.desk import magic_of
from runtime.core.plan import NoModel, Plan
from runtime.core.risk import CHECKS, limits_of
from runtime.outcomes.outcome import Book

Array = NDArray[Any]
NAN = float("nan")
_Wanted = tuple[int, float, float, float, float, float, int, int]
"""Side, volume, price, stop, target, risk, instruction and magic number."""
_UNASKED = (NAN,) * (len(CHECKS) - 3)


class Columns(NamedTuple):
    """One row a decision; what is wanted seldom stands in `wishes`, what was dealt in `deals`, each with its row."""

    outcomes: Array
    actions: Array
    kinds: Array
    scores: Array
    positions: Array
    helds: Array
    equities: Array
    """After what was decided was executed."""
    before: Array
    """And before."""


class Read(NamedTuple):
    """One row a bar, those of the warm-up too; all but the features are empty where no regime is read.

    The last four are empty where there is nothing of the kind.
    """

    features: Array
    alerts: Array
    ordinals: Array
    posteriors: Array
    densities: Array
    novelties: Array
    is_open: Array
    reasons: Array
    abouts: Array
    allowed: Array
    shares: Array
    late: Array
    """People told with bars that a regime is told by itself, after the strategy's own bar was decided."""
    back: Array
    """Whether such a bar, before or after that, has its orders taken back at once (`engine_hearing.TOOK_BEFORE`)."""
    unaged: Array
    """Whether the gate were open if no reading were ever too old: shadow books mind no silence."""
    barred: Array
    """What holds entries back: WARMING, SHUT, or both."""


APART = 11
"""The first of its columns that is empty where a regime reads the strategy's own bars."""
WARMING, SHUT = 1, 2


class WrittenRows:
    """The rows of one strategy and of its account, as the loops have written them down.

    Rows are numbered from 0, the first bar decided; whatever is asked of some takes their numbers, (n,) in order.
    """

    def __init__(  # noqa: PLR0913 - its parts, each by its name
        self, plan: Plan, tape: Bars, *, first: int, run: int, usual: float, read: Read, columns: Columns,
        wishes: Array, dealt: Array, opened: Deal, kind: Book = "live",
        seat: tuple[int, int] = (0, 1), standing: Array | None = None,
    ) -> None:  # fmt: skip
        """Take the parts; `first` is the place of the first bar decided, `opened` the deal that opened the account.

        seat: which strategy it is, of how many that share the account. standing: what the account had open and resting
        as each bar was decided, None: what the strategy had.
        """
        self.seat, self.standing = seat, standing
        self.kind = kind
        self.plan, self.tape, self.first, self.run, self.usual = plan, tape, first, run, usual
        self.read, self.columns, self.wishes, self.dealt, self.opened = read, columns, wishes, dealt, opened
        self.lane = plan.strategies[seat[0]]
        self.symbol = plan.symbols[self.lane.symbol]

    def __len__(self) -> int:
        return len(self.columns.outcomes)

    @cached_property
    def limits(self) -> dict[str, tuple[float, ...]]:
        """The limits of risk of the strategy, the same on every row."""
        return {self.lane.name: limits_of(self.plan.limits, self.symbol.volume_limit)}

    @cached_property
    def model(self) -> str:
        """Fingerprint of the regime's model; empty without one."""
        models = [regime.model for regime in self.plan.regimes if regime.name == self.lane.regime]
        return models[0].fingerprint if models and not isinstance(models[0], NoModel) else ""

    def let_go(self) -> None:
        """Give back the memory of rows that were looked at, where they are so many that they lie in files."""
        tape = self.tape
        let_go((*self.read, *self.columns, tape.time, tape.open, tape.high, tape.low, tape.close, tape.spread))

    def parted(self, rows: Array) -> Iterator[slice]:
        """Yield where those of some rows stand that are looked at together; after each, memory is given back."""
        for some in stretches_of(rows, len(self)):
            yield some
            self.let_go()

    @cached_property
    def traded(self) -> Array:
        """Which wishes were traded."""
        return self._came_to(TRADED)

    @cached_property
    def left(self) -> Array:
        """Which wishes were to leave a trade."""
        return self._came_to(EXIT_MADE)

    def _came_to(self, outcome: int) -> Array:
        rows, found = self.wishes[:, W_ROW].astype(np.int64), np.zeros(len(self.wishes), np.bool_)
        for some in self.parted(rows):
            found[some] = self.columns.outcomes[rows[some]] == outcome
        return found

    # --- quotes and money ---------------------------------------------------------------------------------------------

    def at(self, rows: Array) -> Array:
        """Return when each decision was made, UTC ms: at the first tick of the next bar, or where the data ends."""
        return self._next(self.tape.time, rows, self.tape.time[-1] + self.tape.frame - 1)

    def bid(self, rows: Array) -> Array:
        """Return the bid of each decision."""
        return self._next(self.tape.open, rows, self.tape.close[-1])

    def ask(self, rows: Array) -> Array:
        """Return the ask of each decision."""
        spreads = self._next(self.tape.spread, rows, self.tape.spread[-1])
        points: Any = np.where(spreads > 0.0, spreads, self.usual)
        return np.asarray(shift(self.bid(rows), points, self.symbol.scale))  # type: ignore[arg-type]  # row by row

    def _next(self, column: Any, rows: Array, last: float) -> Array:  # noqa: ANN401 - of a tape
        """Return what a column has on the bar after each row's; `last`: what is there where the bars end."""
        bars = rows + (self.first + 1)
        found: Array = np.asarray(column)[np.minimum(bars, len(self.tape) - 1)]
        found[bars == len(self.tape)] = last
        return found

    def day_equity(self, rows: Array) -> Array:
        """Return the first equity of each decision's day, by the server's clock."""
        days, place = np.unique(np.searchsorted(self.midnights, self.at(rows), side="right"), return_inverse=True)
        begun = np.searchsorted(np.asarray(self.tape.time)[self.first + 1 :], self.midnights[days - 1])
        first: Array = self.columns.before[begun]
        return first[place.reshape(-1)]

    @cached_property
    def midnights(self) -> Array:
        """When each day of the server begins on which a decision is made."""
        tape = self.tape
        return np.array(midnights(self.plan.zone, int(tape.time[self.first]), int(tape.time[-1]) + tape.frame))

    # --- what was wanted, and what was read ---------------------------------------------------------------------------

    def wish(
        self, wish: list[float] | None, standing: tuple[float, float, float], code: int, row: int
    ) -> tuple[str, tuple[str, ...], tuple[float, ...], tuple[str, ...], _Wanted]:
        """Return what the gate's policy said, holds, numbers, reasons, and side to magic number."""
        if wish is None:
            return "", (), (*standing, *_UNASKED), (), (0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0)
        said = shut_said(wish[W_SAID], wish[W_AMOUNT])
        ident = (self.run << 32) | int(wish[W_ID]) if wish[W_ID] else 0
        magic = magic_of(self.lane.number, self.run, int(wish[W_MAGIC])) if wish[W_MAGIC] else 0
        volume, price, stop, target, risk = wish[W_VOLUME : W_RISK + 1]
        wanted = (int(wish[W_SIDE]), volume, price, stop, target, risk, ident, magic)
        if code in {IN_POSITION, EXIT_MADE}:
            return said, (), (*standing, *_UNASKED), reasons_of(wish), wanted
        asked = (standing[2] + (wish[W_BROKEN] != SMALL),)
        holds = self.holds_at(row)
        return said, holds, (*standing[:2], *asked, *wish[W_NUMBERS:WISH]), reasons_of(wish), wanted

    def holds_at(self, row: int) -> tuple[str, ...]:
        """Return what held an entry back that was wanted on a row, in the order of the core's holds."""
        barred, name = int(self.read.barred[self.first + row]) if len(self.read.barred) else 0, self.symbol.name
        ended = row == len(self) - 1
        holds = ((f"WARMING:{name}", barred & WARMING), ("ENDED", ended), (f"SESSION:{name}", barred & SHUT))
        return tuple(hold for hold, lies in holds if lies)

    def wished(self, rows: Array) -> dict[int, list[float]]:
        """Return what was wanted on these rows, where anything was."""
        known = self.wishes[:, W_ROW]
        places = np.searchsorted(known, rows)
        there = places < len(known)
        there[there] = known[places[there]] == rows[there]
        return {int(wish[W_ROW]): wish for wish in self.wishes[places[there]].tolist()}

    def gates(self, bars: Array) -> Iterator[tuple[Any, ...]]:
        """Return, bar by bar, what was read of the regime and how the gate stood."""
        r = self.read
        if not len(r.alerts):
            yield from [(-1, (), NAN, NAN, False, gate_reason(UNREAD_YET, 0, self.plan, self.lane), NAN, 1.0)] * len(
                bars
            )
            return
        for ordinal, posterior, density, novelty, is_open, why, about, allowed, exposure in zip(
            r.ordinals[bars].tolist(), r.posteriors[bars].tolist(), r.densities[bars].tolist(),
            r.novelties[bars].tolist(), r.is_open[bars].tolist(), r.reasons[bars].tolist(), r.abouts[bars].tolist(),
            r.allowed[bars].tolist(), r.shares[bars].tolist(), strict=True,
        ):  # fmt: skip
            said = gate_reason(why, about, self.plan, self.lane)
            known = tuple(posterior) if ordinal >= 0 else ()
            yield ordinal, known, density, novelty, bool(is_open), said, allowed, exposure
