"""The end of a person elsewhere: a command is signed, sent until it is answered, and proven by the signed answer only.

That the broker has taken it proves nothing: a command that its rules keep from the daemon is acknowledged all the same.
"""

import asyncio
import contextlib
import os
import secrets

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from brokers.latch import RANK, Level, scope_problem
from config.errors import ConfigError
from config.remote import RemoteSection
from runtime.bus.assembly import broker_of
from runtime.bus.mqtt import Mqtt
from runtime.bus.port import BusError, CommandBus, Line, Message, Terms, Topics, unheard
from runtime.clock import Clock
from runtime.operator.client import FLATTEN_ENDS, AbsentError, Report, UnreachableError, confirmed
from runtime.operator.judge import Answer, Arguments, Told, Word, answer_of
from runtime.operator.keyboard import legible
from runtime.operator.keyfiles import read_ring, read_signer
from runtime.operator.latch import LatchError
from runtime.operator.signing import Ring, Signer

CONNECT_S = 10.0
AGAIN_S = 1.0
"""How long an answer is waited for before the command is sent again: it is the same one, and obeyed once."""
LOOK_S = 0.2
PATIENCE_S = 10.0
LOOSEN_MS = 30_000
TIGHTEN_MS = 86_400_000
"""For so long a command is good, by our clock."""


class RefusedError(LatchError):
    """The daemon has answered: no."""


