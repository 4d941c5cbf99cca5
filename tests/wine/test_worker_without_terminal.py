"""The real worker with the real package and no terminal: the code is told, the daemon waits, and nothing is traded."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from brokers.limits import Limits
from brokers.mt5.line import Terms
from brokers.mt5.session import LinkLostError, Session
from tests.sessions import gone
from tests.winehouse import ROOT, Winehouse

PROGRAM = "C:\\mt5\\terminal64.exe"
MISSING = f"-10003 IPC initialize failed, Process create failed '{PROGRAM}': no terminal at {PROGRAM}: "
PATIENCE_S = 120.0
LIMITS = Limits(
    max_volume=1.0, max_value=1.0, max_positions=1, max_risk=0.1, max_daily_loss=0.1, max_spread=1.0,
    max_orders_per_minute=1,
)  # fmt: skip
ACCOUNT = """
[account]
name = "wine"
user = "You"
owner = "You"
login = 7001
server = "Nowhere-Demo"
currency = "USD"
mode = "{mode}"
zone = "New York close"
state = "state"

[terminal]
kind = "metatrader5"
path = '{program}'
python = "{python}"
password = {{ env = "TIDEGATE_TEST_PASSWORD" }}

[symbols.EURUSD.spec]
digits = 5
tick_size = 0.00001
contract_size = 100000.0
volume_min = 0.01
volume_max = 100.0
volume_step = 0.01
currency_base = "EUR"
currency_profit = "USD"

[limits]
max_volume = 1.0
max_value = 500000.0
max_positions = 1
max_risk = 0.02
max_daily_loss = 0.05
max_spread = 100.0
max_orders_per_minute = 20
collar = 0.02
max_margin = 0.5
max_age_s = 30.0

[[strategies]]
name = "trend"
use = "trend"
symbol = "EURUSD"
timeframe = "M15"
risk = 0.01

[strategies.params]
fast = 20
slow = 50
atr = 14
stop_atr = 3.0
"""


def account(folder: Path, house: Winehouse, mode: str) -> Path:
    """Write an account whose worker runs under Wine, beside no terminal."""
    file = folder / "wine.toml"
    file.write_text(ACCOUNT.format(mode=mode, program=PROGRAM, python=house.python))
    return file


def tidegate(*words: str) -> list[str]:
    """Return the command line of a front door."""
    return [sys.executable, "-m", "tidegate.cli", *words]


ENV = dict(os.environ, PYTHONPATH=str(ROOT), TIDEGATE_TEST_PASSWORD="x")


@contextlib.contextmanager
def running(file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Have a daemon running for an account."""
    with (file.parent / "run.log").open("wb") as log:
        process = subprocess.Popen(tidegate("run", str(file)), cwd=file.parent, env=ENV, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def status(file: Path) -> dict[str, Any]:
    """Return what the daemon says of itself, or nothing."""
    asked = subprocess.run(tidegate("status", str(file), "--json"), env=ENV, capture_output=True, check=False)
    with contextlib.suppress(ValueError):
        told: dict[str, Any] = json.loads(asked.stdout)
        return told
    return {}


def waited(file: Path, right: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Return the first status that is right, or the last one."""
    deadline = time.monotonic() + PATIENCE_S
    told = status(file)
    while not right(told) and time.monotonic() < deadline:
        time.sleep(0.2)
        told = status(file)
    return told


def worker_of(daemon: int) -> int:
    """Return the process id of a daemon's worker, once it runs the Windows Python; 0 where none ever does."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                words = entry.read_bytes().replace(b"\0", b" ")
                if b"python.exe -m brokers.mt5.process" in words and f"--parent {daemon} ".encode() in words:
                    return int(entry.parent.name)
        time.sleep(0.05)
    return 0


def test_the_session_gets_the_packages_own_code(house: Winehouse) -> None:
    """A terminal that is not there is out of reach, told with its code and with what is missing; no worker is left."""
    terms = Terms(
        kind="metatrader5", path=PROGRAM, login=1, password="x", server="S", zone="UTC", symbols={"EURUSD": "EURUSD"},
        limits=LIMITS, latch="", python=str(house.python),
    )  # fmt: skip
    session = Session(terms)

    async def life() -> tuple[str, str]:
        with pytest.raises(LinkLostError) as caught:
            await session.start()
        return str(caught.value), caught.value.event

    reason, event = asyncio.run(life())

    assert MISSING in reason
    assert ("unreachable", 0) == (event, session.pid)


def test_the_daemon_holds_and_says_what_is_missing(house: Winehouse, tmp_path: Path) -> None:
    """It waits for the next try, holds LINK, decides and sends nothing, and ends when asked to."""
    file = account(tmp_path, house, "observe")
    with running(file) as daemon:
        told = waited(file, lambda s: any(MISSING in line for line in s.get("missing", ())))
        daemon.send_signal(signal.SIGTERM)
        code = daemon.wait(PATIENCE_S)

    assert any(MISSING in line for line in told["missing"])
    assert told["link"] in {"down", "starting"}
    assert {"LINK", "UNRECONCILED"} <= told["holds"].keys()
    assert (0, 0, 0, 0) == (told["decisions"], told["resting"], told["positions"], told["in_doubt"])
    assert code == 0


def test_a_live_account_waits_for_its_terminal_before_it_begins(house: Winehouse, tmp_path: Path) -> None:
    """The first run of a live account must see the venue's history: it waits, and says what is missing."""
    file = account(tmp_path, house, "live")
    with running(file):
        told = waited(file, lambda s: any(MISSING in line for line in s.get("missing", ())))

    assert any(MISSING in line for line in told["missing"])
    assert told["run"] == 0


def test_a_worker_under_wine_dies_with_its_daemon(house: Winehouse, tmp_path: Path) -> None:
    """The daemon is killed and can do nothing: its worker goes all the same."""
    file = account(tmp_path, house, "observe")
    with running(file) as daemon:
        worker = worker_of(daemon.pid)
        daemon.kill()
        daemon.wait()

    assert worker > 0
    assert gone(worker)
