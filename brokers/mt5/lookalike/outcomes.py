"""What the line of a call shows: a reply, one that comes late, one that never comes, or an end; pure values."""

from collections.abc import Callable
from typing import Any

import msgspec

from brokers.mt5.lookalike.seat import CALL_FAILED


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


def slower(outcome: Outcome, seconds: float) -> Outcome:
    """Show what is shown so many seconds later."""
    match outcome:
        case Reply():
            return Delayed(seconds, outcome)
        case Delayed(more, reply):
            return Delayed(seconds + more, reply)
        case _:
            return outcome


def changed(outcome: Outcome, change: Callable[[Any], Any]) -> Outcome:
    """Show another value where there is one; without a value the call has failed."""
    match outcome:
        case Reply(code=1, value=value):
            new = change(value)
            return Reply(1, "", new) if new is not None else Reply(*CALL_FAILED, None)
        case Delayed(seconds, reply):
            inner = changed(reply, change)
            return Delayed(seconds, inner) if isinstance(inner, Reply) else inner
        case _:
            return outcome
