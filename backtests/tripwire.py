"""The tripwire: what a strategy's gate would be worth if it knew the future, and whether a result looks as if it did.

The same strategies over the same bars at the same costs, with the regime as a daemon has it (filtered), as only the
future knows it (smoothed), and as it was known a bar before (late). Smoothed minus filtered is what looking ahead is
worth: that is expected to be large, and measures a leak without being one. Reported as a leak is what cannot be had
honestly: a result from elsewhere above the filtered one by more than `LIMIT`, or a filtered one that falls by more
than `LIMIT` when it is told a bar late, since it stands on having seen that bar before it closed.
"""

from collections.abc import Callable
from functools import partial
from typing import Literal

import msgspec
import numpy as np

from numpy.typing import NDArray

from backtests.backtest import run_backtest
from backtests.gate_stands import Heard, heard, stands
from backtests.lookahead import Told, foresee, hindsight, late
from backtests.recorded import regime_bars, tapes_of
from backtests.regime_reading import Array, Read, bar_returns, learnt_of, read_regime
from backtests.sharpe import daily, gap_interval, sharpe
from config.account import AccountConfig
from config.errors import ConfigError, DataError
from config.strategy import StrategySection
from market.bars import Bars
from regimes.bundle import RegimeModel
from runtime.core.core import Core
from runtime.core.plan import novelty_by

LIMIT = 0.4
"""Of Sharpe."""
FEWEST = 250
"""Days below which a Sharpe ratio says nothing."""
STAGES = ("as a daemon has it", "as the future knows it", "a bar late")
Reader = Callable[[RegimeModel, Bars], Read]
Curve = tuple[Array, float]
"""Changes a day, and how many days a year has."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """Sharpe ratios of one way to trade behind the gate."""

    what: Literal["strategies", "hold"]
    """strategies: as configured, with their costs. hold: one unit while the first strategy's gate is open, no costs."""
    days: int
    filtered: float
    smoothed: float
    late: float
    ahead: float
    """Smoothed minus filtered: what looking ahead is worth."""
    ahead_interval: tuple[float, float]
    """At 95 %."""
    fresh: float
    """Filtered minus late: what the newest bar is worth."""
    fresh_interval: tuple[float, float]


class Tripped(msgspec.Struct, frozen=True, kw_only=True):
    """What the tripwire found."""

    ok: bool
    regime: str
    strategies: tuple[str, ...]
    claimed: float | None
    lines: tuple[Line, ...]
    leaks: tuple[str, ...]
    """Each a sentence; none: no leak is reported."""
    notes: tuple[str, ...]


