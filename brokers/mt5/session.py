"""A session: the daemon's end of one worker process, with a deadline on every call.

Facts come out, requests go in; an order in flight when a deadline passes or the worker dies is in doubt, and the
worker is killed. What the frames say is believed only if they come from the account and terminal configured.
"""

import asyncio
import contextlib

from collections.abc import Iterable
from typing import TypeVar

from brokers.facts import Answer, InDoubt, Rejected
from brokers.mt5.frames import (
    AnyAsk,
    AnyTell,
    Connect,
    Connected,
    History,
    Listed,
    Look,
    Looked,
    Lost,
    Past,
    Poll,
    Polled,
    Renew,
    Renewed,
    Send,
    Sent,
    SymbolInfos,
    Symbols,
    Tell,
    decode_tell,
    framed,
)
from brokers.mt5.line import Deadlines, Dial, Line, Terms, spawned
from brokers.mt5.link import Event
from brokers.requests import AnyRequest
from market.types import Symbol
from market.undecoded import UNDECODED

T = TypeVar("T", bound=Tell)

NO_CONNECTION = -10004
"""The package's code for it."""


class LinkLostError(Exception):
    """The terminal is out of reach; `crashed` says that our own worker is gone, `hung` that it had to be killed."""

    def __init__(self, reason: str, *, crashed: bool, hung: bool = False, fatal: bool = False) -> None:
        """Say why; `fatal`: trying again cannot help."""
        super().__init__(reason)
        self.crashed, self.hung, self.fatal = crashed, hung, fatal

    @property
    def event(self) -> Event:
        """What it is in the life of a link."""
        if self.fatal:
            return "refused"
        return "hung" if self.hung else "crashed" if self.crashed else "unreachable"


class WrongTerminalError(Exception):
    """A frame came from another account or terminal than configured."""

    def __init__(self, expected: str, found: str) -> None:
        """Name both."""
        super().__init__(f"expected {expected}, found {found}")
        self.expected, self.found = expected, found


def deadline_of(ask: AnyAsk, deadlines: Deadlines) -> float:
    """Return how many seconds a request may take."""
    match ask:
        case Connect() | Symbols():
            return deadlines.connect
        case Poll() | Renew():
            return deadlines.poll
        case Past():
            return deadlines.past
        case Look():
            return deadlines.look
        case Send():
            return deadlines.send


