"""A walk forward: what an account would have come to had it only ever known the past, fold after fold.

In each fold strategies that learn are taught anew on a window, and the regime models are trained on it, or those in use
trained again, whose states then keep their meaning or the old one stays; of a grid the point with the best Sharpe ratio
over that window is chosen; and all of them trade the stretch after it, which nothing has learnt from. Labels and trades
of a window end with it, so that nothing of what came later is in what was learnt; and the embargo keeps the two apart.
Each fold begins with the money of the one before.
"""

import datetime

from collections.abc import Callable, Mapping, Sequence

import msgspec
import numpy as np

from backtests.backtest import run_backtest
from backtests.drive import Drive
from backtests.equity import Curve
from backtests.folds import Window
from backtests.gained import gained
from backtests.grid import Values, turned
from backtests.kept_reading import KeptReading
from backtests.recorded import regime_bars
from backtests.refit import refit
from backtests.strategy_refit import relearnt
from backtests.sweep import play_all
from backtests.sweep_file import key_of
from backtests.sweep_local import Local
from backtests.sweep_points import Listed
from backtests.sweep_worker import Work
from backtests.training import trained, trained_here
from backtests.tried import Tried, counted, tried
from backtests.watched import watched
from backtests.words import day
from config.account import AccountConfig
from config.errors import ConfigError
from config.regime import TrainSection
from market.bars import Bars
from regimes.bundle import RegimeModel
from regimes.labels import Relabelled
from runtime.core.feeds import FeedKey

APART = 10**12
"""Between the numbers of positions and orders of one fold and those of the next."""

WORTH_A_CREW = 2_000_000
"""Bars of all points of a window from which on processes are begun for them: that takes as long as some 500,000."""


class Remembered:
    """Keeps what came of points, by their keys."""

    def __init__(self, heard: Callable[[], None]) -> None:
        """Call `heard` with each of them."""
        self.found: dict[str, Tried] = {}
        self.heard = heard

    def add(self, line: bytes) -> Tried:
        """Keep a point, and return it."""
        row = msgspec.json.decode(line, type=Tried)
        self.found[key_of(row.values)] = row
        self.heard()
        return row


