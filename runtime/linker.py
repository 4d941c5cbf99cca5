"""The daemon's hold on its terminal: when to start a worker, what a loss means, and what told bars are as facts."""

import random

from collections.abc import Callable, Iterator

import structlog

from brokers.mt5.frames import Closed, Connected
from brokers.mt5.link import Event, Link
from brokers.mt5.session import LinkLostError, Session, WrongTerminalError
from brokers.port import BarClosed, FeedBroken, LinkDown, WrongTerminal
from config.errors import TerminalRefused
from market.bars import price_problem
from market.types import TIMEFRAMES, Account
from runtime.clock import Clock

Loss = LinkLostError | WrongTerminalError


def refused(error: Loss) -> TerminalRefused:
    """Return what a person reads when a terminal will not have us."""
    return TerminalRefused(f"terminal: {error}: check login, password, server, path and symbols of the account")


def check_money(account: Account, *, live: bool, allow_real: bool) -> None:
    """Refuse a real-money account unless the file and the person both said so."""
    if live and not account.demo and not allow_real:
        login = account.login
        msg = f"login {login} is a real-money account: set account.allow_real and give --login {login}"
        raise TerminalRefused(msg)


class Linker:
    """Keeps one session alive, by the table in `brokers/mt5/link.py`."""

    def __init__(self, session: Session, clock: Clock, jitter: Callable[[], float] = random.random) -> None:
        """Begin down; `jitter` draws from [0, 1)."""
        self.session, self.clock, self.jitter = session, clock, jitter
        self.link = Link()
        self.next_try = 0.0
        self.linked_once = False
        self.log = structlog.get_logger()

    @property
    def up(self) -> bool:
        """The terminal answered last."""
        return self.link.state == "up"

    def wait_s(self) -> float:
        """Return seconds until the next try; a link given up is not tried again, only watched."""
        return 1.0 if self.link.state == "given_up" else self.next_try - self.clock.elapsed()

    async def connect(self) -> Connected:
        """Start a worker; TerminalRefused where the very first try shows that trying again cannot help."""
        self.link.step("start", self.clock.elapsed())
        try:
            told = await self.session.start()
        except (LinkLostError, WrongTerminalError) as error:
            if not self.linked_once and (isinstance(error, WrongTerminalError) or error.fatal):
                raise refused(error) from error
            raise
        self.link.step("connected", self.clock.elapsed())
        self.linked_once = True
        return told

    def lost(self, error: Loss, at: int) -> LinkDown | WrongTerminal | None:
        """Note a loss; return the fact to be told, or None where it was known to be down."""
        before = self.link.state
        self.drop(error)
        if isinstance(error, WrongTerminalError):
            return WrongTerminal(at=at, expected=error.expected, found=error.found)
        given_up = self.link.state == "given_up" != before
        return LinkDown(at=at, reason=str(error), given_up=given_up) if before == "up" or given_up else None

    def drop(self, error: Loss) -> None:
        """Walk the table, and set the time of the next try."""
        if self.link.state in {"down", "given_up"}:
            return
        event: Event = "unreachable"
        if isinstance(error, WrongTerminalError) or error.fatal:  # a login refused again and again locks an account
            event = "wrong"
        elif error.crashed:
            event = "crashed"
        self.link.step(event, self.clock.elapsed())
        self.next_try = self.clock.elapsed() + self.link.delay(self.jitter())
        self.log.warning("link lost", reason=str(error), kind=event, tries=self.link.tries, state=self.link.state)


def facts_of(bars: tuple[Closed, ...], at: int, max_age_ms: int) -> Iterator[BarClosed | FeedBroken]:
    """Yield told bars as facts, by the time they closed, the longest timeframe first.

    The newest bar of a feed is live while the tick that showed it is fresh; older ones closed while we were away. A bar
    that cannot be one is not told as a bar, but as a broken feed.
    """
    newest = {(c.bar.symbol, c.bar.timeframe): c.bar.time for c in bars}
    for closed in sorted(bars, key=_when):
        bar = closed.bar
        problem = price_problem(bar.open, bar.high, bar.low, bar.close)
        if problem or not 0.0 < closed.bid <= closed.ask:
            quote = f"bar {bar.time}: {problem or f'quote {closed.bid}/{closed.ask}'}"
            yield FeedBroken(at=at, symbol=bar.symbol, problem=quote)
            continue
        last = newest[bar.symbol, bar.timeframe] == bar.time
        fresh = last and (closed.next_open == 0 or at - closed.next_open <= max_age_ms)
        yield BarClosed(at=at, bar=bar, bid=closed.bid, ask=closed.ask, phase="live" if fresh else "missed")


def _when(closed: Closed) -> tuple[int, int]:
    length = TIMEFRAMES[closed.bar.timeframe]
    return closed.bar.time + length * 1000, -length
