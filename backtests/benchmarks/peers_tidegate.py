"""The work as Tidegate does it: an account of its own, its bars out of Parquet, through `run_backtest`.

A strategy leaves a position at the open at which it is told, and enters the next a bar later. So there are two rows of
job sma: one strategy, which does that; and two, one for each side, of which one enters at the open at which the other
leaves, as engines do that flip. What is open at the end is closed there. The chain is what an account really has: the
built-in trend strategy behind a gate of three states, its model learnt from the first bars, which are not traded.
"""

from pathlib import Path

from backtests.backtest import run_backtest
from backtests.benchmarks.peers_work import CASH, FEE, UNITS, Found, Work
from backtests.model_place import ready_models
from backtests.recorded import tapes_of
from config.load import parse

ACCOUNT = f"""
[account]
name = "peers"
user = "Bench"
owner = "Bench"
login = 1
server = "Bench"
currency = "USD"
mode = "paper"
balance = {CASH}
leverage = 100

[terminal]
kind = "lookalike"

[symbols.EURUSD.spec]
digits = 5
tick_size = 0.00001
contract_size = 100000.0
volume_min = {UNITS / 1e5}
volume_max = {UNITS / 1e5}
volume_step = {UNITS / 1e5}
currency_base = "EUR"
currency_profit = "USD"

[symbols.EURUSD.costs]
commission = {{ per = "turnover", percent = {100.0 * FEE} }}
swap = false

[limits]
max_volume = 1.0
max_value = 100000.0
max_positions = 2
max_risk = 0.02
max_daily_loss = 0.5
max_spread = 10.0
max_orders_per_minute = 1000

[feed]
warmup = 0

[data.EURUSD]
timeframe = "M1"
"""

STRATEGY = """
[[strategies]]
name = "{name}"
use = "{use}"
symbol = "EURUSD"
timeframe = "M1"
risk = 0.01
"""

HOME = "backtests.benchmarks.peers_strategies:"
USES = {
    ("sma", "kernel"): ("Sma",),
    ("sma", "sides"): ("SmaLong", "SmaShort"),
    ("sma", "python"): ("PlainSma",),
    ("rsi", "kernel"): ("RsiTrail",),
}

CHAIN = """
[strategies.gate]
regime = "minutes"
mode = "enforce"
allow = [0, 1]
enter = 0.6
leave = 0.4
dwell = 3

[regimes.minutes]
symbol = "EURUSD"
timeframe = "M1"
model = "minutes"
features = [["log_return"], ["garman_klass"]]
states = 3
novelty = "off"
train = { bars = 20000 }
"""


def tidegate_work(job: str, file: Path, *, strategy: str = "kernel") -> Work:
    """Return a run over the Parquet file of a tape; `strategy` is how it is written: kernel, sides or python."""
    return _ready(file, "".join(STRATEGY.format(name=use, use=HOME + use) for use in USES[job, strategy]))


def chain_work(_job: str, file: Path) -> Work:
    """Return a run of the whole chain; whoever is first trains the model."""
    return _ready(file, STRATEGY.format(name="trend", use="trend") + CHAIN)


def _ready(file: Path, strategies: str) -> Work:
    source = f'file = "{file.with_suffix(".parquet").as_posix()}"\n'
    config = parse(ACCOUNT + source + strategies, folder=file.parent / file.stem)
    tapes, models = tapes_of(config), ready_models(config, lambda _said: None)

    def run() -> Found:
        drive, _ = run_backtest(config, shadows=False, recorded=tapes, models=models)
        deals = sum(deal.entry != "none" for deal in drive.deals)
        return Found(deals, drive.balance - CASH, drive.bars)

    return run
