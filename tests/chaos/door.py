"""What comes to the trade server's door: a trade request of ours, or a line that is cut."""

from typing import Any

import msgspec

from brokers.latch import Latch
from brokers.mt5.lookalike import constants as c
from brokers.mt5.lookalike.structs import TradeRequest

LOGIN = 7
"""Our account."""
DEALING = {c.TRADE_ACTION_DEAL, c.TRADE_ACTION_PENDING}


class Cut(Exception):
    """The line breaks; `heard` tells whether the call was worked."""

    def __init__(self, *, sent: bool) -> None:
        super().__init__("cut")
        self.sent = sent


class Asked(msgspec.Struct):
    """A trade request of ours as it came to the door."""

    instruction: int
    fields: list[Any]
    at: float
    latch: Latch
    """As it stood then."""
    written: bool
    """The intent was on disk before."""
    unheard_s: float = 0.0
    """For so long the bus had brought nothing to the process that asked."""
    by_person: bool = False
    """A close that a person asked for, by a flatten."""
    worked: bool = False
    elsewhere: bool = False
    """It was worked on the account that somebody had logged in to meanwhile."""
    result: list[Any] | None = None

    @property
    def request(self) -> Any:  # noqa: ANN401 - a TradeRequest
        """The request by its fields' names."""
        return TradeRequest(self.fields)


def verb_of(asked: Asked) -> str:
    """Return what a trade request asks for."""
    r = asked.request
    if r.action in DEALING:
        return "close" if r.position else "entry"
    return "stop" if r.action == c.TRADE_ACTION_SLTP else "cancel"
