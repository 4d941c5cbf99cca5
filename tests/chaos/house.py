"""One daemon process in a world: the real start, recovery, core, recorder and loop, over adapters of the world's."""

import asyncio
import os

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from brokers.limits import Limits
from brokers.mt5.line import Line, Terms
from brokers.mt5.session import Session
from config.account import AccountConfig, AccountSection, FeedSection, SymbolSection
from config.regime import RegimeSection
from config.strategy import GateSection, StrategySection
from config.terminal import TerminalSection
from runtime.assemble import Models, core_of, costs_of
from runtime.core.plan import Plan
from runtime.daemon import Daemon
from runtime.first import awaited_run
from runtime.linker import Linker
from runtime.revive import bundles_text, hashes_of, revive
from runtime.start import daemon_of, terms_of
from tests.chaos.broker import COSTS
from tests.chaos.disk import MemoryJournal, Reader
from tests.chaos.door import LOGIN
from tests.chaos.line import InProcess
from tests.chaos.story import HISTORY, SPECS, Story
from tests.chaos.words import model
from tests.trade_server import HOUR, START

ROOT = Path(__file__).parents[2]
SETTLE_S, TIMEOUT_S = 2.0, 1.0
LIMITS = Limits(
    max_volume=50.0, max_value=10_000_000.0, max_positions=8, max_risk=0.05, max_daily_loss=0.9, max_spread=1000.0,
    max_orders_per_minute=1000, collar=0.05, max_margin=0.9,
)  # fmt: skip


@lru_cache(maxsize=8)
def _symbols(names: tuple[str, ...]) -> dict[str, SymbolSection]:
    return {name: SymbolSection(spec=SPECS[name], costs=COSTS) for name in names}


def models_of(story: Story) -> Models:
    """Return the models of a story."""
    return {model().name: model()} if story.modelled else {}


def _regimes(story: Story) -> dict[str, RegimeSection]:
    """Return what the first strategy listens to; it is kept in no folder."""
    one = model()
    section = RegimeSection(
        symbol=story.lanes[0][0], timeframe="H1", model=one.name, states=one.states,
        features=tuple((ref, *given) for ref, given in one.features),
    )  # fmt: skip
    return {one.name: section} if story.modelled else {}


def config_of(story: Story, home: Path, state: Path) -> AccountConfig:
    """Return the account that a story is told of."""
    return AccountConfig(
        account=AccountSection(
            name="chaos", user="Nobody", owner="Nobody", login=LOGIN, server="Lookalike-Demo", currency="USD",
            mode="live", state=str(state), positions="netting" if story.netting else "hedging",
        ),
        terminal=TerminalSection(
            kind="lookalike", path=str(home), call_timeout_s=TIMEOUT_S, settle_s=SETTLE_S,
            poll_ms=int(story.poll_s * 1000), reconcile_s=story.reconcile_s,
        ),
        symbols=_symbols(story.symbols),
        regimes=_regimes(story),
        limits=LIMITS,
        strategies=tuple(
            StrategySection(
                name=f"lane{number}", use="tests.chaos.story:Planted", symbol=symbol, timeframe="H1", risk=0.01,
                params={"script": [list(line) for line in script], "first": START + HISTORY * HOUR},
                gate=GateSection(regime=model().name, allow=(0,)) if story.modelled and number == 1 else None,
            )
            for number, (symbol, script) in enumerate(story.lanes, 1)
        ),
        feed=FeedSection(warmup=HISTORY),
        folder=str(ROOT),
    )  # fmt: skip


def run_row_of(config: AccountConfig, plan: Plan, models: Models) -> dict[str, Any]:
    """Return what a run's row holds, as `runtime.start` writes it, but for its number and moment.

    A story's many runs are of one make: it is written out once.
    """
    return {
        "mode": plan.mode, "config": msgspec.json.encode(config).decode(), "config_hash": plan.config,
        "model_hashes": msgspec.json.encode(hashes_of(models)).decode(), "bundles": bundles_text(models),
        "kernel_hash": "as all runs of this process",
        "platform": "virtual", "symbols": msgspec.json.encode(plan.symbols).decode(),
    }  # fmt: skip


class Log:
    """A log that goes into the tale."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.tell = tell

    def info(self, event: str, **fields: object) -> None:
        """Tell an event."""
        self.tell(f"log: {event} {fields}")

    warning = info


class QuietDaemon(Daemon):
    """The daemon, with its log in the tale and its memory left to Python."""

    def hear(self, log: Log) -> None:
        """Have every part of it log into the tale."""
        self.log = self.taker.log = self.linker.log = log

    def _settle_memory(self) -> None:
        """Leave memory alone: many worlds pass through this process."""


class House:
    """One daemon process, from its start to its death."""

    def __init__(self, world: Any) -> None:  # noqa: ANN401 - a World
        self.world = world
        self.dead = self.runs = False
        self.daemon: QuietDaemon | None = None
        self.line: InProcess | None = None
        self.listener: Any = None
        self.journal = MemoryJournal(world.disk, world.loop, world.hook, world.story.commit_s)

    async def _dial(self, _terms: Terms) -> Line:
        if self.line is not None:
            self.line.die()
        self.world.hook("recovery: connecting")
        self.line = InProcess(self.world, self)
        return self.line

    async def live(self) -> str:
        """Do what `runtime.start` does, and run until the end."""
        world, journal, config = self.world, self.journal, self.world.config
        session = world.variant.session(terms_of(config, world.state), self._dial)
        world.hook("recovery: before reading")
        plan = world.plan
        core, books = revive(Reader(world.disk, world.hook), core_of(plan, costs_of(config)))  # type: ignore[arg-type]  # its face
        if not journal.recover().seq:
            journal.begin(await self._first_run())
        recorder = world.variant.recorder(core, books, journal, world.clock)
        recorder.begin(world.run_row | {"run": journal.run, "started": world.clock.wall_ms()})
        world.hook("recovery: run opened")
        daemon = self.daemon = daemon_of(recorder, config, plan, world.state, session, QuietDaemon)
        daemon.linker.jitter = world.draw.random
        daemon.heart.every_s = 0.0  # nobody watches, and virtual time would pass by beats
        daemon.hearing.__class__ = world.variant.hearing
        daemon.hearing.watch.agreeing_s = 0.0  # a bar lasts a second or three, and is one quote
        daemon.hear(Log(world.tell))
        self.runs = True
        if world.story.has_bus:
            self.listener = world.bus.heard_by(self, daemon)
        reason = "a bug"
        try:
            reason = await daemon.live(journal.run)
        finally:
            if not self.dead:
                recorder.end(reason)
                journal.close()
                self.leave()
        return reason

    async def _first_run(self) -> int:
        """Wait for the terminal, as `runtime.first` does behind its door."""
        world = self.world
        linker = Linker(Session(terms_of(world.config, world.state), self._dial), world.clock, lambda: 0.5)
        linker.log = Log(world.tell)
        return await awaited_run(linker, asyncio.sleep)

    def leave(self) -> None:
        """Let go of files, and of the bus."""
        if self.listener is not None:
            self.listener.close()
        if self.daemon is not None and self.daemon.switch._word >= 0:
            os.close(self.daemon.switch._word)
            self.daemon.switch._word = -1
        if self.line is not None:
            self.line.die()

    def die(self) -> None:
        """Be killed: nothing that is not on disk is left, and of what was on its way there some."""
        if not self.dead:
            self.dead = True
            self.journal.die(self.world.draw.randrange(self.journal.waiting + 1))
            self.leave()
