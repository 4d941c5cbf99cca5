"""The daemon: one account, one consumer, one TaskGroup; it takes facts, has them decided and written, and then acts.

Nothing is performed before its step is on disk. Recorded time (`done`) moves on only when nothing is on its way or in
doubt. SIGTERM and SIGINT end it between two facts; what is open stays guarded by its stops at the venue.
"""

import asyncio
import random

from collections.abc import Callable
from pathlib import Path

import structlog

from brokers.facts import BarClosed, FeedBroken, LinkUp
from brokers.latch import Command
from brokers.mt5.frames import Connected, Poll
from brokers.mt5.line import ENDED_S
from brokers.mt5.session import LinkLostError, Session, WrongTerminalError
from market.types import Symbol
from runtime.alerts.router import Router
from runtime.asked import questions
from runtime.bus.hooks import BusOf
from runtime.core.facts import AnyFact, PersonFact, RunStarted
from runtime.core.feeds import FeedKey
from runtime.desks import PaperDesk, TerminalDesk, watched
from runtime.hearing import Ears, Hearing
from runtime.heart import Heart
from runtime.inbox import next_of
from runtime.lease import renewed
from runtime.linker import Linker, check_money
from runtime.listening import listening
from runtime.memory import settle
from runtime.model_session import LOOK_S, ModelSessions
from runtime.nearing import Nearing
from runtime.pace import Pace
from runtime.recorder import Recorder
from runtime.signals import on_stop
from runtime.switch import Answer, Switch
from runtime.taker import Inbox, Taker
from runtime.warmup import WarmUp


