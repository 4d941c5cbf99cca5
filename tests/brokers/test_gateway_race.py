"""The race of a halt with an order: once a halt has returned, nothing leaves that it did not name."""

import struct
import subprocess
import sys
import time

from pathlib import Path

import pytest

from runtime.operator import latch
from tests.latches import command, latched

ROUNDS = 60
SENDER = """
import os, struct, sys
from pathlib import Path
from brokers.mt5.gateway import Gateway
from brokers.mt5.priced import Tick
from tests.orders import ASK, BID, LIMITS, NOW, entry
from tests.trade_server import GOLD
import msgspec
folder = Path(sys.argv[1])
endless = dict.fromkeys(("max_orders_per_minute", "max_orders_per_second", "max_orders_per_day"), 10**9)
gate = Gateway(folder, msgspec.structs.replace(LIMITS, **endless), {"GOLD": GOLD}, "USD")
venue = os.open(folder / "venue", os.O_RDWR)
parent, number = os.getppid(), 0
SPIN = 10_000
latched = gate._latched
gate._latched = lambda request: (latched(request), sum(range(SPIN)))[0]  # and so do the other checks
print("ready", flush=True)
while os.getppid() == parent:
    number += 1
    gate.mark(number)
    if gate.check(entry(number), Tick(NOW, BID, ASK)) is None:
        sum(range(SPIN))  # the way to the venue takes a while
        os.pwrite(venue, struct.pack("<Q", number), 0)
    gate.mark(0)
"""


def sent(folder: Path) -> int:
    """Return the last order that reached the venue."""
    return int(struct.unpack("<Q", (folder / "venue").read_bytes())[0])


def test_nothing_leaves_after_a_halt_has_returned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process sends as fast as it can; again and again it is halted, and what was sent by then stays the last.

    The disk is not waited for here: a halt that returns sooner leaves the race more room.
    """
    monkeypatch.setattr("os.fsync", lambda _: None)
    folder = latched(tmp_path / "a", "halt")
    (folder / "venue").write_bytes(bytes(8))
    root = Path(__file__).parents[2]
    command_line = [sys.executable, "-c", SENDER, str(folder)]
    sender = subprocess.Popen(command_line, cwd=root, stdout=subprocess.PIPE)
    late, moved, last = [], 0, 0
    try:
        assert sender.stdout is not None
        sender.stdout.readline()
        for _ in range(ROUNDS):
            latch.loosen(folder, command("run"))
            time.sleep(0.001)
            latch.tighten(folder, command("halt"))
            named = latch.wait_sent(folder, 2.0)
            then = sent(folder)
            time.sleep(0.002)
            late += [sent(folder)] if named or sent(folder) != then else []
            moved += then > last
            last = then
    finally:
        sender.kill()
        sender.communicate()

    assert [] == late
    assert moved > 5
