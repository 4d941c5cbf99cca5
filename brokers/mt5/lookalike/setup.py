"""What a trade server is set up with: accounts, symbols, recorded bars and how their time passes.

A folder holds `server.json` (`ServerSetup`), one file of bars per symbol (`Columns`, msgpack) and, where they were
recorded, one of ticks (`TickColumns`). Whoever sets a server
up calls `write_setup`; the server only reads.
"""

import hashlib
import os

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from brokers.costs import Costs
from brokers.mt5.lookalike.events import AnyEvent
from brokers.mt5.lookalike.faults import Fault
from brokers.mt5.lookalike.tape import TickColumns
from brokers.mt5.zone import FORMS, is_zone
from market.calendar import Calendar
from market.types import TIMEFRAMES, Bar, Symbol
from market.undecoded import UNDECODED

SETUP_FILE = "server.json"


class SetupError(ValueError):
    """A folder that is no trade server's; the message says what to do."""


class AccountSetup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An account at the broker."""

    login: int
    password: str
    name: str = ""
    server: str = "Lookalike-Demo"
    currency: str = "USD"
    leverage: int = 100
    balance: float = 100_000.0
    demo: bool = True
    margin_mode: Literal["hedging", "netting"] = "hedging"
    limit_orders: int = 200
    """Most resting orders; 0: any number."""
    margin_call: float = 1.0
    """Margin level, equity over margin, at which the broker calls; it is told, and does nothing."""
    stop_out: float = 0.5
    """Margin level at which it closes positions."""
    stop_out_money: float | None = None
    """Equity at which it closes them, in place of the level; then the call is in money too."""
    visible_after_ms: int = 0
    """How long by the server's clock a deal does not show in history, nor in the balance."""
    seed: int = 0
    """Where in the draws of its symbols' slippage the account begins."""

    def admits(self, password: str | None, server: str | None) -> bool:
        """Tell whether this password and server are the account's; what is not given is taken from the terminal."""
        return password in {None, self.password} and server in {None, self.server}


class SymbolSetup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A symbol, what trading it costs, and the frame of its recorded bars."""

    symbol: Symbol
    timeframe: str
    costs: Costs = Costs()
    description: str = ""
    calendar: Calendar | None = None
    """When it is traded, on the server's clock; None: whenever there are prices."""

    @property
    def file(self) -> str:
        """Name of its file of bars."""
        return f"{self.symbol.name}-{self.timeframe}.bars"

    @property
    def tick_file(self) -> str:
        """Name of its file of ticks, which need not exist."""
        return f"{self.symbol.name}.ticks"


class ServerSetup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A trade server: bars that open before `start` (UTC milliseconds) are history, the others are replayed."""

    accounts: tuple[AccountSetup, ...]
    """A terminal is logged in to the first one when nobody says otherwise."""
    symbols: tuple[SymbolSetup, ...]
    start: int
    zone: str = "UTC"
    """The rule of the server's wall clock, see `brokers/mt5/zone.py`."""
    lockstep: bool = True
    """A bar is played only after `control.done`; else the server goes on by itself."""
    quorum: int = 1
    """With lock-step: how many terminals must be done with a tick before the clock goes on."""
    speed: Literal["max"] | float = "max"
    """Without lock-step: a bar takes its own length divided by this."""
    company: str = "Tidegate Look-alike Ltd."
    faults: tuple[Fault, ...] = ()
    """What goes wrong from the start, numbered from 1."""
    events: tuple[AnyEvent, ...] = ()
    """What happens by itself, each at its moment (UTC milliseconds)."""


class Columns(msgspec.Struct, kw_only=True):
    """Recorded bid bars of one symbol, oldest first; `time` is each bar's opening in UTC milliseconds."""

    time: list[int]
    open: list[float]
    high: list[float]
    low: list[float]
    close: list[float]
    volume: list[float]
    spread: list[float]
    """In points; 0.0 where a bar has none of its own."""