class Daemon:
    """The shell of one account's core."""

    _settle_memory = staticmethod(settle)

    def __init__(
        self,
        recorder: Recorder,
        session: Session,
        folder: Path,
        *,
        warmup: int,
        poll_s: tuple[float, float],
        reconcile_s: float,
        ears: Ears,
        allow_real: bool = False,
        paper: PaperDesk | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Be ready to run; `folder` is the account's, its lock must be held; `jitter` spreads tries, in [0, 1).

        The terminal is asked every `poll_s` seconds: around the close of a bar, and between.
        """
        self.recorder, self.session, self.folder, self.paper = recorder, session, folder, paper
        self.models: ModelSessions | None = None
        self.bus: BusOf | None = None
        self.router: Router | None = None
        self.core, self.ledger = recorder.core, recorder.core.ledger
        self.desk = paper or TerminalDesk(session)
        self.allow_real = allow_real
        self.clock = recorder.clock
        self.heart = Heart(folder, max(session.terms.deadlines.longest, poll_s[1]))
        self.pace = Pace(self.clock, *poll_s, self.heart.work)
        self.reconcile_s = reconcile_s
        self.switch = Switch(folder, self.clock)
        self.linker = Linker(session, self.clock, jitter, ears.page_after_s)
        self.hearing = Hearing(self.ledger, self.clock, self.core.plan.hours, ears)
        self.hearing.recall(self.core.feeds)
        self.linker.market_open = self._market_open
        self.nearing = Nearing(self.core)
        self.inbox: Inbox = asyncio.Queue()
        self.taker = Taker(recorder, self.desk, self.linker, self.switch, self.inbox, self.heart.work)
        self.warmup = WarmUp(self.core, session, self.hearing, self.taker, self.pace, warmup, self._pause)
        self.log = structlog.get_logger()
        self.done = self.bars = 0
        self.next_look, self.stopping = 0.0, ""

    # --- life -------------------------------------------------------------------------------------------------------

    async def run(self, run: int) -> str:
        """Run until stopped or until recorded data ends, with signals and a control socket; return why it ended."""
        self.loop = asyncio.get_running_loop()
        on_stop(self.loop, self.stop)
        with listening(self, self.loop):
            return await self.live(run)

    async def live(self, run: int) -> str:
        """Run until stopped or until recorded data ends; return why it ended."""
        self.loop = asyncio.get_running_loop()
        try:
            with self.heart.beating(self.loop):
                async with renewed(self.session), asyncio.TaskGroup() as group:
                    group.create_task(self._consume(run), name="consumer")
        finally:
            await self.session.stop()
            if self.models is not None:
                await self.models.stop()
        return self.stopping

    def stop(self, why: str) -> None:
        """End between two facts."""
        self.stopping = self.stopping or why
        self.inbox.put_nowait(None)

    def wake(self) -> None:
        """Come round at once."""
        self.inbox.put_nowait(None)

    def hand_over(self, command: Command, since: int | None = None) -> Answer:
        """Take a loosening command from another thread, asked at a generation; the consumer answers it."""
        answer = self.switch.expect(command, since)
        self.loop.call_soon_threadsafe(self.inbox.put_nowait, command)
        return answer

    def ask(self, fact: PersonFact) -> Answer:
        """Take what a person asks for from the control thread; the core answers it."""
        answer = self.taker.questions.expect(fact)
        self.loop.call_soon_threadsafe(self.inbox.put_nowait, fact)
        return answer

    async def _consume(self, run: int) -> None:
        """Consume, alone: commands and timers first, then the terminal."""
        if self.models is not None:
            self.models.start()
        self._renew_paper()
        await self.taker.take(RunStarted(at=self.ledger.at, run=run))
        await self.taker.take_notes(self.folder)
        await self._read_latch()
        while not self.stopping:
            self.pace.turn()
            await self._drain()
            if self.stopping:
                break
            if not self.linker.up:
                await self._try_link()
                continue
            await self._round()

    async def _drain(self) -> None:
        while not self.inbox.empty():
            await self._hear(self.inbox.get_nowait())
        await self._read_latch()

    async def _hear(self, item: AnyFact | Command | None) -> None:
        if isinstance(item, Command):
            await self._loosen(item)
        elif isinstance(item, PersonFact):
            await self.taker.hear_out(item)
            self._renew_paper()
        elif item is not None:
            await self.taker.take(item)

    def _renew_paper(self) -> None:
        """Have the simulated venue trade by the contracts that the core sizes with: a person may have taken another."""
        if self.paper is not None:
            self.paper.trade_by(contract.symbol for contract in self.core.decider.contracts.values())

    async def _pause(self, seconds: float) -> None:
        """Wait, but hear at once what comes in."""
        self.pace.turn()
        with self.heart.waiting(seconds):
            item = await next_of(self.inbox, seconds)
        await self._hear(item)

    # --- the switch -------------------------------------------------------------------------------------------------

    async def _read_latch(self) -> None:
        """Ingest what was latched since the last look, by whichever path it came."""
        for change in self.switch.changes(self.ledger.at):
            command = change.command
            said = {"level": command.level, "scope": command.scope or "account"}
            self.log.info("level", **said, who=command.who, why=command.why, path=command.path)
            await self.taker.take(change)

    async def _loosen(self, command: Command) -> None:
        answer = self.switch.loosen(command)
        await self._read_latch()
        if answer is not None:
            scoped, ledger = self.ledger.scopes.get(command.scope), self.ledger
            level = ledger.level if not command.scope else scoped.level if scoped else "run"
            answer.set_result({"ok": True, "level": level, "generation": ledger.generation})

    # --- the link ---------------------------------------------------------------------------------------------------

    async def _try_link(self) -> None:
        """Come up: connect, tell contracts, reconcile, and fold history in when the core is new."""
        wait = self.linker.wait_s()
        if self.models is not None and self.models.beginning:
            wait = max(wait, LOOK_S)
        if wait > 0.0:
            await self._pause(wait)
            return
        try:
            with self.heart.waiting(self.session.terms.deadlines.connect + ENDED_S):
                told = await self.linker.connect()
            await self._linked(told)
        except (LinkLostError, WrongTerminalError) as error:
            await self.taker.lose(error)

    async def _linked(self, told: Connected) -> None:
        account = told.account
        check_money(account, live=self.core.plan.mode == "live", allow_real=self.allow_real)
        self.hearing.linked(told)
        await self._contracts(told.symbols, told.at)
        await self.taker.take(LinkUp(at=told.at, account=account, forbidden=told.forbidden))
        await self.warmup.tell()
        self._settle_memory()
        self.next_look = self.clock.elapsed() + self.reconcile_s
        self.log.info("linked", server=account.server, balance=account.balance, lockstep=self.session.lockstep)

    async def _contracts(self, symbols: tuple[Symbol, ...], at: int) -> None:
        for fact in self.hearing.contracts(symbols, at):
            await self.taker.take(fact)

    def _market_open(self) -> bool:
        return self.hearing.silence.market_open(self.clock.elapsed(), self.linker.link.down_since)

    # --- the market -------------------------------------------------------------------------------------------------

    async def _round(self) -> None:
        """Ask the terminal what is new, and take it in."""
        ledger, cursors = self.ledger, self.hearing.cursors(self.core.feeds)
        # what nothing was told of is not polled: all its past would be told as bars that were missed
        feeds = tuple(feed for feed in cursors if feed.after or self.session.lockstep)
        ask = Poll(
            feeds=feeds, last_deal=ledger.last_deal, last_deal_at=ledger.last_deal_at, heard=ledger.heard,
            watch=watched(ledger) if self.paper is None else (), done=self.done,
        )  # fmt: skip
        try:
            told = await self.session.poll(ask)
        except (LinkLostError, WrongTerminalError) as error:
            await self.taker.lose(error)
            return
        self.done = 0
        self.pace.told(told.at, bars=bool(told.bars))
        if self.paper is None:
            await self.taker.take(*told.news)
        for fact in self.hearing.facts(told):
            await self._market(fact)
        if self.hearing.live:  # recorded time has bars alone, as a backtest has
            await self.taker.take(*self.nearing.seen(told, ours=self.paper is None))
        if forgotten := self.hearing.forgotten(self.core.feeds):
            await self._read_anew(forgotten)
        await self._advance(told.at, ended=told.ended, late=bool(told.late))

    async def _read_anew(self, keys: list[FeedKey]) -> None:
        """Tell the history of feeds that have forgotten theirs: a wrong clock had told it."""
        for symbol, _ in keys:
            if self.paper is not None:
                self.paper.forget(symbol)
        await self._look_back(anew=True)

    async def _look_back(self, *, anew: bool = False) -> None:
        """Tell history where it is short, as far as the terminal has it by now; or all of it anew."""
        try:
            await (self.warmup.tell_anew() if anew else self.warmup.tell_more())
        except (LinkLostError, WrongTerminalError) as error:
            await self.taker.lose(error)

    async def _market(self, fact: AnyFact) -> None:
        self.bars += isinstance(fact, BarClosed | FeedBroken)
        if self.paper is not None and isinstance(fact, BarClosed):
            self.paper.market(fact, ended=self.ledger.ended)
            await self.taker.news()
        if self.models is not None and self.models.of and isinstance(fact, BarClosed) and fact.phase == "live":
            asked = questions(self.core, self.recorder.books, fact.bar)
            with self.heart.waiting(self.models.patience_s(asked)):
                answers = await self.models.answers(asked, fact.at)
            await self.taker.take(*answers)
        await self.taker.take(fact)

    async def _advance(self, at: int, *, ended: bool, late: bool) -> None:
        """Let recorded time go on when all is told and settled; look at the venue now and then; end with the data."""
        if self.clock.elapsed() >= self.next_look:  # also while recorded time goes on: a break lifts by a look alone
            self.next_look = self.clock.elapsed() + self.reconcile_s
            await self.taker.take(*await self.taker.look(0, settled=False))
            await self._contracts(self.session.contracts, at)
            await self._look_back()
        if not self.core.unsettled and not late:
            if ended:
                self.stop("end of data")
            elif self.session.lockstep:
                self.done = at
                return
        if not self.stopping:
            feeds = self.hearing.cursors(self.core.feeds)
            await self._pause(self.pace.wait_s(feeds, unsettled=self.core.unsettled))
