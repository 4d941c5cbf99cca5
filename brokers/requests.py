"""What a terminal can be told: requests, which every venue takes in the same words.

Everything that crosses to a venue is one of these frozen values, whether it is a real MetaTrader 5, the look-alike, the
paper desk or the backtest. `decided_at` is server time in UTC milliseconds.
"""

import msgspec

from market.types import Filling, OrderKind, Side


class Request(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """What a venue may be asked; `id` is the instruction it answers, and is never sent twice."""

    id: int
    symbol: str
    scopes: tuple[str, ...] | None = None
    """Scopes of the halt latch that it is in, beside its symbol's; None: nobody said, and every one may be meant."""


class EntryRequest(Request, frozen=True, kw_only=True):
    """Open a position, now or at a price: always with a protective stop."""

    side: Side
    kind: OrderKind
    volume: float
    price: float
    """Market: the quote it was decided on. Limit and stop: the trigger."""
    limit: float = 0.0
    """Stop limit: where the limit order stands that the trigger places."""
    filling: Filling | None = None
    """None: as the symbol's contract asks."""
    stop: float
    target: float = 0.0
    expiry: int = 0
    magic: int
    comment: str = ""
    deviation: int = 0
    decided_at: int
    """Server time of the decision; the gateway refuses an old one."""


class CloseRequest(Request, frozen=True, kw_only=True):
    """Close `volume` lots of one position at the market."""

    position: int
    side: Side
    """Side of the position, not of the closing order."""
    volume: float
    price: float
    magic: int
    comment: str = ""
    deviation: int = 0
    decided_at: int
    operator: bool = False
    """A person asked: then a halt does not forbid it."""
    max_spread: float = 0.0
    """Points between bid and ask at which it may be sent at most; 0.0: any."""


class StopRequest(Request, frozen=True, kw_only=True):
    """Set the stop and target of a position."""

    position: int
    stop: float
    target: float
    decided_at: int


class CancelRequest(Request, frozen=True, kw_only=True):
    """Take a resting order back."""

    order: int
    decided_at: int


class ModifyRequest(Request, frozen=True, kw_only=True):
    """Move a resting order: its price, stop, target and expiry are set anew."""

    order: int
    price: float
    limit: float = 0.0
    stop: float
    target: float = 0.0
    expiry: int = 0
    decided_at: int


class CloseByRequest(Request, frozen=True, kw_only=True):
    """Close a position of a hedging account against an opposite one of the same symbol."""

    position: int
    by: int
    magic: int
    comment: str = ""
    decided_at: int
    operator: bool = False
    """A person asked: then a halt does not forbid it."""


AnyRequest = EntryRequest | CloseRequest | StopRequest | CancelRequest | ModifyRequest | CloseByRequest