class Caller:
    """A person at a line to the bus; `called` opens one."""

    def __init__(
        self, line: Line, runner: asyncio.Runner, account: str, signer: Signer, ring: Ring, count: Path
    ) -> None:
        """Speak through an open line; `count` is the file that the key's sequence is kept in."""
        self.line, self.runner, self.account, self.signer, self.ring = line, runner, account, signer, ring
        self.count = count
        self.topics = Topics(account)
        self.clock = Clock()
        self.coming = line.arriving()
        self.expected: asyncio.Task[Any] | None = None

    def look(self, patience_s: float = PATIENCE_S, scope: str = "") -> Answer:
        """Return where the account, or a scope of it, stands, as its daemon says."""
        return self.ask(self.told("status", "", -1, LOOSEN_MS, scope=scope), patience_s)

    def change(self, level: Level, why: str, *, force: bool = False, scope: str = "") -> Answer:
        """Ask for a level; RefusedError where the daemon says no, UnreachableError where it says nothing.

        What loosens, or may, names the generation that its daemon tells just before.
        """
        generation = self.look().generation if RANK[level] < RANK["halt"] else -1
        lasts = LOOSEN_MS if level == "run" else TIGHTEN_MS
        told = self.told(level, why, generation, lasts, force=force, scope=scope)
        answer = self.ask(told, PATIENCE_S)
        if not answer.ok:
            raise RefusedError(f"refused: {answer.problem}")
        if scope:  # what is kept is one command, the account's
            return answer
        kept = b"" if level == "run" else self._signed(told)
        with contextlib.suppress(BusError):  # it is done: what is kept is for a daemon that was away
            self.runner.run(self.line.publish(Message(self.topics.desired, kept, retain=True, expires_s=lasts // 1000)))
        return answer

    def told(
        self, command: Word, why: str, generation: int, lasts_ms: int, *, force: bool = False, scope: str = ""
    ) -> Told:
        """Return a new command, the next of its key, to be asked as often as it takes: it is obeyed once."""
        now = self.clock.wall_ms()
        return Told(
            account=self.account, command=command,
            arguments=Arguments(force=force, generation=generation, scope=legible(scope)), why=legible(why)[:500],
            id=secrets.token_urlsafe(12), sequence=self._next(now), issued=now,
            expires=now + lasts_ms,
        )  # fmt: skip

    def ask(self, told: Told, patience_s: float) -> Answer:
        """Send a command until it is answered; UnreachableError where it is not in time."""
        return self.runner.run(self._ask(told, patience_s))

    def status(self, scope: str = "") -> dict[str, Any]:
        """Return what is waited for of a status, as the local socket has it; TimeoutError where nobody answers."""
        try:
            seen = self.look(AGAIN_S, scope)
        except UnreachableError:
            raise TimeoutError from None
        return {
            "level": seen.shown, "generation": seen.seen, "resting": seen.resting, "in_doubt": seen.in_doubt,
            "positions": seen.positions, "left": msgspec.to_builtins(seen.left), "concerned": seen.concerned,
        }  # fmt: skip

    async def _ask(self, told: Told, patience_s: float) -> Answer:
        raw = self._signed(told)
        deadline = self.clock.elapsed() + patience_s
        try:
            while self.clock.elapsed() < deadline:
                await self.line.publish(Message(self.topics.command, raw, expires_s=TIGHTEN_MS // 1000))
                answer = await self._answer(told.id, min(AGAIN_S, deadline - self.clock.elapsed()))
                if answer is not None:
                    return answer
        except BusError as error:
            raise UnreachableError(f"the line to the bus was lost before an answer came: {error}") from None
        raise UnreachableError(
            f"the bus took the command, but {self.account} has not answered within {patience_s:g} s: whether it was "
            "obeyed nobody knows; is its daemon running, and may this user write there?"
        )

    async def _answer(self, ident: str, seconds: float) -> Answer | None:
        """Wait for the answer to a command; what others sign, and answers to what we asked before, are passed over."""
        until = self.clock.elapsed() + seconds
        while (left := until - self.clock.elapsed()) > 0:
            self.expected = self.expected or asyncio.ensure_future(anext(self.coming))
            await asyncio.wait([self.expected], timeout=left)
            if not self.expected.done():
                return None
            arrived, self.expected = self.expected.result(), None
            self.line.acknowledge(arrived)
            answer = answer_of(arrived.payload, self.ring, self.account, self.clock.wall_ms())
            if isinstance(answer, Answer) and answer.id == ident:
                return answer
        return None

    def _signed(self, told: Told) -> bytes:
        return self.signer.sign(msgspec.json.encode(told))

    def _next(self, now: int) -> int:
        """Return the next sequence: the clock, or one more than the last one where that is ahead."""
        try:
            last = int(self.count.read_text())
        except (OSError, ValueError):
            last = 0
        sequence = max(now, last + 1)
        with contextlib.suppress(OSError):  # the clock alone counts, then
            self.count.write_text(f"{sequence}\n")
        return sequence


@contextlib.contextmanager
def called(remote: RemoteSection) -> Iterator[Caller]:
    """Open a line as a person; AbsentError where the broker is not to be reached, ConfigError where keys are not."""
    signer, ring = read_signer(Path(remote.key)), read_ring(Path(remote.operators))
    if not ring.daemons(remote.account):
        raise ConfigError(f"remote.operators: expected the key of {remote.account}'s daemon among those it holds")
    bus: CommandBus = Mqtt(broker_of(remote))
    topics = Topics(remote.account)
    terms = Terms(client=f"{topics.root}/{signer.kid[:8]}/{os.getpid()}", listen=(topics.answer(signer.kid),))
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.get_loop().set_exception_handler(unheard)
        connection = bus.connect(terms)
        try:
            line = runner.run(connection.__aenter__())
        except BusError as error:
            raise AbsentError(f"mqtt at {remote.host}:{remote.port}: {error}") from None
        try:
            yield Caller(line, runner, remote.account, signer, ring, Path(f"{remote.key}.count"))
        finally:
            with contextlib.suppress(BusError):
                runner.run(_closed(connection))


async def _closed(connection: Any) -> None:  # noqa: ANN401 - a connection
    await connection.__aexit__(None, None, None)


def change_remote(
    remote: RemoteSection, level: Level, why: str, *, force: bool = False, patience_s: float = 10.0, scope: str = ""
) -> Report:
    """Change the level of an account elsewhere; ValueError without a reason, UnreachableError without an answer."""
    if not why.strip():
        raise ValueError("a reason is needed")
    if problem := scope_problem(scope):
        raise ValueError(problem)
    with called(remote) as caller:
        answer = caller.change(level, why.strip(), force=force, scope=scope)
        report = Report(
            level=answer.level, generation=answer.generation, path="mqtt", in_flight=answer.in_flight,
            about=answer.positions if level == "flatten" else None, scope=scope, concerned=answer.concerned,
        )  # fmt: skip
        if level == "run":
            return msgspec.structs.replace(report, confirmed=True)
        report = confirmed(lambda: caller.status(scope), report, patience_s)
        notes = [FLATTEN_ENDS if (level, answer.was) == ("halt", "flatten") else "", report.note]
        return msgspec.structs.replace(report, note="; ".join(note for note in notes if note))
