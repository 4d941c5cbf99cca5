"""What a daemon and its ear for the bus know of each other; nothing of a message broker is loaded for it."""

import concurrent.futures

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from brokers.latch import Command

Loosened = concurrent.futures.Future[dict[str, Any]]


class Hooks(msgspec.Struct, frozen=True, kw_only=True):
    """What a daemon lets be done with it; everything is safe from any thread, and does nothing once it has ended."""

    status: Callable[[], dict[str, Any]]
    loosen: Callable[[Command, int], Loosened]
    """Hand a command over that loosens; it is done only if the latch still stands at that generation."""
    wake: Callable[[], object]
    tell: Callable[[Any], object]
    """Tell it a fact."""
    at: Callable[[], int]
    """Server time, UTC milliseconds."""
    bars: Callable[[], dict[str, Any]] = dict
    """The last bar of each feed, as telemetry has it."""


class Listening(Protocol):
    """Somebody who listens for a daemon."""

    def begin(self) -> None:
        """Listen from now on."""
        ...

    def close(self) -> None:
        """Listen no more."""
        ...


class BusOf(Protocol):
    """The bus of an account that has one."""

    two_people: bool
    """Nobody loosens alone, here or elsewhere."""

    def __call__(self, hooks: Hooks, sequences: Mapping[str, int], /) -> Listening:
        """Make who listens for a daemon, given how far each key has counted."""
        ...
