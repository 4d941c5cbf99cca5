"""Warming up: telling a core what has been, when it is new, and when it has forgotten what a wrong clock told."""

from collections.abc import Awaitable, Callable, Mapping

from brokers.facts import BarClosed, HistoryGrown, HistoryTold
from brokers.mt5.session import Session
from market.types import TIMEFRAMES, Bar
from runtime.core.core import Core
from runtime.core.feeds import FeedKey
from runtime.core.warming import bars_wanted, is_short, is_warming
from runtime.hearing import Hearing, history
from runtime.pace import Pace
from runtime.taker import Taker

HISTORY_S = 1.0
HISTORY_TRIES = 11
"""So often, and so far apart, history is asked for while a terminal loads it."""
RARELY = 32
"""Every so many looks a terminal is asked whether it has more history, however long it had none."""


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
        self.looks = 0
        """Looks for more since the link came up: at the first, the second, the fourth … and then rarely it is asked."""

    async def tell(self) -> None:
        """Tell every feed that knows nothing what there is of it; LinkLostError where the terminal is lost."""
        self.looks = 0
        await self._tell(HISTORY_TRIES, {})

    async def tell_anew(self) -> None:
        """Tell feeds that have forgotten their bars what there is of them, and say again what is missing."""
        self.told = False
        await self.tell()

    async def tell_more(self) -> None:
        """Tell feeds anew that are short of history, where the terminal has loaded more of it meanwhile.

        Bars that have closed since are left to be polled, and decided. LinkLostError where the terminal is lost.
        """
        core = self.core
        self.looks += 1
        if (
            self.session.lockstep
            or not is_warming(core.ledger)
            or (self.looks & (self.looks - 1) and self.looks % RARELY)
        ):
            return
        short = [key for key in core.feeds if is_short(core.feeds, core.made, key)]
        grown = {key: core.feeds[key].last_time for key in short if await self._has_grown(key)}
        for symbol, timeframe in grown:
            self.hearing.known.pop((symbol, timeframe), None)
            await self.taker.take(HistoryGrown(at=core.ledger.at, symbol=symbol, timeframe=timeframe))
        await self._tell(1, grown)

    async def _tell(self, tries: int, until: Mapping[FeedKey, int]) -> None:
        """Tell every feed that knows nothing its history, to the bar that opened `until` where that is named."""
        for key in sorted(self.core.feeds, key=lambda k: -TIMEFRAMES[k[1]]):
            if self.core.feeds[key].last_time:
                continue
            for bar in await self._past(key, tries):
                if bar.time > until.get(key, bar.time):
                    break
                self.pace.turn()
                self.hearing.remember(bar)
                await self.taker.take(history(bar))
                self.told = False
        if is_warming(self.core.ledger) and not self.told:
            await self.taker.take(HistoryTold(at=self.core.ledger.at))
        self.told = True

    async def _has_grown(self, key: FeedKey) -> bool:
        """Say whether the terminal has more bars up to the last that was told than were folded in."""
        feed, wanted = self.core.feeds[key], bars_wanted(self.core.feeds, self.core.made, key, self.least)
        if not feed.bars or feed.bars >= wanted:
            return False
        told = await self.session.past(*key, wanted)
        return sum(isinstance(history(bar), BarClosed) and bar.time <= feed.last_time for bar in told.bars) > feed.bars

    async def _past(self, key: FeedKey, tries: int) -> tuple[Bar, ...]:
        """Return history; where there is less than asked for, the terminal may still be loading it: look again."""
        bars = bars_wanted(self.core.feeds, self.core.made, key, self.least)
        told = await self.session.past(*key, bars)
        for _ in range(tries - 1):
            if told.whole or self.session.lockstep:
                break
            before = told.bars
            await self.pause(HISTORY_S)
            told = await self.session.past(*key, bars)
            if before and len(told.bars) <= len(before):
                break
        return told.bars
