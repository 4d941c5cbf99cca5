"""Trades of ours that have ended: what each made and how it was left, by which a strategy is judged."""

import msgspec


class Ended(msgspec.Struct, frozen=True):
    """A trade that is over."""

    deal: int
    """Ticket of the deal that has ended it."""
    at: int
    net: float
    """All its deals made, account money: profit, commission, swap and fee."""
    stopped: bool
    """It was left by its stop, or by the venue's stop-out."""
