"""Whole accounts to test with: trade server, worker and daemon as real processes, in a folder of the test's own."""

import os
import re
import signal
import subprocess
import sys
import time

from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any, Self

import msgspec

from backtests.backtest import run_backtest
from backtests.demo import open_account, serve
from backtests.drive import Drive
from backtests.training import train_from_config
from brokers.mt5.lookalike.constants import TRADE_ACTION_PENDING, TRADE_RETCODE_DONE
from brokers.mt5.lookalike.faults import Fault, Slow
from brokers.mt5.lookalike.launch import launch, stop
from brokers.mt5.lookalike.setup import SETUP_FILE, ServerSetup
from brokers.word import SENDING_AT, WORD_FILE, WORD_SIZE
from config.account import AccountConfig
from config.folders import JOURNAL_FILE
from config.load import load
from runtime.operator import latch
from runtime.operator.client import status
from tests.oracle import lines_of, table

ROOT = Path(__file__).parents[1]
PATIENCE_S = 90.0
"""How long anything may take before a test gives up."""
NOTHING_SENT = bytes(8)
"""The gateway's mark while no order is between check and answer."""

MakeDemo = Callable[..., "Demo"]
"""What the fixture `make_demo` is: called with a name, numbers of bars and settings."""

BREAKOUT = """
[[strategies]]
name = "breakout"
use = "breakout"
symbol = "SP500"
timeframe = "D1"
risk = 0.01
params = { n = 10, expiry = 3, stop_atr = 3.0, trail_atr = 2.0 }
"""
"""Entries that rest at a price, and stops that follow it."""


def toml(model: Path, *, strategies: str = "", symbol: str = "", **settings: object) -> str:
    """Return the demo's configuration with a model trained before, and other values, strategies and symbols."""
    text = resources.files("config").joinpath("demo.toml").read_text(encoding="utf-8")
    if strategies:
        text = text[: text.index("[[strategies]]")] + strategies + "\n" + text[text.index("[feed]") :]
    text = text.replace("[limits]", f"{symbol}\n[limits]", 1)
    given: dict[str, object] = {"call_timeout_s": 2.0, "settle_s": 2.0} | settings
    text = text.replace('"models/calm-or-storm"', msgspec.json.encode(str(model)).decode(), 1)
    for key, value in given.items():
        text, found = re.subn(rf"(?m)^{key} = .*$", f"{key} = {msgspec.json.encode(value).decode()}", text, count=1)
        assert found, f"the demo's configuration has no {key}"
    return text


def due_account(folder: Path, text: str, until: str) -> Path:
    """Write an account down whose recorded days end with `until`, train it, and return its TOML: a refit is due."""
    text = text.replace("states = 2\n", 'states = 2\nrefit = { every = "126 bars", window = 1256 }\n', 1)
    file = folder / "account.toml"
    file.write_text(text.replace('source = "sp500"', f'source = "sp500"\nto = {until}', 1), encoding="utf-8")
    train_from_config(load(file))
    return file


