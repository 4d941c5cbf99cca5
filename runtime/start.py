"""Starting an account's daemon: lock, journal, models, core, recovery, logging; then the event loop."""

import asyncio
import contextlib
import fcntl
import logging
import os
import platform
import sys

from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec
import structlog

from brokers.mt5.session import Session, Terms
from config.account import AccountConfig
from config.errors import AlreadyRunning, ConfigError, JournalRefused, TerminalRefused
from config.load import digest
from config.places import JOURNAL_FILE
from config.secrets import read_secret
from market.kernel import fingerprint
from runtime.assemble import core_of, costs_of, models_of, plan_of
from runtime.clock import Clock
from runtime.core.plan import Plan
from runtime.daemon import Daemon
from runtime.desks import PaperDesk
from runtime.journal.errors import JournalError
from runtime.journal.reader import JournalReader
from runtime.journal.writer import JournalWriter
from runtime.recorder import Recorder, wake


def run(config: AccountConfig, state: Path, login: int | None = None) -> str:
    """Run an account until it is stopped or its recorded data ends; return why it ended."""
    _may_trade(config, login)
    with only_daemon(state):
        return _run(config, state)


def _may_trade(config: AccountConfig, login: int | None) -> None:
    """Real money needs the switch in the file and the login typed once."""
    if config.account.allow_real and config.account.mode == "live" and login != config.account.login:
        raise TerminalRefused("account.allow_real is set: type the account's login once, with --login, to trade real money")


def _run(config: AccountConfig, state: Path) -> str:
    models = models_of(config)
    plan = plan_of(config, models)
    clock = Clock()
    core, books = core_of(plan, costs_of(config))
    journal_path = state / JOURNAL_FILE
    with JournalWriter(journal_path) as journal:
        recovered = journal.recover()
        if recovered.seq:
            _recover(core, books, journal_path)
        log_to(sys.stderr, account=config.account.name, run=journal.run)
        recorder = Recorder(core, books, journal, clock)
        _begin_run(recorder, config, plan, models, journal.run)
        daemon = _daemon(recorder, config, plan, state)
        reason = "a bug"
        try:
            reason = asyncio.run(daemon.run(journal.run))
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from group
        finally:
            recorder.end(reason)
    return reason


def _recover(core, books, path: Path) -> None:  # type: ignore[no-untyped-def]
    try:
        with JournalReader(path) as reader:
            wake(core, books, reader)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    except JournalError as error:
        raise JournalRefused(str(error)) from error


def _begin_run(recorder: Recorder, config: AccountConfig, plan: Plan, models, number: int) -> None:  # type: ignore[no-untyped-def]
    recorder.begin({
        "run": number, "started": recorder.clock.wall_ms(), "mode": plan.mode,
        "config": msgspec.json.encode(config).decode(), "config_hash": digest(config),
        "model_hashes": msgspec.json.encode({n: m.fingerprint for n, m in models.items()}).decode(),
        "kernel_hash": fingerprint(),
        "platform": msgspec.json.encode([platform.platform(), platform.python_version(), platform.machine()]).decode(),
        "symbols": msgspec.json.encode(plan.symbols).decode(),
    })  # fmt: skip


def _daemon(recorder: Recorder, config: AccountConfig, plan: Plan, state: Path) -> Daemon:
    account, terminal = config.account, config.terminal
    terms = Terms(
        kind=terminal.kind, path=terminal.path, login=account.login,
        password=read_secret(terminal.password).reveal() if terminal.password else "demo", server=account.server, zone=account.zone,
        symbols={name: s.broker or name for name, s in config.symbols.items()}, limits=config.limits,
        latch=str(state) if account.mode == "live" else "", python=terminal.python,
        call_timeout_s=terminal.call_timeout_s,
    )  # fmt: skip
    paper = PaperDesk(plan, costs_of(config), account.balance, state / "paper.msgpack") if account.mode == "paper" else None
    return Daemon(
        recorder, Session(terms), state, warmup=config.feed.warmup, poll_s=terminal.poll_ms / 1000,
        reconcile_s=terminal.reconcile_s, max_age_s=config.limits.max_age_s, allow_real=account.allow_real, paper=paper,
    )  # fmt: skip


def log_to(stream: IO[str], **bound: object) -> None:
    """Log JSON lines with account and run bound to every one."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(stream),
    )
    structlog.contextvars.bind_contextvars(**bound)


@contextlib.contextmanager
def only_daemon(folder: Path) -> Iterator[None]:
    """Hold the account's lock; AlreadyRunning where another process has it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "daemon.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            pid = file.read().strip()
            raise AlreadyRunning(f"a daemon runs in {folder} already (pid {pid}): stop that one first") from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
