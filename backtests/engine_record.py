"""The record of a compiled drive: typed columns, one row a decision, and what they say in the words of every drive."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from numpy.typing import NDArray

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
from backtests.engine_words import deal_of, gate_reason, reasons_of, shut_said
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


class CompiledRecord:
    """All that a compiled drive wrote down; decisions, deals and outcomes are made of it when they are asked for."""

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

    # --- quotes and money ---------------------------------------------------------------------------------------------

    @cached_property
    def at(self) -> Array:
        """When each decision was made, UTC milliseconds: at the first tick of the next bar, or where the data ends."""
        times = np.asarray(self.tape.time)
        return np.append(times[self.first + 1 :], times[-1] + self.tape.frame - 1)

    @cached_property
    def bid(self) -> Array:
        """The bid of each decision."""
        opens = np.asarray(self.tape.open)[self.first + 1 :]
        return np.append(opens, self.tape.close[-1])

    @cached_property
    def ask(self) -> Array:
        """The ask of each decision."""
        spreads = np.asarray(self.tape.spread)[self.first + 1 :]
        spreads = np.append(spreads, self.tape.spread[-1])
        points: Any = np.where(spreads > 0.0, spreads, self.usual)
        return np.asarray(shift(self.bid, points, self.symbol.scale))  # type: ignore[arg-type]  # row by row

    @cached_property
    def day_equity(self) -> Array:
        """The first equity of each decision's day."""
        days = self.at // DAY_MS
        begun = np.flatnonzero(np.append(True, days[1:] != days[:-1]))
        lengths = np.diff(np.append(begun, len(days)))
        return np.repeat(self.columns.before[begun], lengths)

    def equity(self) -> list[tuple[int, float]]:
        """Return (time, equity) at every told bar."""
        return list(zip(self.at.tolist(), self.columns.equities.tolist(), strict=True))

    # --- in words -----------------------------------------------------------------------------------------------------

    def decisions(self, begin: int = 0, end: int | None = None) -> list[Decision]:
        """Return the decisions of some rows, all of them where nothing is said."""
        end = len(self) if end is None else end
        return list(self._decisions(begin, end))

    def _decisions(self, begin: int, end: int) -> Iterator[Decision]:
        c, lane, tape, run = self.columns, self.lane, self.tape, self.run
        part, bars = slice(begin, end), slice(self.first + begin, self.first + end)
        wished = self._wished(begin, end)
        limits = limits_of(self.plan.limits, self.symbol.volume_limit)
        spreads = spread_points(self.bid[part], self.ask[part], self.symbol.scale)  # type: ignore[arg-type]
        gates = self._gates(bars, end - begin)
        mode, model = (lane.gate or OFF).mode, self._model
        rows = zip(
            range(begin + 1, end + 1), self.at[part].tolist(), tape.time[bars], c.outcomes[part].tolist(),
            c.actions[part].tolist(), c.kinds[part].tolist(), c.scores[part].tolist(),
            self.read.features[bars].tolist(), c.positions[part].tolist(), c.helds[part].tolist(),
            self.bid[part].tolist(), self.ask[part].tolist(), gates, spreads.tolist(),  # type: ignore[attr-defined]
            c.before[part].tolist(), self.day_equity[part].tolist(), strict=True,
        )  # fmt: skip
        for (
            n, at, time, code, action, kind, score, features, position, held, bid, ask, gate, spread, equity, day,
        ) in rows:  # fmt: skip
            ordinal, posterior, density, novelty, is_open, reason, allowed, exposure = gate
            standing = (spread, share(day - equity, day), float(position != 0 or code == ORDER_WORKING))
            wish = wished.get(n - 1)
            shut, holds, numbers, reasons, wanted = self._wish(wish, standing, code, n)
            yield Decision(
                run, n, at, time, lane.name, lane.symbol, lane.timeframe, OUTCOMES[code], action, KINDS[kind], score,
                tuple(features), position, held, bid, ask, ordinal, posterior, density, novelty, mode, is_open, reason,
                allowed, exposure, shut, "run", holds, numbers, limits, reasons, *wanted, model, self.plan.config,
            )  # fmt: skip

    def _wish(
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

    def _wished(self, begin: int, end: int) -> dict[int, list[float]]:
        rows = self.wishes[:, W_ROW]
        some = self.wishes[np.searchsorted(rows, begin) : np.searchsorted(rows, end)]
        return {int(row[W_ROW]): row for row in some.tolist()}

    def _gates(self, bars: slice, count: int) -> Iterator[tuple[Any, ...]]:
        """Return, row by row, what was read of the regime and how the gate stood."""
        r = self.read
        if not len(r.alerts):
            yield from [(-1, (), NAN, NAN, False, gate_reason(UNREAD_YET, 0, self.plan), NAN, 1.0)] * count
            return
        for ordinal, posterior, density, novelty, is_open, why, about, allowed, exposure in zip(
            r.ordinals[bars].tolist(), r.posteriors[bars].tolist(), r.densities[bars].tolist(),
            r.novelties[bars].tolist(), r.is_open[bars].tolist(), r.reasons[bars].tolist(), r.abouts[bars].tolist(),
            r.allowed[bars].tolist(), r.shares[bars].tolist(), strict=True,
        ):  # fmt: skip
            said = gate_reason(why, about, self.plan)
            yield ordinal, tuple(posterior), density, novelty, bool(is_open), said, allowed, exposure

    @property
    def _model(self) -> str:
        models = [regime.model for regime in self.plan.regimes]
        return models[0].fingerprint if models and not isinstance(models[0], NoModel) else ""

    # --- deals and outcomes -------------------------------------------------------------------------------------------

    def deals(self) -> list[Deal]:
        """Return all deals, the one that opened the account first."""
        return [self.opened, *(deal_of(row, self.lane, self.run, self.symbol.digits) for row in self.dealt.tolist())]

    def outcomes(self) -> list[tuple[Array, Outcome]]:
        """Return what became of the trades, each with its last deal: the rows, told to the book that a daemon keeps."""
        book, done, found = OutcomeBook(self.kind), 0, []
        traded = set(np.flatnonzero(self.columns.outcomes == TRADED).tolist())
        waiting = sorted(traded)[::-1]
        for dealt, deal in zip(self.dealt, self.deals()[1:], strict=True):
            row = dealt[D_ROW]
            while done < row:
                if not book.held and (not waiting or waiting[-1] > done):
                    done = min(waiting[-1], int(row)) if waiting else int(row)
                    continue
                if book.held:
                    book.bar(self.tape.bar(self.first + done))
                if waiting and waiting[-1] == done:
                    book.decided(self.decisions(done, done + 1)[0])
                    waiting.pop()
                done += 1
            outcome = book.deal(deal)
            found += [(dealt, outcome)] if outcome else []
        return found
