"""One point of a sweep, played: what came of it, in numbers few enough to keep those of thousands of points."""

import math

from typing import Any

import msgspec
import numpy as np

from numpy.typing import NDArray

from backtests.backtest import made_ready
from backtests.compiled import CompiledDrive
from backtests.drive import PlainDrive
from backtests.equity import Curve, deepest_of
from backtests.gained import Gained, gained, gained_of
from backtests.grid import Values
from backtests.overfit import Sums, even_stretches, sums_of
from backtests.resampled import Array
from backtests.sharpe import daily
from backtests.skill import Moments, moments_of
from config.account import AccountConfig
from config.errors import TidegateError

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


def tried(config: AccountConfig, values: Values, **played: Any) -> Tried:  # noqa: ANN401 - what `made_ready` takes
    """Play an account that stands at these values, and return what came of it."""
    try:
        drive = made_ready(config, shadows=False, **played).drive
        found = _gained(drive)
    except REFUSALS as error:
        return Tried(values=values, refused=str(error))
    return counted(found, values, config.account.balance)


def _gained(drive: PlainDrive | CompiledDrive) -> Gained:
    """Play a drive and return its money."""
    if not isinstance(drive, CompiledDrive):
        return gained(drive.run(decided=False))
    record, _ = drive.played()
    return gained_of(record, drive.equity_of(record))


def counted(found: Gained, values: Values, balance: float) -> Tried:
    """Return what is kept of a drive's money; `balance` is what it began with."""
    changes, per_year = changes_of(found.times, found.equity)
    return Tried(
        values=values,
        trades=found.trades,
        net=found.net,
        drawdown=deepest(Curve(found.times, found.equity), balance),
        days=len(changes),
        per_year=per_year,
        moments=moments_of(changes),
        sums=sums_of(changes, even_stretches(len(changes))),
    )


def deepest(equity: Curve, balance: float) -> float:
    """Return the deepest drawdown as a share: how far below the highest so far, `balance` among it."""
    return max(0.0, -deepest_of(equity, balance)[1])


def changes_of(times: NDArray[np.int64], equity: Array) -> tuple[Array, float]:
    """Return the relative change from day to day, and how many days a year has; nothing changes once all is lost."""
    if not len(equity):
        return np.empty(0), 0.0
    worth = np.maximum(equity, 0.0)
    last = int(np.argmax(worth <= 0.0)) if not worth.all() else len(worth)
    worth[last:] = 0.0
    return daily(times, np.where(worth > 0.0, worth, 1e-300))  # the day of the loss is -1, those after it 0
