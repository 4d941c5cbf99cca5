"""The whole way from a trade server that goes wrong, through worker and session, to what the daemon's core holds."""

import asyncio
import contextlib
import errno

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from structlog.testing import capture_logs

from brokers.facts import (
    BarClosed,
    BarRevised,
    ClockDoubted,
    HistoryGrown,
    HistoryTold,
    LinkDown,
    LinkUp,
    TradingForbidden,
    WrongTerminal,
)
from brokers.made import FrameRule
from brokers.mt5.lookalike import control
from brokers.mt5.lookalike.faults import Fault, Short
from runtime.core.facts import TimerFired
from runtime.core.plan import RegimePlan
from runtime.status import status_of
from tests.cores import a_gate, a_lane, a_plan, up_model
from tests.daemons import PLACE, Living, lived, still_server, ticking_server, wrong
from tests.trade_server import BARS, GOLD, HISTORY, HOUR, START, attended, serving, set_up


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """Have a trade server whose market stands still, and a look-alike of this process connected to it."""
    with attended(still_server(tmp_path / "broker")) as folder:
        yield folder


# --- the link ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "verbs", "more", "words"),
    [
        ("silent", ("account",), {}, "got no answer in time"),
        ("slow", ("account",), {"seconds": 2.0}, "got no answer in time"),
        ("hangs_up", ("account",), {}, "account_info gave nothing"),
        ("fails", ("account",), {"code": -10001}, "-10001"),
        ("fails", ("account",), {"code": -10002}, "-10002"),
        ("fails", ("positions",), {"code": -10005}, "positions_get gave nothing"),
        ("unreachable", (), {"lasts_s": 0.5, "times": 0}, "no connection to its broker"),
        ("restart", (), {"seconds": 0.3}, ""),
    ],
)
def test_what_takes_the_link_away_holds_until_it_is_back_and_all_was_looked_at(
    home: Path, tmp_path: Path, kind: str, verbs: tuple[str, ...], more: dict[str, Any], words: str
) -> None:
    """One fact when it is lost, one when it is back; then a reconcile lifts the rest, and nobody is paged."""

    async def act(living: Living) -> None:
        await living.ready()
        async with living.hasty() if "answer" in words else contextlib.nullcontext():
            wrong(kind, *verbs, **more)
            await living.until(lambda: "LINK" in living.holds)
        await living.ready()

    with capture_logs() as logs:
        living = lived(home, tmp_path, act)
    said = [line["event"] for line in logs if line["event"] in {"link lost", "link back", "alert"}]

    assert ["link lost", "link back"] == said
    assert (1, 2) == (len(living.told(LinkDown)), len(living.told(LinkUp)))
    assert words in living.told(LinkDown)[0].reason
    assert "run" == living.daemon.ledger.level


def test_a_broker_out_of_reach_for_long_is_waited_for_and_told_once(home: Path, tmp_path: Path) -> None:
    """It is never given up; after so long of an open market a person is called, one time."""

    async def act(living: Living) -> None:
        await living.ready()
        number = wrong("unreachable", times=0)
        await living.until(lambda: len(living.told(LinkDown)) == 2)
        await living.until(lambda: living.daemon.linker.link.tries >= 4)
        assert ["terminal: the terminal has no connection to its broker"] == status_of(living.daemon)["missing"]
        assert control.mend(number)
        await living.ready()

    living = lived(home, tmp_path, act, page_after_s=0.5)

    assert [False, True] == [fact.away_s > 0.0 for fact in living.told(LinkDown)]
    assert "up" == living.daemon.linker.link.state


def test_a_login_that_is_refused_while_we_run_is_given_up(home: Path, tmp_path: Path) -> None:
    """Asked again and again, a broker locks an account: halt."""

    async def act(living: Living) -> None:
        await living.ready()
        wrong("fails", "login", code=-6, times=0)
        wrong("hangs_up", "account")
        await living.until(lambda: living.daemon.linker.link.state == "given_up")
        await living.until(lambda: living.daemon.ledger.level == "halt")

    living = lived(home, tmp_path, act)

    assert living.told(LinkDown)[-1].given_up


