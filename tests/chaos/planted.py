"""Planted bugs: each a class of the house made wrong in one way that the oracle must see."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from brokers.facts import Answer, BarClosed, InDoubt
from brokers.latch import Latch
from brokers.limits import GATES
from brokers.mt5.gateway import Gateway
from brokers.mt5.lookalike.exchange import Exchange
from brokers.mt5.reader import Reader
from brokers.mt5.session import LinkLostError, Session
from brokers.mt5.worker import Worker
from brokers.requests import AnyRequest
from runtime.bus.ear import Ear, Reply, Wanted
from runtime.core.facts import AnyFact, BusHeard, BusSilent, LevelChanged
from runtime.hearing import Hearing
from runtime.quotes import ClockWatch
from runtime.recorder import Recorder
from tests.chaos.points import Fault
from tests.chaos.world import Variant

WIDE = 20.0
"""A spread beyond the limit of `house.LIMITS`, in price."""


class Resending(Session):
    """Sends once more what was not answered."""

    async def send(self, request: AnyRequest, at: int) -> Answer:
        """Try twice."""
        answer = await super().send(request, at)
        if not isinstance(answer, InDoubt):
            return answer
        try:
            await self.start()
        except LinkLostError:
            return answer
        return await super().send(request, at)


class Hasty(Recorder):
    """Acts before the intent is on disk."""

    def take(self, fact: AnyFact, *, durable: bool = False) -> Any:  # noqa: ANN401 - a step, its ticket and whether to wait
        """Never wait."""
        step, ticket, _ = super().take(fact, durable=durable)
        return step, ticket, False


class Deaf(Gateway):
    """Does not look at the latch."""

    def latch(self) -> Latch:
        """Take everything for run."""
        return msgspec.structs.replace(super().latch(), level="run", scopes=())


class Scopeless(Gateway):
    """Looks at the level of the account alone."""

    def latch(self) -> Latch:
        """Leave the scopes out."""
        return msgspec.structs.replace(super().latch(), scopes=())


class Sweeping(Recorder):
    """Takes the word about a scope for one about the account."""

    def take(self, fact: AnyFact, *, durable: bool = False) -> Any:  # noqa: ANN401 - a step, its ticket and whether to wait
        """Widen each word."""
        if isinstance(fact, LevelChanged) and fact.whole is not None and fact.command.scope:
            whole = msgspec.structs.replace(fact.whole, level=fact.command.level, scopes=())
            fact = msgspec.structs.replace(fact, whole=whole)
        return super().take(fact, durable=durable)


class Greedy(Recorder):
    """Takes each flatten for one of foreign ones too."""

    def take(self, fact: AnyFact, *, durable: bool = False) -> Any:  # noqa: ANN401 - a step, its ticket and whether to wait
        """Put the word into people's mouths."""
        if isinstance(fact, LevelChanged) and fact.whole is not None and fact.whole.command is not None:
            more = msgspec.structs.replace(fact.whole.command, foreign=True)
            fact = msgspec.structs.replace(fact, whole=msgspec.structs.replace(fact.whole, command=more))
        return super().take(fact, durable=durable)


class Unalarmed(Recorder):
    """Takes a silent bus for a sound one."""

    def take(self, fact: AnyFact, *, durable: bool = False) -> Any:  # noqa: ANN401 - a step, its ticket and whether to wait
        """Turn each silence round."""
        return super().take(BusHeard(at=fact.at) if isinstance(fact, BusSilent) else fact, durable=durable)


class Absentminded(Ear):
    """Does not remember what it has obeyed."""

    def hear(self, raw: bytes, *, desired: bool = False) -> Wanted | Reply | None:
        """Forget everything before."""
        self.done.clear()
        return super().hear(raw, desired=desired)


class WithoutScopes(Worker):
    """Has a gate that does not look at scopes."""

    def answer(self, ask: Any) -> Any:  # noqa: ANN401 - an ask and its reply
        """Put the other gate in the place of the real one."""
        told = super().answer(ask)
        if self.gateway is not None and not isinstance(self.gateway, Scopeless):
            self.gateway.__class__ = Scopeless
        return told


class WithoutLatch(Worker):
    """Has a gate that does not look at the latch."""

    def answer(self, ask: Any) -> Any:  # noqa: ANN401 - an ask and its reply
        """Put the deaf gate in the place of the real one."""
        told = super().answer(ask)
        if self.gateway is not None and not isinstance(self.gateway, Deaf):
            self.gateway.__class__ = Deaf
        return told


class Believing(Reader):
    """Reads a failure as nothing there."""

    def must(self, value: Any, what: str) -> Any:  # noqa: ANN401 - whatever the package returns
        """Take None for empty where a list was asked for."""
        return () if value is None and what.endswith("s_get") else super().must(value, what)


class NoneIsFlat(Worker):
    """Reads None as flat."""

    def __init__(self, package: Any, control: Any, patience_s: float = 0.0) -> None:  # noqa: ANN401 - modules
        """Read through a believing reader."""
        super().__init__(package, control, patience_s)
        self.reader.__class__ = Believing


class Repeating(Worker):
    """Sends again where the terminal says None."""

    def send(self, ask: Any) -> Any:  # noqa: ANN401 - a Send and its reply
        """Try twice, past the gate's own memory."""
        told = super().send(ask)
        if isinstance(told.answer, InDoubt) and self.gateway is not None:
            self.gateway.pace.sent.clear()
            return super().send(ask)
        return told


