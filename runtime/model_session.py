"""The daemon's end of strategies' own processes: a deadline on every question, and another process where one is gone.

No question is asked twice, and none waits for a process that is not there: what is not answered is told as such, and
the core holds the strategy. A new process is begun after a back-off, without keeping the daemon from its other work.
"""

import asyncio
import os
import random
import sys

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial

import structlog

from brokers.mt5.frames import framed
from brokers.mt5.line import Line, dialled_back
from brokers.mt5.link import HEALTHY_S, Link
from market.undecoded import UNDECODED
from runtime.asked import Question
from runtime.clock import Clock
from runtime.core.facts import StrategyAnswered
from runtime.model_frames import AnyModelTell, Failed, Load, Wanted, decode_model_tell
from strategies.protocol import Strategy
from strategies.window import WindowStrategy
from strategies.windowed import given_by

LOAD_S = 60.0
"""How long a process may take to import what its function needs."""

LOOK_S = 0.05
"""How often it is asked whether processes have begun: what they need takes seconds to import."""

Begin = Callable[[Callable[[], None]], Awaitable[Line]]
"""Begins a process, which calls back when it is gone by itself; OSError where none comes."""


def unsaid(_event: str, **_of: object) -> None:
    """Say nothing: whoever begins a process to look at it tells of it in words of their own."""


async def begun(lost: Callable[[], None], secrets: Iterable[str] = ()) -> Line:
    """Begin a strategy's process and let it dial back; OSError where it does not. From the main thread only.

    `secrets`: variables of our environment that it does not inherit.
    """
    program = [sys.executable, "-m", "runtime.model_process", "--parent", str(os.getpid()), "--port"]
    return await dialled_back(program, LOAD_S, None, lost, secrets)


class ModelSession:
    """One strategy's process, and the line to it."""

    def __init__(
        self, name: str, load: Load, deadline_s: float, clock: Clock, jitter: Callable[[], float], begin: Begin = begun
    ) -> None:
        """Begin without a process; a question may take `deadline_s` seconds."""
        self.name, self.load, self.deadline_s = name, load, deadline_s
        self.clock, self.jitter, self.begin = clock, jitter, begin
        self.line: Line | None = None
        self.why = "its process has not begun"
        self.tries, self.since = 0, 0.0
        self.starter: asyncio.Task[None] | None = None
        self.closers: set[asyncio.Task[None]] = set()
        """Processes that are being ended: each is seen to its end."""
        self.begun = False
        """Whether the first try is over."""
        self.said: Callable[..., object] = structlog.get_logger().info
        """Hears when the process has come or gone."""

    @property
    def pid(self) -> int:
        """The process id; 0 without one that has loaded its function."""
        return self.line.pid if self.line is not None else 0

    def start(self, after_s: float = 0.0) -> None:
        """Begin a process, beside whatever else goes on."""
        self.starter = asyncio.create_task(self._start(after_s))

    async def _start(self, after_s: float) -> None:
        """Begin a process and have it load the function; where that fails it is tried again, later."""
        await asyncio.sleep(after_s)
        line: Line | None = None
        try:
            line = await self.begin(partial(self._lost, self.tries))
            told = await self._ask(line, self.load, LOAD_S)
        except OSError as error:
            told = Failed(str(error) or "no process came")
        except asyncio.CancelledError:
            self._close(line)
            raise
        self.begun = True
        if isinstance(told, Failed):
            self._close(line)
            self._fail(told.reason)
            return
        self.line, self.why, self.since = line, "", self.clock.elapsed()
        self.said("model ready", strategy=self.name, pid=self.pid)

    async def answer(self, question: Question) -> Wanted | Failed:
        """Return what the function answers, or why it does not; one that takes too long is killed."""
        line = self.line
        if line is None:
            return Failed(self.why)
        try:
            told = await self._ask(line, question, self.deadline_s)
        except OSError as error:
            if self.line is line:
                self._end(str(error))
            return Failed(self.why)
        return told if isinstance(told, Wanted | Failed) else Failed(f"answered {told!r}")

    async def stop(self) -> None:
        """End the process, and begin no other."""
        if self.starter is not None:
            self.starter.cancel()
            await asyncio.gather(self.starter, return_exceptions=True)
        line, self.line = self.line, None
        self._close(line)
        await asyncio.gather(*self.closers)

    def _close(self, line: Line | None) -> None:
        if line is not None:
            closer = asyncio.create_task(line.close())
            self.closers.add(closer)
            closer.add_done_callback(self.closers.discard)

    async def _ask(self, line: Line, ask: Load | Question, patience_s: float) -> AnyModelTell:
        """Ask once; OSError where the process is gone, speaks another language, or takes too long."""
        try:
            async with asyncio.timeout(patience_s):
                told: AnyModelTell = decode_model_tell(await line.ask(framed(ask)))
                return told
        except TimeoutError:
            raise OSError(f"it did not answer within {patience_s:g} s, and was ended") from None
        except (EOFError, ConnectionError):
            raise OSError("its process has ended") from None
        except UNDECODED as error:
            raise OSError(f"its process spoke another language: {error}") from error

    def _lost(self, tries: int) -> None:
        """Hear that a process is gone by itself; that of an earlier try is of no concern."""
        if self.line is not None and tries == self.tries:
            self._end("its process has ended")

    def _end(self, why: str) -> None:
        line, self.line = self.line, None
        self._close(line)
        self._fail(why)

    def _fail(self, why: str) -> None:
        """Say why nobody answers, and begin another process after a while."""
        if self.since and self.clock.elapsed() - self.since >= HEALTHY_S:
            self.tries = 0
        self.why, self.since = why, 0.0
        self.said("model failed", strategy=self.name, reason=why)
        after_s = Link(tries=self.tries).delay(self.jitter())
        self.tries += 1
        self.start(after_s)


