"""People's hands on our trades: another terminal than ours closes them, or a part, or moves or takes their stop."""

from typing import Any

from brokers.mt5.lookalike import constants as c
from brokers.mt5.lookalike.structs import TradeRequest, names_of
from market.types import Position, Symbol

_EMPTY: dict[str, Any] = {
    "symbol": "", "comment": "", "volume": 0.0, "price": 0.0, "stoplimit": 0.0, "sl": 0.0, "tp": 0.0,
}  # fmt: skip
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