class Package:
    """The package, but an entry leaves without its stop, which follows once the entry is done."""

    def __init__(self, package: Any) -> None:  # noqa: ANN401 - a module
        """Stand before the package."""
        self.package = package

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the package has
        """Be the package in everything else."""
        return getattr(self.package, name)

    def order_send(self, order: dict[str, Any]) -> Any:  # noqa: ANN401 - a result
        """Send two requests where one would do."""
        if order["action"] != self.package.TRADE_ACTION_DEAL or "sl" not in order:
            return self.package.order_send(order)
        result = self.package.order_send({**order, "sl": 0.0})
        if result is not None and result.deal:
            self.package.order_send({
                "action": self.package.TRADE_ACTION_SLTP, "symbol": order["symbol"], "position": result.order,
                "sl": order["sl"],
            })  # fmt: skip
        return result


class StopAfterwards(Worker):
    """Sets the stop of an entry only once it is done."""

    def __init__(self, package: Any, control: Any, patience_s: float = 0.0) -> None:  # noqa: ANN401 - modules
        """Send through another package."""
        super().__init__(package, control, patience_s)
        self.mt5 = Package(package)


class Careless(Recorder):
    """Has a core that lets a stop stay away."""

    def __init__(self, core: Any, *others: Any) -> None:  # noqa: ANN401 - a core and what else there is
        """Change the core's mind about hands."""
        super().__init__(core, *others)
        core.decider.plan = msgspec.structs.replace(core.plan, hands="accept")


class Belated(Recorder):
    """Takes every bar for one that was missed."""

    def take(self, fact: AnyFact, *, durable: bool = False) -> Any:  # noqa: ANN401 - a step, its ticket and whether to wait
        """Tell each bar late."""
        if isinstance(fact, BarClosed) and fact.phase == "live":
            fact = msgspec.structs.replace(fact, phase="missed")
        return super().take(fact, durable=durable)


class Timid(Recorder):
    """Sees a spread at every bar that is too wide to trade."""

    def take(self, fact: AnyFact, *, durable: bool = False) -> Any:  # noqa: ANN401 - a step, its ticket and whether to wait
        """Widen each quote."""
        if isinstance(fact, BarClosed):
            fact = msgspec.structs.replace(fact, ask=fact.bid + WIDE)
        return super().take(fact, durable=durable)


class Forgetful(Exchange):
    """A server that rises without the last thing that it had recorded."""

    def __init__(self, folder: Path) -> None:
        """Cut the record's last line, where there is more than its first."""
        record = folder / "ledger.jsonl"
        lines = record.read_bytes().splitlines(keepends=True) if record.exists() else []
        if len(lines) > 1:
            record.write_bytes(b"".join(lines[:-1]))
        super().__init__(folder)


class Forgiving(Session):
    """Takes a lost answer for a no."""

    async def send(self, request: AnyRequest, at: int) -> Answer:
        """Say that nothing was done where nobody knows."""
        answer = await super().send(request, at)
        if isinstance(answer, InDoubt):
            from brokers.facts import Refused  # noqa: PLC0415 - beside its only use

            return Refused(at=at, id=request.id, code=1 + GATES.index("session"), reason=answer.reason)
        return answer


class Blind(ClockWatch):
    """Has no opinion of any clock."""

    def verdict(self, ticks: Mapping[str, int], wall: int, now: float) -> str | None:  # noqa: ARG002 - another's face
        """Never say anything."""
        return None


class Trusting(Hearing):
    """Takes every bar by the time that the terminal tells."""

    def linked(self, told: Any) -> None:  # noqa: ANN401 - a Connected
        """Watch no clock."""
        super().linked(told)
        self.watch = Blind(self.ears.zone, self.ears.agreeing_s)


PLANTED: dict[str, tuple[Variant, tuple[str, ...]]] = {
    "a session that resends": (Variant(session=Resending), ("twice",)),
    "a worker that sends again after None": (Variant(worker=Repeating), ("twice",)),
    "a session that takes a lost answer for a no": (Variant(session=Forgiving), ("denied", "a bug")),
    "a daemon that acts before it has written": (Variant(recorder=Hasty), ("unwritten",)),
    "a gateway that ignores the latch": (Variant(worker=WithoutLatch), ("halt",)),
    "a gateway that knows of no scope": (Variant(worker=WithoutScopes), ("scope",)),
    "a core that takes a scope for the account": (Variant(recorder=Sweeping), ("beyond",)),
    "a core that flattens what is not ours unasked": (Variant(recorder=Greedy), ("foreign",)),
    "a daemon that minds no silent bus": (Variant(recorder=Unalarmed), ("silent",)),
    "an ear that forgets what it obeyed": (Variant(ear=Absentminded), ("signed",)),
    "a worker that sets the stop once the entry is done": (Variant(worker=StopAfterwards), ("bare",)),
    "a server that forgets what it told last": (Variant(exchange=Forgetful), ("restart",)),
    "a daemon that takes every bar for a missed one": (Variant(recorder=Belated), ("liveness",)),
    "a daemon to which every spread is too wide": (Variant(recorder=Timid), ("liveness",)),
    "a daemon that trades by a clock it could know as wrong": (Variant(hearing=Trusting), ("clock",)),
    "a worker that reads None as flat": (Variant(worker=NoneIsFlat), ("untrue",)),
}
"""Each by name: the wrong classes, and with which words a complaint must begin."""
ABOUT: dict[str, Fault] = {
    "scope": "halt of a scope", "beyond": "halt of a scope", "foreign": "foreign trade",
    "silent": "bus silent", "signed": "bus twice", "untrue": "reads fail", "clock": "wrong clock",
}  # fmt: skip
"""By that word: the fault without which there is nothing to see; it is found where it is that fault's turn."""