def test_a_fact_heard_in_a_pause_that_cannot_be_written_in_time_ends_the_daemon(home: Path, tmp_path: Path) -> None:
    """A disk that answers ETIMEDOUT is no pause that is over: a fact half taken must not be passed over."""

    async def act(living: Living) -> None:
        await living.ready()
        living.recorder.breaks[TimerFired] = TimeoutError(errno.ETIMEDOUT, "the disk took too long")
        living.daemon.inbox.put_nowait(TimerFired(at=living.daemon.ledger.at, id=0, key="settle"))
        await asyncio.sleep(0.1)

    with pytest.raises(ExceptionGroup) as told:
        lived(home, tmp_path, act)

    assert told.group_contains(TimeoutError, match="took too long")


@pytest.mark.parametrize("how", ["switched", "stray account", "stray path"])
def test_another_account_halts_at_once(home: Path, tmp_path: Path, how: str) -> None:
    """Somebody logs in to another account, or a frame of another terminal strays in: hold, halt, no further try."""

    async def act(living: Living) -> None:
        await living.ready()
        if how == "switched":
            assert control.happen("switched", login=8, terminal=PLACE)
        elif how == "stray account":
            wrong("stray", "account", account=8)
        else:
            wrong("stray", "terminal", path="/another")
        await living.until(lambda: living.daemon.ledger.level == "halt")

    living = lived(home, tmp_path, act)

    assert "WRONG_TERMINAL" in living.holds
    assert "given_up" == living.daemon.linker.link.state
    assert 1 == len(living.told(WrongTerminal))
    assert 0 == living.daemon.session.pid


# --- permission -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "words"),
    [("terminal", "press Algo Trading"), ("api", "Python"), ("account", "investor"), ("server", "programs trade")],
)
def test_trading_switched_off_holds_until_it_is_on_again(home: Path, tmp_path: Path, by: str, words: str) -> None:
    """The reason says what to do about it; it is told once."""

    async def act(living: Living) -> None:
        await living.ready()
        number = wrong("forbidden", by=by, times=0)
        await living.until(lambda: "SESSION" in living.holds)
        assert words in living.holds["SESSION"]
        assert [f"permission: {living.holds['SESSION']}"] == status_of(living.daemon)["missing"]
        assert control.mend(number)
        await living.ready()

    living = lived(home, tmp_path, act)

    assert 1 == len(living.told(TradingForbidden))


# --- the clock --------------------------------------------------------------------------------------------------------


def test_a_server_whose_clock_is_not_where_its_zone_has_it_is_held(tmp_path: Path) -> None:
    """Quotes of now that say they are of two hours hence hold every symbol; put right, they lift it."""
    folder = ticking_server(tmp_path / "broker")

    async def act(living: Living) -> None:
        await living.ready()
        number = wrong("wrong_clock", seconds=7200, times=0)
        await living.until(lambda: "CONTRACT" in living.holds)
        assert "+2 h" in living.holds["CONTRACT"]
        assert control.mend(number)
        await living.until(lambda: "CONTRACT" not in living.holds)

    with attended(folder):
        living = lived(folder, tmp_path, act, agreeing_s=0.3)

    assert ["", "+2 h"] == sorted(fact.problem[11:15] for fact in living.told(ClockDoubted))


# --- history and contracts --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [0, 2])
def test_history_that_is_late_at_the_start_is_waited_for(home: Path, tmp_path: Path, rows: int) -> None:
    """The warm-up has every bar, though the terminal had none, or few, when it was asked first."""
    assert control.fault("short", verbs=("rates_from_pos",), terminal=PLACE, rows=rows)

    async def act(living: Living) -> None:
        await living.ready()

    living = lived(home, tmp_path, act)

    assert 3 == next(iter(living.daemon.core.feeds.values())).bars


def test_no_bar_is_lost_or_missed_while_history_is_late(tmp_path: Path) -> None:
    """Recorded time waits for a history that does not reach back; then every bar is told, each at its time."""
    folder = set_up(
        tmp_path / "broker", faults=(Fault(kind=Short(rows=1), verbs=("rates_from_pos",), skip=3, times=9),)
    )

    async def act(living: Living) -> None:
        await living.until(lambda: living.daemon.stopping)

    with serving(folder):
        living = lived(folder, tmp_path, act)
    bars = [(fact.bar.time, fact.phase) for fact in living.told(BarClosed)]

    assert [START + n * HOUR for n in range(1, BARS)] == [time for time, _ in bars]
    assert ["warm"] * 3 + ["live"] * 6 == [phase for _, phase in bars]


