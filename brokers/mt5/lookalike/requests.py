"""The package's trade request as a request of the port, and the port's answer as the package's result."""

from typing import Any

from brokers.facts import Accepted, Answer, Rejected
from brokers.mt5.lookalike import constants as c
from brokers.requests import (
    AnyRequest,
    CancelRequest,
    CloseByRequest,
    CloseRequest,
    EntryRequest,
    ModifyRequest,
    StopRequest,
)
from market.types import BUY, SELL, Filling, Order, OrderKind, Position, Side

DAY = 86_400_000

_COMMENTS = {
    0: "Done",
    10004: "Requote",
    10006: "Request rejected",
    10007: "Request canceled by trader",
    10008: "Order placed",
    10009: "Request executed",
    10010: "Request executed partially",
    10011: "Request processing error",
    10012: "Request canceled by timeout",
    10013: "Invalid request",
    10014: "Invalid volume",
    10015: "Invalid price",
    10016: "Invalid stops",
    10017: "Trade disabled",
    10018: "Market closed",
    10019: "No money",
    10020: "Price changed",
    10021: "No prices",
    10022: "Invalid expiration",
    10024: "Too many requests",
    10025: "No changes",
    10026: "AutoTrading disabled by server",
    10027: "AutoTrading disabled by client",
    10031: "No connection",
    10030: "Unsupported filling mode",
    10029: "Order or position frozen",
    10033: "Limit of pending orders reached",
    10034: "Limit of volume reached",
    10035: "Invalid order",
    10036: "Position doesn't exist",
    10038: "Invalid close volume",
    10042: "Only long positions allowed",
    10043: "Only short positions allowed",
    10044: "Only position closing allowed",
}

_KINDS: dict[int, tuple[OrderKind, Side]] = {
    c.ORDER_TYPE_BUY: ("market", BUY),
    c.ORDER_TYPE_SELL: ("market", SELL),
    c.ORDER_TYPE_BUY_LIMIT: ("limit", BUY),
    c.ORDER_TYPE_SELL_LIMIT: ("limit", SELL),
    c.ORDER_TYPE_BUY_STOP: ("stop", BUY),
    c.ORDER_TYPE_SELL_STOP: ("stop", SELL),
    c.ORDER_TYPE_BUY_STOP_LIMIT: ("stop_limit", BUY),
    c.ORDER_TYPE_SELL_STOP_LIMIT: ("stop_limit", SELL),
}
KIND_NUMBERS = {kind: number for number, kind in _KINDS.items()}
"""ORDER_TYPE_* of a kind and a side."""
FILLINGS: dict[int, Filling] = {
    c.ORDER_FILLING_FOK: "fok",
    c.ORDER_FILLING_IOC: "ioc",
    c.ORDER_FILLING_RETURN: "return",
}
"""Book or cancel is not offered."""


def port_request(
    r: Any,  # noqa: ANN401 - a TradeRequest
    number: int,
    at: int,
    position: Position | None,
    order: Order | None,
) -> AnyRequest | int:
    """Translate a TradeRequest into one of the port, or return the retcode it is refused with.

    `position` and `order` are those it names, where they exist; `at` is the server's clock.
    """
    match r.action:
        case c.TRADE_ACTION_DEAL if r.position:
            return _close(r, number, at, position)
        case c.TRADE_ACTION_DEAL:
            return _entry(r, number, at, pending=False)
        case c.TRADE_ACTION_PENDING:
            return _entry(r, number, at, pending=True)
        case c.TRADE_ACTION_SLTP | c.TRADE_ACTION_CLOSE_BY if position is None:
            return c.TRADE_RETCODE_POSITION_CLOSED
        case c.TRADE_ACTION_SLTP if position is not None:
            symbol, ticket = position.symbol, position.ticket
            return StopRequest(id=number, symbol=symbol, position=ticket, stop=r.sl, target=r.tp, decided_at=at)
        case c.TRADE_ACTION_CLOSE_BY if position is not None:
            return CloseByRequest(
                id=number, symbol=position.symbol, position=position.ticket, by=r.position_by, magic=r.magic,
                comment=r.comment, decided_at=at,
            )  # fmt: skip
        case c.TRADE_ACTION_MODIFY | c.TRADE_ACTION_REMOVE if order is not None:
            return _of_order(r, number, at, order)
        case _:
            return c.TRADE_RETCODE_INVALID


