"""The regimes of a record: what each state was like over the bars traded, beside what it was like in training."""

import math
import statistics

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, pairwise

import msgspec

from backtests.record import Record
from config.account import StrategySection
from market.bars import Bars
from runtime.core.decision import Decision


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
        decisions = [d for d in record.decisions if d.strategy == listener.name and d.regime >= 0]
        tape = record.tapes.get((listener.symbol, listener.timeframe))
        returns = log_returns(tape) if tape is not None else {}
        states = range(record.config.regimes[name].most_states)
        found += [_regime(record, name, listener.name, state, decisions, returns) for state in states]
    return found


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


def _regime(
    record: Record, name: str, strategy: str, state: int, decisions: list[Decision], returns: Mapping[int, float]
) -> Regime:
    mine = [d for d in decisions if d.regime == state]
    moves = [returns[d.bar_time] for d in mine if d.bar_time in returns]
    stays = [len(list(run)) for kind, run in groupby(d.regime for d in decisions) if kind == state]
    trained = next((p for p in record.profiles.get(name, ()) if p.state == state), None)
    return Regime(
        regime=name,
        state=state,
        strategy=strategy,
        bars=len(mine),
        occupancy=len(mine) / len(decisions) if decisions else 0.0,
        volatility=statistics.stdev(moves) if len(moves) > 1 else None,
        dwell=statistics.fmean(stays) if stays else None,
        trained_occupancy=trained.occupancy if trained else None,
        trained_volatility=trained.volatility if trained else None,
        trained_dwell=trained.dwell if trained else None,
    )


def log_returns(tape: Bars) -> dict[int, float]:
    """Return the log return of each bar but the first, by its opening time."""
    closes = zip(tape.time, tape.close, strict=True)
    return {time: math.log(b / a) for (_, a), (time, b) in pairwise(closes) if a > 0.0 and b > 0.0}


def runs_of(points: Sequence[tuple[int, int]], end: int) -> list[tuple[int, int, int]]:
    """Return (state, first moment, last moment) of each stretch of one state; each lasts until the next begins.

    >>> runs_of([(10, 0), (20, 0), (30, 1)], 40)
    [(0, 10, 30), (1, 30, 40)]
    """
    starts = [(state, next(iter(run))[0]) for state, run in groupby(points, lambda point: point[1])]
    ends: Iterable[int] = [start for _, start in starts[1:]] + [end]
    return [(state, start, stop) for (state, start), stop in zip(starts, ends, strict=True)]
