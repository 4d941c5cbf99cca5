"""Taking a fact: it is decided, written down, and only then acted upon; each act's answer is a fact, taken likewise."""

import asyncio

from collections.abc import Callable
from pathlib import Path

import msgspec
import structlog

from brokers.facts import LinkDown, Refused
from brokers.latch import Command
from brokers.limits import GATES
from brokers.mt5.session import LinkLostError, WrongTerminalError
from runtime.alerts import notes
from runtime.core.facts import (
    AdoptionAsked,
    Alerted,
    AnyFact,
    BalanceTaken,
    PersonFact,
    TimerFired,
    TradeWrittenOff,
)
from runtime.core.instructions import (
    Alert,
    AnyInstruction,
    Cancel,
    ClosePosition,
    ModifyStop,
    Reconcile,
    Reply,
    SetLevel,
    Submit,
    WakeAt,
)
from runtime.desks import LiveDesk
from runtime.linker import Linker, Loss
from runtime.questions import Questions
from runtime.recorder import Recorder
from runtime.requests import request_of
from runtime.switch import Switch
from runtime.telling import Listener, Nobody

Inbox = asyncio.Queue[AnyFact | Command | None]
"""What is told to a daemon: facts, commands to be worked, and None only to wake it."""

ASKED = (Submit, ClosePosition, ModifyStop, Cancel)
"""Wishes that become requests: one is under way at a time."""


class Taker:
    """Takes facts in the order in which they are told to it."""

    def __init__(
        self, recorder: Recorder, desk: LiveDesk, linker: Linker, switch: Switch, inbox: Inbox,
        worked: Callable[[], object] = lambda: None,
    ) -> None:  # fmt: skip
        """Record with `recorder`, act through `desk` and `switch`; timers answer into `inbox`.

        `worked` is called for each fact that was taken.
        """
        self.worked = worked
        self.recorder, self.desk, self.linker, self.switch, self.inbox = recorder, desk, linker, switch, inbox
        self.core, self.ledger = recorder.core, recorder.core.ledger
        self.log = structlog.get_logger()
        self.questions = Questions()
        self.people: Listener = Nobody()

    async def take(self, *facts: AnyFact) -> None:
        """Take facts that were told together, and do all that is asked for because of them.

        All are heard before anything is done: what was seen is old once something was done about it.
        """
        queue: list[AnyInstruction] = []
        for fact in facts:
            queue += await self._record(fact)
        for place, wish in enumerate(queue):  # grows while it is walked
            for answer in await self._perform(wish):
                queue += await self._record(answer, durable=any(isinstance(w, ASKED) for w in queue[place + 1 :]))
        self.people.look()
        if any(isinstance(wish, ASKED) for wish in queue):
            await self.news()

    async def _record(self, fact: AnyFact, *, durable: bool = False) -> list[AnyInstruction]:
        """Record a fact; `durable`: it is on disk before the next request leaves.

        That is what lets a restart tell the one request that may have left from those behind it, which did not.
        """
        step, ticket, durable = self.recorder.take(fact, durable=durable)
        self.worked()
        if durable:
            await ticket.settled()
        return list(step.instructions)

    async def hear_out(self, fact: PersonFact) -> None:
        """Take what a person asks for, the venue seen just before; what was given up meanwhile is not taken."""
        if not self.questions.wanted(fact):
            return
        if isinstance(fact, AdoptionAsked | TradeWrittenOff | BalanceTaken):
            await self.take(*await self.look(0, settled=False))
        await self.take(msgspec.structs.replace(fact, at=self.ledger.at))

    async def take_notes(self, folder: Path) -> None:
        """Take what people wrote down while no daemon ran."""
        for note in notes.waiting(folder):
            await self.take(msgspec.structs.replace(note, at=self.ledger.at))
        notes.taken(folder)

    async def news(self) -> None:
        """Hear what has become visible at the desk; what comes of it is heard once that is done."""
        if not self.linker.up:
            return
        try:
            await self.take(*await self.desk.news(self.ledger))
        except (LinkLostError, WrongTerminalError) as error:
            await self.lose(error)

    async def _perform(self, wish: AnyInstruction) -> list[AnyFact]:
        """Act, once, and return the one fact that answers, after the news it came with; a timer answers later."""
        at = self.ledger.at
        match wish:
            case Submit() | ClosePosition() | ModifyStop() | Cancel() if self.core.plan.mode == "observe":
                code = 1 + GATES.index("session")
                return [Refused(at=at, id=wish.id, code=code, reason="the account's mode is observe: nothing is sent")]
            case Submit() | ClosePosition() | ModifyStop() | Cancel():
                request = request_of(wish, self.core.plan.deviation, self.core.decider.scopes_of_order(wish.id))
                return [await self.desk.send(request, at)]
            case Reconcile():
                return await self.look(wish.id, settled=wish.settled)
            case WakeAt():
                fired = TimerFired(at=at, id=wish.id, key=wish.key)
                asyncio.get_running_loop().call_later(wish.after_s, self.inbox.put_nowait, fired)
                return []
            case SetLevel():
                return [self.switch.core_asks(wish, at)]
            case Reply():
                self.questions.answer(wish)
                return [Alerted(at=at, id=wish.id)]
            case Alert():
                self.log.warning("alert", severity=wish.severity, kind=wish.kind, text=wish.text)
                self.people.happened(wish)
                return [Alerted(at=at, id=wish.id)]

    async def look(self, ident: int, *, settled: bool) -> list[AnyFact]:
        """Look at the venue: return all deals not heard yet, then all that it holds; or that the link is lost."""
        try:
            news, found = await self.desk.look(self.ledger, ident, settled=settled)
        except (LinkLostError, WrongTerminalError) as error:
            return [self.linker.lost(error, self.ledger.at) or LinkDown(at=self.ledger.at, reason=str(error))]
        return [*news, found]

    async def lose(self, error: Loss) -> None:
        """Note that the terminal is lost, and tell it where that is news."""
        fact = self.linker.lost(error, self.ledger.at)
        if fact is not None:
            await self.take(fact)
