"""The message broker in this process: it keeps, repeats, mixes up and loses, and people sign what they say over it.

What listens is the house's own (`wire.py`). Whoever signs asks again each second until he is answered.
"""

from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from runtime.bus.hooks import Hooks
from runtime.bus.port import Arrived, Message, Topics
from runtime.operator import latch
from runtime.operator.judge import Answer, Arguments, Told, answer_of
from runtime.status import status_of
from tests.chaos.story import Strike
from tests.chaos.wire import Dialled, QuietListener, Wall, Wire
from tests.chaos.words import Said
from tests.signers import ACCOUNT, pinned, ring, signer

SILENT_S = 2.0
AGAIN_S, PATIENCE_S = 1.0, 10.0
"""How often somebody asks again, and for how long."""
MIXED_S = 0.6
"""So long commands are kept that are brought in another order."""
RING = "ring.json"


class Bus:
    """One message broker."""

    def __init__(self, world: Any) -> None:  # noqa: ANN401 - a World
        self.world, self.clock, self.topics = world, Wall(world), Topics(ACCOUNT)
        self.ring_file: Path = world.state / RING
        self.wire: Wire | None = None
        self.kept: dict[int, Arrived] = {}
        """Commands that no daemon has acknowledged, by their number."""
        self.desired = b""
        self.signed: dict[str, Told] = {}
        """What people have signed, by the command's id."""
        self.raw: dict[str, bytes] = {}
        """Likewise, as it travels."""
        self.answers: dict[str, list[Answer]] = {}
        self.numbers = self.sequence = 0
        self.silent_until = self.lost_until = -1.0
        self.brought = self.born = 0.0
        """When the daemon's own state came back to it last, and when the process began."""
        self.twice = self.mixed = False
        self.waiting: list[Arrived] = []

    @property
    def silent(self) -> bool:
        """Nothing is carried, and no line is cut for it."""
        return bool(self.world.loop.now < self.silent_until)

    def unheard_s(self) -> float:
        """Return for how long the process that runs has heard nothing of itself over the bus."""
        if self.wire is None and not self.born:
            return 0.0
        return float(self.world.loop.now - max(self.brought, self.born))

    # --- faults -----------------------------------------------------------------------------------------------------

    def strike(self, strike: Strike) -> None:
        """Let something be wrong with it."""
        now = self.world.loop.now
        match strike.fault:
            case "bus silent":
                self.silent_until = now + 6.0 * strike.seconds
                self.world.loop.call_later(6.0 * strike.seconds + 0.001, self._bring_kept)
            case "bus lost":
                self.lost_until = now + 4.0 * strike.seconds
                self._cut()
            case "bus twice":
                self.twice = True
            case _:
                self.mixed = True

    def calm(self) -> None:
        """From now on nothing goes wrong."""
        self.silent_until = self.lost_until = -1.0
        self.twice = self.mixed = False
        self._in_another_order()
        self._bring_kept()

    def _cut(self) -> None:
        if self.wire is not None:
            self.wire.cut = True
            self.wire.coming.put_nowait(None)
            self.wire = None

    # --- the daemon's end -------------------------------------------------------------------------------------------

    def heard_by(self, house: Any, daemon: Any) -> QuietListener:  # noqa: ANN401 - a House and its daemon
        """Have a daemon listen."""
        if not self.ring_file.exists():
            keys = [msgspec.to_builtins(pinned(role)) for role in ("daemon", "risk")]
            self.ring_file.write_bytes(msgspec.json.encode({"keys": keys}))
        loop = self.world.loop

        def tell(item: Any) -> None:  # noqa: ANN401 - a fact, or nothing
            if not house.dead:
                loop.call_soon(daemon.inbox.put_nowait, item)

        daemon.loop = loop
        hooks = Hooks(
            status=partial(status_of, daemon), loosen=daemon.hand_over, wake=partial(tell, None), tell=tell,
            at=lambda: daemon.ledger.at,
        )  # fmt: skip
        sequences = daemon.ledger.sequences
        ear = self.world.variant.ear(
            self.world.state, ACCOUNT, self.ring_file, signer("daemon"), sequences, hooks, self.clock
        )
        ear.patience_s = 0.0  # the mark of a worker that hangs is let go by nobody while we wait
        listener = QuietListener(Dialled(self, house), ear, SILENT_S, hooks, self.clock)
        listener.log = ear.log = daemon.log
        listener.wrong = self.world.wrong
        listener.jitter = self.world.draw.random
        self.born = loop.now
        listener.begin()
        return listener

    def opened(self, house: Any) -> Wire:  # noqa: ANN401 - a House
        """Open a line, and bring what was kept."""
        self._cut()
        self.wire = Wire(self, house)
        if self.desired:
            self._bring(Arrived(self.topics.desired, self.desired))
        self._bring_kept()
        return self.wire

    def published(self, message: Message) -> None:
        """Hand on what a daemon has told."""
        if message.topic == self.topics.state:
            self._bring(Arrived(message.topic, message.payload))
            return
        answer = answer_of(message.payload, ring("daemon"), ACCOUNT, self.clock.wall_ms())
        assert isinstance(answer, Answer), answer
        self.answers.setdefault(answer.id, []).append(answer)
        told = self.signed[answer.id]
        if answer.ok and not told.arguments.scope and told.command != "status":
            self.desired = b"" if told.command == "run" else self.raw[told.id]

    def _bring(self, arrived: Arrived) -> None:
        if self.wire is not None:
            self.world.loop.call_later(self.world.story.line_s, self.wire.bring, arrived)

    def _bring_kept(self) -> None:
        for arrived in self.kept.values():
            self._bring(arrived)

    # --- people -----------------------------------------------------------------------------------------------------

    def say(self, said: Said) -> None:
        """Sign a command as one who has just looked, and send it until it is answered."""
        now, self.sequence = self.clock.wall_ms(), self.sequence + 1
        told = Told(
            account=ACCOUNT, command=said.level, why="the story says so", id=f"signed-{self.sequence:04}",
            arguments=Arguments(generation=latch.read(self.world.state).generation, scope=said.scope),
            sequence=self.sequence, issued=now, expires=now + 86_400_000,
        )  # fmt: skip
        self.signed[told.id], self.raw[told.id] = told, signer("risk").sign(msgspec.json.encode(told))
        self.world.heard.append((said, f"{signer('risk').kid}.{told.id}", self.world.loop.now))
        self.world.tell(f"operator: {said.level} {said.scope or 'account'}, signed as {told.id}")
        self._send(told.id, self.world.loop.now + PATIENCE_S)

    def _send(self, ident: str, until: float) -> None:
        if ident in self.answers or self.world.loop.now > until:
            return
        for _ in range(2 if self.twice else 1):
            self.numbers += 1
            arrived = self.kept[self.numbers] = Arrived(self.topics.command, self.raw[ident], (self.numbers, 1))
            self._hand_on(arrived)
        self.world.loop.call_later(AGAIN_S, self._send, ident, until)

    def _hand_on(self, arrived: Arrived) -> None:
        """Bring a command; or keep it for a while, and what came later is brought first."""
        if not self.mixed:
            self._bring(arrived)
            return
        if not self.waiting:
            self.world.loop.call_later(MIXED_S, self._in_another_order)
        self.waiting.append(arrived)

    def _in_another_order(self) -> None:
        for arrived in reversed(self.waiting):
            self._bring(arrived)
        self.waiting.clear()
