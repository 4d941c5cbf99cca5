"""The work as nautilus_trader does it: bars on a message bus, market orders filled at the close that was told."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from backtests.benchmarks.peers_work import CASH, FAST, FEE, SLOW, UNITS, Found, Work, read_tape, side_of, turned

KIND = "EURUSD.SIM-1-MINUTE-LAST-EXTERNAL"


def nautilus_work(job: str, file: Path) -> Work:
    """Return a run of an engine that keeps one net position; a flip is one order, and one fill."""
    import pandas as pd

    from nautilus_trader.model.data import BarType
    from nautilus_trader.persistence.wranglers import BarDataWrangler

    tape, pair = read_tape(file), _pair()
    columns = {"open": tape.open, "high": tape.high, "low": tape.low, "close": tape.close}
    frame = pd.DataFrame(columns, index=pd.to_datetime(tape.time + 60, unit="s", utc=True))
    bars = BarDataWrangler(BarType.from_str(KIND), pair).process(frame)

    def run() -> Found:
        engine, strategy = _engine(pair), _strategy(job, pair)
        engine.add_data(bars, sort=False)
        engine.add_strategy(strategy)
        engine.run()
        balance = engine.trader.generate_account_report(pair.id.venue)["total"].iloc[-1]
        held = sum(float(p.unrealized_pnl(bars[-1].close)) for p in engine.cache.positions_open())
        engine.dispose()
        return Found(strategy.fills, float(balance) + held - CASH)

    return run


def _pair() -> Any:
    from nautilus_trader.model.currencies import EUR, USD
    from nautilus_trader.model.identifiers import InstrumentId, Symbol
    from nautilus_trader.model.instruments import CurrencyPair
    from nautilus_trader.model.objects import Price, Quantity

    return CurrencyPair(
        instrument_id=InstrumentId.from_str("EURUSD.SIM"),
        raw_symbol=Symbol("EURUSD"),
        base_currency=EUR,
        quote_currency=USD,
        price_precision=5,
        size_precision=0,
        price_increment=Price.from_str("0.00001"),
        size_increment=Quantity.from_int(1),
        margin_init=Decimal("0.01"),
        margin_maint=Decimal("0.01"),
        maker_fee=Decimal(str(FEE)),
        taker_fee=Decimal(str(FEE)),
        ts_event=0,
        ts_init=0,
    )


def _engine(pair: Any) -> Any:
    from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
    from nautilus_trader.config import LoggingConfig, RiskEngineConfig
    from nautilus_trader.model.currencies import USD
    from nautilus_trader.model.enums import AccountType, OmsType
    from nautilus_trader.model.objects import Money

    quiet = LoggingConfig(bypass_logging=True)
    engine = BacktestEngine(BacktestEngineConfig(logging=quiet, risk_engine=RiskEngineConfig(bypass=True)))
    engine.add_venue(
        pair.id.venue, OmsType.NETTING, AccountType.MARGIN, [Money(CASH, USD)], base_currency=USD,
        default_leverage=Decimal(100),
    )  # fmt: skip
    engine.add_instrument(pair)
    return engine


def _strategy(job: str, pair: Any) -> Any:
    from nautilus_trader.indicators import SimpleMovingAverage
    from nautilus_trader.model.data import BarType
    from nautilus_trader.model.enums import OrderSide
    from nautilus_trader.trading.strategy import Strategy

    kind = BarType.from_str(KIND)

    class Sides(Strategy):
        """What all jobs share: going from one side to the other, and counting fills."""

        fills = 0
        held = 0.0

        def on_start(self) -> None:
            self.prepare()
            self.subscribe_bars(kind)

        def on_order_filled(self, _event: Any) -> None:
            self.fills += 1

        def go(self, side: float) -> None:
            if side != self.held:
                way = OrderSide.BUY if side > self.held else OrderSide.SELL
                units = pair.make_qty(abs(side - self.held) * UNITS)
                self.held = side
                self.submit_order(self.order_factory.market(pair.id, way, units))

    class Sma(Sides):
        def prepare(self) -> None:
            self.fast, self.slow = SimpleMovingAverage(FAST), SimpleMovingAverage(SLOW)
            self.register_indicator_for_bars(kind, self.fast)
            self.register_indicator_for_bars(kind, self.slow)

        def on_bar(self, _bar: Any) -> None:
            if self.slow.initialized:
                self.go(turned(self.fast.value - self.slow.value, self.held))

    class Rsi(Sides):
        def prepare(self) -> None:
            self.ask = side_of("rsi")

        def on_bar(self, bar: Any) -> None:
            self.go(self.ask(bar.high.as_double(), bar.low.as_double(), bar.close.as_double()))

    return Sma() if job == "sma" else Rsi()