def tripwire(
    config: AccountConfig,
    name: str,
    model: RegimeModel,
    *,
    claimed: float | None = None,
    read: Reader = read_regime,
    stage: Callable[[str], None] = lambda _text: None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Tripped:
    """Play the strategies that listen to a regime thrice, and say what that means.

    Their gates are enforced, whatever their mode; `read` is what the daemon's reading is taken to be. ConfigError where
    none listens, DataError for too few days.
    """
    account = behind(config, name)
    tapes = tapes_of(account)
    bars = regime_bars(account, account.regimes[name], tapes)
    told_of = read(model, bars)
    known = heard(model, bars, novelty_by(account.regimes[name].novelty, model))
    ways = (told_of.posteriors, hindsight(model.weights, told_of), late(told_of.posteriors))
    played: list[Curve] = []
    held: list[Curve] = []
    for text, posteriors in zip(STAGES, ways, strict=True):
        stage(f"playing recorded bars with the regime {text}")
        told = dict(zip(told_of.times.astype(np.int64).tolist(), posteriors.tolist(), strict=True))
        drive, _ = run_backtest(
            account,
            shadows=False,
            models={name: model},
            recorded=tapes,
            progress=progress,
            prepare=partial(_foretell, name, told),
        )
        played.append(daily(drive.equity.at.tolist(), drive.equity.money.tolist()))
        held.append(_held(account.strategies[0], told_of, known, posteriors, int(drive.equity.at[0])))
    lines = (_line("strategies", played), _line("hold", held))
    if lines[0].days < FEWEST:
        raise DataError(f"{lines[0].days} days are too few for a Sharpe ratio: at least {FEWEST} are needed")
    learnt, shut = learnt_of(model, bars.symbol, told_of.times), _shut_anyhow(account.strategies[0], known)
    return Tripped(
        ok=not (leaks := leaks_of(lines, claimed)),
        regime=name,
        strategies=tuple(s.name for s in account.strategies),
        claimed=claimed,
        lines=lines,
        leaks=leaks,
        notes=_notes(lines[0], told_of, learnt, shut, int(drive.equity.at[0])),
    )


def behind(config: AccountConfig, name: str) -> AccountConfig:
    """Return the account with the strategies that listen to a regime alone, their gates enforced."""
    listeners = [s for s in config.strategies if s.gate is not None and s.gate.regime == name and s.gate.allow]
    if not listeners:
        raise ConfigError(f"no strategy has a gate of regime {name!r} that allows a state: there is nothing to gate")
    enforced = tuple(
        msgspec.structs.replace(s, gate=msgspec.structs.replace(s.gate, mode="enforce"))
        for s in listeners
        if s.gate is not None
    )
    return msgspec.structs.replace(config, strategies=enforced, regimes={name: config.regimes[name]})


def leaks_of(lines: tuple[Line, ...], claimed: float | None) -> tuple[str, ...]:
    """Return what is reported as a leak, each in a sentence."""
    found = [_here(line) for line in lines if line.fresh > LIMIT and line.fresh_interval[0] > 0.0]
    if claimed is not None and claimed - lines[0].filtered > LIMIT:
        found.insert(0, _elsewhere(lines[0], claimed))
    return tuple(found)


def _elsewhere(line: Line, claimed: float) -> str:
    return (
        f"a leak elsewhere: {claimed:.2f} is claimed, where the filtered regime gives {line.filtered:.2f} and knowing "
        f"its future {line.smoothed:.2f}: look there for smoothed or Viterbi states, a model that has learnt from the "
        "bars it trades, or a missing shift by one bar"
    )


def _here(line: Line) -> str:
    return (
        f"a leak here ({line.what}): told a bar late, the Sharpe ratio falls from {line.filtered:.2f} to "
        f"{line.late:.2f}: what stands on one bar by so much has seen it before it closed"
    )


def _foretell(name: str, told: Told, core: Core) -> None:
    foresee(core, name, told)


def _held(strategy: StrategySection, read: Read, known: Heard, posteriors: Array, start: int) -> Curve:
    """Return the days of one unit held while the gate stood open at the close before, from a moment on.

    What shuts it whatever the regime (`known`) is as a daemon knows it; the posteriors alone are those of a twin.
    """
    gate = strategy.gate
    if gate is None:
        raise ConfigError(f"strategy {strategy.name!r} has no gate")
    moves = bar_returns(read.closes)[1:] * stands(gate, posteriors, known.unknown(gate))[:-1]
    traded = read.times[1:] >= start
    worth = np.exp(np.cumsum(np.nan_to_num(moves[traded])))
    return daily(read.times[1:][traded].astype(np.int64).tolist(), worth.tolist())


def _line(what: Literal["strategies", "hold"], curves: list[Curve]) -> Line:
    (filtered, per_year), (ahead, _), (old, _) = curves
    ratios = [sharpe(returns, per_year) for returns in (filtered, ahead, old)]
    return Line(
        what=what,
        days=len(filtered),
        filtered=ratios[0],
        smoothed=ratios[1],
        late=ratios[2],
        ahead=ratios[1] - ratios[0],
        ahead_interval=gap_interval(filtered, ahead, per_year),
        fresh=ratios[0] - ratios[2],
        fresh_interval=gap_interval(old, filtered, per_year),
    )


def _shut_anyhow(strategy: StrategySection, known: Heard) -> NDArray[np.bool_]:
    return known.unknown(strategy.gate) if strategy.gate is not None else np.zeros(len(known.blind), dtype=np.bool_)


def _notes(line: Line, read: Read, learnt: NDArray[np.bool_], shut: NDArray[np.bool_], start: int) -> tuple[str, ...]:
    notes = []
    traded = read.times >= start
    if void := int(shut[traded].sum()):
        notes.append(
            f"on {void:,} of {int(traded.sum()):,} bars that are traded the gate is shut whatever the regime, in all "
            "three ways: no state explains them, or they tell nothing"
        )
    both = int((traded & learnt).sum())
    if both:
        notes.append(
            f"the model has learnt from {both} of the bars that are traded: the filtered result is not honest either; "
            "name in its [train] the bars it may learn from"
        )
    if line.ahead < LIMIT:
        notes.append(
            f"knowing the future is worth {line.ahead:+.2f} to these strategies: a leak may show by less than {LIMIT}"
        )
    return tuple(notes)
