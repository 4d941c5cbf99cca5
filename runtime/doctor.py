"""The doctor: looks at everything an account needs before it may run, and says what to mend; it changes nothing."""

import asyncio
import shutil

from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from brokers.mt5.frames import Connected
from config.account import AccountConfig
from config.bus import BusSection
from config.places import journal_of
from runtime.clock import Clock
from runtime.doctor_alerts import alerts_of
from runtime.doctor_calendar import calendar_of
from runtime.doctor_contracts import contracts_of
from runtime.doctor_feeds import feeds_of
from runtime.doctor_flattener import flattener_of
from runtime.doctor_functions import functions_of
from runtime.doctor_models import ages_of, models_told
from runtime.doctor_terminal import Visit, visit
from runtime.doctor_zone import zone_of
from runtime.journal.errors import NoJournal
from runtime.journal.reader import JournalReader
from runtime.operator import latch
from runtime.operator.client import status

LEAST_FREE = 512 * 1024 * 1024
"""Bytes that must be free where the journal lies."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing looked at."""

    what: str
    ok: bool
    detail: str


def examine(config: AccountConfig, state: Path) -> list[Finding]:
    """Look at disk, latch, journal, models, terminal, calendar, clock and contracts.

    A failing look is a finding, never an exception.
    """
    looks: list[tuple[str, Callable[[], str]]] = [
        ("disk", lambda: _disk(state)),
        ("latch", lambda: _latch(state)),
        ("journal", lambda: _journal(config, state)),
        ("models", lambda: models_told(config)),
    ]
    if config.alerts is not None and config.alerts.owners:
        looks.append(("alerts", partial(alerts_of, config.alerts)))
    if config.bus is not None:
        looks += _of_bus(config.bus, config.account.name)
    if any(section.params.get("process") is True for section in config.strategies):
        looks.append(("functions", lambda: functions_of(config)))
    found = [_look(what, look) for what, look in looks]
    seen: list[Visit] = []
    found.append(_look("terminal", lambda: _terminal(config, state, seen)))
    visit = seen[0] if seen else None
    now = visit.told.at if visit is not None and visit.told.lockstep else Clock().wall_ms()
    if any(regime.max_model_age for regime in config.regimes.values()):
        found.append(_look("model age", lambda: ages_of(config, now)))
    if config.regimes:
        found.append(_look("feeds", lambda: feeds_of(state)))
    if config.flattener is not None:
        found.append(_look("flattener", lambda: flattener_of(config, state)))
    found.append(_look("calendar", lambda: calendar_of(config, now, visit)))
    if visit is not None:
        found.append(_look("zone", lambda: zone_of(config.account.zone, visit)))
        found.append(_look("contracts", lambda: contracts_of(config, visit)))
    return found


def _of_bus(section: BusSection, account: str) -> list[tuple[str, Callable[[], str]]]:
    try:
        from runtime.doctor_bus import bus_of, keys_of  # noqa: PLC0415 - 14 MiB, for who has a bus only
    except ImportError:
        return [("bus", lambda: _absent("mqtt"))]
    return [("keys", partial(keys_of, section, account)), ("bus", partial(bus_of, section, account))]


def _absent(extra: str) -> str:
    raise ValueError(f"a part of it is not installed: install tidegate[{extra}]")


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
        return f"{now.level}: {latch.unread(state)}"
    return f"{now.level} by {now.command.who}: {now.command.why}"


def _journal(config: AccountConfig, state: Path) -> str:
    try:
        with JournalReader(journal_of(config, state)) as reader:
            verdict = reader.verify()
    except NoJournal:
        return "none yet: the first run makes it"
    if not verdict.ok:
        raise ValueError(f"row {verdict.seq}: {verdict.problem}: keep the file and restore a backup")
    return f"{verdict.seq} rows, chain whole"


def _terminal(config: AccountConfig, state: Path, seen: list[Visit]) -> str:
    """Visit the terminal, if no daemon has it, and note what was seen there."""
    told = status(state)
    if told.get("stuck"):
        raise ValueError("a daemon is there but does not answer: the terminal is left alone; end it, then look again")
    if told.get("running"):
        return f"a daemon runs (pid {told['pid']}), its link is {told['link']}: the terminal is left alone"
    seen.append(asyncio.run(visit(config, state)))
    return _who(seen[0].told)


def _who(told: Connected) -> str:
    a = told.account
    money = "demo" if a.demo else "REAL MONEY"
    who = f"{a.login} on {a.server}: {money}, {a.balance:.2f} {a.currency}, 1:{a.leverage}; {len(told.symbols)} symbols"
    return who if a.trade_allowed else f"{who}; TRADING IS NOT ALLOWED by terminal or account"
