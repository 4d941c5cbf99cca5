"""The work as backtesting.py does it: indicators as columns, a strategy asked at every bar, orders at the next open."""

from pathlib import Path
from typing import Any

from backtests.benchmarks.peers_work import CASH, FAST, FEE, SLOW, UNITS, Found, Work, read_tape, side_of, turned


def backtesting_work(job: str, file: Path) -> Work:
    """Return a run; its trades hold an entry and an exit each, a flip is told as one fill."""
    import pandas as pd

    tape = read_tape(file)
    from backtesting import Backtest

    columns = {"Open": tape.open, "High": tape.high, "Low": tape.low, "Close": tape.close}
    frame = pd.DataFrame(columns, index=pd.to_datetime(tape.time, unit="s"))
    test = Backtest(frame, _strategy(job), cash=CASH, commission=FEE, finalize_trades=False)

    def run() -> Found:
        stats = test.run()
        trades = stats["_trades"]
        strategy = stats["_strategy"]
        bars = {*trades["EntryBar"], *trades["ExitBar"], *(trade.entry_bar for trade in strategy.trades)}
        return Found(len(bars), float(stats["Equity Final [$]"]) - CASH)

    return run


def _mean(values: Any, n: int) -> Any:
    import pandas as pd

    return pd.Series(values).rolling(n).mean()


def _strategy(job: str) -> Any:
    from backtesting import Strategy

    class Sides(Strategy):
        """What all jobs share: going from one side to the other."""

        def go(self, side: float) -> None:
            held = self.position.size
            if side * UNITS != held:
                if held:
                    self.position.close()
                if side:
                    (self.buy if side > 0.0 else self.sell)(size=UNITS)

    class Sma(Sides):
        def init(self) -> None:
            self.fast = self.I(_mean, self.data.Close, FAST)
            self.slow = self.I(_mean, self.data.Close, SLOW)

        def next(self) -> None:
            self.go(turned(self.fast[-1] - self.slow[-1], self.position.size / UNITS))

    class Rsi(Sides):
        def init(self) -> None:
            self.ask = side_of("rsi")

        def next(self) -> None:
            data = self.data
            if len(data) == 2:  # the first bar is never told
                self.ask(data.High[0], data.Low[0], data.Close[0])
            self.go(self.ask(data.High[-1], data.Low[-1], data.Close[-1]))

    return Sma if job == "sma" else Rsi
