"""The demo: the real parts as real processes, over recorded bars: trade server, terminal worker, account daemon."""

import contextlib
import shutil
import signal
import subprocess
import sys
import threading
import time

from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from backtests.own_bars import name_of, own_text
from backtests.recorded import tapes_of, trading_start
from backtests.training import train_from_config
from brokers.latch import Command
from brokers.mt5.lookalike.launch import launch, stop
from brokers.mt5.lookalike.setup import AccountSetup, ServerSetup, SymbolSetup, write_setup
from config.account import AccountConfig
from config.errors import DataError, TidegateError
from config.load import load
from config.places import state_folder
from market.bars import Bars
from runtime.assemble import costs_of, symbols_of
from runtime.clock import Clock
from runtime.core.feeds import FeedKey
from runtime.operator import latch
from runtime.operator.client import status

PASSWORD = "demo"  # noqa: S105 - of the look-alike's account, which exists in this folder only
Progress = Callable[[int, int], None]


class DaemonFailed(TidegateError):
    """The demo's daemon ended with an error; its own words are in its log."""

    exit_code = 7


def demo_config(folder: Path, *, data: Path | None = None, symbol: str | None = None) -> AccountConfig:
    """Write the demo's configuration into a folder and load it; with `data`, for the user's own bars."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "demo.toml"
    text = resources.files("config").joinpath("demo.toml").read_text(encoding="utf-8")
    if data is not None:
        text = own_text(text, data.absolute(), symbol or name_of(data))
    file.write_text(text, encoding="utf-8")
    return load(file)


def serve(config: AccountConfig, *, bars: int | None, speed: float | None) -> tuple[Path, int, dict[FeedKey, Bars]]:
    """Write the trade server's folder; return it, the number of bars it will replay, and all bars it holds."""
    tapes = tapes_of(config)
    start = trading_start(config, tapes)
    if bars is not None:
        tapes = {key: tape.part(0, len(tape.between(0, start)) + bars) for key, tape in tapes.items()}
    total = sum(len(tape) - len(tape.between(0, start)) for tape in tapes.values())
    if not total:
        raise DataError("no bars to trade: what the model learns from is not traded; give a longer file")
    account = config.account
    home = Path(config.terminal.path)
    if home.exists():
        shutil.rmtree(home)
    symbols, costs = symbols_of(config), costs_of(config)
    there = {name: section.broker or name for name, section in config.symbols.items()}
    setup = ServerSetup(
        accounts=(
            AccountSetup(
                login=account.login, password=PASSWORD, name=account.user, server=account.server,
                currency=account.currency, leverage=account.leverage, balance=account.balance,
                margin_mode=account.positions,
            ),
        ),
        symbols=tuple(
            SymbolSetup(
                symbol=msgspec.structs.replace(symbols[name], name=there[name]), timeframe=timeframe, costs=costs[name]
            )
            for name, timeframe in sorted(tapes, key=lambda key: list(there).index(key[0]))
        ),
        start=start, lockstep=speed is None, speed="max" if speed is None else speed,
    )  # fmt: skip
    write_setup(home, setup, {there[name]: iter(tape) for (name, _), tape in tapes.items()})
    return home, total, tapes


def open_account(config: AccountConfig) -> Path:
    """Give the demo's account a fresh state folder whose latch stands at run."""
    state = state_folder(config)
    if state.exists():
        shutil.rmtree(state)
    wall = Clock().wall_ms()
    why = "a demo on a look-alike account is created running"
    latch.create(state, Command(id=f"demo-{wall}", level="run", who="demo", why=why, wall=wall, path="daemon"))
    return state


@contextlib.contextmanager
def serving(home: Path) -> Iterator[None]:
    """Run the trade server of a folder."""
    server = launch(home)
    try:
        yield
    finally:
        stop(server)


@contextlib.contextmanager
def daemon_process(config_file: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the account's daemon as a user would, its log in a file; it does not outlive the demo."""
    command = [sys.executable, "-m", "tidegate.cli", "run", str(config_file)]
    with log.open("ab") as file, subprocess.Popen(command, stderr=file, stdout=file) as daemon:
        try:
            yield daemon
        finally:
            daemon.terminate()


@contextlib.contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Let a polite end unwind the stack, so that no process of the demo is left behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def follow(daemon: subprocess.Popen[bytes], state: Path, total: int, progress: Progress) -> None:
    """Wait until the daemon ends, showing how far it has come."""
    while daemon.poll() is None:
        told = status(state)
        progress(min(int(told.get("bars", 0)), total), total)
        time.sleep(0.1)


def run_demo(
    folder: Path,
    *,
    bars: int | None = None,
    speed: float | None = None,
    data: Path | None = None,
    symbol: str | None = None,
    progress: Progress = lambda _done, _total: None,
    stage: Callable[[str], None] = lambda _text: None,
) -> dict[str, Any]:
    """Train, trade and return where everything lies; the report is made of the journal alone."""
    config = demo_config(folder, data=data, symbol=symbol)
    stage("training the regime model")
    training = train_from_config(config)
    stage("starting trade server, worker and daemon")
    home, total, tapes = serve(config, bars=bars, speed=speed)
    state = open_account(config)
    log = folder / "daemon.log"
    log.unlink(missing_ok=True)
    began = time.monotonic()
    with ended_by_sigterm(), serving(home), daemon_process(folder / "demo.toml", log) as daemon:
        stage(f"trading {total} bars")
        follow(daemon, state, total, progress)
        if daemon.returncode:
            last = log.read_text(encoding="utf-8").strip().splitlines()[-1:] or ["no word"]
            raise DaemonFailed(f"the demo's daemon ended with {daemon.returncode}: {last[0]} (all of it: {log})")
    progress(total, total)
    return {
        "config": config, "state": state, "tapes": tapes, "training": training, "total": total,
        "seconds": time.monotonic() - began, "ledger": home / "ledger.jsonl", "log": log,
    }  # fmt: skip
