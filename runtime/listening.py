"""How a running daemon is spoken to: at its local socket, and over the bus where its account has one."""

import asyncio
import contextlib

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import msgspec

from brokers.latch import Command
from runtime.alerts.router import Router
from runtime.bus.hooks import BusOf, Hooks
from runtime.core.facts import PersonFact
from runtime.core.state import Ledger
from runtime.operator.control import Control
from runtime.status import Daemon as Shown
from runtime.status import status_of
from runtime.switch import Answer
from runtime.taker import Inbox


class Daemon(Shown, Protocol):
    """A daemon that can be spoken to."""

    folder: Path
    inbox: Inbox
    bus: BusOf | None
    router: Router | None
    ledger: Ledger

    def hand_over(self, command: Command, since: int | None = None) -> Answer:
        """Take a command that loosens from another thread."""
        ...

    def ask(self, fact: PersonFact) -> Answer:
        """Take what a person asks for from another thread."""
        ...


@contextlib.contextmanager
def listening(daemon: Daemon, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Listen for a daemon that runs in a loop."""

    def tell(item: Any) -> None:  # noqa: ANN401 - a fact, or nothing
        with contextlib.suppress(RuntimeError):  # it has ended
            loop.call_soon_threadsafe(daemon.inbox.put_nowait, item)

    status, wake = partial(status_of, daemon), partial(tell, None)
    hooks = Hooks(status=status, loosen=daemon.hand_over, wake=wake, tell=tell, at=lambda: daemon.ledger.at)
    with contextlib.ExitStack() as stack:
        if daemon.router is not None:
            stack.callback(daemon.router.close)
            daemon.router.begin()
        loosen = alone if daemon.bus is not None and daemon.bus.two_people else daemon.hand_over
        stack.callback(Control(daemon.folder, status, loosen, wake, daemon.ask).close)
        if daemon.bus is not None:
            from runtime.bus.telemetry import bars_of  # noqa: PLC0415 - signatures, for who speaks over a bus only

            hooks = msgspec.structs.replace(hooks, bars=partial(bars_of, daemon.core))
            bus = daemon.bus(hooks, daemon.ledger.sequences)
            stack.callback(bus.close)
            bus.begin()
        yield


def alone(_command: Command) -> Answer:
    """Refuse what loosens from one who stands here, where two people are needed: the system knows but one user."""
    answer = Answer()
    problem = (
        "alone: two people are needed (bus.two_people), and at this machine all are one user: each asks over the bus, "
        "by his own key: tidegate resume ACCOUNT --via mqtt"
    )
    answer.set_result({"ok": False, "problem": problem, "refused": True})
    return answer
