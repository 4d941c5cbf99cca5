"""The order gateway by itself: what all its checks take for one order, beside the terminal's own calls.

A gate as it stands after days: every hour's spreads known, a minute of prices, a latch with scopes, a memory full of
instructions. All of it is timed as a worker does it around one send (mark, price, check, count, mark); then its parts.
"""

import argparse
import tempfile
import time

from collections.abc import Callable
from pathlib import Path

import msgspec

from backtests.benchmarks.timing import tail, tail_head
from brokers.latch import Command, Level
from brokers.limits import Limits
from brokers.mt5.gateway import Gateway
from brokers.mt5.priced import Tick, priced
from brokers.mt5.spreads import KEPT
from brokers.requests import EntryRequest
from market.types import Symbol
from runtime.operator import latch

AIM_US = 50.0
SHARES = (0.9, 0.99, 0.999)
NOW = 1_700_000_000_000
BID, ASK = 2004.0, 2004.2
GOLD = Symbol(
    name="XAUUSD", digits=2, tick_size=0.01, contract_size=100.0, volume_min=0.01, volume_max=50.0, volume_step=0.01,
    currency_base="XAU", currency_profit="USD",
)  # fmt: skip
LIMITS = Limits(
    max_volume=5.0, max_value=500_000.0, max_positions=4, max_risk=0.02, max_daily_loss=0.05, max_spread=50.0,
    max_orders_per_minute=10**9, max_orders_per_second=10**9, max_orders_per_day=10**9,
)  # fmt: skip
ORDER = EntryRequest(
    id=1, symbol="XAUUSD", side=1, kind="market", volume=0.1, price=ASK, stop=1990.0, target=2100.0, magic=3 << 48,
    comment="tg 1.1.1", decided_at=NOW, scopes=("strategy:trend", "symbol:XAUUSD", "model:calm"),
)  # fmt: skip


def a_gate(folder: Path) -> Gateway:
    """Return a gate that has seen four days of spreads and a minute of prices, with a latch of two scopes."""
    asked: list[tuple[Level, str]] = [("run", ""), ("close-only", "strategy:other"), ("halt", "symbol:EURUSD")]
    for number, (level, scope) in enumerate(asked):
        command = Command(
            id=str(number), level=level, who="measured", why="-", wall=1, path="direct", scope=scope
        )  # fmt: skip
        (latch.create if not number else latch.tighten)(folder, command)
    gate = Gateway(folder, LIMITS, {"XAUUSD": GOLD}, "USD")
    for minute in range(24 * KEPT):
        gate.spreads.seen("XAUUSD", NOW - minute * 60_000 + 24 * KEPT * 60_000, 20.0 + minute % 7)
    for second in range(60):
        gate.recent.seen("XAUUSD", NOW - 60_000 + second * 1_000, BID, ASK)
    return gate


def timed(work: Callable[[int], object], count: int) -> list[float]:
    """Return microseconds of each of so many calls, each with another number."""
    found = []
    for number in range(1, count + 1):
        began = time.perf_counter_ns()
        work(number)
        found.append((time.perf_counter_ns() - began) / 1000.0)
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where latch and counts lie: as an account's does")
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--rate", type=float, default=5.0, help="orders a second of server time")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        gate = a_gate(Path(folder))
        orders = [
            msgspec.structs.replace(ORDER, id=n, volume=0.1 + n % 2 * 0.1, decided_at=NOW + int(n * 1000 / given.rate))
            for n in range(1, given.count + 1)
        ]

        def price(order: EntryRequest) -> Tick:
            return gate.tick("XAUUSD", order.decided_at, BID, ASK, 0.0)

        def whole(number: int) -> None:
            order = orders[number - 1]
            gate.recent.seen("XAUUSD", order.decided_at, BID, ASK)
            gate.mark(number)
            refused = gate.check(order, price(order))
            gate.mark(0)
            if refused is not None:
                raise ValueError(refused.reason)

        def marked(number: int) -> None:
            gate.mark(number)
            gate.mark(0)

        tick = Tick(NOW, BID, ASK, 20.0, 0.0, BID)
        parts: dict[str, Callable[[int], object]] = {
            f"all checks of an entry, marks and counts too (aim: {AIM_US:g} us)": whole,
            "SENDING marked, and taken back": marked,
            "the latch: its file and its word": lambda _: gate.latch(),
            "what was usual: the hour's spread, the minute's price": lambda n: price(orders[n - 1]),
            "price, value, spread, collar, jump, ages": lambda _: priced(ORDER, tick, LIMITS, GOLD, "USD"),
            "pace: second, minute, day, repeats": lambda n: gate.pace.broken(orders[n - 1], orders[n - 1].decided_at),
            "counted, on disk": lambda n: gate.pace.passed(orders[n - 1], orders[n - 1].decided_at),
        }
        print(tail_head(SHARES))
        for name, work in parts.items():
            print(tail(name, timed(work, given.count), "us", SHARES))
        gate.close()


if __name__ == "__main__":
    main()
