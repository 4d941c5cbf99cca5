"""People's hands on our trades: another terminal than ours closes them, or a part, or moves or takes their stop."""

from typing import Any

from brokers.mt5.lookalike import constants as c
from brokers.mt5.lookalike.structs import TradeRequest, names_of
from market.types import Position, Symbol

_EMPTY: dict[str, Any] = {
    "symbol": "", "comment": "", "volume": 0.0, "price": 0.0, "stoplimit": 0.0, "sl": 0.0, "tp": 0.0,
}  # fmt: skip
OTHERS = (0, 77)
"""Magic numbers of what is not ours: a person's, and another program's."""
FAR = 60.0
"""From the price to a stranger's resting order, and to a stranger's stop."""
ACTS = ("close", "close a part of", "move the stop away from", "move the stop nearer to", "take the stop away from")
AWAY = 4


def fields_of(**given: Any) -> list[Any]:  # noqa: ANN401 - fields of TradeRequest
    """Return a trade request in the package's order."""
    return [given.get(name, _EMPTY.get(name, 0)) for name in names_of(TradeRequest)]


def by_hand(act: int, p: Position, spec: Symbol) -> list[Any] | None:
    """Return the request by which a person acts on a position; None where it is too small to be parted."""
    if act > 1:
        stop = (round(p.price - p.side * 9.0, 2), round(p.stop + p.side * 0.1, 2), 0.0)[act - 2]
        return fields_of(action=c.TRADE_ACTION_SLTP, symbol=p.symbol, position=p.ticket, sl=stop, tp=p.target)
    volume = p.volume if act == 0 else spec.lots(p.volume / 2)
    if not volume > 0.0:
        return None
    return fields_of(
        action=c.TRADE_ACTION_DEAL, symbol=p.symbol, volume=volume, position=p.ticket,
        type=c.ORDER_TYPE_SELL if p.side > 0 else c.ORDER_TYPE_BUY, type_filling=c.ORDER_FILLING_IOC,
    )  # fmt: skip


class Others:
    """What is on our account and is not ours."""

    def __init__(self) -> None:
        self.all: set[int] = set()
        """Tickets of their orders, and so of the positions that these open."""
        self.since: dict[int, float] = {}
        """Of each, when it was there."""
        self.symbols: dict[int, str] = {}

    def come(self, ticket: int, symbol: str, now: float) -> None:
        """Note that a stranger has traded."""
        self.all.add(ticket)
        self.since[ticket], self.symbols[ticket] = now, symbol


def by_a_stranger(pick: int, symbol: str, bid: float, ask: float) -> list[Any]:
    """Return the request of somebody who trades beside us: a position, or an order far away."""
    side, magic, rests = (1, -1)[pick % 2], OTHERS[pick // 2 % 2], pick // 4 % 3 == 0
    price = ask if side > 0 else bid
    if not rests:
        return fields_of(
            action=c.TRADE_ACTION_DEAL, symbol=symbol, volume=0.1, magic=magic, price=price,
            sl=round(price - side * FAR, 2) if pick // 12 % 2 else 0.0,
            type=c.ORDER_TYPE_BUY if side > 0 else c.ORDER_TYPE_SELL, type_filling=c.ORDER_FILLING_IOC,
        )  # fmt: skip
    price = round(price - side * FAR, 2)
    return fields_of(
        action=c.TRADE_ACTION_PENDING, symbol=symbol, volume=0.1, magic=magic, price=price,
        type=c.ORDER_TYPE_BUY_LIMIT if side > 0 else c.ORDER_TYPE_SELL_LIMIT, type_filling=c.ORDER_FILLING_RETURN,
        type_time=c.ORDER_TIME_GTC,
    )  # fmt: skip
