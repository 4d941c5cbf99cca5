"""Requests as the dictionaries `order_send` takes, and its results as answers; types are the package's strict ones."""

from typing import Any

import msgspec

from brokers.facts import Accepted, Answer, InDoubt, Rejected
from brokers.mt5.retcodes import meaning_of, meaning_of_none
from brokers.mt5.translator import Translator
from brokers.requests import (
    AnyRequest,
    CancelRequest,
    CloseByRequest,
    CloseRequest,
    EntryRequest,
    ModifyRequest,
    StopRequest,
)
from market.types import Symbol


def filling_of(mt5: Any, spec: Symbol) -> int:  # noqa: ANN401 - the package
    """Return the filling a market order must carry: IOC, else FOK, as the contract names them.

    Where it names neither: request and instant execution take all, so FOK; an exchange always takes RETURN; market
    execution never does, and FOK is what the broker will say no to.
    """
    if "ioc" in spec.fillings:
        return int(mt5.ORDER_FILLING_IOC)
    if "fok" not in spec.fillings and spec.execution == "exchange":
        return int(mt5.ORDER_FILLING_RETURN)
    return int(mt5.ORDER_FILLING_FOK)


def at_market(request: AnyRequest, bid: float, ask: float) -> AnyRequest:
    """Return a request at the tick's price, where it is a close that names none: who flattens alone has heard none."""
    if isinstance(request, CloseRequest) and not request.price > 0.0:
        return msgspec.structs.replace(request, price=bid if request.side > 0 else ask)
    return request


def mt5_request(mt5: Any, request: AnyRequest, broker: str, spec: Symbol, translate: Translator) -> dict[str, Any]:  # noqa: ANN401
    """Return the dictionary that does what a request asks, every price on the contract's grid."""
    match request:
        case EntryRequest():
            return _entry(mt5, request, broker, spec, translate)
        case CloseRequest():
            buy = request.side < 0
            return {
                "action": mt5.TRADE_ACTION_DEAL, "symbol": broker, "position": request.position,
                "type": mt5.ORDER_TYPE_BUY if buy else mt5.ORDER_TYPE_SELL, "volume": float(request.volume),
                "price": spec.price(request.price), "deviation": request.deviation, "magic": request.magic,
                "comment": request.comment, "type_time": mt5.ORDER_TIME_GTC, "type_filling": filling_of(mt5, spec),
            }  # fmt: skip
        case StopRequest():
            return {
                "action": mt5.TRADE_ACTION_SLTP, "symbol": broker, "position": request.position,
                "sl": spec.price(request.stop), "tp": spec.price(request.target),
            }  # fmt: skip
        case CancelRequest():
            return {"action": mt5.TRADE_ACTION_REMOVE, "order": request.order}
        case ModifyRequest():
            lasting = request.expiry
            return {
                "action": mt5.TRADE_ACTION_MODIFY, "order": request.order, "price": spec.price(request.price),
                "stoplimit": spec.price(request.limit), "sl": spec.price(request.stop),
                "tp": spec.price(request.target),
                "type_time": mt5.ORDER_TIME_SPECIFIED if lasting else mt5.ORDER_TIME_GTC,
                "expiration": translate.server(lasting),
            }  # fmt: skip
        case CloseByRequest():
            return {
                "action": mt5.TRADE_ACTION_CLOSE_BY, "position": request.position, "position_by": request.by,
                "magic": request.magic, "comment": request.comment,
            }  # fmt: skip


def _entry(mt5: Any, r: EntryRequest, broker: str, spec: Symbol, translate: Translator) -> dict[str, Any]:  # noqa: ANN401
    kinds = {
        ("market", 1): mt5.ORDER_TYPE_BUY,
        ("market", -1): mt5.ORDER_TYPE_SELL,
        ("limit", 1): mt5.ORDER_TYPE_BUY_LIMIT,
        ("limit", -1): mt5.ORDER_TYPE_SELL_LIMIT,
        ("stop", 1): mt5.ORDER_TYPE_BUY_STOP,
        ("stop", -1): mt5.ORDER_TYPE_SELL_STOP,
        ("stop_limit", 1): mt5.ORDER_TYPE_BUY_STOP_LIMIT,
        ("stop_limit", -1): mt5.ORDER_TYPE_SELL_STOP_LIMIT,
    }
    market = r.kind == "market"
    order: dict[str, Any] = {
        "action": mt5.TRADE_ACTION_DEAL if market else mt5.TRADE_ACTION_PENDING, "symbol": broker,
        "type": kinds[r.kind, r.side], "volume": float(r.volume), "price": spec.price(r.price),
        "sl": spec.price(r.stop), "tp": spec.price(r.target), "deviation": r.deviation,
        "magic": r.magic, "comment": r.comment,
        "type_time": mt5.ORDER_TIME_SPECIFIED if r.expiry else mt5.ORDER_TIME_GTC,
        "type_filling": filling_of(mt5, spec) if market else mt5.ORDER_FILLING_RETURN,
    }  # fmt: skip
    if r.filling is not None:
        order["type_filling"] = getattr(mt5, f"ORDER_FILLING_{r.filling.upper()}")
    if r.kind == "stop_limit":
        order["stoplimit"] = spec.price(r.limit)
    if r.expiry:
        order["expiration"] = translate.server(r.expiry)
    return order


def answer_of(ident: int, at: int, result: Any, error: tuple[int, str]) -> Answer:  # noqa: ANN401 - OrderSendResult or None
    """Return what an `order_send` came to; whatever is not clearly done or refused is in doubt."""
    if result is None:
        code, text = error
        if meaning_of_none(code) == "refused":
            return Rejected(at=at, id=ident, code=code, reason=text)
        return InDoubt(at=at, id=ident, code=code, reason=text)
    match meaning_of(result.retcode):
        case "done":
            return Accepted(
                at=at, id=ident, order=result.order, deal=result.deal, volume=result.volume, price=result.price
            )
        case "refused":
            return Rejected(at=at, id=ident, code=result.retcode, reason=result.comment)
        case "doubt":
            return InDoubt(at=at, id=ident, code=result.retcode, reason=result.comment)
