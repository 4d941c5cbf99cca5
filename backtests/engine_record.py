"""The record of a compiled drive: typed columns, one row a decision, and what they say in the words of every drive."""

import math

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, overload

import numpy as np

from msgspec.structs import replace
from numpy.typing import NDArray

from backtests.engine_columns import WrittenRows
from backtests.engine_decided import Written
from backtests.engine_layout import BY_STOP, D_REASON, D_ROW, D_TWO, ORDER_WORKING, W_ROW
from backtests.engine_table import saved
from backtests.engine_words import deal_of
from backtests.equity import Curve
from backtests.saved_decisions import Columns as ColumnsOfTable
from backtests.scratch import PART, parts_of, room
from brokers.fills import shift
from brokers.limits import spread_points
from market.barfile_room import let_go
from market.types import Deal
from runtime.core.decision import OUTCOMES, Decision
from runtime.core.risk import share
from runtime.core.state import OFF
from runtime.outcomes.book import OutcomeBook
from runtime.outcomes.outcome import Outcome
from strategies.protocol import KINDS

Array = NDArray[Any]
AT_ONCE = 16_384
"""Rows that are made into words at once."""


class CompiledRecord(WrittenRows, Sequence[Decision]):
    """All that a compiled drive wrote down: decisions, deals and outcomes, made into words when they are asked for."""

    shadows: Sequence["CompiledRecord"] = ()
    """Those of its shadow books."""
    gate = ""
    """What a shadow book leaves out."""
    beside: "CompiledRecord | None" = None
    """Of a shadow book, the live record of the same strategy."""

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
    def highs(self) -> Array:
        """The highest price of each bar."""
        return np.asarray(self.tape.high)

    @cached_property
    def lows(self) -> Array:
        """And the lowest."""
        return np.asarray(self.tape.low)

    @cached_property
    def spreads(self) -> Array:
        """The spread of each bar, in points; 0.0 where it has none."""
        return np.asarray(self.tape.spread)

    @cached_property
    def decided(self) -> Written:
        """The decisions as columns."""
        return Written(self)

    def saved(self, begin: int, end: int) -> ColumnsOfTable:
        """Return the rows from one place to another as the columns of a table on disk."""
        return saved(self, begin, end)

    # --- in words -----------------------------------------------------------------------------------------------------

    @property
    def before(self) -> Array:
        """The equity as each bar was decided."""
        return self.columns.before

    def equity(self) -> Curve:
        """Return the equity at every told bar."""
        times = room(len(self), np.int64)
        for begin, end in parts_of(len(self)):
            times[begin:end] = self.at(np.arange(begin, end))
            self.let_go()
            let_go([times])
        return Curve(times, self.columns.equities)

    def words(self, rows: Array) -> Iterator[Decision]:
        """Yield the decisions of some rows."""
        c, lane, run = self.columns, self.lane, self.run
        bars, bids, asks = self.first + rows, self.bid(rows), self.ask(rows)
        wished = self.wished(rows)
        limits = self.limits[lane.name]
        spreads = spread_points(bids, asks, self.symbol.scale)  # type: ignore[arg-type]
        gates = self.gates(bars)
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
            n, has = self.number(row), position != 0 or code == ORDER_WORKING
            has = has if self.standing is None else self.standing[row]
            standing = (spread, share(day - equity, day), float(has))
            shut, holds, numbers, reasons, wanted = self.wish(wished.get(row), standing, code, row)
            yield Decision(
                run, n, at, time, name, lane.symbol, lane.timeframe, OUTCOMES[code], action, KINDS[kind], score,
                tuple(features), position, held, bid, ask, ordinal, posterior, density, novelty, mode, is_open, reason,
                allowed, exposure, shut, "run", holds, numbers, limits, reasons, *wanted, model, config,
            )  # fmt: skip

    # --- deals and outcomes -------------------------------------------------------------------------------------------

    def deals(self) -> list[Deal]:
        """Return all deals, the one that opened the account first."""
        return self._deals[:]

    @cached_property
    def _deals(self) -> list[Deal]:
        return [self.opened, *(deal_of(row, self.lane, self.run, self.symbol.digits) for row in self.dealt.tolist())]

    def outcomes(self) -> list[tuple[Array, Outcome]]:
        """Return what became of the trades, each with its last deal: the rows, told to the book that a daemon keeps."""
        book, entries = OutcomeBook(self.kind, self.gate), self._entries()
        done, found, entry = 0, [], next(entries, None)
        for dealt, row, deal in zip(self.dealt, self.dealt[:, D_ROW].tolist(), self._deals[1:], strict=True):
            self._lived(book, done, int(row))
            done = int(row)
            while entry is not None and (entry.n - 1) // self.seat[1] < done:
                book.decided(entry, self._known_as(entry))
                entry = next(entries, None)
            if (outcome := book.deal(deal)) is not None:
                unclear = self.beside is not None and bool(dealt[D_REASON] == BY_STOP and dealt[D_TWO] == 1.0)
                found.append((dealt, replace(outcome, unclear=unclear)))
        return found

    def _known_as(self, entry: Decision) -> str | None:
        """Return what the live record calls a decision of a shadow book's; None of one that is live."""
        live = self.beside
        return None if live is None else f"{live.run}-{live.number((entry.n - 1) // self.seat[1])}"

    def number(self, row: int) -> int:
        """Return the number of a row's decision."""
        return row * self.seat[1] + self.seat[0] + 1

    def _entries(self) -> Iterator[Decision]:
        """Yield the decisions that were traded, and those to leave a trade."""
        rows = self.wishes[self.traded | self.left, W_ROW].astype(np.int64)
        for some in self.parted(rows):
            yield from self.words(rows[some])

    def _lived(self, book: OutcomeBook, begin: int, end: int) -> None:
        """Fold the bars of some rows into the excursions of what is held, as the book itself does with each."""
        if not book.held or begin == end:
            return
        for trade in book.held.values():
            high, low = self._reached(self.first + begin, self.first + end, asks=trade.side < 0)
            up, down = high - trade.entry_price, trade.entry_price - low
            best, worst = (up, down) if trade.side > 0 else (down, up)
            trade.mfe, trade.mae = max(trade.mfe, best), max(trade.mae, worst)
            trade.bars += end - begin

    def _reached(self, begin: int, end: int, *, asks: bool) -> tuple[float, float]:
        """Return the highest and the lowest price from one bar to another: bids, or asks."""
        high, low = -math.inf, math.inf
        for start in range(begin, end, PART):
            bars = slice(start, min(end, start + PART))
            highs, lows = self._prices(bars, asks=asks)
            high, low = max(high, float(highs.max())), min(low, float(lows.min()))
            if end - start > PART or start // PART != bars.stop // PART:
                let_go((self.highs, self.lows, self.spreads))
        return high, low

    def _prices(self, bars: slice, *, asks: bool) -> tuple[Array, Array]:
        """Return the highest and the lowest price of each of some bars."""
        points: Any = 0.0
        if asks:
            spreads = self.spreads[bars]
            points = np.where(spreads > 0.0, spreads, self.usual)
        highs, lows = (shift(price, points, self.symbol.scale) for price in self._bids(bars))
        return np.asarray(highs), np.asarray(lows)

    def _bids(self, bars: slice) -> tuple[Any, Any]:
        return self.highs[bars], self.lows[bars]
