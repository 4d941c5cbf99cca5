"""The record of a compiled drive: typed columns, one row a decision, and what they say in the words of every drive."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple, overload

import numpy as np

from numpy.typing import NDArray

from backtests.engine_decided import Written
from backtests.engine_layout import (
    D_ROW,
    EXIT_MADE,
    IN_POSITION,
    ORDER_WORKING,
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
from backtests.engine_table import saved
from backtests.engine_words import deal_of, gate_reason, reasons_of, shut_said
from backtests.equity import Curve
from backtests.saved_decisions import Columns as ColumnsOfTable
from backtests.scratch import parts_of, room
from brokers.fills import shift
from brokers.limits import spread_points
from market.bars import Bars
from market.types import DAY_MS, Deal
from runtime.core.decision import OUTCOMES, Decision
from runtime.core.desk import magic_of
from runtime.core.plan import NoModel, Plan
from runtime.core.risk import CHECKS, limits_of, share
from runtime.core.state import OFF
from runtime.outcomes.book import OutcomeBook
from runtime.outcomes.outcome import Book, Outcome
from strategies.protocol import KINDS

Array = NDArray[Any]
NAN = float("nan")
_Wanted = tuple[int, float, float, float, float, float, int, int]
"""Side, volume, price, stop, target, risk, instruction and magic number."""
AT_ONCE = 16_384
"""Rows that are made into words at once."""
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
    """One row a bar, those of the warm-up too; all but the features are empty where no regime is read."""

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


class CompiledRecord(Sequence[Decision]):
    """All that a compiled drive wrote down: its decisions, deals and outcomes, made into words when they are asked for.

    Rows are numbered from 0, the first bar decided; whatever is asked of some takes their numbers, (n,) in order.
    """

    def __init__(  # noqa: PLR0913 - its parts, each by its name
        self, plan: Plan, tape: Bars, *, first: int, run: int, usual: float, read: Read, columns: Columns,
        wishes: Array, dealt: Array, opened: Deal, kind: Book = "live",
    ) -> None:  # fmt: skip
        """Take the parts; `first` is the place of the first bar decided, `opened` the deal that opened the account."""
        self.kind = kind
        self.shadows: list[CompiledRecord] = []
        self.plan, self.tape, self.first, self.run, self.usual = plan, tape, first, run, usual
        self.read, self.columns, self.wishes, self.dealt, self.opened = read, columns, wishes, dealt, opened
        self.lane = plan.strategies[0]
        self.symbol = plan.symbols[self.lane.symbol]

    def __len__(self) -> int:
        return len(self.columns.outcomes)

    @overload
    def __getitem__(self, place: int) -> Decision: ...
    @overload
    def __getitem__(self, place: slice) -> list[Decision]: ...
    def __getitem__(self, place: int | slice) -> Decision | list[Decision]:
        """Return a decision, or a list of some, in words."""
        if isinstance(place, slice):
            return list(self.words(np.arange(len(self))[place]))
        row = range(len(self))[place]
        return next(self.words(np.array([row])))

    def __iter__(self) -> Iterator[Decision]:
        for begin, end in parts_of(len(self), AT_ONCE):
            yield from self.words(np.arange(begin, end))

    @cached_property
    def decided(self) -> Written:
        """The decisions as columns."""
        return Written(self)

    @cached_property
    def limits(self) -> dict[str, tuple[float, ...]]:
        """The limits of risk of the strategy, the same on every row."""
        return {self.lane.name: limits_of(self.plan.limits, self.symbol.volume_limit)}

    def saved(self, begin: int, end: int) -> ColumnsOfTable:
        """Return the rows from one place to another as the columns of a table on disk."""
        return saved(self, begin, end)

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
        """Return the first equity of each decision's day."""
        days, place = np.unique(self.at(rows) // DAY_MS, return_inverse=True)
        begun = np.searchsorted(np.asarray(self.tape.time)[self.first + 1 :], days * DAY_MS)
        first: Array = self.columns.before[begun]
        return first[place.reshape(-1)]

    def equity(self) -> Curve:
        """Return the equity at every told bar."""
        times = room(len(self), np.int64)
        for begin, end in parts_of(len(self)):
            times[begin:end] = self.at(np.arange(begin, end))
        return Curve(times, self.columns.equities)

    # --- in words -----------------------------------------------------------------------------------------------------

    def words(self, rows: Array) -> Iterator[Decision]:
        """Yield the decisions of some rows."""
        c, lane, run = self.columns, self.lane, self.run
        bars, bids, asks = self.first + rows, self.bid(rows), self.ask(rows)
        wished = self.wished(rows)
        limits = self.limits[lane.name]
        spreads = spread_points(bids, asks, self.symbol.scale)  # type: ignore[arg-type]
        gates = self._gates(bars)
        mode, model, name, config = (lane.gate or OFF).mode, self.model, lane.name, self.plan.config
        told = zip(
            rows.tolist(), self.at(rows).tolist(), np.asarray(self.tape.time)[bars].tolist(), c.outcomes[rows].tolist(),
            c.actions[rows].tolist(), c.kinds[rows].tolist(), c.scores[rows].tolist(),
            self.read.features[bars].tolist(), c.positions[rows].tolist(), c.helds[rows].tolist(),
            bids.tolist(), asks.tolist(), gates, spreads.tolist(),  # type: ignore[attr-defined]
            c.before[rows].tolist(), self.day_equity(rows).tolist(), strict=True,
        )  # fmt: skip
        for (
            row, at, time, code, action, kind, score, features, position, held, bid, ask, gate, spread, equity, day,
        ) in told:  # fmt: skip
            ordinal, posterior, density, novelty, is_open, reason, allowed, exposure = gate
            standing = (spread, share(day - equity, day), float(position != 0 or code == ORDER_WORKING))
            shut, holds, numbers, reasons, wanted = self.wish(wished.get(row), standing, code, row + 1)
            yield Decision(
                run, row + 1, at, time, name, lane.symbol, lane.timeframe, OUTCOMES[code], action, KINDS[kind], score,
                tuple(features), position, held, bid, ask, ordinal, posterior, density, novelty, mode, is_open, reason,
                allowed, exposure, shut, "run", holds, numbers, limits, reasons, *wanted, model, config,
            )  # fmt: skip

    def wish(
        self, wish: list[float] | None, standing: tuple[float, float, float], code: int, n: int
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
        asked = (0.0 if wish[W_BROKEN] == SMALL else 1.0,)
        holds = ("ENDED",) if n == len(self) else ()
        return said, holds, (*standing[:2], *asked, *wish[W_NUMBERS:WISH]), reasons_of(wish), wanted

    def wished(self, rows: Array) -> dict[int, list[float]]:
        """Return what was wanted on these rows, where anything was."""
        known = self.wishes[:, W_ROW]
        places = np.searchsorted(known, rows)
        there = places < len(known)
        there[there] = known[places[there]] == rows[there]
        return {int(wish[W_ROW]): wish for wish in self.wishes[places[there]].tolist()}

    def _gates(self, bars: Array) -> Iterator[tuple[Any, ...]]:
        """Return, bar by bar, what was read of the regime and how the gate stood."""
        r = self.read
        if not len(r.alerts):
            yield from [(-1, (), NAN, NAN, False, gate_reason(UNREAD_YET, 0, self.plan), NAN, 1.0)] * len(bars)
            return
        for ordinal, posterior, density, novelty, is_open, why, about, allowed, exposure in zip(
            r.ordinals[bars].tolist(), r.posteriors[bars].tolist(), r.densities[bars].tolist(),
            r.novelties[bars].tolist(), r.is_open[bars].tolist(), r.reasons[bars].tolist(), r.abouts[bars].tolist(),
            r.allowed[bars].tolist(), r.shares[bars].tolist(), strict=True,
        ):  # fmt: skip
            said = gate_reason(why, about, self.plan)
            yield ordinal, tuple(posterior), density, novelty, bool(is_open), said, allowed, exposure

    @cached_property
    def model(self) -> str:
        """Fingerprint of the regime's model; empty without one."""
        models = [regime.model for regime in self.plan.regimes]
        return models[0].fingerprint if models and not isinstance(models[0], NoModel) else ""

    # --- deals and outcomes -------------------------------------------------------------------------------------------

    def deals(self) -> list[Deal]:
        """Return all deals, the one that opened the account first."""
        return self._deals[:]

    @cached_property
    def _deals(self) -> list[Deal]:
        return [self.opened, *(deal_of(row, self.lane, self.run, self.symbol.digits) for row in self.dealt.tolist())]

    def outcomes(self) -> list[tuple[Array, Outcome]]:
        """Return what became of the trades, each with its last deal: the rows, told to the book that a daemon keeps."""
        book, done, found = OutcomeBook(self.kind), 0, []
        traded = self.wishes[:, W_ROW].astype(np.int64)
        entries = self.words(traded[self.columns.outcomes[traded] == TRADED])
        entry = next(entries, None)
        for dealt, row, deal in zip(self.dealt, self.dealt[:, D_ROW].tolist(), self._deals[1:], strict=True):
            self._lived(book, done, int(row))
            done = int(row)
            while entry is not None and entry.n <= done:
                book.decided(entry)
                entry = next(entries, None)
            outcome = book.deal(deal)
            found += [(dealt, outcome)] if outcome else []
        return found

    def _lived(self, book: OutcomeBook, begin: int, end: int) -> None:
        """Fold the bars of some rows into the excursions of what is held, as the book itself does with each."""
        if not book.held or begin == end:
            return
        bars = slice(self.first + begin, self.first + end)
        high, low = max(self.tape.high[bars]), min(self.tape.low[bars])
        for trade in book.held.values():
            up, down = high - trade.entry_price, trade.entry_price - low
            best, worst = (up, down) if trade.side > 0 else (down, up)
            trade.mfe, trade.mae = max(trade.mfe, best), max(trade.mae, worst)
            trade.bars += end - begin