class Fold(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one fold; days are ISO days, ratios are a year's."""

    learnt_first: str
    learnt_last: str
    first: str
    last: str
    """The days that were traded."""
    models: dict[str, str]
    """Of each regime: trained, taken over, or kept and why."""
    strategies: dict[str, str]
    """Of each strategy that learns: from how many rows of the window."""
    values: tuple[object, ...]
    """Of the grid's keys, those chosen."""
    learnt_sharpe: float
    """Over the window that was learnt from, where it knew its future."""
    sharpe: float | None
    """None where too few days were traded, or nothing moved."""
    trades: int
    net: float
    left: int
    """Positions that were closed because the stretch ended."""


class Walk:
    """An account that walks forward; it keeps what came of each fold."""

    def __init__(
        self,
        config: AccountConfig,
        tapes: Mapping[FeedKey, Bars],
        grid: tuple[tuple[str, ...], Sequence[Values]] = ((), ((),)),
        *,
        processes: int = 1,
        worth: int = WORTH_A_CREW,
    ) -> None:
        """Begin with the account's balance and without a model; ConfigError where one is learnt elsewhere.

        Points of a window are played by so many processes, where they are `worth` bars together.
        """
        self.processes, self.worth = processes, worth
        if config.regimes:
            trained_here(config)
        elsewhere = [name for name, regime in config.regimes.items() if regime.learnt_from]
        if elsewhere:
            raise ConfigError(f"regimes.{elsewhere[0]}: its model learns from another symbol: walk forward there")
        untaught = {name: msgspec.structs.replace(r, train=TrainSection()) for name, r in config.regimes.items()}
        self.config = msgspec.structs.replace(config, regimes=untaught)
        self.tapes, (self.keys, self.points) = tapes, grid
        self.models: dict[str, RegimeModel] = {}
        self.balance = config.account.balance
        self.folds: list[Fold] = []
        self.drives: list[Drive] = []

    def step(self, window: Window, played: Callable[[], None] = lambda: None) -> None:
        """Learn from a window, then trade the stretch after it; `played` is called after each backtest."""
        said = {name: self._learn(name, window) for name in self.config.regimes}
        learnt, taught = relearnt(self.config, self.tapes, window.learn)
        best = self._chosen(learnt, window, played)
        config = turned(learnt, self.keys, best.values) if self.keys else learnt
        account = msgspec.structs.replace(config.account, balance=self.balance)
        drive = self._play(msgspec.structs.replace(config, account=account), window.trade)
        played()
        out = counted(gained(drive), best.values, self.balance)
        self.balance = drive.balance
        self.drives.append(apart(drive, len(self.drives)))
        self.folds.append(
            Fold(
                learnt_first=day(window.learn[0]), learnt_last=day(window.learn[1] - 1), first=day(window.trade[0]),
                last=day(window.trade[1] - 1), models=said, values=best.values, strategies=taught,
                learnt_sharpe=best.sharpe, sharpe=out.sharpe if out.moments is not None else None, trades=out.trades,
                net=out.net, left=_left(drive),
            )
        )  # fmt: skip

    def _learn(self, name: str, window: Window) -> str:
        """Have a regime's model learn from a window; return what came of it."""
        section = self.config.regimes[name]
        bars = regime_bars(self.config, section, self.tapes)
        bars = bars.between(window.learn[0], window.learn[1] - bars.frame + 1)  # those that have closed by its end
        old = self.models.get(name)
        if old is None:
            model, _ = trained(bars, section, name, section.owner or self.config.account.owner)
            said = "trained"
        else:
            verdict = refit(old, bars).verdict
            if not isinstance(verdict, Relabelled):
                return f"kept: {verdict.reason}"
            model, said = verdict.model, "taken over"
        self.models[name] = watched(model, bars)[0] if section.novelty == "model" else model
        return said

    def _chosen(self, learnt: AccountConfig, window: Window, played: Callable[[], None]) -> Tried:
        """Return the point that was the best over the window; ConfigError where none can be meant."""
        found = self._tried(learnt, window, played)
        meant = [row for row in found if not row.refused]
        if not meant:
            raise ConfigError(f"the window from {day(window.learn[0])} cannot be played: {found[0].refused}")
        return max(meant, key=lambda row: row.sharpe)

    def _tried(self, learnt: AccountConfig, window: Window, played: Callable[[], None]) -> list[Tried]:
        """Return what came of each point over the window: side by side, where that is worth beginning processes."""
        first, last = date_of(window.learn[0]), date_of(window.learn[1] - 1)
        bars = sum(len(tape.between(*window.learn)) for tape in self.tapes.values())
        if self.processes > 1 and len(self.points) > 1 and bars * len(self.points) >= self.worth:
            work = Work(
                config=learnt, keys=self.keys, points=len(self.points), first=first, last=last, models=self.models
            )
            rows = Remembered(played)
            crew = Local(work, self.tapes, min(self.processes, len(self.points)))
            play_all(Listed(self.points, {}), rows, crew, lambda _done, _all: None)
            return [rows.found[key_of(values)] for values in self.points]
        found, reading = [], KeptReading()
        for values in self.points:
            config = turned(learnt, self.keys, values) if self.keys else learnt
            asked = {"first": first, "last": last, "times": len(self.points), "reading": reading}
            found.append(tried(config, values, models=self.models, recorded=self.tapes, **asked))
            played()
        return found

    def _play(self, config: AccountConfig, stretch: tuple[int, int]) -> Drive:
        first, last = date_of(stretch[0]), date_of(stretch[1] - 1)
        drive, _ = run_backtest(config, first=first, last=last, models=self.models, recorded=self.tapes)
        return drive

    def whole(self) -> Drive:
        """Return all folds as one drive."""
        return Drive(
            decisions=[d for drive in self.drives for d in drive.decisions],
            deals=[d for drive in self.drives for d in drive.deals],
            outcomes=[o for drive in self.drives for o in drive.outcomes],
            equity=Curve(
                *(np.concatenate(column) for column in zip(*(drive.equity for drive in self.drives), strict=True))
            ),
            bars=sum(drive.bars for drive in self.drives),
            balance=self.balance,
            orders=sum(drive.orders for drive in self.drives),
            ambiguous=sum(drive.ambiguous for drive in self.drives),
            resolved=sum(drive.resolved for drive in self.drives),
            apart=sum(drive.apart for drive in self.drives),
            within=self.drives[0].within if self.drives else {},
        )


def _left(drive: Drive) -> int:
    """Return how many positions were closed because the bars ended."""
    end = max((decision.bar_time for decision in drive.decisions), default=0)
    return sum(outcome.book == "live" and outcome.closed > end for outcome in drive.outcomes)


def apart(drive: Drive, number: int) -> Drive:
    """Return a drive whose positions and orders have numbers that those of no other fold have."""
    far = APART * number
    return msgspec.structs.replace(
        drive,
        decisions=[msgspec.structs.replace(d, magic=d.magic + far) if d.magic else d for d in drive.decisions],
        deals=[msgspec.structs.replace(d, position=d.position + far, magic=d.magic + far) for d in drive.deals],
    )


def date_of(at: int) -> datetime.date:
    """Return the day of a moment, UTC."""
    return datetime.datetime.fromtimestamp(at / 1000, datetime.UTC).date()
