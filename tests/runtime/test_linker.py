"""The hold on the terminal: what each loss is told as, when a person is called, and what told bars are as facts."""

import asyncio

from typing import Any

import pytest

from brokers.mt5.frames import Closed
from brokers.mt5.session import LinkLostError, WrongTerminalError
from brokers.port import BarClosed, FeedBroken, LinkDown, WrongTerminal
from config.errors import TerminalRefused
from market.types import Bar
from runtime.core.instructions import Alert, SetLevel
from runtime.linker import Linker, Loss, check_money, facts_of
from tests.cores import a_lane, a_plan, an_account, hour
from tests.told import Told, of_kind, only
from tests.venues import HOUR

CRASH = LinkLostError("the worker died", crashed=True)
AWAY = LinkLostError("no connection", crashed=False)
FATAL = LinkLostError("authorization failed", crashed=False, fatal=True)
WRONG = WrongTerminalError("7 on S", "8 on S")


class Script:
    """A session that comes up, or is lost as the script says; and the clock."""

    def __init__(self, *starts: Loss | None) -> None:
        """Take what each start comes to."""
        self.starts, self.now = list(starts), 0.0

    async def start(self) -> str:
        """Come up, or raise."""
        outcome = self.starts.pop(0)
        if outcome is not None:
            raise outcome
        return "connected"

    def elapsed(self) -> float:
        """Return the moment."""
        return self.now


def a_linker(*starts: Loss | None, jitter: float = 0.5) -> tuple[Linker, Script]:
    """Return a linker over a scripted session."""
    script: Any = Script(*starts)
    return Linker(script, script, lambda: jitter), script


def tried(linker: Linker) -> LinkDown | WrongTerminal | None:
    """Try once to come up; return what is told of a loss."""
    try:
        asyncio.run(linker.connect())
    except (LinkLostError, WrongTerminalError) as error:
        return linker.lost(error, 9)
    return None


@pytest.mark.parametrize("error", [FATAL, WRONG])
def test_a_first_try_that_cannot_be_mended_is_for_the_person_who_began_it(error: Loss) -> None:
    """Login, password, path or symbols are wrong: the run ends at once and says so."""
    with pytest.raises(TerminalRefused, match="check login, password, server, path and symbols"):
        tried(a_linker(error)[0])


def test_a_loss_is_told_once() -> None:
    """While it is down, further failures are no news."""
    linker, script = a_linker(None, AWAY, AWAY, None)
    tried(linker)
    first = linker.lost(AWAY, 9)
    more = [tried(linker), tried(linker), tried(linker)]
    script.now = 1.0

    assert LinkDown(at=9, reason="no connection") == first
    assert ([None, None, None], True) == (more, linker.up)


def test_a_broker_out_of_reach_is_waited_for() -> None:
    """A hundred failures later it still tries, at bounded intervals."""
    linker, script = a_linker(None, *[AWAY] * 100)
    tried(linker)
    linker.lost(AWAY, 9)
    for _ in range(100):
        tried(linker)
        assert 0.0 < linker.wait_s() <= 30.0
        script.now += linker.wait_s()

    assert "down" == linker.link.state


