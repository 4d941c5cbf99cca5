"""The work as vectorbt does it: a column of wanted sizes, and one call that fills them; in numba or in Rust."""

from pathlib import Path
from typing import Any

import numpy as np

from backtests.benchmarks.peers_loops import compiled_sides
from backtests.benchmarks.peers_work import CASH, FAST, FEE, SLOW, UNITS, Found, Work, read_tape


def vectorbt_work(job: str, file: Path, *, engine: str) -> Work:
    """Return a run; `engine` is numba or rust. Job rsi has no vectorised form: its sides come of a compiled loop."""
    import pandas as pd
    import vectorbt as vbt

    tape = read_tape(file)
    vbt.settings["engine"] = engine
    index = pd.to_datetime(tape.time, unit="s")
    opened, close = pd.Series(tape.open, index), pd.Series(tape.close, index)
    sides = compiled_sides(job, file)

    def wanted() -> Any:
        if job == "rsi":
            return pd.Series(sides(), index)
        fast, slow = vbt.MA.run(close, FAST).ma, vbt.MA.run(close, SLOW).ma
        return pd.Series(np.where(fast > slow, 1.0, np.where(fast < slow, -1.0, np.nan)), index).ffill()

    def run() -> Found:
        book = vbt.Portfolio.from_orders(
            close, size=wanted().shift(1) * UNITS, size_type="targetamount", price=opened, fees=FEE, init_cash=CASH,
            freq="1min", engine=engine,
        )  # fmt: skip
        return Found(int(book.orders.count()), float(book.total_profit()))

    return run
