"""The doctor: looks at everything an account needs before it may run, and says what to mend; it changes nothing."""

import asyncio
import shutil

from collections.abc import Callable
from pathlib import Path

import msgspec

from brokers.mt5.frames import Connected
from brokers.mt5.session import LinkLostError, Session, WrongTerminalError
from config.account import AccountConfig
from config.places import JOURNAL_FILE
from market.types import Symbol
from runtime.assemble import models_of
from runtime.clock import Clock
from runtime.journal.reader import JournalReader
from runtime.operator import latch
from runtime.operator.client import status
from runtime.start import terms_of

LEAST_FREE = 512 * 1024 * 1024
"""Bytes that must be free where the journal lies."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing looked at."""

    what: str
    ok: bool
    detail: str


def examine(config: AccountConfig, state: Path) -> list[Finding]:
    """Look at disk, latch, journal, models and terminal; a failing look is a finding, never an exception."""
    looks: list[tuple[str, Callable[[], str]]] = [
        ("disk", lambda: _disk(state)),
        ("latch", lambda: _latch(state)),
        ("journal", lambda: _journal(state)),
        ("models", lambda: _models(config)),
        ("terminal", lambda: _terminal(config, state)),
    ]
    return [_look(what, look) for what, look in looks]


def _look(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what=what, ok=True, detail=look())
    except Exception as error:  # noqa: BLE001 - whatever is wrong is what was looked for
        return Finding(what=what, ok=False, detail=str(error) or type(error).__name__)


def _disk(state: Path) -> str:
    home = next(p for p in (state, *state.parents) if p.exists())
    free = shutil.disk_usage(home).free
    if free < LEAST_FREE:
        raise ValueError(f"{free // 2**20} MiB free at {home}: the journal needs at least {LEAST_FREE // 2**20}")
    return f"{free // 2**20} MiB free at {home}"


def _latch(state: Path) -> str:
    now = latch.read(state)
    if now.command is None:
        return "no latch yet: the account will start halted; tidegate resume lets it trade"
    return f"{now.level} since {now.command.who}: {now.command.why}"


def _journal(state: Path) -> str:
    path = state / JOURNAL_FILE
    if not path.exists():
        return "none yet: the first run makes it"
    with JournalReader(path) as reader:
        verdict = reader.verify()
    if not verdict.ok:
        raise ValueError(f"row {verdict.seq}: {verdict.problem}: keep the file and restore a backup")
    return f"{verdict.seq} rows, chain whole"


def _models(config: AccountConfig) -> str:
    models = models_of(config)
    return ", ".join(f"{name} {model.fingerprint[:12]}" for name, model in models.items()) or "none are configured"


def _terminal(config: AccountConfig, state: Path) -> str:
    told = status(state)
    if told.get("stuck"):
        raise ValueError("a daemon is there but does not answer: the terminal is left alone; end it, then look again")
    if told.get("running"):
        return f"a daemon runs (pid {told['pid']}), its link is {told['link']}: the terminal is left alone"
    return asyncio.run(_connect(config, state))


async def _connect(config: AccountConfig, state: Path) -> str:
    session = Session(msgspec.structs.replace(terms_of(config, state), latch=""))
    try:
        told = await session.start()
    except (LinkLostError, WrongTerminalError) as error:
        raise ValueError(str(error)) from error
    finally:
        await session.stop()
    for symbol in told.symbols:
        _same_contract(config, symbol)
    return f"{_who(told)}; {len(told.symbols)} symbols; {_clock(told.at, config.account.zone)}"


def _who(told: Connected) -> str:
    a = told.account
    money = "demo" if a.demo else "REAL MONEY"
    return f"{a.login} on {a.server}: {money}, {a.balance:.2f} {a.currency}, 1:{a.leverage}"


def _clock(at: int, zone: str) -> str:
    ahead = (at - Clock().wall_ms()) / 3_600_000
    return f"last tick {ahead:+.1f} h from this machine's clock, the server's being read as {zone}"


def _same_contract(config: AccountConfig, told: Symbol) -> None:
    spec = config.symbols[told.name].spec
    if spec is None:
        return
    for field in ("digits", "contract_size", "tick_size", "volume_step", "currency_profit"):
        ours, theirs = getattr(spec, field), getattr(told, field)
        if ours != theirs:
            raise ValueError(
                f"symbols.{told.name}.spec.{field} is {ours}, the terminal says {theirs}: copy the terminal's"
            )