@pytest.mark.parametrize("comes_up", [True, False])
def test_a_crash_loop_is_given_up_and_told(comes_up: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """The fifth crash within a minute says that nobody will try again, whether the worker ever came up or not."""
    linker, _ = a_linker(*([None] if comes_up else [CRASH]) * 5)
    told = []
    for _ in range(5):
        told.append(tried(linker))
        if comes_up:
            told[-1] = linker.lost(CRASH, 9)

    assert LinkDown(at=9, reason="the worker died", given_up=True) == told[-1]
    assert not any(fact is not None and getattr(fact, "given_up", False) for fact in told[:-1])
    assert ("given_up", 1.0) == (linker.link.state, linker.wait_s())
    assert linker.lost(CRASH, 9) is None


def test_a_link_given_up_halts_the_account_and_pages() -> None:
    """The core asks for both; a loss that will be mended asks for neither."""
    core = Told(a_plan(a_lane({})))
    mild = core.tell(LinkDown(at=hour(3), reason="maintenance"))
    grave = core.tell(LinkDown(at=hour(3), reason="the worker died", given_up=True))

    assert [] == of_kind(mild, SetLevel) + of_kind(mild, Alert)
    assert ("halt", "page") == (only(grave, SetLevel).level, only(grave, Alert).severity)
    assert "the worker died" in only(grave, SetLevel).why
    assert {"LINK", "UNRECONCILED"} <= set(core.holds)


def test_another_terminal_is_given_up_at_once() -> None:
    """It is told as what it is, and not tried again."""
    linker, _ = a_linker(None)
    tried(linker)

    assert WrongTerminal(at=9, expected="7 on S", found="8 on S") == linker.lost(WRONG, 9)
    assert "given_up" == linker.link.state


def test_waits_are_spread() -> None:
    """Daemons that lost one broker together do not come back together."""
    waits = set()
    for draw in (0.0, 0.5, 0.99):
        linker, _ = a_linker(None, jitter=draw)
        tried(linker)
        linker.lost(AWAY, 9)
        waits.add(linker.wait_s())

    assert 3 == len(waits)


@pytest.mark.parametrize("demo", [True, False])
@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("allowed", [True, False])
def test_real_money_needs_both_words(demo: bool, live: bool, allowed: bool) -> None:  # noqa: FBT001 - a table
    """Only a live run on a real account that nobody allowed is refused."""
    account = an_account()
    account = type(account)(**{f: getattr(account, f) for f in account.__struct_fields__} | {"demo": demo})
    if live and not demo and not allowed:
        with pytest.raises(TerminalRefused, match="is a real-money account"):
            check_money(account, live=live, allow_real=allowed)
    else:
        check_money(account, live=live, allow_real=allowed)


# --- bars as facts ----------------------------------------------------------------------------------------------------


def told_bar(n: int, timeframe: str = "H1", symbol: str = "GOLD", opens: int | None = None, **price: float) -> Closed:
    """Return a told bar that opened n hours in; its next one has opened when it closed."""
    length = {"H1": HOUR, "H4": 4 * HOUR}[timeframe]
    bar = Bar(symbol, timeframe, hour(n), 100.0, price.get("high", 101.0), 99.0, 100.5)
    next_open = hour(n) + length if opens is None else opens
    return Closed(bar, price.get("bid", 100.5), price.get("ask", 100.7), next_open)


def test_bars_are_facts_by_the_time_they_closed_the_longest_first() -> None:
    """Of those that close together the longest is told first: it may be what the shorter one's gate reads."""
    bars = (told_bar(3), told_bar(2), told_bar(0, "H4"), told_bar(3, symbol="OIL"))
    facts = list(facts_of(bars, hour(4), 30_000))

    assert [("H1", 2), ("H4", 0), ("H1", 3), ("H1", 3)] == [
        (f.bar.timeframe, (f.bar.time - hour(0)) // HOUR) for f in facts if isinstance(f, BarClosed)
    ]


@pytest.mark.parametrize(
    ("age_ms", "opens", "phase"),
    [(0, None, "live"), (30_000, None, "live"), (30_001, None, "missed"), (10**9, 0, "live")],
)
def test_only_the_newest_bar_of_a_feed_is_live_and_only_while_fresh(age_ms: int, opens: int | None, phase: str) -> None:
    """Older ones closed while we were away; the last bar of recorded data has no next one and is never late."""
    facts = list(facts_of((told_bar(1), told_bar(2), told_bar(3, opens=opens)), hour(4) + age_ms, 30_000))

    assert ["missed", "missed", phase] == [f.phase for f in facts if isinstance(f, BarClosed)]


@pytest.mark.parametrize(
    "price", [{"high": 100.2}, {"high": float("nan")}, {"bid": 0.0}, {"bid": 100.8}, {"ask": float("nan")}]
)
def test_what_cannot_be_a_bar_or_quote_breaks_the_feed(price: dict[str, float]) -> None:
    """It is not told as a bar; the next good one is."""
    broken, good = facts_of((told_bar(1, "H1", "GOLD", None, **price), told_bar(2)), hour(3), 30_000)

    assert isinstance(broken, FeedBroken)
    assert isinstance(good, BarClosed)
    assert ("GOLD", hour(3)) == (broken.symbol, broken.at)