class Demo:
    """One account: its configuration, its trade server, and the daemon that runs now, if one does."""

    def __init__(self, folder: Path, *, bars: int | None = None) -> None:
        """Look at an account that was set up in a folder."""
        self.bars = bars
        self.file = folder / "demo.toml"
        self.config: AccountConfig = load(self.file)
        self.home, self.state, self.log = folder / "terminal", folder / "state", folder / "daemon.log"
        self.server: subprocess.Popen[bytes] | None = None
        self.daemon: subprocess.Popen[bytes] | None = None

    @classmethod
    def set_up(cls, folder: Path, text: str, *, bars: int | None) -> Self:
        """Write configuration, bars to replay and a state folder whose latch stands at run."""
        folder.mkdir(parents=True)
        (folder / "demo.toml").write_text(text, encoding="utf-8")
        demo = cls(folder, bars=bars)
        serve(demo.config, bars=bars, speed=None)
        open_account(demo.config)
        return demo

    @property
    def journal(self) -> Path:
        """The account's journal."""
        return self.state / JOURNAL_FILE

    @property
    def ledger(self) -> Path:
        """The trade server's own record."""
        return self.home / "ledger.jsonl"

    def slow_orders(self, seconds: float = 0.05) -> None:
        """Have the trade server, not begun yet, answer every order late: then there is time to stop it meanwhile."""
        file = self.home / SETUP_FILE
        setup = msgspec.json.decode(file.read_bytes(), type=ServerSetup)
        slow = Fault(kind=Slow(seconds=seconds), verbs=("send",), times=0)
        file.write_bytes(msgspec.json.encode(msgspec.structs.replace(setup, faults=(slow,))))

    # --- processes --------------------------------------------------------------------------------------------------

    def serve(self) -> None:
        """Start the trade server."""
        self.server = launch(self.home)

    def start(self, *confined: str) -> subprocess.Popen[bytes]:
        """Start the daemon as a user would, perhaps confined; it dies with us."""
        command = [sys.executable, str(ROOT / "tests" / "confined.py"), *confined, "--"]
        command += [sys.executable, "-m", "tidegate.cli", "run", str(self.file)]
        with self.log.open("ab") as log:
            self.daemon = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT)
        return self.daemon

    def begin(self) -> None:
        """Start server and daemon."""
        self.serve()
        self.start()

    def end(self, code: int = 0) -> str:
        """Wait until the daemon has ended, with this exit code; return the last line it said."""
        assert self.daemon is not None
        found = self.daemon.wait(PATIENCE_S)
        said = self.log.read_text(encoding="utf-8")
        assert code == found, said[-3000:]
        assert "Traceback" not in said, said[-3000:]
        return (said.splitlines() or [""])[-1]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End the daemon as a person would."""
        self.signal("daemon", number)
        self.end()

    def close(self) -> None:
        """End whatever still runs."""
        for process in (self.daemon, self.server):
            if process is not None and process.poll() is None:
                process.send_signal(signal.SIGCONT)
        if self.daemon is not None and self.daemon.poll() is None:
            self.daemon.kill()
            self.daemon.wait()
        if self.server is not None:
            stop(self.server)

    def signal(self, who: str, number: signal.Signals) -> None:
        """Signal the server, the daemon, or its worker."""
        pid = {"server": self.server, "daemon": self.daemon}.get(who)
        os.kill(pid.pid if pid else self.worker(), number)

    def worker(self) -> int:
        """Return the process id of the daemon's worker, as the daemon tells it; wait where none runs just now."""
        seen = 0  # it would mean ourselves

        def runs() -> int:
            nonlocal seen
            seen = int(self.status().get("worker") or 0)
            return seen

        self.until(runs)
        return seen

    def kill(self, *who: str) -> None:
        """Kill processes as `kill -9` does, the worker before the daemon it would die with."""
        for one in who:
            self.signal(one, signal.SIGKILL)
        if "daemon" in who and self.daemon is not None:
            self.daemon.wait()

    def freeze(self, *, sending: bool) -> int:
        """Stop the trade server while an order is on its way to it, or while none is; return that order's instruction.

        The mark in the latch's word tells: with the server stopped nothing can be answered, so it stays as it is.
        """
        deadline = time.monotonic() + PATIENCE_S
        while True:
            assert time.monotonic() < deadline, "no such moment"
            if sending:
                self._until_marked(deadline)
            self.signal("server", signal.SIGSTOP)
            time.sleep(0.05)
            order = latch.sending(self.state)
            if bool(order) == sending and (sending or not self._unanswered()):
                return order
            self.signal("server", signal.SIGCONT)
            time.sleep(0.001)

    def freeze_when(self, what: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Stop the trade server at a moment at which the daemon's word of itself is as wanted, nothing on its way."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            assert time.monotonic() < deadline, f"no such moment: {self.status()}"
            self.signal("server", signal.SIGSTOP)
            time.sleep(0.02)
            told = self.status()
            if told.get("link") == "up" and what(told) and not latch.sending(self.state) and self._heard(told):
                return told
            self.signal("server", signal.SIGCONT)
            time.sleep(0.002)

    def _heard(self, told: dict[str, Any]) -> bool:
        """Say whether the daemon has heard all that the server has done: else its word of itself is of a while ago."""
        open_, resting, asked = set[int](), set[int](), 0
        for line in lines_of(self.ledger):
            asked = line["request"][0] if line.get("in") == "request" else asked
            match line.get("out"):
                case "deal" if line["deal"]["entry"] != "none":
                    (open_.add if line["deal"]["entry"] == "in" else open_.discard)(line["deal"]["position"])
                case "order_gone":
                    resting.discard(line["order"])
                case "answer" if asked == TRADE_ACTION_PENDING and line["retcode"] == TRADE_RETCODE_DONE:
                    resting.add(line["order"])
        return (len(open_), len(resting)) == (told["positions"], told["resting"])

    def _until_marked(self, deadline: float) -> None:
        """Wait, without giving way to anybody, until the gateway marks an order."""
        with (self.state / WORD_FILE).open("rb") as word:
            while os.pread(word.fileno(), WORD_SIZE, SENDING_AT) == NOTHING_SENT and time.monotonic() < deadline:
                pass

    def _unanswered(self) -> bool:
        """Say whether an order on disk still waits for its answer, a group commit later."""
        time.sleep(0.25)
        return any(row["state"] == "SENT" for row in table(self.journal, "orders"))

    # --- looks ------------------------------------------------------------------------------------------------------

    def status(self) -> dict[str, Any]:
        """Return what the daemon says of itself."""
        return status(self.state)

    def done(self) -> int:
        """Return how many bars the trade server has played."""
        return self.ledger.read_bytes().count(b'{"in":"done"') if self.ledger.exists() else 0

    def until(self, what: Callable[[], object], *, every_s: float = 0.001) -> None:
        """Wait until something is so; an assertion fails where it does not come, or the daemon ends first."""
        deadline = time.monotonic() + PATIENCE_S
        while not what():
            assert time.monotonic() < deadline, f"waited for nothing; the daemon: {self.status()}"
            assert self.daemon is None or self.daemon.poll() is None or what(), self.log.read_text(encoding="utf-8")
            time.sleep(every_s)

    def until_bar(self, number: int) -> None:
        """Wait until so many bars were played."""
        self.until(lambda: self.done() >= number)

    def written(self) -> int:
        """Return how long the trade server's record is: what comes behind it came later."""
        return self.ledger.stat().st_size

    def requests(self, after: int = 0) -> list[list[Any]]:
        """Return the trade requests the server was sent, those behind a length of its record only."""
        if not self.ledger.exists():
            return []
        with self.ledger.open("rb") as file:
            file.seek(after)
            lines = file.read().splitlines()
        return [msgspec.json.decode(line)["request"] for line in lines if line.startswith(b'{"in":"request"')]

    # --- words ------------------------------------------------------------------------------------------------------

    def say(self, word: str, *options: str, account: Path | None = None) -> subprocess.Popen[str]:
        """Start a command of `tidegate` about this account, or another."""
        command = [sys.executable, "-m", "tidegate.cli", *word.split(), str(account or self.file), *options]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def tidegate(self, word: str, *options: str, account: Path | None = None, code: int = 0) -> str:
        """Run a command of `tidegate` about this account, or another, to its end; return what it printed."""
        return told_by(self.say(word, *options, account=account), code)

    def backtest(self) -> Drive:
        """Play the same account over the same bars, without any process."""
        return run_backtest(self.config, bars=self.bars)[0]


def told_by(command: subprocess.Popen[str], code: int = 0) -> str:
    """Wait until a command has ended, with this exit code; return what it printed."""
    told, _ = command.communicate(timeout=PATIENCE_S)
    assert code == command.returncode, told
    return told
