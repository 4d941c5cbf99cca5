"""How long after a halt the last order leaves, while orders and messages go as fast as they may.

A process sends as fast as the real gateway lets it (mark, check, "send", mark), another sends 2,000 messages a second
to a real message broker, and this one halts, directly, and lets them trade again, many times.
"""

import argparse
import mmap
import os
import struct
import subprocess
import sys
import tempfile
import time

from pathlib import Path

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from backtests.benchmarks.mosquitto import Mosquitto
from backtests.benchmarks.timing import tail, tail_head
from brokers.latch import Level
from brokers.limits import Limits
from brokers.mt5.gateway import Gateway
from brokers.mt5.priced import Tick
from brokers.requests import CloseRequest
from market.types import Symbol
from runtime.operator import latch
from runtime.operator.fall import fall
from runtime.operator.keyboard import command_of

SHARES = (0.99, 0.999)
AIM_MS = 10.0
SENT_FILE = "sent"
SENT = struct.Struct("<qq")
"""When the last order left, monotonic nanoseconds, and how many did."""
MESSAGES = 2000
LIMITS = Limits(
    max_volume=5.0, max_value=1e9, max_positions=4, max_risk=0.02, max_daily_loss=0.05, max_spread=50.0,
    max_orders_per_minute=10**9,
)  # fmt: skip
GOLD = Symbol(
    name="GOLD", digits=2, tick_size=0.01, contract_size=100.0, volume_min=0.01, volume_max=50.0, volume_step=0.01,
    currency_base="XAU", currency_profit="USD",
)  # fmt: skip


def shared(folder: Path) -> mmap.mmap:
    """Return the memory in which it is told what was sent."""
    with (folder / SENT_FILE).open("r+b") as file:
        return mmap.mmap(file.fileno(), SENT.size)


def send(folder: Path, pause_s: float = 0.0) -> None:
    """Send for ever what the gateway lets through, with a pause after each."""
    gate, sent, number = Gateway(folder, LIMITS, {"GOLD": GOLD}, "USD"), shared(folder), 0
    while True:
        number += 1
        close = CloseRequest(
            id=number, symbol="GOLD", position=1, side=1, volume=0.1, price=2000.0, magic=1, decided_at=0
        )
        gate.mark(number)
        if gate.check(close, Tick(0, 2000.0, 2000.2)) is None:
            SENT.pack_into(sent, 0, time.monotonic_ns(), number)
        gate.mark(0)
        if pause_s:
            time.sleep(pause_s)


def chatter(port: int) -> None:
    """Publish messages for ever, evenly, as telemetry is: at most once each."""
    client = Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", port)
    client.loop_start()
    began, sent = time.monotonic(), 0
    while True:
        for _ in range(MESSAGES // 100):
            client.publish("measured/telemetry", bytes(200))
        sent += MESSAGES // 100
        time.sleep(max(0.0, began + sent / MESSAGES - time.monotonic()))


def began(what: str, to: object) -> "subprocess.Popen[bytes]":
    """Begin one of these processes."""
    return subprocess.Popen([sys.executable, "-m", "backtests.benchmarks.halt", "--as", what, str(to)])


def level(folder: Path, to: Level) -> None:
    """Let them trade again."""
    latch.loosen(folder, command_of(to, "measured", "daemon", "me"))


def halts(folder: Path, many: int) -> tuple[list[float], list[float], list[float], int]:
    """Return how long after a halt was asked for the last order left, how long after it had returned, and it took, ms.

    And how many orders left in all. A last order that left before is 0.
    """
    sent = shared(folder)
    found: tuple[list[float], list[float], list[float]] = [], [], []
    for _ in range(many):
        before = SENT.unpack(sent)[1]
        while SENT.unpack(sent)[1] < before + 3:
            time.sleep(0.0002)
        asked = time.monotonic_ns()
        fall(folder, command_of("halt", "measured", "direct", "me"), lambda: None)
        returned = time.monotonic_ns()
        time.sleep(0.001)
        last = SENT.unpack(sent)[0]
        for times, nanoseconds in zip(found, (last - asked, last - returned, returned - asked), strict=True):
            times.append(max(0, nanoseconds) / 1e6)
        level(folder, "run")
    return found[0], found[1], found[2], SENT.unpack(sent)[1]


def measure(folder: Path, many: int) -> None:
    """Print the table."""
    latch.create(folder, command_of("run", "measured", "direct", "me"))
    (folder / SENT_FILE).write_bytes(bytes(SENT.size))
    broker = Mosquitto(folder / "broker")
    others = [began("send", folder), began("chatter", broker.port)]
    head, began_s = tail_head(SHARES), time.monotonic()
    try:
        last, after, took, orders = halts(folder, many)
    finally:
        for other in others:
            other.kill()
            other.wait()
        broker.kill()
    print(head)
    print(tail(f"from asking for a halt to the last order (aim: p99.9 {AIM_MS:g} ms)", last, "ms", SHARES, 3))
    print(tail("from its return to the last order", after, "ms", SHARES, 3))
    print(tail("the halt itself, its latch written", took, "ms", SHARES, 3))
    within = sum(one <= AIM_MS for one in last)
    print(f"\n{within:,} of {many:,} within {AIM_MS:g} ms; after the return left: {sum(one > 0.0 for one in after):,}")
    print(f"{orders:,} orders in {time.monotonic() - began_s:.0f} s; load after {os.getloadavg()[0]:.1f}")


def main() -> None:
    """Measure, or be one of those that are measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--folder", type=Path, help="where the latch lies; without it a temporary folder")
    parser.add_argument("--as", dest="role", nargs=2)
    args = parser.parse_args()
    match args.role:
        case ["send", to]:
            send(Path(to))
        case ["chatter", to]:
            chatter(int(to))
        case _:
            with tempfile.TemporaryDirectory(dir=args.folder) as name:
                measure(Path(name), args.trials)


if __name__ == "__main__":
    main()
