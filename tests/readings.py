"""What a core reads of bars that are told one by one, beside what is read of all of them in one go."""

import numpy as np

from backtests.regime_reading import Read
from brokers.facts import BarClosed
from market.bars import Bars
from runtime.core.core import Core


def tell(core: Core, bars: Bars) -> list[tuple[float, ...]]:
    """Tell bars as they close; return what the only regime says whenever it has read another of its own."""
    (reading,) = core.readings
    said, before = [], reading.bars
    for bar in bars:
        core.handle(BarClosed(at=bar.time + bars.frame, bar=bar, bid=bar.close, ask=bar.close))
        if reading.bars > before:
            said.append((*reading.x, *reading.posterior, reading.log_density))
            before = reading.bars
    return said


def rows(read: Read) -> list[tuple[float, ...]]:
    """Return the same of bars read in one go."""
    table = np.column_stack((read.rows, read.posteriors, read.log_densities))
    return [tuple(row) for row in table.tolist()]
