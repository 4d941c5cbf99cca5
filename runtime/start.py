"""Starting an account's daemon: lock, journal, models, core, recovery, logging; then the event loop."""

import asyncio
import contextlib
import logging
import os
import platform
import sys

from collections.abc import Callable, Iterator, MutableMapping
from functools import partial
from pathlib import Path
from typing import Any, TextIO, TypeVar

import msgspec
import structlog

from brokers.mt5.line import Deadlines, Terms, spawned
from brokers.mt5.locks import taken
from brokers.mt5.session import Session
from config.account import AccountConfig
from config.checkpoints import sealing
from config.errors import AlreadyRunning, DiskError, TerminalRefused
from config.journal import Where, remember
from config.load import digest
from config.places import journal_of
from config.secrets import read_secret, variables_of
from config.terminal import TerminalSection
from market.kernel import fingerprint
from runtime.alerts.people import NOBODY
from runtime.alerts.router import Router
from runtime.assemble import Models, core_of, costs_of, found_models, plan_of
from runtime.clock import Clock
from runtime.core.plan import Plan
from runtime.daemon import Daemon
from runtime.dead_man import DeadMan
from runtime.desks import PaperDesk
from runtime.first import awaited
from runtime.hearing import Ears
from runtime.journal.reader import JournalReader
from runtime.journal.writer import JournalWriter
from runtime.model_session import ModelSessions
from runtime.recorder import Recorder, Seal
from runtime.revive import Pair, bundles_text, hashes_of, revive
from runtime.telling import tell_by

D = TypeVar("D", bound=Daemon)


def run(config: AccountConfig, state: Path, login: int | None = None) -> str:
    """Run an account until it is stopped or its recorded data ends; return why it ended."""
    _may_trade(config, login)
    with only_daemon(state):
        return _run(config, state)


def _may_trade(config: AccountConfig, login: int | None) -> None:
    """Real money needs the switch in the file and the login typed once."""
    if config.account.allow_real and config.account.mode == "live" and login != config.account.login:
        raise TerminalRefused(
            "account.allow_real is set: type the account's login once, with --login, to trade real money"
        )


def _run(config: AccountConfig, state: Path) -> str:
    account = config.account
    models = found_models(config)
    plan = plan_of(config, models)
    clock = Clock()
    where = journal_of(config, state)
    with JournalWriter(where) as journal:
        remember(state, config.journal, account.name)
        core, books = _recover(where, core_of(plan, costs_of(config)))
        log_to(sys.stderr, lambda: journal.next_seq - 1, account=account.name, run=journal.run)
        recorder = Recorder(core, books, journal, clock)
        recorder.seal = _seal_of(config, state, journal, clock)
        if not journal.recover().seq and account.mode == "live":
            terms = own_terms(config, state)
            check_place(terms)
            number = asyncio.run(awaited(daemon_of(recorder, config, plan, state, Session(terms), Daemon)))
            if isinstance(number, str):
                return number
            journal.begin(number)
        else:
            begin_above(journal, core.ledger.beyond)
        structlog.contextvars.bind_contextvars(run=journal.run)
        _begin_run(recorder, config, plan, models, journal.run)
        daemon = daemon_of(recorder, config, plan, state, Session(own_terms(config, state)), Daemon)
        daemon.session.dial = partial(spawned, lost=daemon.wake)
        reason = "a bug"
        try:
            reason = asyncio.run(daemon.run(journal.run))
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from group
        finally:
            recorder.end(reason)
    return reason


def _seal_of(config: AccountConfig, state: Path, journal: JournalWriter, clock: Clock) -> Seal | None:
    keys = sealing(config.checkpoints, config.bus)
    if keys is None:
        return None
    from runtime.journal import checkpoints  # noqa: PLC0415 - 10 MiB, for who has a key only

    name = config.account.name
    return checkpoints.Seal(state, checkpoints.signer_for(keys, name), name, journal, clock)


def _recover(where: Where, new: Pair) -> Pair:
    with JournalReader(where) as reader:
        return revive(reader, new)


def _begin_run(recorder: Recorder, config: AccountConfig, plan: Plan, models: Models, number: int) -> None:
    recorder.begin({
        "run": number, "started": recorder.clock.wall_ms(), "mode": plan.mode,
        "config": msgspec.json.encode(config).decode(), "config_hash": digest(config),
        "model_hashes": msgspec.json.encode(hashes_of(models)).decode(),
        "bundles": bundles_text(models), "kernel_hash": fingerprint(),
        "platform": msgspec.json.encode([platform.platform(), platform.python_version(), platform.machine()]).decode(),
        "symbols": msgspec.json.encode(plan.symbols).decode(),
    })  # fmt: skip


