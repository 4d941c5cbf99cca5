"""How long after a halt the last order leaves: by the latch under order load, and by the guardian of one that hangs.

A process sends as fast as the real gateway lets it (mark, check, "send", mark), another sends 2,000 messages a second
over the loopback, and this one halts, directly, and lets them trade again, many times. Then a process that beats as a
daemon does holds its interpreter in C code for two seconds, again and again, and its guardian halts it.
"""

import argparse
import asyncio
import ctypes
import mmap
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from pathlib import Path

from backtests.benchmarks.timing import tail, tail_head
from brokers.latch import Level
from brokers.limits import Limits
from brokers.mt5.gateway import Gateway
from brokers.mt5.priced import Tick
from brokers.requests import CloseRequest
from market.types import Symbol
from runtime.fleet_log import log_events
from runtime.guardian import Guarded, Guardian
from runtime.heart import Heart
from runtime.operator import latch
from runtime.operator.fall import fall
from runtime.operator.keyboard import command_of
from runtime.processes import barred

SHARES = (0.99, 0.999)
AIM_MS = 10.0
GUARDIAN_MS = 1200.0
SENT_FILE = "sent"
SENT = struct.Struct("<qq")
"""When the last order left, monotonic nanoseconds, and how many did."""
HANG_S = 2
MESSAGES = 2000
KEPT_LINES = 200
"""After so many halts the latch's log is begun anew: nobody halts so often."""
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


def send(folder: Path) -> None:
    """Send for ever what the gateway lets through."""
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


def chatter() -> None:
    """Send messages for ever, evenly."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))
        while True:
            for _ in range(MESSAGES // 100):
                line.sendto(bytes(200), line.getsockname())
                line.recv(200)
            time.sleep(0.01)


def hang(folder: Path) -> None:
    """Beat as a daemon does; each line of stdin holds the interpreter in C code for a while."""

    async def live() -> None:
        loop = asyncio.get_running_loop()
        asked: asyncio.Queue[str] = asyncio.Queue()
        loop.add_reader(0, lambda: asked.put_nowait(sys.stdin.readline()))
        with Heart(folder, 60.0).beating(loop):
            while await asked.get():
                ctypes.PyDLL(None).sleep(HANG_S)

    with barred(folder, 0.0) or sys.exit("another has it"):
        asyncio.run(live())


def began(what: str, folder: Path) -> "subprocess.Popen[bytes]":
    """Begin one of these processes."""
    command = [sys.executable, "-m", "backtests.benchmarks.halt", "--as", what, str(folder)]
    return subprocess.Popen(command, stdin=subprocess.PIPE)


def level(folder: Path, to: Level) -> None:
    """Let them trade again."""
    latch.loosen(folder, command_of(to, "measured", "daemon", "me"))


def halts(folder: Path, many: int) -> tuple[list[float], list[float], list[float], int]:
    """Return how long after a halt was asked for the last order left, how long after it had returned, and it took, ms.

    And how many orders left in all. A last order that left before is 0.
    """
    sent = shared(folder)
    found: tuple[list[float], list[float], list[float]] = [], [], []
    for number in range(many):
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
        if number % KEPT_LINES == KEPT_LINES - 1:
            (folder / latch.LOG_FILE).write_bytes(b"")
    return found[0], found[1], found[2], SENT.unpack(sent)[1]


def guarded(folder: Path, many: int) -> list[float]:
    """Return how long a daemon hung before its guardian had halted it, milliseconds."""
    guardian, found = Guardian(), []
    guardian.take(Guarded("measured", folder, 1.0, 0.0))
    thread = threading.Thread(target=guardian.run)
    thread.start()
    daemon = began("hang", folder)
    assert daemon.stdin is not None  # noqa: S101 - asked for
    time.sleep(3.0)
    for _ in range(many):
        asked = time.monotonic()
        daemon.stdin.write(b"\n")
        daemon.stdin.flush()
        while latch.read(folder).level != "halt" and time.monotonic() < asked + 10.0:
            time.sleep(0.001)
        found.append((time.monotonic() - asked) * 1000.0)
        time.sleep(HANG_S)
        level(folder, "run")
    guardian.stop()
    thread.join()
    daemon.kill()
    daemon.wait()
    return found


def measure(folder: Path, many: int, hangs: int) -> None:
    """Print the table."""
    latch.create(folder, command_of("run", "measured", "direct", "me"))
    (folder / SENT_FILE).write_bytes(bytes(SENT.size))
    others = [began(what, folder) for what in ("send", "chatter")]
    try:
        last, after, took, orders = halts(folder, many)
    finally:
        for other in others:
            other.kill()
            other.wait()
    print(tail_head(SHARES))
    print(tail(f"from the halt to the last order (aim: p99.9 {AIM_MS:g} ms)", last, "ms", SHARES, 3))
    print(tail("from its return to the last order", after, "ms", SHARES, 3))
    print(tail("the halt itself, its latch written", took, "ms", SHARES, 3))
    if hangs:
        print(
            tail(
                f"a daemon that hangs, to its guardian's halt (aim: {GUARDIAN_MS:g} ms)",
                guarded(folder, hangs),
                "ms",
                SHARES,
            )
        )
    print(f"\n{orders:,} orders; load after {os.getloadavg()[0]:.1f}")


def be(role: str, folder: Path) -> None:
    """Be one of those that are measured."""
    match role:
        case "send":
            send(folder)
        case "chatter":
            chatter()
        case _:
            hang(folder)


def main() -> None:
    """Measure, or be one of those that are measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--hangs", type=int, default=20)
    parser.add_argument("--folder", type=Path, help="where the latch lies; without it a temporary folder")
    parser.add_argument("--as", dest="role", nargs=2)
    args = parser.parse_args()
    if args.role:
        be(args.role[0], Path(args.role[1]))
        return
    log_events(sys.stderr)
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        measure(Path(name), args.trials, args.hangs)


if __name__ == "__main__":
    main()