def test_a_history_that_is_too_short_is_told_and_the_hold_says_what_is_missing(home: Path, tmp_path: Path) -> None:
    """Bars of four hours that are made of the few of one that there are: from the start people know how many lack."""
    regime = RegimePlan(name="up", symbol="XAUUSD", timeframe="H4", model=up_model(), made=FrameRule("H4", "H1"))

    async def act(living: Living) -> None:
        await living.until(lambda: living.told(HistoryTold))

    living = lived(home, tmp_path, act, plan=a_plan(a_lane({}, gate=a_gate(), regime="up"), regimes=(regime,)))

    assert ({"warm"}, 1) == ({fact.phase for fact in living.told(BarClosed)}, len(living.told(HistoryTold)))
    assert "of the 2 bars that its features need" in living.holds["WARMING:XAUUSD"]


def test_history_that_is_loaded_later_is_folded_in_when_it_is_there(home: Path, tmp_path: Path) -> None:
    """A terminal that was still loading when all waiting was over: what it had not told is no bar that was missed."""
    fault = wrong("short", "rates_from_pos", rows=2, times=0)

    async def act(living: Living) -> None:
        await living.until(lambda: living.told(HistoryTold))
        assert "WARMING:XAUUSD" in living.holds
        assert control.mend(fault)
        await living.ready()

    living = lived(home, tmp_path, act)
    (feed,) = living.daemon.core.feeds.values()

    assert (3, START + (HISTORY - 1) * HOUR) == (feed.bars, feed.last_time)
    assert {"warm"} == {fact.phase for fact in living.told(BarClosed)}
    assert 1 == len(living.told(HistoryGrown))


def test_a_bar_that_is_revised_is_told_once(home: Path, tmp_path: Path) -> None:
    """The broker tells another story of the last bar: a fact, and a hold on its symbol."""
    last = START + (HISTORY - 1) * HOUR

    async def act(living: Living) -> None:
        await living.ready()
        assert control.happen("revised", symbol="GOLD", time=last, open=2003.0, high=2009.0, low=2002.5, close=2004.0)
        await living.until(lambda: living.told(BarRevised))
        await living.until(lambda: living.daemon.session.answered > 100)

    living = lived(home, tmp_path, act)

    assert [(last, 2009.0)] == [(fact.bar.time, fact.bar.high) for fact in living.told(BarRevised)]


def test_a_bar_that_was_revised_while_the_daemon_was_down_is_told_at_its_start(home: Path, tmp_path: Path) -> None:
    """It had folded in another story of the last bar: a fact and a hold, as if it had listened; and once only."""
    last = START + (HISTORY - 1) * HOUR

    async def ready(living: Living) -> None:
        await living.ready()
        await living.until(lambda: living.daemon.session.answered > 20)

    async def revised(living: Living) -> None:
        await living.until(lambda: living.told(BarRevised))

    async def polled(living: Living) -> None:
        await living.until(lambda: living.daemon.session.answered > 20)

    first = lived(home, tmp_path / "first", ready)
    assert control.happen("revised", symbol="GOLD", time=last, open=2003.0, high=2009.0, low=2002.5, close=2004.0)
    second = lived(home, tmp_path / "second", revised, rest=first.daemon.core.snapshot())
    third = lived(home, tmp_path / "third", polled, rest=second.daemon.core.snapshot())

    assert ([], []) == (first.told(BarRevised), third.told(BarRevised))
    assert [(last, 2009.0)] == [(fact.bar.time, fact.bar.high) for fact in second.told(BarRevised)]
    assert "revised" in second.holds["CONTRACT:XAUUSD"]


def test_a_contract_that_changes_is_held(home: Path, tmp_path: Path) -> None:
    """Within a look at the venue it is known, and held."""
    changed = msgspec.to_builtins(msgspec.structs.replace(GOLD, contract_size=10.0))

    async def act(living: Living) -> None:
        await living.ready()
        assert control.happen("respecified", symbol=changed)
        await living.until(lambda: any(hold.startswith("SPEC_CHANGED") for hold in living.holds))

    lived(home, tmp_path, act)
