"""The package's trade request as a request of the port, and the port's answer as the package's result."""

from typing import Any

from brokers.mt5.lookalike import constants as c
from brokers.port import Accepted, Answer, AnyRequest, CancelRequest, CloseRequest, EntryRequest, Rejected, StopRequest
from market.types import BUY, SELL, Order, OrderKind, Position, Side

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
    10035: "Invalid order",
    10036: "Position doesn't exist",
    10038: "Invalid close volume",
}

_KINDS: dict[int, tuple[OrderKind, Side]] = {
    c.ORDER_TYPE_BUY: ("market", BUY),
    c.ORDER_TYPE_SELL: ("market", SELL),
    c.ORDER_TYPE_BUY_LIMIT: ("limit", BUY),
    c.ORDER_TYPE_SELL_LIMIT: ("limit", SELL),
    c.ORDER_TYPE_BUY_STOP: ("stop", BUY),
    c.ORDER_TYPE_SELL_STOP: ("stop", SELL),
}


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
        case c.TRADE_ACTION_SLTP:
            if position is None:
                return c.TRADE_RETCODE_POSITION_CLOSED
            symbol = position.symbol
            return StopRequest(id=number, symbol=symbol, position=r.position, stop=r.sl, target=r.tp, decided_at=at)
        case c.TRADE_ACTION_REMOVE:
            if order is None:
                return c.TRADE_RETCODE_INVALID
            return CancelRequest(id=number, symbol=order.symbol, order=r.order, decided_at=at)
        case _:
            return c.TRADE_RETCODE_INVALID


def _close(r: Any, number: int, at: int, position: Position | None) -> CloseRequest | int:  # noqa: ANN401 - a TradeRequest
    if r.type_filling != c.ORDER_FILLING_IOC:
        return c.TRADE_RETCODE_INVALID_FILL
    if position is None:
        return c.TRADE_RETCODE_POSITION_CLOSED
    if r.symbol != position.symbol or r.type != (c.ORDER_TYPE_SELL if position.side > 0 else c.ORDER_TYPE_BUY):
        return c.TRADE_RETCODE_INVALID
    if r.volume > position.volume:
        return c.TRADE_RETCODE_INVALID_CLOSE_VOLUME
    return CloseRequest(
        id=number,
        symbol=r.symbol,
        position=r.position,
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
    if r.type_filling != c.ORDER_FILLING_IOC and not (pending and r.type_filling == c.ORDER_FILLING_RETURN):
        return c.TRADE_RETCODE_INVALID_FILL
    expiry = expiry_of(r, at) if pending else 0
    if 0 != expiry <= at:
        return c.TRADE_RETCODE_INVALID_EXPIRATION
    return EntryRequest(
        id=number,
        symbol=r.symbol,
        side=side,
        kind=kind,
        volume=r.volume,
        price=r.price,
        stop=r.sl,
        target=r.tp,
        expiry=expiry,
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


def result(answer: Answer, number: int, bid: float, ask: float) -> list[Any]:
    """Return what a request came to, without TradeRequest at its end."""
    match answer:
        case Accepted():
            quote = (bid, ask) if answer.deal else (0.0, 0.0)
            done = c.TRADE_RETCODE_DONE
            return [done, answer.deal, answer.order, answer.volume, answer.price, *quote, comment_of(done), number, 0]
        case Rejected():
            return refused(answer.code, number)
        case _:
            raise TypeError(f"a venue accepts or rejects, this one says {answer}")