def columns(bars: Iterable[Bar]) -> Columns:
    """Return bars as columns."""
    rows = [(b.time, b.open, b.high, b.low, b.close, b.volume, b.spread) for b in bars]
    names = ("time", "open", "high", "low", "close", "volume", "spread")
    return msgspec.convert({name: [row[i] for row in rows] for i, name in enumerate(names)}, Columns)


def write_setup(
    folder: Path,
    setup: ServerSetup,
    bars: Mapping[str, Columns | Iterable[Bar]],
    ticks: Mapping[str, TickColumns] | None = None,
) -> None:
    """Write a trade server's folder, readable by its owner alone; `bars` and, where recorded, `ticks` by symbol.

    Where there are ticks from `start` on, they are replayed, and the bars from there on are those they make.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for one in setup.symbols:
        given = bars[one.symbol.name]
        recorded = given if isinstance(given, Columns) else columns(given)
        _write(folder / one.file, msgspec.msgpack.encode(recorded))
        (folder / one.tick_file).unlink(missing_ok=True)
        if ticks is not None and one.symbol.name in ticks:
            _write(folder / one.tick_file, msgspec.msgpack.encode(ticks[one.symbol.name]))
    _write(folder / SETUP_FILE, msgspec.json.format(msgspec.json.encode(setup)))


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)


class Recording(NamedTuple):
    """What a folder holds."""

    setup: ServerSetup
    bars: dict[str, Columns]
    ticks: dict[str, TickColumns]
    digest: str
    """The SHA-256 of all of it."""


def read_setup(folder: Path) -> Recording:
    """Read a folder; SetupError says what is wrong with it."""
    digest = hashlib.sha256()

    def content(name: str) -> bytes:
        read = (folder / name).read_bytes()
        digest.update(read)
        return read

    try:
        setup = msgspec.json.decode(content(SETUP_FILE), type=ServerSetup)
        bars, ticks = {}, {}
        for one in setup.symbols:
            bars[one.symbol.name] = msgspec.msgpack.decode(content(one.file), type=Columns)
            if (folder / one.tick_file).exists():
                ticks[one.symbol.name] = msgspec.msgpack.decode(content(one.tick_file), type=TickColumns)
    except (OSError, *UNDECODED) as error:
        raise SetupError(f"{folder} is no trade server's folder, write it with write_setup: {error}") from error
    _check(setup, bars, ticks)
    return Recording(setup, bars, ticks, digest.hexdigest())


def _check(setup: ServerSetup, bars: Mapping[str, Columns], ticks: Mapping[str, TickColumns]) -> None:
    if not setup.accounts or not setup.symbols:
        raise SetupError(f"{SETUP_FILE} needs at least one account and one symbol")
    if not is_zone(setup.zone):
        raise SetupError(f"zone: expected {FORMS}, got {setup.zone!r}")
    for one in setup.symbols:
        name = one.symbol.name
        if one.timeframe not in TIMEFRAMES:
            raise SetupError(f"{name}: no timeframe {one.timeframe}, choose one of {', '.join(TIMEFRAMES)}")
        _check_columns(name, one.file, bars[name], strictly=True)
        if name in ticks:
            _check_columns(name, one.tick_file, ticks[name], strictly=False)
    times = [recorded.time for recorded in bars.values()] + [recorded.time for recorded in ticks.values()]
    if not any(time >= setup.start for recorded in times for time in recorded[-1:]):
        raise SetupError(f"no bar opens at or after start {setup.start}, choose an earlier start")


def _check_columns(name: str, file: str, recorded: Columns | TickColumns, *, strictly: bool) -> None:
    what = "bars" if strictly else "ticks"
    if len({len(getattr(recorded, field)) for field in recorded.__struct_fields__}) != 1:
        raise SetupError(f"{name}: columns of {file} differ in length, write them again")
    least = 1 if strictly else 0
    if any(b - a < least for a, b in zip(recorded.time, recorded.time[1:], strict=False)):
        raise SetupError(f"{name}: {what} of {file} do not ascend in time, sort them")