class Session:
    """One worker process and the line to it."""

    def __init__(self, terms: Terms, dial: Dial = spawned) -> None:
        """Begin without a worker; `dial` begins one."""
        self.terms, self.dial = terms, dial
        self.line: Line | None = None
        self.lockstep = False
        self.contracts: tuple[Symbol, ...] = ()
        """As the last look found them."""
        self.answered = 0
        """Calls that came to an answer: progress, where a pulse alone would say nothing."""
        self.loss: LinkLostError | WrongTerminalError | None = None
        self._one = asyncio.Lock()
        """Held by the request that is under way."""

    @property
    def pid(self) -> int:
        """The worker's process id, 0 without one."""
        return self.line.pid if self.line is not None else 0

    async def start(self) -> Connected:
        """Spawn a worker, let it dial back, connect the terminal and check who answers."""
        self.loss = None
        await self._spawn()
        terms = self.terms
        ask = Connect(
            path=terms.path, login=terms.login, password=terms.password, server=terms.server, zone=terms.zone,
            symbols=terms.symbols, limits=terms.limits, latch=terms.latch,
            timeout_ms=int(terms.deadlines.connect * 1000),
        )  # fmt: skip
        told = await self.call(ask, Connected)
        self.lockstep = told.lockstep
        return told

    async def _spawn(self) -> None:
        await self.stop()
        try:
            self.line = await self.dial(self.terms)
        except OSError as error:
            raise await self._lost(f"no worker can be started: {error}", crashed=True) from None

    # --- calls ------------------------------------------------------------------------------------------------------

    async def call(self, ask: AnyAsk, kind: type[T]) -> T:
        """Ask once and return the reply; LinkLostError or WrongTerminalError otherwise, and no worker is left."""
        async with self._one:
            return await self._call(ask, kind)

    async def _call(self, ask: AnyAsk, kind: type[T]) -> T:
        if self.line is None:
            raise self.loss or LinkLostError("no worker", crashed=True)
        try:
            async with asyncio.timeout(deadline_of(ask, self.terms.deadlines)):
                told = decode_tell(await self.line.ask(framed(ask)))
        except TimeoutError:
            raise await self._lost(f"{type(ask).__name__} got no answer in time", crashed=True, hung=True) from None
        except (OSError, EOFError, *UNDECODED) as error:
            raise await self._lost(f"the worker died: {error}", crashed=True) from None
        self.answered += 1
        if not isinstance(told, Lost) or told.who is not None:
            await self._check(told)
        if isinstance(told, Lost):
            raise await self._lost(told.reason, crashed=False, fatal=told.fatal)
        if not isinstance(told, kind):
            raise await self._lost(f"{type(told).__name__} instead of {kind.__name__}", crashed=True)
        return told

    async def _check(self, told: AnyTell) -> None:
        """Believe a frame only from the account and terminal configured; kill the worker of any other."""
        who, terms = told.who, self.terms
        if who is None or (who.login, who.server, who.path) != (terms.login, terms.server, terms.path):
            await self.stop()
            found = f"{who.login} on {who.server} at {who.path}" if who else "nobody"
            self.loss = WrongTerminalError(f"{terms.login} on {terms.server} at {terms.path}", found)
            raise self.loss

    async def _lost(self, reason: str, *, crashed: bool, hung: bool = False, fatal: bool = False) -> LinkLostError:
        """Leave no worker, and remember why: whoever asks next is told."""
        await self.stop()
        self.loss = LinkLostError(reason, crashed=crashed, hung=hung, fatal=fatal)
        return self.loss

    async def stop(self) -> None:
        """Kill the worker: it keeps nothing that must be saved."""
        line, self.line = self.line, None
        if line is not None:
            await line.close()

    # --- what the daemon does with it -------------------------------------------------------------------------------

    async def renew(self) -> None:
        """Say that we live, where no request under way says so already; a loss is told to whoever asks next."""
        if self.line is not None and not self._one.locked():
            with contextlib.suppress(LinkLostError, WrongTerminalError):
                await self.call(Renew(), Renewed)

    async def poll(self, ask: Poll) -> Polled:
        """Ask what is new."""
        return await self.call(ask, Polled)

    async def news(
        self, last_deal: int, last_deal_at: int, watch: Iterable[int], heard: tuple[int, ...] = ()
    ) -> Polled:
        """Ask for deals and ended orders only."""
        ask = Poll(feeds=(), last_deal=last_deal, last_deal_at=last_deal_at, watch=tuple(watch), heard=heard)
        return await self.call(ask, Polled)

    async def past(self, symbol: str, timeframe: str, count: int) -> History:
        """Ask for the last closed bars."""
        return await self.call(Past(symbol=symbol, timeframe=timeframe, count=count), History)

    async def symbols(self, group: str = "") -> tuple[Listed, ...]:
        """Ask for all the terminal's symbols, or a group of them; thousands take it a while."""
        told = await self.call(Symbols(group=group), SymbolInfos)
        return told.symbols

    async def look(
        self,
        last_deal: int,
        last_deal_at: int,
        watch: Iterable[int],
        doubts: Iterable[int] = (),
        heard: tuple[int, ...] = (),
    ) -> Looked:
        """Ask for all the venue holds, and for the ends of entries in doubt by their magic numbers."""
        ask = Look(
            last_deal=last_deal, last_deal_at=last_deal_at, watch=tuple(watch), doubts=tuple(doubts), heard=heard
        )
        told = await self.call(ask, Looked)
        self.contracts = told.symbols
        return told

    async def send(self, request: AnyRequest, at: int) -> Answer:
        """Send one request once; whatever goes wrong on the way leaves it in doubt.

        A worker that says its terminal is lost has not sent: it looks before it sends, and not after.
        """
        if self.line is None:
            return Rejected(at=at, id=request.id, code=NO_CONNECTION, reason="no terminal: nothing was sent")
        try:
            return (await self.call(Send(request=request), Sent)).answer
        except LinkLostError as error:
            if not error.crashed:
                return Rejected(at=at, id=request.id, code=NO_CONNECTION, reason=f"nothing was sent: {error}")
            return InDoubt(at=at, id=request.id, code=0, reason=str(error))
        except WrongTerminalError as error:
            return InDoubt(at=at, id=request.id, code=0, reason=str(error))
