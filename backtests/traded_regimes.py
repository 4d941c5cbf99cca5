"""The regimes of a record: what each state was like over the bars traded, beside what it was like in training."""

import math

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import msgspec
import numpy as np

from backtests.decided import Array, parts, place_of
from backtests.record import Record
from config.strategy import StrategySection
from market.bars import Bars


class Regime(msgspec.Struct, frozen=True, kw_only=True):
    """One state of one regime model over the bars traded, and beside it what it was like in training."""

    regime: str
    state: int
    """Ordinal of the model."""
    strategy: str
    """Over whose bars it was measured."""
    bars: int
    occupancy: float
    """Share of the bars on which it was the likeliest state."""
    volatility: float | None
    """Standard deviation of the log return of those bars; None for fewer than two."""
    dwell: float | None
    """Mean number of bars in a row; None where there was none."""
    trained_occupancy: float | None = None
    trained_volatility: float | None = None
    trained_dwell: float | None = None


def regimes_of(record: Record) -> list[Regime]:
    """Return every state of every regime model that a strategy listens to, calmest first."""
    found: list[Regime] = []
    for name, listener in listeners(record).items():
        stays = [_Stay() for _ in range(record.config.regimes[name].most_states)]
        tape = record.tapes.get((listener.symbol, listener.timeframe))
        before = -1
        for _, bar_time, states in read_by(record, listener.name):
            moves = log_returns(tape, bar_time) if tape is not None else np.full(len(states), np.nan)
            begun = states[np.append(before, states[:-1]) != states]
            for state, stay in enumerate(stays):
                mine = states == state
                stay.add(int(mine.sum()), int((begun == state).sum()), moves[mine])
            before = int(states[-1])
        bars = sum(stay.bars for stay in stays)
        found += [_regime(record, name, listener.name, state, stay, bars) for state, stay in enumerate(stays)]
    return found


def read_by(record: Record, strategy: str) -> Iterator[tuple[Array, Array, Array]]:
    """Yield, part after part, when a strategy decided, on which bar and in which state; where it was in any."""
    place = place_of(record.decided.strategies, strategy)
    for part in parts(record.decided):
        mine = (part.strategy == place) & (part.regime >= 0)
        if mine.any():
            yield part.at[mine], part.bar_time[mine], part.regime[mine]


class _Stay:
    """What is added up of one state: bars, stretches of them, and their moves (count, mean, sum of squares about it).

    Sums of parts are put together as Chan, Golub and LeVeque do (1979).
    """

    def __init__(self) -> None:
        self.bars = self.runs = self.moves = 0
        self.mean = self.squares = 0.0

    def add(self, bars: int, runs: int, moves: Array) -> None:
        self.bars, self.runs = self.bars + bars, self.runs + runs
        known = moves[~np.isnan(moves)]
        if len(known):
            mean, count = float(known.mean()), self.moves + len(known)
            gap = mean - self.mean
            self.squares += float(((known - mean) ** 2).sum()) + gap * gap * self.moves * len(known) / count
            self.mean += gap * len(known) / count
            self.moves = count


def listeners(record: Record) -> dict[str, StrategySection]:
    """Return for each regime the strategy over whose bars it is told: one at the regime's own bars, else the first."""
    found: dict[str, StrategySection] = {}
    for strategy in record.config.strategies:
        if strategy.gate is not None and strategy.gate.mode != "off":
            name = strategy.gate.regime
            regime = record.config.regimes[name]
            own = (strategy.symbol, strategy.timeframe) == (regime.symbol, regime.timeframe)
            if name not in found or (own and found[name].timeframe != regime.timeframe):
                found[name] = strategy
    return found


def _regime(record: Record, name: str, strategy: str, state: int, stay: _Stay, bars: int) -> Regime:
    trained = next((p for p in record.profiles.get(name, ()) if p.state == state), None)
    return Regime(
        regime=name,
        state=state,
        strategy=strategy,
        bars=stay.bars,
        occupancy=stay.bars / bars if bars else 0.0,
        volatility=math.sqrt(stay.squares / (stay.moves - 1)) if stay.moves > 1 else None,
        dwell=stay.bars / stay.runs if stay.runs else None,
        trained_occupancy=trained.occupancy if trained else None,
        trained_volatility=trained.volatility if trained else None,
        trained_dwell=trained.dwell if trained else None,
    )


def log_returns(tape: Bars, opened: Array) -> Array:
    """Return the log return of the bars that opened at these moments; NaN of the first, and of what is no bar."""
    time, close = np.asarray(tape.time), np.asarray(tape.close)
    place = np.searchsorted(time, opened)
    known = (place > 0) & (place < len(time))
    place = np.where(known, place, 1) if len(time) > 1 else place * 0
    known &= (time[place] == opened) & (close[place] > 0.0) & (close[place - 1] > 0.0)
    return np.where(known, np.log(close[place] / close[place - 1], where=known, out=np.zeros(len(place))), np.nan)


def runs_of(points: Sequence[tuple[int, int]], end: int) -> list[tuple[int, int, int]]:
    """Return (state, first moment, last moment) of each stretch of one state; each lasts until the next begins.

    >>> runs_of([(10, 0), (20, 0), (30, 1)], 40)
    [(0, 10, 30), (1, 30, 40)]
    """
    starts = [(state, next(iter(run))[0]) for state, run in groupby(points, lambda point: point[1])]
    ends: Iterable[int] = [start for _, start in starts[1:]] + [end]
    return [(state, start, stop) for (state, start), stop in zip(starts, ends, strict=True)]
