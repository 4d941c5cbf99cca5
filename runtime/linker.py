"""The daemon's hold on its terminal: when to start a worker, and what a loss means."""

import random

from collections.abc import Callable

import structlog

from brokers.facts import LinkDown, WrongTerminal
from brokers.mt5.frames import Connected
from brokers.mt5.link import Event, Link
from brokers.mt5.missing import advised
from brokers.mt5.session import LinkLostError, Session, WrongTerminalError
from config.errors import TerminalRefused
from market.types import Account
from runtime.clock import Clock

Loss = LinkLostError | WrongTerminalError

PAGE_AFTER_S = 300.0


def refused(error: Loss) -> TerminalRefused:
    """Return what a person reads when a terminal will not have us: what to do is said once."""
    advice = "" if advised(str(error)) else ": check login, password, server, path and symbols of the account"
    return TerminalRefused(f"terminal: {error}{advice}")


def check_money(account: Account, *, live: bool, allow_real: bool) -> None:
    """Refuse a real-money account unless the file and the person both said so."""
    if live and not account.demo and not allow_real:
        login = account.login
        msg = f"login {login} is a real-money account: set account.allow_real and give --login {login}"
        raise TerminalRefused(msg)


class Linker:
    """Keeps one session alive, by the table in `brokers/mt5/link.py`."""

    def __init__(
        self,
        session: Session,
        clock: Clock,
        jitter: Callable[[], float] = random.random,
        page_after_s: float = PAGE_AFTER_S,
    ) -> None:
        """Begin down; `jitter` draws from [0, 1), so long without a terminal in an open market calls a person."""
        self.session, self.clock, self.jitter, self.page_after_s = session, clock, jitter, page_after_s
        self.link = Link()
        self.next_try = 0.0
        self.reason = "not tried yet"
        """What the last loss was."""
        self.linked_once = False
        self.market_open: Callable[[], bool] = lambda: True
        """Whether somebody could trade now; asked while the terminal is away."""
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
            if not self.linked_once and event_of(error) in {"refused", "wrong"}:
                raise refused(error) from error
            raise
        lost = self.link.down_since
        self.link.count(self.clock.elapsed(), market_open=self.market_open())
        self.link.step("connected", self.clock.elapsed())
        if lost >= 0.0:
            self.log.info("link back", after_s=round(self.clock.elapsed() - lost, 3), tries=self.link.tries)
        self.linked_once = True
        return told

    def lost(self, error: Loss, at: int) -> LinkDown | WrongTerminal | None:
        """Note a loss; return the fact to be told: the loss, that it was given up, that it lasts too long, or none."""
        before = self.link.state
        self.drop(error)
        if isinstance(error, WrongTerminalError):
            return WrongTerminal(at=at, expected=error.expected, found=error.found)
        given_up, lasting = self.link.state == "given_up" != before, self.lasting(str(error), at)
        if before == "up" or given_up:
            return LinkDown(at=at, reason=str(error), given_up=given_up, away_s=lasting.away_s if lasting else 0.0)
        return lasting

    def lasting(self, reason: str, at: int) -> LinkDown | None:
        """Return the fact that the terminal is away for too long of an open market, once."""
        if not self.link.away(self.clock.elapsed(), self.page_after_s, market_open=self.market_open()):
            return None
        return LinkDown(at=at, reason=reason, away_s=round(self.link.away_s, 3))

    def drop(self, error: Loss) -> None:
        """Walk the table, and set the time of the next try; what is told of the first loss is not said again."""
        if self.link.state in {"down", "given_up"}:
            return
        first, self.reason = self.link.down_since < 0.0, str(error)
        event = event_of(error)
        self.link.step(event, self.clock.elapsed())
        self.next_try = self.clock.elapsed() + self.link.delay(self.jitter())
        if first or self.link.state == "given_up":
            self.log.warning("link lost", reason=str(error), kind=event, state=self.link.state)


def event_of(error: Loss) -> Event:
    """Return what a loss is in the life of a link."""
    return "wrong" if isinstance(error, WrongTerminalError) else error.event
