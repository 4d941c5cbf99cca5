"""What a trade server is set up with: accounts, symbols, recorded bars and how their time passes.

A folder holds `server.json` (`ServerSetup`) and one file of bars per symbol (`Columns`, msgpack). Whoever sets a server
up calls `write_setup`; the server only reads.
"""

import hashlib
import os

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from brokers.mt5.lookalike.events import AnyEvent
from brokers.mt5.lookalike.faults import Fault
from brokers.venue import Costs
from market.types import TIMEFRAMES, Bar, Symbol

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

    def admits(self, password: str | None, server: str | None) -> bool:
        """Tell whether this password and server are the account's; what is not given is taken from the terminal."""
        return password in {None, self.password} and server in {None, self.server}


class SymbolSetup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A symbol, what trading it costs, and the frame of its recorded bars."""

    symbol: Symbol
    timeframe: str
    costs: Costs = Costs()
    description: str = ""

    @property
    def file(self) -> str:
        """Name of its file of bars."""
        return f"{self.symbol.name}-{self.timeframe}.bars"


class ServerSetup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A trade server: bars that open before `start` (UTC milliseconds) are history, the others are replayed."""

    accounts: tuple[AccountSetup, ...]
    """A terminal is logged in to the first one when nobody says otherwise."""
    symbols: tuple[SymbolSetup, ...]
    start: int
    utc_offset: int = 0
    """Seconds by which the server's wall clock is ahead of UTC."""
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


def write_setup(folder: Path, setup: ServerSetup, bars: Mapping[str, Columns | Iterable[Bar]]) -> None:
    """Write a trade server's folder, readable by its owner alone; `bars` by symbol."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in setup.symbols:
        given = bars[one.symbol.name]
        recorded = given if isinstance(given, Columns) else columns(given)
        _write(folder / one.file, msgspec.msgpack.encode(recorded))
    _write(folder / SETUP_FILE, msgspec.json.format(msgspec.json.encode(setup)))


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)


def read_setup(folder: Path) -> tuple[ServerSetup, dict[str, Columns], str]:
    """Read a folder: setup, bars by symbol, and the SHA-256 of both; SetupError says what is wrong with it."""
    digest = hashlib.sha256()
    try:
        content = (folder / SETUP_FILE).read_bytes()
        digest.update(content)
        setup = msgspec.json.decode(content, type=ServerSetup)
        bars = {}
        for one in setup.symbols:
            content = (folder / one.file).read_bytes()
            digest.update(content)
            bars[one.symbol.name] = msgspec.msgpack.decode(content, type=Columns)
    except (OSError, msgspec.DecodeError) as error:
        raise SetupError(f"{folder} is no trade server's folder, write it with write_setup: {error}") from error
    _check(setup, bars)
    return setup, bars, digest.hexdigest()


def _check(setup: ServerSetup, bars: Mapping[str, Columns]) -> None:
    if not setup.accounts or not setup.symbols:
        raise SetupError(f"{SETUP_FILE} needs at least one account and one symbol")
    for one in setup.symbols:
        name, recorded = one.symbol.name, bars[one.symbol.name]
        if one.timeframe not in TIMEFRAMES:
            raise SetupError(f"{name}: no timeframe {one.timeframe}, choose one of {', '.join(TIMEFRAMES)}")
        lengths = {len(getattr(recorded, field)) for field in recorded.__struct_fields__}
        if len(lengths) != 1:
            raise SetupError(f"{name}: columns of {one.file} differ in length, write them again")
        if any(b <= a for a, b in zip(recorded.time, recorded.time[1:], strict=False)):
            raise SetupError(f"{name}: bars of {one.file} do not ascend in time, sort them")
    if not any(time >= setup.start for recorded in bars.values() for time in recorded.time[-1:]):
        raise SetupError(f"no bar opens at or after start {setup.start}, choose an earlier start")
