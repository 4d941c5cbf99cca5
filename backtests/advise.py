"""In which states a strategy should be allowed: its ungated trades by the state at each entry, walking forward."""

import math

from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Literal

import msgspec
import numpy as np

from backtests.backtest import run_backtest
from backtests.recorded import regime_bars, tapes_of
from backtests.refit import refit
from backtests.regime_reading import Array, read_regime
from config.account import AccountConfig
from config.errors import ConfigError, DataError
from config.strategy import GateSection, StrategySection
from market.bars import Bars
from regimes.bundle import RegimeModel
from regimes.labels import Relabelled

Verdict = Literal["allow", "too few", "unproven"]

LEAST = 30
"""Trades of a state below which nothing is proposed about it."""
LEVEL = 0.95
"""Of all states' intervals together: each has its share of the rest (Bonferroni)."""
DRAWS = 5000
STEPS = 5
"""Refits in the time that one window of training covers, where nothing else is said."""


class State(msgspec.Struct, frozen=True, kw_only=True):
    """The trades that were entered in one state."""

    state: int
    """Ordinal of the model in use."""
    trades: int
    share: float
    """Of all trades."""
    mean_r: float | None
    """Mean result in multiples of the risk taken; None without a trade."""
    low: float | None
    high: float | None
    """The interval of `mean_r`; None for fewer than `LEAST` trades."""
    verdict: Verdict


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """What the trades say; nothing is edited."""

    strategy: str
    regime: str
    model: str
    """Fingerprint of the model in use, whose ordinals are meant."""
    proposed: tuple[int, ...]
    configured: tuple[int, ...] | None
    sentence: str
    trades: int
    mean_r: float | None
    states: tuple[State, ...]
    first: int
    last: int
    """When the first of the trades was opened, and the last, UTC milliseconds."""
    refits: int
    refused: int
    """Refits whose states did not mean the same: the model before was kept."""


class Walk(msgspec.Struct, frozen=True, kw_only=True):
    """What was known of each bar by the newest model that had not learnt from it."""

    likeliest: list[int]
    """-1 for bars that the model in use has learnt from, or that come before them."""
    refits: int
    refused: int


