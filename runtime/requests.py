"""Wishes become requests: the only place where an instruction turns into something a venue can be told."""

from brokers.requests import AnyRequest, CancelRequest, CloseRequest, EntryRequest, StopRequest
from market.types import BUY, SELL
from runtime.core.instructions import Cancel, ClosePosition, ModifyStop, Submit

VenueInstruction = Submit | ClosePosition | ModifyStop | Cancel


def request_of(wish: VenueInstruction, deviation: int = 0, scopes: tuple[str, ...] | None = None) -> AnyRequest:
    """Return the request that does what an instruction asks; symbols are canonical, the session maps them.

    scopes: those of the halt latch that it is in.
    """
    match wish:
        case Submit():
            return _entry(wish, deviation, scopes)
        case ClosePosition():
            return CloseRequest(
                id=wish.id, symbol=wish.symbol, position=wish.position, side=BUY if wish.side > 0 else SELL,
                volume=wish.volume, price=wish.price, magic=wish.magic, comment=f"tg {wish.reason}"[:29],
                deviation=deviation, decided_at=wish.decided_at, operator=wish.operator, scopes=scopes,
                max_spread=wish.max_spread,
            )  # fmt: skip
        case ModifyStop():
            return StopRequest(
                id=wish.id, symbol=wish.symbol, position=wish.position, stop=wish.stop, target=wish.target,
                decided_at=wish.decided_at, scopes=scopes,
            )  # fmt: skip
        case Cancel():
            return CancelRequest(
                id=wish.id, symbol=wish.symbol, order=wish.order, decided_at=wish.decided_at, scopes=scopes
            )


def _entry(wish: Submit, deviation: int, scopes: tuple[str, ...] | None) -> EntryRequest:
    i = wish.approved.intent
    return EntryRequest(
        id=wish.id, symbol=i.symbol, side=i.side, kind=i.kind, volume=i.volume, price=i.price, stop=i.stop,
        target=i.target, expiry=i.expiry, magic=wish.magic, comment=wish.comment, deviation=deviation,
        decided_at=wish.decided_at, scopes=scopes,
    )  # fmt: skip
