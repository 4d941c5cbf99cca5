"""The work as Tidegate does it: an account of its own, its bars out of Parquet, by the compiled drive or the plain one.

A strategy leaves a position at the open at which it is told, and enters the next a bar later. So there are two rows of
job sma: one strategy, which does that; and two, one for each side, of which one enters at the open at which the other
leaves, as engines do that flip. What is open at the end is closed there. The chain is what an account really has: the
built-in trend strategy behind a gate of three states, its model learnt from the first bars, which are not traded.
"""

import hashlib

from pathlib import Path

from backtests.backtest import Engine, run_backtest
from backtests.benchmarks.peers_work import CASH, FEE, UNITS, Found, Work, read_tape
from backtests.compiled import CompiledDrive
from backtests.engine_layout import BALANCE
from backtests.model_place import ready_models
from backtests.recorded import tapes_of, trading_start
from config.account import AccountConfig
from config.load import parse
from market.bars import Bars
from runtime.assemble import Models, core_of, costs_of, plan_of
from runtime.core.feeds import FeedKey

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

LEARNT = 20_000
"""Bars that the chain's model learns from, and that are not traded."""
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
model = "minutes-{place}"
features = [["log_return"], ["garman_klass"]]
states = 3
novelty = "off"
train = {{ bars = {learnt} }}
"""


def tidegate_work(job: str, file: Path, *, strategy: str = "kernel", drive: str = "columns") -> Work:
    """Return a run over the Parquet file of a tape; `strategy` is how it is written: kernel, sides, python or chain.

    `drive` is how it is played: into columns and into words by the compiled drive, or by the plain one.
    """
    config = account_of(job, file, strategy)
    tapes, models = tapes_of(config), ready_models(config, lambda _said: None)
    if drive == "columns":
        return _columns(config, tapes, models)
    engine: Engine = "plain" if drive == "plain" else "compiled"

    def run() -> Found:
        found, _ = run_backtest(config, shadows=False, recorded=tapes, models=models, engine=engine)
        list(found.decisions)  # they are made when they are asked for
        deals = sum(deal.entry != "none" for deal in found.deals)
        return Found(deals, found.balance - CASH, found.bars)

    return run


def _columns(config: AccountConfig, tapes: dict[FeedKey, Bars], models: Models) -> Work:
    """Return a run by the compiled drive whose record is left in columns, equity after every bar among them."""
    plan, costs, start = plan_of(config, models), costs_of(config), trading_start(config, tapes)

    def run() -> Found:
        core, books = core_of(plan, costs, shadows=False)
        drive = CompiledDrive(core, books, tapes, costs, balance=CASH, start=start, warmup=config.feed.warmup)
        record, account = drive.played()
        return Found(len(record.dealt), float(account[BALANCE]) - CASH, len(record))

    return run


def learnt(file: Path) -> None:
    """Train the chain's model for a tape, where nobody has yet: no engine's time."""
    ready_models(account_of("chain", file, "kernel"), lambda _said: None)


def account_of(job: str, file: Path, strategy: str) -> AccountConfig:
    """Return the account that does a job on a tape; its model stands beside those of the tapes that begin alike."""
    if job == "chain":
        begun = hashlib.sha256(read_tape(file).close[:LEARNT].tobytes()).hexdigest()[:16]
        strategies = STRATEGY.format(name="trend", use="trend") + CHAIN.format(learnt=LEARNT, place=begun)
    else:
        strategies = "".join(STRATEGY.format(name=use, use=HOME + use) for use in USES[job, strategy])
    source = f'file = "{file.with_suffix(".parquet").as_posix()}"\n'
    return parse(ACCOUNT + source + strategies, folder=file.parent)
