"""One point of a sweep, played: what came of it, in numbers few enough to keep those of thousands of points."""

import math

from typing import Any

import msgspec
import numpy as np

from backtests.backtest import run_backtest
from backtests.drive import Drive
from backtests.equity import drawdown_of
from backtests.grid import Values
from backtests.overfit import Sums, even_stretches, sums_of
from backtests.resampled import Array
from backtests.sharpe import daily
from backtests.skill import Moments, moments_of
from config.account import AccountConfig
from config.errors import TidegateError
from market.money import cents

REFUSALS = (TidegateError, ValueError)
"""What says that a point cannot be meant: a fast average slower than the slow one, say."""


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one point."""

    values: tuple[Any, ...]
    refused: str = ""
    """Why it cannot be played; all else is 0 then."""
    trades: int = 0
    net: float = 0.0
    drawdown: float = 0.0
    """Deepest, as a share."""
    days: int = 0
    per_year: float = 0.0
    """Days that a year has in these data."""
    moments: Moments | None = None
    """Of the equity's change from day to day; None where it never moved."""
    sums: tuple[Sums, ...] = ()
    """The same in each stretch of time."""

    @property
    def sharpe(self) -> float:
        """Its Sharpe ratio, a year; 0 where its equity never moved."""
        return self.moments.sharpe * math.sqrt(self.per_year) if self.moments is not None else 0.0


def tried(config: AccountConfig, values: Values, **played: Any) -> Tried:  # noqa: ANN401 - what run_backtest takes
    """Play an account that stands at these values, and return what came of it."""
    try:
        drive, _ = run_backtest(config, shadows=False, decided=False, **played)
    except REFUSALS as error:
        return Tried(values=values, refused=str(error))
    return counted(drive, values, config.account.balance)


def counted(drive: Drive, values: Values, balance: float) -> Tried:
    """Return what is kept of a drive."""
    changes, per_year = changes_of(drive.equity)
    nets = [outcome.net for outcome in drive.outcomes if outcome.book == "live"]
    return Tried(
        values=values,
        trades=len(nets),
        net=cents(sum(nets)),
        drawdown=-min((share for _, _, share in drawdown_of(drive.equity, balance)), default=0.0),
        days=len(changes),
        per_year=per_year,
        moments=moments_of(changes),
        sums=sums_of(changes, even_stretches(len(changes))),
    )


def changes_of(equity: list[tuple[int, float]]) -> tuple[Array, float]:
    """Return the relative change from day to day, and how many days a year has; nothing changes once all is lost."""
    if not equity:
        return np.empty(0), 0.0
    worth = np.maximum([value for _, value in equity], 0.0)
    last = int(np.argmax(worth <= 0.0)) if not worth.all() else len(worth)
    kept = np.concatenate((worth[:last], np.zeros(len(worth) - last)))
    held = np.where(kept > 0.0, kept, 1e-300)  # the day of the loss is -1, those after it 0
    return daily([at for at, _ in equity], held.tolist())
