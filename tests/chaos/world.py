"""A world: all there is while one story is played (`play.py`), who dies there, and everything that was seen of it."""

import asyncio
import random

from pathlib import Path
from typing import Any

import msgspec

from brokers.latch import Command, Latch
from brokers.mt5.frames import AnyAsk, Look, Looked, Send
from brokers.mt5.lookalike.exchange import Exchange
from brokers.mt5.session import Session
from brokers.mt5.worker import Worker
from runtime.assemble import plan_of
from runtime.bus.ear import Ear
from runtime.hearing import Hearing
from runtime.operator import latch
from runtime.recorder import Recorder
from tests.chaos.bare import Bare
from tests.chaos.broker import Broker
from tests.chaos.bus import Bus
from tests.chaos.dial import Dial
from tests.chaos.disk import Disk
from tests.chaos.door import LOGIN, Asked
from tests.chaos.house import SETTLE_S, House, config_of, models_of, run_row_of
from tests.chaos.points import WORKERS, Fault, Killed, Point, Victim, WorkerKilled
from tests.chaos.story import Story
from tests.chaos.virtual import VirtualClock, VirtualLoop
from tests.chaos.words import Said, is_meant

LATCH_FILES = ("latch.json", "latch.word", "latch.log", "latch.lock", "worker.lock", "gateway.day", "gateway.spreads")


class Variant(msgspec.Struct, frozen=True):
    """Which classes of the house a world is made with: its own, or planted ones."""

    session: Any = Session
    recorder: Any = Recorder
    worker: Any = Worker
    exchange: Any = Exchange
    hearing: Any = Hearing
    ear: Any = Ear


SOUND = Variant()
_LOOPS: list[VirtualLoop] = []


def the_loop() -> VirtualLoop:
    """Return this process's one virtual loop."""
    if not _LOOPS:
        _LOOPS.append(VirtualLoop())
    return _LOOPS[0]


