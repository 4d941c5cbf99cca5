"""What a terminal shows of its trade server: less than there is, while something is kept back, away or another's."""

from typing import Any

from brokers.mt5.lookalike.barrow import ROW
from brokers.mt5.lookalike.structs import AccountInfo, SymbolInfo, TerminalInfo, TradeDeal, names_of

_DEAL = names_of(TradeDeal)
POSITION, PROFIT, COMMISSION = (_DEAL.index(name) for name in ("position_id", "profit", "commission"))
_NAME, _CONTRACT = (names_of(SymbolInfo).index(name) for name in ("name", "trade_contract_size"))
_BALANCE = names_of(AccountInfo).index("balance")
_CONNECTED = names_of(TerminalInfo).index("connected")

Kept = tuple[float, list[Any], int, float]
"""An order placed whose deal is kept back: until when, its row, the position it made, its money."""


def _with(row: list[Any], place: int, value: Any) -> list[Any]:  # noqa: ANN401 - a field's own
    """Return a row with another value at a place."""
    return [*row[:place], value, *row[place + 1 :]]


def _revised(packed: bytes) -> bytes:
    """Return packed bars of which the last closed one reads otherwise than it was told, or will be."""
    at = len(packed) - 2 * ROW.size
    time, open_, high, low, close, *rest = ROW.unpack_from(packed, at)
    changed = ROW.pack(time, open_, high, low, (close + low) / 2, *rest)
    return packed[:at] + changed + packed[at + ROW.size :]


class Shown:
    """What is wrong with a terminal's view, and until when."""

    def __init__(self, world: Any, *, lockstep: bool) -> None:  # noqa: ANN401 - a World
        self.world, self.lockstep = world, lockstep
        self.late: dict[int, float] = {}
        """Deals that are not shown before a moment."""
        self.kept: dict[int, Kept] = {}
        """By order ticket."""
        self.told: set[int] = set()
        """Deals that were shown once."""
        self.away_until = self.foreign_until = self.late_until = self.revised_until = -1.0
        self.changed: set[str] = set()
        """Symbols whose contract reads otherwise."""

    def calm(self) -> None:
        """Show all from now on, but for what is under way."""
        self.away_until = self.foreign_until = self.late_until = self.revised_until = -1.0
        self.changed.clear()

    def _keeping(self) -> list[Kept]:
        now = self.world.loop.now
        return [kept for kept in self.kept.values() if now < kept[0]]

    def hidden(self) -> int:
        """Return how much news is kept back: a deal each, and the end of its order with those placed."""
        now: float = self.world.loop.now
        return sum(now < until for until in self.late.values()) + 2 * len(self._keeping())

    def now(self, venue: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:  # noqa: ANN401 - a Venue
        """Return the tickets of positions and orders that a terminal shows now."""
        kept = self._keeping()
        hidden = {position for _, _, position, _ in kept}
        held = tuple(p.ticket for p in venue.positions() if p.ticket not in hidden)
        return held, (*(o.ticket for o in venue.orders()), *(row[0] for _, row, _, _ in kept))

    def seen(self, verb: str, value: Any, other: int) -> Any:  # noqa: ANN401, C901, PLR0911 - a table of verbs
        """Return what a terminal shows where the server says `value`; `other` is somebody else's login."""
        now = self.world.loop.now
        match verb:
            case "terminal" if now < self.away_until:
                return _with(value, _CONNECTED, False)  # noqa: FBT003 - a field of the package
            case "account" if now < self.foreign_until:
                return [other, *value[1:]]
            case "account" if self.kept and value[0] != other:
                return _with(value, _BALANCE, round(value[_BALANCE] - sum(kept[3] for kept in self._keeping()), 2))
            case "state" | "done":
                return {**value, "lockstep": self.lockstep, "news": value["news"] - self.hidden()}
            case "history_deals":
                return self._deals(value, now)
            case "history_orders" if self.kept:
                hidden = {order for order, kept in self.kept.items() if now < kept[0]}
                return [row for row in value if row[0] not in hidden]
            case "positions" if self.kept:
                hidden = {position for _, _, position, _ in self._keeping()}
                return [row for row in value if row[0] not in hidden]
            case "orders" if self.kept:
                return [*value, *(row for _, row, _, _ in self._keeping())]
            case "rates_from_pos" if now < self.revised_until and len(value) > 2 * ROW.size:
                return _revised(value)
            case "symbol" if value[_NAME] in self.changed:
                return _with(value, _CONTRACT, 10.0)
        return value

    def _deals(self, rows: list[Any], now: float) -> list[Any]:
        """Show deals in the order of their tickets, up to the first that is kept back."""
        orders = {order for order, kept in self.kept.items() if now < kept[0]}
        kept = [row[0] for row in rows if row[1] in orders or now < self.late.get(row[0], -1.0)]
        seen = [row for row in rows if row[0] < kept[0]] if kept else rows
        fresh = {row[0] for row in seen} - self.told
        if fresh:
            self.world.hook("deal: not yet shown")
            self.told |= fresh
            self.world.fresh = True
        return seen
