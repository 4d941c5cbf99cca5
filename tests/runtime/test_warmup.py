"""History that a terminal loads while it is asked for it: what there is of it is told, and what comes later, too."""

import asyncio

from typing import cast

import msgspec

from brokers.facts import BarClosed, HistoryGrown, HistoryTold
from brokers.mt5.frames import History, Identity
from brokers.mt5.session import Session
from market.types import Bar
from runtime.clock import Clock
from runtime.core.core import Core
from runtime.core.facts import AnyFact
from runtime.hearing import Ears, Hearing
from runtime.pace import Pace
from runtime.taker import Taker
from runtime.warmup import WarmUp
from tests.cores import WARM, a_lane, a_plan, bar, closed

ALL = [bar(n) for n in range(6)]
"""As many hours of gold as there ever are: twice as many as features need."""


class Loading:
    """A terminal that has a few more of the last bars each time that it is asked."""

    lockstep = False

    def __init__(self, *has: int) -> None:
        """Have so many the first, the second … time, and as many as the last time ever after."""
        self.has = list(has)
        self.bars = ALL
        self.asked = 0

    async def past(self, _symbol: str, _timeframe: str, count: int) -> History:
        """Give what there is by now."""
        self.asked += 1
        has = self.has.pop(0) if len(self.has) > 1 else self.has[0]
        told = tuple(self.bars[len(self.bars) - has :][-count:])
        return History(bars=told, whole=has > count, who=Identity(login=1, server="s", path="p"))


class Taking:
    """Has facts handled, and remembers them."""

    def __init__(self, core: Core) -> None:
        """Remember nothing yet."""
        self.core = core
        self.taken: list[AnyFact] = []

    async def take(self, *facts: AnyFact) -> None:
        """Handle facts."""
        for fact in facts:
            self.taken.append(fact)
            self.core.handle(fact)


class Warming:
    """A core, and who warms it up."""

    def __init__(self, terminal: Loading, least: int = 5) -> None:
        """Be born before the first bar."""
        self.core = Core(a_plan(a_lane({})))
        self.terminal, self.taker, self.pauses = terminal, Taking(self.core), 0
        self.hearing = Hearing(self.core.ledger, Clock(), {}, Ears(max_age_ms=1))
        self.warmup = WarmUp(
            self.core, cast("Session", terminal), self.hearing, cast("Taker", self.taker), Pace(Clock(), 1.0, 1.0),
            least, self.pause,
        )  # fmt: skip

    async def pause(self, _seconds: float) -> None:
        """Wait no time."""
        self.pauses += 1

    def run(self, *what: str) -> list[str]:
        """Have it tell; return the kinds of all facts that were told for it, bars but once."""
        for one in what:
            asyncio.run(getattr(self.warmup, one)())
        kinds = [type(fact).__name__ for fact in self.taker.taken]
        self.taker.taken.clear()
        return list(dict.fromkeys(kinds))

    @property
    def folded(self) -> list[Bar]:
        """The bars that are folded in last, and how many there are in all."""
        return list(self.core.feeds["XAUUSD", "H1"].known)

    @property
    def bars(self) -> int:
        """How many are folded in."""
        return self.core.feeds["XAUUSD", "H1"].bars


GROWN, TOLD, CLOSED = HistoryGrown.__name__, HistoryTold.__name__, BarClosed.__name__


def test_what_a_terminal_loads_while_it_is_waited_for_is_told_once() -> None:
    """It is asked again until it has no more."""
    warming = Warming(Loading(0, 2, 4, 4))

    assert [CLOSED] == warming.run("tell")
    assert (4, 3) == (warming.bars, warming.pauses)


def test_what_it_has_loaded_by_the_next_look_is_told_with_what_was_told() -> None:
    """Once: afterwards nobody is short, and nobody asks."""
    warming = Warming(Loading(2, 2, 6))
    first, short = warming.run("tell"), warming.bars
    grown = warming.run("tell_more")
    asked = warming.terminal.asked

    assert ([CLOSED, TOLD], 2) == (first, short)
    assert ([GROWN, CLOSED], 5, ALL[-3:]) == (grown, warming.bars, warming.folded)
    assert ([], asked) == (warming.run("tell_more"), warming.terminal.asked)
    assert tuple(ALL[-3:]) == warming.hearing.cursors(warming.core.feeds)[0].known


def test_a_terminal_that_had_none_at_all_is_asked_at_each_look_without_waiting() -> None:
    """What comes of it is history, and no bar that was missed."""
    warming = Warming(Loading(*[0] * 12, 6))
    first, pauses = warming.run("tell", "tell_more"), warming.pauses
    then = warming.run("tell_more")

    assert ([TOLD], 10) == (first, pauses)
    assert ([CLOSED], 5, 10) == (then, warming.bars, warming.pauses)


def test_where_there_is_no_more_nothing_is_told_again() -> None:
    """Nor where what there is more of it cannot be a bar."""
    warming = Warming(Loading(2))
    warming.run("tell")
    warming.terminal.bars = [msgspec.structs.replace(one, close=float("nan")) for one in ALL[:4]] + ALL[4:]
    warming.terminal.has = [6]

    assert ([], 2) == (warming.run("tell_more"), warming.bars)


def test_bars_that_have_closed_since_are_left_to_be_decided() -> None:
    """They are polled, as ever."""
    warming = Warming(Loading(2), least=9)
    warming.terminal.bars = ALL[:4]
    warming.run("tell")
    warming.terminal.bars, warming.terminal.has = ALL, [6]
    warming.run("tell_more")

    assert (4, ALL[3]) == (warming.bars, warming.folded[-1])


def test_a_feed_that_is_warm_is_not_asked_about() -> None:
    """It has fewer bars than were asked for, and enough for its features."""
    warming = Warming(Loading(WARM), least=5)
    warming.run("tell")
    asked = warming.terminal.asked

    assert ([], asked) == (warming.run("tell_more"), warming.terminal.asked)


def test_a_core_that_warms_by_bars_that_close_goes_on_with_all_history_once_it_is_there() -> None:
    """What has closed meanwhile is among it."""
    warming = Warming(Loading(1), least=9)
    warming.terminal.bars = ALL[:1]
    warming.run("tell")
    warming.core.handle(closed(1))
    warming.terminal.bars, warming.terminal.has = [bar(n) for n in range(-4, 2)], [6]

    assert [GROWN, CLOSED] == warming.run("tell_more")
    assert (6, []) == (warming.bars, [hold for hold in warming.core.ledger.holds if hold.startswith("WARMING")])


def test_a_terminal_that_never_has_more_is_asked_ever_more_rarely() -> None:
    """It reads all that is wanted each time: at looks 1, 2, 4, 8, 16, 32, 64 and 96."""
    warming = Warming(Loading(2))
    warming.run("tell")
    asked = warming.terminal.asked
    warming.run(*["tell_more"] * 100)

    assert 8 == warming.terminal.asked - asked