class ModelSessions:
    """All processes of one account's strategies."""

    def __init__(
        self,
        strategies: Iterable[tuple[str, Strategy]],
        folder: str,
        clock: Clock,
        jitter: Callable[[], float] = random.random,
        *,
        secrets: Iterable[str] = (),
    ) -> None:
        """Have one for each strategy, by its name, that is to have one; `folder` is the configuration's.

        `secrets`: variables of our environment that none of them inherits.
        """
        self.of: dict[str, ModelSession] = {}
        for name, s in strategies:
            if isinstance(s, WindowStrategy) and s.function is None:
                load = Load(use=s.use, params=given_by(s), folder=folder)
                self.of[name] = ModelSession(name, load, s.deadline_s, clock, jitter, partial(begun, secrets=secrets))

    def start(self) -> None:
        """Begin all of them; a strategy whose process does not come is held until it does."""
        for session in self.of.values():
            session.start()

    @property
    def beginning(self) -> bool:
        """Say whether the first process of any of them is still on its way; a bug on that way is raised here."""
        for session in self.of.values():
            if session.starter is not None and session.starter.done():
                session.starter.result()
        return not all(session.begun for session in self.of.values())

    async def tried(self) -> dict[str, str]:
        """Begin all of them once, and end them; return why each is not there, empty where it is."""
        for session in self.of.values():
            session.said = unsaid
        self.start()
        while self.beginning:  # noqa: ASYNC110 - what is waited for is other processes
            await asyncio.sleep(LOOK_S)
        told = {name: session.why for name, session in self.of.items()}
        await self.stop()
        return told

    def patience_s(self, asked: Sequence[Question]) -> float:
        """Return how many seconds the answers may take."""
        return sum(self.of[question.strategy].deadline_s for question in asked)

    async def answers(self, asked: Sequence[Question], at: int) -> list[StrategyAnswered]:
        """Return an answer to each question, as a fact; processes work side by side, each on one at a time."""
        found = await asyncio.gather(*(self._one(name, asked, at) for name in self.of))
        return [fact for facts in found for fact in facts]

    async def _one(self, name: str, asked: Sequence[Question], at: int) -> list[StrategyAnswered]:
        facts = []
        for question in asked:
            if question.strategy == name:
                told = await self.of[name].answer(question)
                want, failure = (told.want, "") if isinstance(told, Wanted) else ((), told.reason or "no reason given")
                facts.append(StrategyAnswered(
                    at=at, strategy=name, bar_time=question.bar_time, position=question.position, held=question.held,
                    want=want, failure=failure,
                ))  # fmt: skip
        return facts

    async def stop(self) -> None:
        """End all of them."""
        await asyncio.gather(*(session.stop() for session in self.of.values()))
