"""The work as backtrader does it: lines, a strategy asked at every bar, orders at the next open."""

from pathlib import Path
from typing import Any

from backtests.benchmarks.peers_work import CASH, FAST, FEE, SLOW, UNITS, Found, Work, read_tape, side_of, turned


def backtrader_work(job: str, file: Path) -> Work:
    """Return a run; a target of the other side is one order, and one fill."""
    import backtrader as bt
    import pandas as pd

    tape = read_tape(file)
    columns = {"open": tape.open, "high": tape.high, "low": tape.low, "close": tape.close}
    frame = pd.DataFrame(columns, index=pd.to_datetime(tape.time, unit="s"))

    def run() -> Found:
        cerebro = bt.Cerebro(stdstats=False)
        cerebro.adddata(bt.feeds.PandasData(dataname=frame, volume=None, openinterest=None))
        cerebro.broker.setcash(CASH)
        cerebro.broker.setcommission(commission=FEE)
        cerebro.addstrategy(_strategy(bt, job))
        (strategy,) = cerebro.run()
        return Found(strategy.fills, cerebro.broker.getvalue() - CASH)

    return run


def _strategy(bt: Any, job: str) -> Any:
    class Sides(bt.Strategy):
        """What all jobs share: going from one side to the other, and counting fills."""

        fills = 0

        def notify_order(self, order: Any) -> None:
            self.fills += order.status == order.Completed

        def go(self, side: float) -> None:
            if side * UNITS != self.position.size:
                self.order_target_size(target=side * UNITS)

    class Sma(Sides):
        def __init__(self) -> None:
            self.fast = bt.indicators.SMA(self.data.close, period=FAST)
            self.slow = bt.indicators.SMA(self.data.close, period=SLOW)

        def next(self) -> None:
            self.go(turned(self.fast[0] - self.slow[0], self.position.size / UNITS))

    class Rsi(Sides):
        def __init__(self) -> None:
            self.ask = side_of("rsi")

        def next(self) -> None:
            data = self.data
            self.go(self.ask(data.high[0], data.low[0], data.close[0]))

    return Sma if job == "sma" else Rsi