def begin_above(journal: JournalWriter, beyond: int) -> None:
    """Begin a run above the highest that was seen at the venue: an old copy of a journal does not know of it."""
    if beyond >= journal.run:
        journal.begin(beyond + 1)


def check_place(terms: Terms) -> None:
    """Refuse a first run whose terminal is not installed where it is named: nothing there can be waited for."""
    if not terms.python and not Path(terms.path).exists():
        raise TerminalRefused(f"terminal: nothing is at {terms.path}: correct terminal.path of the account")


def terms_of(config: AccountConfig, state: Path) -> Terms:
    """Return which terminal the account speaks to, and the latch its gateway obeys."""
    account, terminal = config.account, config.terminal
    return Terms(
        kind=terminal.kind, path=terminal.path, login=account.login,
        password=read_secret(terminal.password).reveal() if terminal.password else "demo",
        server=account.server, zone=account.zone,
        symbols={name: s.broker or name for name, s in config.symbols.items()}, limits=config.limits,
        latch=str(state) if account.mode == "live" else "", python=terminal.python,
        deadlines=deadlines_of(terminal), secrets=variables_of(config),
    )  # fmt: skip


def own_terms(config: AccountConfig, state: Path) -> Terms:
    """Return the terms of whoever holds the account's daemon lock: what an ended daemon left behind may be ended."""
    return msgspec.structs.replace(terms_of(config, state), state=str(state))


def deadlines_of(terminal: TerminalSection) -> Deadlines:
    """Return how long each call may take: as named, else as all calls."""
    named = {verb: getattr(terminal.deadlines, verb) for verb in Deadlines.__struct_fields__}
    return Deadlines(**{verb: seconds or terminal.call_timeout_s for verb, seconds in named.items()})


def ears_of(config: AccountConfig) -> Ears:
    """Return how closely the terminal is listened to."""
    feed = config.feed
    return Ears(
        max_age_ms=int(config.limits.max_age_s * 1000), reread=feed.reread, stale_s=feed.stale_s,
        zone=config.account.zone, page_after_s=config.terminal.page_after_s,
    )  # fmt: skip


def daemon_of(recorder: Recorder, config: AccountConfig, plan: Plan, state: Path, session: Session, make: type[D]) -> D:
    """Return the daemon that a configuration asks for, of the class `make`."""
    account, terminal = config.account, config.terminal
    paper = (
        PaperDesk(plan, costs_of(config), account.balance, state / "paper.msgpack") if account.mode == "paper" else None
    )
    daemon = make(
        recorder, session, state, warmup=config.feed.warmup,
        poll_s=(terminal.poll_ms / 1000, terminal.idle_ms / 1000), reconcile_s=terminal.reconcile_s,
        ears=ears_of(config), allow_real=account.allow_real, paper=paper,
    )  # fmt: skip
    secrets = variables_of(config)
    models = ((s.name, s.strategy) for s in plan.strategies)
    daemon.models = ModelSessions(models, config.folder, recorder.clock, secrets=secrets)
    patience_s = terminal.deadlines.connect
    router = Router(state, account.name, config.alerts or NOBODY, recorder.clock, patience_s, secrets)
    telling = tell_by(daemon, router)
    if config.deadman is not None:
        daemon.switch.dead_man = DeadMan(state, config.deadman, recorder.clock, telling.watched)
    if config.bus is not None:
        from runtime.bus.assembly import bus_of  # noqa: PLC0415 - 14 MiB, for who speaks over a message broker only

        daemon.bus = bus_of(config.bus, account.name, state, recorder.clock)
    return daemon


def log_to(stream: TextIO, seq: Callable[[], int], **bound: object) -> None:
    """Log JSON lines with account, run and the journal's last row bound to every one."""

    def bind_seq(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["seq"] = seq()
        return event

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            bind_seq,
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
    with _lock_file(folder) as file:
        if not taken(file):
            file.seek(0)
            pid = file.read().strip()
            raise AlreadyRunning(f"a daemon runs in {folder} already (pid {pid}): stop that one first")
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def _lock_file(folder: Path) -> TextIO:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return (folder / "daemon.lock").open("a+")
    except (PermissionError, FileExistsError, NotADirectoryError) as error:
        raise DiskError(f"{folder}: {error.strerror}: the account's state is kept there: let us write to it") from None
