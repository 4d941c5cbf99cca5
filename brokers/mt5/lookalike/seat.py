"""A seat: one terminal at the exchange, known by its place in the server's folder, and who sits there."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import msgspec

from brokers.mt5.lookalike.accounts import AccountDesk
from brokers.mt5.lookalike.client import PLACES
from brokers.mt5.lookalike.exchange import Exchange
from brokers.mt5.lookalike.faults import AUTHORITIES
from brokers.mt5.lookalike.series import Series

TEXTS = {
    -1: "Terminal: Call failed",
    -10000: "IPC call failed",
    -10001: "IPC send failed",
    -10002: "IPC recv failed",
    -10004: "No IPC connection",
    -10005: "IPC timeout",
}
UNAUTHORIZED = (-6, "Terminal: Authorization failed")
API_DISABLED = (-8, "Auto-Trading using Python API disabled in Terminal")
CALL_FAILED = (-1, "Terminal: Call failed")
INVALID_PARAMS = (-2, "Terminal: Invalid params")


def place_of(folder: Path, path: str) -> str:
    """Return the place of the terminal whose folder, or whose program, is `path`: "" for the server's own folder.

    >>> place_of(Path("/broker"), "/broker/terminals/seven/terminal64.exe")
    'terminals/seven'
    """
    asked = Path(path)
    home = asked.parent if asked.suffix == ".exe" else asked
    if not home.is_relative_to(folder / PLACES):
        return ""
    return home.relative_to(folder).as_posix()


class Seat(msgspec.Struct, frozen=True, kw_only=True):
    """What a verb is asked by: the exchange as one terminal sees it, which is not always as it is."""

    x: Exchange
    home: str
    """The terminal's folder, as it tells it."""
    place: str
    login: int
    """Whose trade requests it sends."""
    account: AccountDesk
    """Whose books it shows."""
    series: Mapping[str, Series]
    connected: bool = True
    forbidden: frozenset[str] = frozenset()
    """Who forbids to trade: `faults.AUTHORITIES`."""
    refused: int = 0
    """The return code the broker gives to trade requests, whatever they are."""
    share: float = 1.0
    """How much of a market order is filled."""

    @property
    def selected(self) -> set[str]:
        """The terminal's market watch."""
        return self.x.terminal(self.place).selected

    def allowed(self, by: AUTHORITIES) -> bool:
        """Say whether an authority allows to trade."""
        return by not in self.forbidden


@lru_cache(maxsize=1024)  # of texts, since paths are slow to compare; asked with every call
def _home(folder: str, place: str) -> str:
    return str(Path(folder) / place)


def seat_at(x: Exchange, folder: str, place: str) -> Seat:
    """Sit down at a terminal of the server of a folder."""
    login = x.terminal(place).login
    return Seat(x=x, home=_home(folder, place), place=place, login=login, account=x.accounts[login], series=x.series)
