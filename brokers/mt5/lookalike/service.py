"""Everything between a decoded call and its outcome, without sockets: who asks, what is worked, and what is seen of it.

A real line shows more than replies: one that comes late, one that never comes, or an end. Whoever carries calls (the
server's sockets, a test in its own process) turns outcomes into that; the service itself never waits.
"""

from pathlib import Path
from typing import Any

import msgspec

from brokers.mt5.lookalike.client import Failed
from brokers.mt5.lookalike.exchange import Exchange
from brokers.mt5.lookalike.seat import Seat, place_of
from brokers.mt5.lookalike.verbs import VERBS
from brokers.mt5.lookalike.wire import Stranger


class Reply(msgspec.Struct, frozen=True):
    """An answer: the package's own error code, 1 for success, its text, and the value."""

    code: int
    text: str
    value: Any


class Silence(msgspec.Struct, frozen=True):
    """The call is never answered, and its line stays open."""


class Delayed(msgspec.Struct, frozen=True):
    """The answer is given so many seconds after the call; until then the line is silent."""

    seconds: float
    reply: Reply


class Hangup(msgspec.Struct, frozen=True):
    """The line is closed instead of an answer."""


Outcome = Reply | Silence | Delayed | Hangup


class Service:
    """Answers the calls of every terminal of one trade server."""

    __slots__ = ("_seats", "exchange", "folder")

    def __init__(self, exchange: Exchange, folder: Path) -> None:
        """Serve an exchange that was made from `folder`."""
        self.exchange = exchange
        self.folder = folder
        self._seats: dict[str, Seat] = {}

    def place_of(self, path: str) -> str:
        """Return which terminal a client means that opens `path`."""
        return place_of(self.folder, path)

    def answer(self, place: str, verb: str, arguments: list[Any]) -> Outcome:
        """Work a call of one terminal and say what its line shows; Stranger for what no client would ask."""
        work = VERBS.get(verb)
        if work is None:
            raise Stranger(f"a call nobody here would make: {verb}")
        seat = self._seats.get(place)
        if seat is None:
            seat = self._seats[place] = Seat(self.exchange, self.folder, place)
        try:
            return Reply(1, "", work(seat, *arguments))
        except Failed as failed:
            return Reply(*failed.error, None)
