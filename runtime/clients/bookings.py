"""Bookings: all that has moved an account's balance, or opened and closed what is open, in the order of its times."""

from collections.abc import Iterable, Sequence

import msgspec

from brokers.fills import average_price
from market.money import cents
from runtime.core.balance import BALANCE_TAKEN
from runtime.core.deals import EARNED, UNSPENT
from runtime.core.positions import LOT_DUST
from runtime.core.writeoff import WRITTEN_OFF

TRADES = frozenset({"in", "out", "inout", "out_by"})
MENDED = frozenset({WRITTEN_OFF, BALANCE_TAKEN})
"""Money that no deal told and a person took for true: what trading made of the account, as far as anybody knows."""
COMMISSIONS = frozenset({"commission", "daily commission", "monthly commission", "agent commission"})
CHARGES = frozenset({"charge", "tax"})


class Booking(msgspec.Struct, frozen=True, kw_only=True):
    """One of them; money in account currency, to the cent."""

    at: int
    seq: int
    """The row of the journal that told it."""
    ticket: int
    """The venue's; 0: no deal told it."""
    kind: str
    """in, out, inout, out_by: a trade. Else of what kind money without a trade is."""
    profit: float
    commission: float = 0.0
    swap: float = 0.0
    fee: float = 0.0
    position: int = 0
    symbol: str = ""
    side: int = 1
    lots: float = 0.0
    price: float = 0.0
    strategy: str = ""
    """Empty: none of ours."""
    note: str = ""

    @property
    def traded(self) -> bool:
        """Whether it is a trade's."""
        return self.kind in TRADES

    @property
    def money(self) -> float:
        """What it added to the balance; a credit adds nothing."""
        return 0.0 if self.kind in UNSPENT else cents(self.profit + self.commission + self.swap + self.fee)

    @property
    def flows(self) -> bool:
        """Whether it is money paid in or taken out: neither earned nor lost."""
        return not self.traded and self.kind not in EARNED | UNSPENT | MENDED


class Open(msgspec.Struct, frozen=True, kw_only=True):
    """What is open in one position."""

    position: int
    symbol: str
    side: int
    lots: float
    price: float
    """At which it was entered, on the average."""
    since: int
    strategy: str = ""
    now: float = 0.0
    """What it could be left at; 0.0: nobody knows."""
    profit: float = 0.0
    """Not realised yet, account money."""
    swap: float = 0.0
    """Waiting to be booked when it is closed."""


def balances(began: float, bookings: Iterable[Booking]) -> list[float]:
    """Return the balance after each booking, to the cent."""
    found, balance = [], began
    for booking in bookings:
        balance = cents(balance + booking.money)
        found.append(balance)
    return found


def total(bookings: Iterable[Booking]) -> float:
    """Return what bookings have added to the balance."""
    return cents(sum(booking.money for booking in bookings))


def open_after(standing: Sequence[Open], bookings: Iterable[Booking]) -> dict[int, Open]:
    """Return what is open by position, after these bookings, where so much was open before."""
    found = {one.position: one for one in standing}
    for booking in bookings:
        if booking.traded:
            left = _after(found.get(booking.position), booking)
            found.pop(booking.position, None)
            if left is not None:
                found[booking.position] = left
        elif booking.kind == WRITTEN_OFF:
            found.pop(booking.position, None)
    return found


def _after(one: Open | None, booking: Booking) -> Open | None:
    """Return what is open in a position after a deal; a deal that leaves what nobody saw entered leaves nothing."""
    entered = Open(
        position=booking.position, symbol=booking.symbol, side=booking.side, lots=booking.lots, price=booking.price,
        since=booking.at, strategy=booking.strategy,
    )  # fmt: skip
    if booking.kind == "in":
        if one is None:
            return entered
        price = average_price(one.lots, one.price, booking.lots, booking.price)
        return msgspec.structs.replace(one, lots=one.lots + booking.lots, price=price)
    lots = (one.lots if one is not None else 0.0) - booking.lots
    if lots > LOT_DUST and one is not None:
        return msgspec.structs.replace(one, lots=lots)
    if booking.kind == "inout" and lots < -LOT_DUST and one is not None:
        return msgspec.structs.replace(entered, lots=-lots, strategy="")
    return None
