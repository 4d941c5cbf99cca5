"""Many accounts at one look-alike trade server, each with a terminal of its own: to measure with, and to test with."""

import random

from collections.abc import Iterator
from pathlib import Path

from brokers.costs import Costs
from brokers.latch import Command
from brokers.mt5.lookalike.setup import AccountSetup, ServerSetup, SymbolSetup, write_setup
from market.types import Bar, Symbol
from runtime.clock import Clock
from runtime.operator import latch

MINUTE = 60_000
START = 1_704_067_200_000  # Monday, 2024-01-01 00:00 UTC
SERVER = "Lookalike-Demo"
PASSWORD = "demo"  # noqa: S105 - of the look-alike's accounts, which exist in this folder only
FIRST_LOGIN = 9001
EURUSD = Symbol(
    name="EURUSD", digits=5, tick_size=0.00001, contract_size=100_000.0, volume_min=0.01, volume_max=50.0,
    volume_step=0.01, currency_base="EUR", currency_profit="USD",
)  # fmt: skip

ACCOUNT = """
[account]
name = "{name}"
user = "Bench"
owner = "Bench"
login = {login}
server = "{server}"
currency = "USD"
mode = "live"
state = "../state/{name}"
leverage = 100

[terminal]
kind = "lookalike"
path = "../server/terminals/{name}"
call_timeout_s = {call_timeout_s}
settle_s = {settle_s}
poll_ms = {poll_ms}

[symbols.EURUSD.spec]
digits = 5
tick_size = 0.00001
contract_size = 100000.0
volume_min = 0.01
volume_max = 50.0
volume_step = 0.01
currency_base = "EUR"
currency_profit = "USD"

[symbols.EURUSD.costs]
spread = 8.0
slippage = 1.0
swap = false

[limits]
max_volume = 50.0
max_value = 5000000.0
max_positions = 4
max_risk = 0.02
max_daily_loss = 0.5
max_spread = 100.0
max_orders_per_minute = 60
collar = 0.02
max_margin = 0.9
max_age_s = 30.0

[[strategies]]
name = "trend"
use = "trend"
symbol = "EURUSD"
timeframe = "M1"
risk = 0.002
params = {{ fast = 3, slow = 8, atr = 14, stop_atr = 3.0 }}
{gate}
[feed]
warmup = {warmup}
"""

REGIME = """
[regimes.calm-or-storm]
symbol = "EURUSD"
timeframe = "M1"
model = "{model}"
features = [["log_return"], ["garman_klass"]]
states = 2
owner = "Bench"
"""

GATE = """
[strategies.gate]
regime = "calm-or-storm"
mode = "advise"
allow = [0]
enter = 0.6
leave = 0.4
dwell = 3
max_age = 3
"""


class Fleet:
    """A folder of accounts, their states, and the trade server they all are at."""

    def __init__(self, folder: Path, count: int) -> None:
        """Name what lies where; nothing is written yet."""
        self.folder, self.count = folder, count
        self.accounts, self.home = folder / "accounts", folder / "server"
        self.names = [f"a{n:03d}" for n in range(count)]

    def state(self, name: str) -> Path:
        """Return the folder of an account's journal and latch."""
        return self.folder / "state" / name

    def write(
        self, *, bars: int, history: int = 600, speed: float | None = 1.0, model: Path | None = None,
        poll_ms: int = 100, call_timeout_s: float = 5.0, settle_s: float = 6.0,
    ) -> None:  # fmt: skip
        """Write server, accounts and latches that stand at run; no `speed`: in lock-step with all accounts."""
        self.accounts.mkdir(parents=True)
        regime = REGIME.format(model=model) if model else ""
        for n, name in enumerate(self.names):
            said = regime + ACCOUNT.format(
                name=name, login=FIRST_LOGIN + n, server=SERVER, warmup=history, gate=GATE if model else "",
                poll_ms=poll_ms, call_timeout_s=call_timeout_s, settle_s=settle_s,
            )  # fmt: skip
            (self.accounts / f"{name}.toml").write_text(said, encoding="utf-8")
            (self.home / "terminals" / name).mkdir(parents=True)
            open_latch(self.state(name))
        setup = ServerSetup(
            accounts=tuple(
                AccountSetup(login=FIRST_LOGIN + n, password=PASSWORD, server=SERVER) for n in range(self.count)
            ),
            symbols=(SymbolSetup(symbol=EURUSD, timeframe="M1", costs=Costs(spread=8.0, slippage=1.0)),),
            start=START + history * MINUTE, lockstep=speed is None, quorum=self.count,
            speed="max" if speed is None else speed,
        )  # fmt: skip
        write_setup(self.home, setup, {"EURUSD": walk(history + bars)})


def walk(count: int, seed: int = 7) -> Iterator[Bar]:
    """Yield minutes of a price that wanders, the same at each call."""
    draw, price = random.Random(seed), 1.10000  # noqa: S311 - recorded-looking prices, the same at each call
    for n in range(count):
        path = [price]
        for _ in range(8):
            path.append(round(path[-1] * (1.0 + draw.gauss(0.0, 0.00004)), 5))
        price = path[-1]
        yield Bar("EURUSD", "M1", START + n * MINUTE, path[0], max(path), min(path), price, 60.0, 8.0)


def open_latch(state: Path) -> None:
    """Give an account a state folder whose latch stands at run."""
    wall = Clock().wall_ms()
    why = "an account at a look-alike, made to be measured"
    latch.create(state, Command(id=f"bench-{wall}", level="run", who="bench", why=why, wall=wall, path="daemon"))
