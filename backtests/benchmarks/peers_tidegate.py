"""The work as Tidegate does it: an account of its own, its bars out of Parquet, through `run_backtest`.

A position is left at the open at which its strategy is told of it, and the next is entered a bar later: so job sma is
two strategies, one for each side, and a flip is an exit of the one and an entry of the other in the same moment. Every
entry has a protective stop, here so far away that no bar reaches it. What is open at the end is closed there.
"""

from pathlib import Path
from typing import Any, ClassVar

from msgspec import Struct

from backtests.backtest import run_backtest
from backtests.benchmarks.peers_work import CASH, FAST, FEE, HIGH, LOW, PERIOD, SLOW, STOP, UNITS, Found, Work
from backtests.recorded import tapes_of
from config.load import parse
from market.kernel import Params, State, kernel
from strategies.crosses import above
from strategies.exits import ExitPlan
from strategies.protocol import EXIT, LONG, MARKET, NOTHING, SHORT, Entry, Exit, FeatureRef, FlatWant, View, Want

GUARD = 0.1
"""Distance of the protective stop, as a share of the price."""

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
use = "backtests.benchmarks.peers_tidegate:{use}"
symbol = "EURUSD"
timeframe = "M1"
risk = 0.01
"""

USES = {
    ("sma", "kernel"): ("SmaLong", "SmaShort"),
    ("sma", "python"): ("PlainSmaLong", "PlainSmaShort"),
    ("rsi", "kernel"): ("RsiTrail",),
}


def tidegate_work(job: str, file: Path, *, strategy: str = "kernel") -> Work:
    """Return a run over the Parquet file of a tape; `strategy` is how it is written: kernel or python."""
    strategies = "".join(STRATEGY.format(name=use, use=use) for use in USES[job, strategy])
    source = f'file = "{file.with_suffix(".parquet").as_posix()}"\n'
    config = parse(ACCOUNT + source + strategies, folder=file.parent)
    tapes = tapes_of(config)

    def run() -> Found:
        drive, _ = run_backtest(config, shadows=False, recorded=tapes)
        return Found(sum(deal.entry != "none" for deal in drive.deals), drive.balance - CASH)

    return run


@kernel
def sma_step(
    s: State, p: Params, f: Params, high: float, low: float, close: float, position: float, held: float
) -> FlatWant:
    """Want the side `p[0]` while the fast average is on it, and out once it is on the other; `f` is (fast, slow)."""
    side = above(f[0], f[1]) * p[0]
    action = NOTHING
    if side > 0.0 and position == 0.0:
        action = p[0]
    elif side < 0.0 and position != 0.0:
        action = EXIT
    return action, MARKET, 0.0, GUARD * close, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0


class SmaLong(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Job sma while the fast average is above."""

    name: ClassVar[str] = "sma-long"
    version: ClassVar[int] = 1
    side: ClassVar[float] = LONG

    def features(self) -> dict[str, FeatureRef]:
        """Return the two averages."""
        return {"fast": ("sma", (float(FAST),)), "slow": ("sma", (float(SLOW),))}

    def params(self) -> Params:
        """Return the side."""
        return (self.side,)

    def init(self) -> list[float]:
        """Return no state."""
        return []

    @property
    def step(self) -> Any:
        """Return the kernel."""
        return sma_step


class SmaShort(SmaLong, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Job sma while the fast average is below."""

    name: ClassVar[str] = "sma-short"
    side: ClassVar[float] = SHORT


@kernel
def rsi_step(
    s: State, p: Params, f: Params, high: float, low: float, close: float, position: float, held: float
) -> FlatWant:
    """Enter against an index below or above `p`, leave at the stop; `f` is (RSI, ATR), `s` is (stop)."""
    rsi, atr = f[0], f[1]
    action = NOTHING
    if position != 0.0:
        behind = close - position * STOP * atr
        if (close - s[0]) * position <= 0.0:
            action = EXIT
        elif (behind - s[0]) * position > 0.0:
            s[0] = behind
    elif rsi < p[0]:
        action = LONG
        s[0] = close - STOP * atr
    elif rsi > p[1]:
        action = SHORT
        s[0] = close + STOP * atr
    return action, MARKET, 0.0, GUARD * close, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0


class RsiTrail(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Job rsi."""

    name: ClassVar[str] = "rsi-trail"
    version: ClassVar[int] = 1

    def features(self) -> dict[str, FeatureRef]:
        """Return index and range."""
        return {"rsi": ("rsi", (float(PERIOD),)), "atr": ("atr", (float(PERIOD),))}

    def params(self) -> Params:
        """Return where it enters."""
        return (LOW, HIGH)

    def init(self) -> list[float]:
        """Return no stop."""
        return [0.0]

    @property
    def step(self) -> Any:
        """Return the kernel."""
        return rsi_step


class PlainSmaLong(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same as `SmaLong`, as people write it who know no kernels."""

    name: ClassVar[str] = "plain-sma-long"
    version: ClassVar[int] = 1
    side: ClassVar[int] = 1

    def features(self) -> dict[str, FeatureRef]:
        """Return the two averages."""
        return {"fast": ("sma", (float(FAST),)), "slow": ("sma", (float(SLOW),))}

    def init(self) -> dict[str, Any]:
        """Return no state."""
        return {}

    def decide(self, state: dict[str, Any], view: View) -> tuple[Want, float]:
        """Return what is wanted at a close."""
        side = above(view.features["fast"], view.features["slow"]) * self.side
        if side > 0.0 and not view.position:
            return Entry(side=1 if self.side > 0 else -1, plan=ExitPlan(stop=GUARD * view.bar.close)), 0.0
        return (Exit() if side < 0.0 and view.position else None), 0.0


class PlainSmaShort(PlainSmaLong, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Job sma while the fast average is below, likewise."""

    name: ClassVar[str] = "plain-sma-short"
    side: ClassVar[int] = -1
