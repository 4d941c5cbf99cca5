"""Warming up: telling a core what has been, when it is new, and when it has forgotten what a wrong clock told."""

from collections.abc import Awaitable, Callable

from brokers.facts import HistoryTold
from brokers.mt5.session import Session
from market.types import TIMEFRAMES, Bar
from runtime.core.core import Core
from runtime.core.feeds import FeedKey
from runtime.core.warming import bars_wanted, is_warming
from runtime.hearing import Hearing, history
from runtime.pace import Pace
from runtime.taker import Taker

HISTORY_S = 1.0
HISTORY_TRIES = 10
"""So often, and so far apart, history is asked for while a terminal loads it."""


class WarmUp:
    """Reads history and has it folded in, as far as the terminal has it."""

    def __init__(
        self, core: Core, session: Session, hearing: Hearing, taker: Taker, pace: Pace, least: int,
        pause: Callable[[float], Awaitable[None]],
    ) -> None:  # fmt: skip
        """Ask for `least` bars of each feed at least; `pause` waits, and hears meanwhile what comes in."""
        self.core, self.session, self.hearing, self.taker, self.pace = core, session, hearing, taker, pace
        self.least, self.pause = least, pause
        self.told = False
        """Whether all was told that there was of the feeds as they began."""

    async def tell(self) -> None:
        """Tell every feed that knows nothing what there is of it; LinkLostError where the terminal is lost."""
        for key in sorted(self.core.feeds, key=lambda k: -TIMEFRAMES[k[1]]):
            if self.core.feeds[key].last_time:
                continue
            for bar in await self._past(key):
                self.pace.turn()
                self.hearing.remember(bar)
                await self.taker.take(history(bar))
        if is_warming(self.core.ledger) and not self.told:
            await self.taker.take(HistoryTold(at=self.core.ledger.at))
        self.told = True

    async def tell_anew(self) -> None:
        """Tell feeds that have forgotten their bars what there is of them, and say again what is missing."""
        self.told = False
        await self.tell()

    async def _past(self, key: FeedKey) -> tuple[Bar, ...]:
        """Return history; where there is less than asked for, the terminal may still be loading it: look again."""
        bars = bars_wanted(self.core.feeds, self.core.made, key, self.least)
        told = await self.session.past(*key, bars)
        for _ in range(HISTORY_TRIES):
            if told.whole or self.session.lockstep:
                break
            before = told.bars
            await self.pause(HISTORY_S)
            told = await self.session.past(*key, bars)
            if before and len(told.bars) <= len(before):
                break
        return told.bars
