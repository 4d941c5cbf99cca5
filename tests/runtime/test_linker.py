"""The hold on the terminal: what each loss is told as, and when a person is called."""

import asyncio

from typing import Any

import pytest

from structlog.testing import capture_logs

from brokers.facts import LinkDown, WrongTerminal
from brokers.mt5.missing import explained
from brokers.mt5.session import LinkLostError, WrongTerminalError
from config.errors import TerminalRefused
from runtime.core.instructions import Alert, SetLevel
from runtime.linker import Linker, Loss, check_money
from tests.cores import a_lane, a_plan, an_account, hour
from tests.told import Told, of_kind, only

CRASH = LinkLostError("the worker died", crashed=True)
AWAY = LinkLostError("no connection", crashed=False)
FATAL = LinkLostError("authorization failed", crashed=False, fatal=True)
HUNG = LinkLostError("Poll got no answer in time", crashed=True, hung=True)
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


def test_a_login_that_is_refused_is_advised_about_once() -> None:
    """What the terminal's code means says what to correct; nothing more general comes behind it."""
    error = LinkLostError(explained("initialize failed", -6, "Authorization failed", ""), crashed=False, fatal=True)

    with pytest.raises(TerminalRefused, match=r"refuses login or password: correct [\w., ]+ and terminal\.password$"):
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


def test_a_terminal_away_for_long_is_told_once_more() -> None:
    """Five minutes of an open market later a person is to be called; not again until it was back."""
    linker, script = a_linker(None, *[AWAY] * 60, None)
    tried(linker)
    linker.lost(AWAY, 9)
    told = []
    for _ in range(60):
        script.now += 10.0
        told.append(tried(linker))

    assert [LinkDown(at=9, reason="no connection", away_s=300.0)] == [fact for fact in told if fact is not None]
    assert 29 == told.index(LinkDown(at=9, reason="no connection", away_s=300.0))


def test_a_terminal_that_connects_and_fails_at_once_is_told_as_away() -> None:
    """Each loss is told, and one of them calls a person: a link that never holds is none."""
    linker, script = a_linker(*[None] * 60)
    told = []
    for _ in range(60):
        tried(linker)
        told.append(linker.lost(AWAY, 9))
        script.now += 10.0

    assert [0.0] * 30 + [300.0] + [0.0] * 29 == [fact.away_s for fact in told if isinstance(fact, LinkDown)]


def test_a_shut_market_is_slept_through() -> None:
    """Nobody is woken on a weekend, however often it is tried."""
    linker, script = a_linker(None, *[AWAY] * 200)
    linker.market_open = lambda: False
    tried(linker)
    linker.lost(AWAY, 9)
    told = []
    for _ in range(200):
        script.now += 1000.0
        told.append(tried(linker))

    assert {None} == set(told)


def test_a_loss_and_a_return_are_logged_once_each() -> None:
    """However many tries lie between: the return says how many, and how long it took."""
    linker, script = a_linker(None, *[AWAY] * 20, None)
    with capture_logs() as logs:
        tried(linker)
        linker.lost(HUNG, 9)
        for _ in range(20):
            script.now += 10.0
            tried(linker)
        script.now += 10.0
        tried(linker)

    assert [("link lost", "hung", None), ("link back", None, 210.0)] == [
        (line["event"], line.get("kind"), line.get("after_s")) for line in logs
    ]
    assert 21 == logs[1]["tries"]


def test_a_link_given_up_halts_the_account_and_pages() -> None:
    """The core asks for both; a loss that will be mended asks for neither."""
    core = Told(a_plan(a_lane({})))
    mild = core.tell(LinkDown(at=hour(3), reason="maintenance"))
    long = core.tell(LinkDown(at=hour(3), reason="maintenance", away_s=300.0))
    grave = core.tell(LinkDown(at=hour(3), reason="the worker died", given_up=True))

    assert [] == of_kind(mild, SetLevel) + of_kind(mild, Alert)
    assert (["page"], []) == ([a.severity for a in of_kind(long, Alert)], of_kind(long, SetLevel))
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
