"""The money of a drive as arrays, and nothing else of it: what a point of a sweep is judged by."""

from typing import NamedTuple

import numpy as np

from numpy.typing import NDArray

from backtests.drive import Drive
from backtests.engine_layout import D_COMMISSION, D_ENTRY, D_POSITION, D_PROFIT, D_SWAP, D_VOLUME
from backtests.engine_record import CompiledRecord
from backtests.engine_shared import SharedRecord
from backtests.equity import Curve
from market.money import cents
from runtime.core.positions import LOT_DUST

Array = NDArray[np.float64]


class Gained(NamedTuple):
    """What a drive came to."""

    times: NDArray[np.int64]
    """Of the equity, UTC milliseconds, rising."""
    equity: Array
    trades: int
    """Those that were closed."""
    net: float
    """What they made."""


def gained(drive: Drive) -> Gained:
    """Return the money of a drive in words."""
    nets = [outcome.net for outcome in drive.outcomes if outcome.book == "live"]
    return Gained(drive.equity.at, drive.equity.money, len(nets), cents(sum(nets)))


def gained_of(record: CompiledRecord | SharedRecord, equity: Curve) -> Gained:
    """Return the money of a compiled drive's record, of which no word is made; `equity`: as the drive tells it.

    Money is whole cents in every deal, so that it may be added up in any order.
    """
    dealt = record.dealt
    if not len(dealt):
        return Gained(*equity, 0, 0.0)
    _, trade = np.unique(dealt[:, D_POSITION], return_inverse=True)
    signs = np.where(dealt[:, D_ENTRY] > 0.0, 1.0, -1.0)
    closed = np.bincount(trade, signs * dealt[:, D_VOLUME]) <= LOT_DUST
    money = np.rint(100.0 * dealt[:, [D_PROFIT, D_COMMISSION, D_SWAP]]).sum(axis=1)
    net = float(np.bincount(trade, money)[closed].sum()) / 100.0
    return Gained(*equity, int(closed.sum()), net)
