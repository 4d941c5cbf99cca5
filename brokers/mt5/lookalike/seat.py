"""A seat: one terminal at the exchange, known by its place in the server's folder, and who sits there."""

from pathlib import Path

from brokers.mt5.lookalike.accounts import AccountDesk
from brokers.mt5.lookalike.client import PLACES
from brokers.mt5.lookalike.exchange import Exchange

UNAUTHORIZED = (-6, "Terminal: Authorization failed")
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


class Seat:
    """What a verb is asked by: the exchange, seen from one terminal."""

    __slots__ = ("folder", "place", "x")

    def __init__(self, exchange: Exchange, folder: Path, place: str) -> None:
        """Sit down at a place."""
        self.x = exchange
        self.folder = folder
        self.place = place

    @property
    def account(self) -> AccountDesk:
        """The account this terminal is logged in to."""
        return self.x.account(self.place)

    @property
    def selected(self) -> set[str]:
        """The terminal's market watch."""
        return self.x.terminal(self.place).selected

    @property
    def home(self) -> str:
        """The terminal's folder, as it tells it."""
        return str(self.folder / self.place)