def _of_order(r: Any, number: int, at: int, order: Order) -> ModifyRequest | CancelRequest:  # noqa: ANN401 - a TradeRequest
    if r.action == c.TRADE_ACTION_REMOVE:
        return CancelRequest(id=number, symbol=order.symbol, order=order.ticket, decided_at=at)
    return ModifyRequest(
        id=number, symbol=order.symbol, order=order.ticket, price=r.price, limit=r.stoplimit, stop=r.sl,
        target=r.tp, expiry=expiry_of(r, at), decided_at=at,
    )  # fmt: skip


def _close(r: Any, number: int, at: int, position: Position | None) -> CloseRequest | int:  # noqa: ANN401 - a TradeRequest
    if position is None:
        return c.TRADE_RETCODE_POSITION_CLOSED
    if r.symbol != position.symbol or r.type != (c.ORDER_TYPE_SELL if position.side > 0 else c.ORDER_TYPE_BUY):
        return c.TRADE_RETCODE_INVALID
    if r.volume > position.volume:
        return c.TRADE_RETCODE_INVALID_CLOSE_VOLUME
    return CloseRequest(
        id=number,
        symbol=r.symbol,
        position=position.ticket,
        side=position.side,
        volume=r.volume,
        price=r.price,
        magic=r.magic,
        comment=r.comment,
        deviation=r.deviation,
        decided_at=at,
    )


def _entry(r: Any, number: int, at: int, *, pending: bool) -> EntryRequest | int:  # noqa: ANN401 - a TradeRequest
    kind, side = _KINDS.get(r.type, ("market", BUY))
    if r.type not in _KINDS or (kind != "market") != pending:
        return c.TRADE_RETCODE_INVALID_ORDER
    if r.type_filling not in FILLINGS:
        return c.TRADE_RETCODE_INVALID_FILL
    return EntryRequest(
        id=number,
        symbol=r.symbol,
        side=side,
        kind=kind,
        volume=r.volume,
        price=r.price,
        limit=r.stoplimit,
        filling=FILLINGS[r.type_filling],
        stop=r.sl,
        target=r.tp,
        expiry=expiry_of(r, at) if pending else 0,
        magic=r.magic,
        comment=r.comment,
        deviation=r.deviation,
        decided_at=at,
    )


def expiry_of(r: Any, at: int) -> int:  # noqa: ANN401 - a TradeRequest
    """Return the moment a pending order ends, 0 for never and -1 for a lifetime that cannot be."""
    match r.type_time:
        case c.ORDER_TIME_GTC:
            return 0
        case c.ORDER_TIME_DAY:
            return (at // DAY + 1) * DAY
        case c.ORDER_TIME_SPECIFIED:
            return int(r.expiration * 1000) or -1
        case c.ORDER_TIME_SPECIFIED_DAY:
            return (int(r.expiration) * 1000 // DAY + 1) * DAY
        case _:
            return -1


def comment_of(code: int) -> str:
    """Return what a terminal writes into a result."""
    return _COMMENTS.get(code, "Request rejected")


def refused(code: int, number: int) -> list[Any]:
    """Return the result of a refused request, without TradeRequest at its end."""
    return [code, 0, 0, 0.0, 0.0, 0.0, 0.0, comment_of(code), number, 0]


def result(answer: Answer, number: int, bid: float, ask: float, asked: float) -> list[Any]:
    """Return what a request came to, without TradeRequest at its end; `asked` is the volume of a market order."""
    match answer:
        case Accepted(deal=deal, volume=volume):
            quote = (bid, ask) if deal else (0.0, 0.0)
            partial = deal > 0 and volume < asked
            code = c.TRADE_RETCODE_DONE_PARTIAL if partial else c.TRADE_RETCODE_DONE
            return [code, deal, answer.order, volume, answer.price, *quote, comment_of(code), number, 0]
        case Rejected():
            return refused(answer.code, number)
        case _:
            raise TypeError(f"a venue accepts or rejects, this one says {answer}")