class World:
    """All there is while one story is played."""

    def __init__(self, story: Story, folder: Path, variant: Variant = SOUND, *, telling: bool = False) -> None:
        self.story, self.variant, self.telling = story, variant, telling
        self.loop = the_loop()
        self.loop.now = 0.0
        self.clock = VirtualClock(self.loop)
        self.draw = random.Random(story.seed ^ 0x5EED)
        self.home, self.state = folder / "terminal", folder / "state"
        self.tale: list[str] = []
        self.wrong: list[str] = []
        self.untrue: list[tuple[Any, Any]] = []
        self.touched: set[int] = set()
        """Positions that a person has touched since the last look."""
        self.disk = Disk()
        self.settle_s = SETTLE_S
        self.config = config_of(story, self.home, self.state)
        models = models_of(story)
        self.plan = plan_of(self.config, models)
        self.run_row = run_row_of(self.config, self.plan, models)
        self.heard: list[tuple[Said, str, float]] = []
        """What people have said, under which command, and when."""
        self._open_latch()
        self.dial = Dial(self)
        self.broker = Broker(story, self.home, self)
        self.bus = Bus(self)
        self.bare = Bare(self)
        self.house: House | None = None
        self.task: asyncio.Task[str] | None = None
        self.pending = {crash: crash.nth for crash in story.crashes}
        self.struck: set[Fault] = set()
        self.crashed: set[tuple[Point, Victim]] = set()
        self.asking: AnyAsk | None = None
        self.sending, self.marked, self.in_worker, self.fresh, self.slow_s = 0, False, False, False, 0.0
        self.quiet_since, self.quiet_at = -1.0, 0
        self.deaths = self.ends = self.words = 0

    def _open_latch(self) -> None:
        self.state.mkdir(parents=True, exist_ok=True)
        for name in LATCH_FILES:
            (self.state / name).unlink(missing_ok=True)
        latch.create(self.state, self._command(Said(0, 0.0, "run")))

    def _command(self, said: Said) -> Command:
        self.words = getattr(self, "words", 0) + 1
        return Command(
            id=f"said-{self.words}", level=said.level, who="operator", why="the story says so",
            wall=self.clock.wall_ms(), path="direct", scope=said.scope, foreign=said.foreign,
        )  # fmt: skip

    def tell(self, line: str) -> None:
        """Add a line to the tale, if anybody listens."""
        if self.telling:
            self.tale.append(f"{self.loop.now:9.4f}  {line}")

    # --- dying ------------------------------------------------------------------------------------------------------

    def hook(self, point: Point) -> None:
        """Pass a point of an order's life; perhaps somebody dies here."""
        house = self.house
        if house is None or house.dead or not self.pending:
            return
        for crash in list(self.pending):
            if crash.point == point and (crash.after == "none" or crash.after in self.struck):
                self.pending[crash] -= 1
                if not self.pending[crash]:
                    del self.pending[crash]
                    self._crash(house, point, crash.victim)
                    return

    def _crash(self, house: House, point: Point, victim: Victim) -> None:
        self.crashed.add((point, victim))
        self.deaths += 1
        self.tell(f"CRASH of {victim} at {point!r}")
        if victim != "worker":
            house.die()
            if self.task is not None and self.task is not asyncio.current_task(self.loop):
                self.task.cancel()
        elif house.line is not None and not self.in_worker:
            house.line.die()
        if point in WORKERS:
            if self.in_worker and victim != "daemon":
                raise WorkerKilled
        elif victim != "worker":
            raise Killed

    # --- what the adapters tell -------------------------------------------------------------------------------------

    def latch(self) -> Latch:
        """Return what the latch says now."""
        return latch.read(self.state)

    def levels_of(self, name: str, symbol: str, stands: Latch | None = None) -> dict[str, str]:
        """Return the level of the account, and of each latched scope that a strategy is in."""
        now = self.latch() if stands is None else stands
        modelled = self.story.modelled
        meant = {one.scope: one.level for one in now.scopes if is_meant(one.scope, name, symbol, modelled=modelled)}
        return {"": now.level, **meant}

    def reading(self, verb: str) -> None:
        """Take note that the worker reads; this machine's clock is right whenever quotes are read."""
        if verb == "tick":
            self.clock.put(self.broker.exchange.replay.at)
        if verb == "tick" and isinstance(self.asking, Send) and not self.marked:
            self.marked = True
            self.hook("gate: marked")
        elif verb == "positions" and isinstance(self.asking, Look):
            self.hook("look: half read")

    def looked(self, told: Looked) -> None:
        """Hold a look against what the server shows, unless it says itself that it is of another account."""
        if told.who is None or told.who.login != LOGIN:
            return
        self.touched.clear()
        found = (tuple(p.ticket for p in told.positions), tuple(o.ticket for o in told.orders))
        if found != self.broker.shown.now(self.broker.venue):
            self.untrue.append((found, self.broker.shown.now(self.broker.venue)))

    def worked(self, asked: Asked) -> None:
        """Take note that the server has worked a request."""
        self.tell(f"server: worked {asked.request.magic:x} of instruction {asked.instruction:x}: {asked.result}")
        self.bare.changed()
        self.hook("server: worked")

    def struck_by(self, fault: Fault, where: str) -> None:
        """Take note of a fault."""
        self.struck.add(fault)
        self.tell(f"FAULT {fault!r}: {where}")

    def moved(self) -> None:
        """Take note that the clock of the recording has moved, and let happen what the story says."""
        broker, story = self.broker, self.story
        broker.bar += 1
        self.bare.changed()
        self.tell(f"bar {broker.bar} of {story.length} is played, {broker.exchange.replay.at}")
        if broker.bar >= story.length:
            self._calm()
            return
        for strike in story.strikes:
            if strike.at == broker.bar and strike not in broker.dealing.strikes.values():
                self.loop.call_later(strike.pick % 5 * 0.003, self._moment, strike)
        for said in story.said:
            if said.at == broker.bar:
                self.loop.call_later(said.seconds, self._say, said)

    def _moment(self, strike: Any) -> None:  # noqa: ANN401 - a Strike
        if self.quiet_since < 0.0:
            self.broker.strike_moment(strike)

    def _say(self, said: Said) -> None:
        if self.quiet_since < 0.0:
            self.say(said)

    def say(self, said: Said) -> None:
        """Have the operator change a level: tighten by writing, loosen through the daemon."""
        self.struck.add("halt of a scope" if said.scope else "halt")
        if said.over_bus:
            self.bus.say(said)
            return
        command = self._command(said)
        self.heard.append((said, command.id, self.loop.now))
        self.tell(f"operator: {said.level} {said.scope or 'account'}{', foreign too' if said.foreign else ''}")
        try:
            latch.tighten(self.state, command)
        except latch.LatchError:
            if self.daemon is not None:
                self.daemon.hand_over(command)

    @property
    def by_person(self) -> bool:
        """What is sent now is a close that a person asked for."""
        return isinstance(self.asking, Send) and bool(getattr(self.asking.request, "operator", False))

    @property
    def daemon(self) -> Any:  # noqa: ANN401 - a QuietDaemon
        """The daemon that runs, if one does."""
        house = self.house
        return house.daemon if house is not None and not house.dead and house.runs else None

    def _calm(self) -> None:
        """From now on nothing goes wrong, and trading must come back."""
        if self.quiet_since < 0.0:
            self.quiet_since, self.quiet_at = self.loop.now, self.broker.exchange.replay.at
            self.pending.clear()
            self.broker.calm()
            self.bus.calm()
            self.tell("QUIET: nothing goes wrong any more")