def advise(
    config: AccountConfig,
    strategy: str,
    name: str,
    model: RegimeModel,
    *,
    every: int | None = None,
    stage: Callable[[str], None] = lambda _text: None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Advice:
    """Play a strategy without its gate, and sort its trades by the regime at their entry.

    The model is fitted again every `every` bars on as many as it has learnt from, and matched to itself, so that its
    ordinals keep their meaning; 0: never. DataError where no bar is left that it has not learnt from.
    """
    account = ungated(config, strategy, name)
    tapes = tapes_of(account)
    bars = regime_bars(account, account.regimes[name], tapes)
    stage("refitting, walking forward")
    walk = walked(model, bars, max(1, model.data.bars // STEPS) if every is None else every, progress)
    if not any(state >= 0 for state in walk.likeliest):
        raise DataError(
            f"regime {name}: no bar comes after those that its model has learnt from: name later ones under [data], or "
            "put a model into use that has learnt from fewer (train, or activate one of before)"
        )
    stage("playing recorded bars without the gate")
    drive, _ = run_backtest(account, shadows=False, models={name: model}, recorded=tapes, progress=progress)
    closes = [time + bars.frame for time in bars.time]
    entered: list[tuple[int, int, float]] = []
    for trade in drive.outcomes:
        known = bisect_right(closes, trade.opened) - 1
        if known >= 0 and walk.likeliest[known] >= 0 and trade.r is not None:
            entered.append((trade.opened, walk.likeliest[known], trade.r))
    gate = next(s.gate for s in config.strategies if s.name == strategy)
    return _advice(strategy, name, model, entered, walk, gate.allow if gate is not None else None)


def ungated(config: AccountConfig, strategy: str, name: str) -> AccountConfig:
    """Return the account with one strategy, whose gate is read and never heeded."""
    section = next((s for s in config.strategies if s.name == strategy), None)
    if section is None:
        known = ", ".join(s.name for s in config.strategies) or "none"
        raise ConfigError(f"no strategy {strategy!r}: the account has {known}")
    open_ = msgspec.structs.replace(section, gate=GateSection(regime=name, mode="advise", allow=(0,)))
    return msgspec.structs.replace(config, strategies=(open_,), regimes={name: config.regimes[name]})


def regime_of(section: StrategySection | None) -> str | None:
    """Return the regime a strategy listens to."""
    return section.gate.regime if section is not None and section.gate is not None else None


def walked(
    model: RegimeModel, bars: Bars, every: int, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> Walk:
    """Read bars with a model that is fitted again every `every` bars on those before, as many as it began with."""
    window = model.data.bars
    first = bisect_right(bars.time, model.data.last)
    likeliest = [-1] * len(bars)
    refits = refused = 0
    current, since = model, first
    read = read_regime(current, bars)
    while since < len(bars):
        until = min(len(bars), since + every) if every else len(bars)
        for i in range(since, until):
            likeliest[i] = int(read.likeliest[i]) if read.warm[i] else likeliest[i - 1]
        since = until
        progress(since - first, len(bars) - first)
        if since < len(bars):
            verdict = refit(current, bars.part(max(0, since - window), since), model.data.seed).verdict
            refits += 1
            if isinstance(verdict, Relabelled):
                current = verdict.model
                read = read_regime(current, bars)
            else:
                refused += 1
    return Walk(likeliest=likeliest, refits=refits, refused=refused)


def _advice(
    strategy: str,
    name: str,
    model: RegimeModel,
    entered: list[tuple[int, int, float]],
    walk: Walk,
    configured: tuple[int, ...] | None,
) -> Advice:
    states = tuple(judged(model.states, [(state, r) for _, state, r in entered]))
    proposed = tuple(s.state for s in states if s.verdict == "allow")
    return Advice(
        strategy=strategy,
        regime=name,
        model=model.fingerprint,
        proposed=proposed,
        configured=configured,
        sentence=_sentence(states, proposed),
        trades=len(entered),
        mean_r=_mean([r for _, _, r in entered]),
        states=states,
        first=min((at for at, _, _ in entered), default=0),
        last=max((at for at, _, _ in entered), default=0),
        refits=walk.refits,
        refused=walk.refused,
    )


def judged(states: int, trades: list[tuple[int, float]]) -> Iterator[State]:
    """Judge each state by its trades, given as (state, multiples of risk)."""
    for state in range(states):
        results = [r for entered, r in trades if entered == state]
        low = high = None
        if len(results) >= LEAST:
            low, high = interval(results, 1.0 - (1.0 - LEVEL) / states)
        verdict: Verdict = "too few" if low is None else "allow" if low > 0.0 else "unproven"
        yield State(
            state=state,
            trades=len(results),
            share=len(results) / len(trades) if trades else 0.0,
            mean_r=_mean(results),
            low=low,
            high=high,
            verdict=verdict,
        )


def interval(results: list[float], level: float) -> tuple[float, float]:
    """Return the bootstrap interval (BCa) of the mean; equal results give an interval of one point."""
    from scipy.stats import bootstrap  # noqa: PLC0415 - slow to import

    values: Array = np.array(results)
    if values.min() == values.max():
        return results[0], results[0]
    found = bootstrap(
        (values,), np.mean, n_resamples=DRAWS, confidence_level=level, method="BCa", rng=np.random.default_rng(1)
    ).confidence_interval
    return float(found.low), float(found.high)


def _mean(results: list[float]) -> float | None:
    return math.fsum(results) / len(results) if results else None


def _sentence(states: tuple[State, ...], proposed: tuple[int, ...]) -> str:
    few = [s for s in states if s.verdict == "too few"]
    if len(few) == len(states):
        return f"Not enough trades: no state has {LEAST} of them, and nothing is proposed."
    also = "".join(f" Of state {s.state} there are not enough trades ({s.trades})." for s in few)
    if not proposed:
        return f"No state is proposed: of none is the mean result above 0 beyond doubt.{also}"
    return (
        f"Proposed: allow = {list(proposed)}: there the mean result is above 0 beyond doubt, on this one history.{also}"
    )
