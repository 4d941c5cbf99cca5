"""Faults where it matters: a real session over a real worker, at a trade server process that misbehaves on request."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import brokers.mt5.lookalike as m

from brokers.facts import Accepted, InDoubt, Rejected
from brokers.mt5.frames import Connected, Poll
from brokers.mt5.line import Terms
from brokers.mt5.lookalike import control
from brokers.mt5.session import LinkLostError, Session, WrongTerminalError
from tests.latches import latched
from tests.orders import LIMITS, NOW, entry
from tests.sessions import hurried, live, lost
from tests.trade_server import serving, set_up

POLL = Poll(feeds=(), last_deal=0, last_deal_at=0, watch=())
DAEMONS = "terminals/daemon"
"""Where the session's terminal is; faults are asked for from another one."""


@pytest.fixture
def terms(tmp_path: Path) -> Iterator[Terms]:
    """Serve a folder, and return the terms of login 7 at a terminal of its own."""
    home = set_up(tmp_path / "broker")
    with serving(home):
        assert m.initialize(str(home))
        yield Terms(
            kind="lookalike", path=str(home / DAEMONS), login=7, password="open", server="Lookalike-Demo",
            zone="UTC", symbols={"GOLD": "GOLD"}, limits=LIMITS, latch=str(latched(tmp_path / "state", "run")),
        )  # fmt: skip
        m.shutdown()


def wrong(kind: str, *verbs: str, **more: Any) -> None:  # noqa: ANN401 - fields of the fault
    """Let something go wrong at the session's terminal."""
    assert control.fault(kind, verbs=verbs, terminal=DAEMONS, **more), m.last_error()


def truth() -> int:
    """Return how many positions there really are."""
    return int(m.positions_total() or 0)


@pytest.mark.parametrize(
    ("kind", "more", "expected", "positions"),
    [
        ("fails", {"code": -10005, "worked": True}, InDoubt, 1),
        ("fails", {"code": -10002, "worked": True}, InDoubt, 1),
        ("fails", {"code": -1, "worked": True}, InDoubt, 1),
        ("fails", {"code": -10005}, InDoubt, 0),
        ("hangs_up", {"worked": True}, InDoubt, 1),
        ("answers", {"retcode": 10012, "worked": True}, InDoubt, 1),
        ("answers", {"retcode": 10031, "worked": True}, InDoubt, 1),
        ("answers", {"retcode": 10004, "points": 20}, Rejected, 0),
        ("answers", {"retcode": 10018}, Rejected, 0),
        ("answers", {"retcode": 10020}, Rejected, 0),
        ("answers", {"retcode": 10021}, Rejected, 0),
        ("forbidden", {"by": "terminal"}, Rejected, 0),
        ("forbidden", {"by": "api"}, Rejected, 0),
        ("late", {"seconds": 60.0, "placed": True}, Accepted, 1),
        ("partial", {"share": 0.5}, Accepted, 1),
    ],
)
def test_an_answer_is_what_is_known_and_no_more(
    terms: Terms, kind: str, more: dict[str, Any], expected: type, positions: int
) -> None:
    """Only a clear refusal is one; whatever may hide an execution is in doubt; and nothing is ever sent twice."""
    wrong(kind, "send", **more)

    async def act(session: Session) -> object:
        return await session.send(entry(), NOW)

    answer = live(Session(terms), act)

    assert isinstance(answer, expected), answer
    assert positions == truth()


@pytest.mark.parametrize("worked", [True, False])
def test_silence_ends_with_the_worker(terms: Terms, worked: bool) -> None:  # noqa: FBT001 - a table of cases
    """The deadline passes, the worker is killed, the order is in doubt; a new worker is served at once."""
    wrong("silent", "send", worked=worked)

    async def act(session: Session) -> tuple[object, object]:
        patience = session.terms.deadlines
        hurried(session)
        answer = await session.send(entry(), NOW)
        session.terms = terms
        assert patience == terms.deadlines
        return answer, await session.start()

    answer, again = live(Session(terms), act)

    assert isinstance(answer, InDoubt)
    assert isinstance(again, Connected)
    assert worked == truth()


def test_a_slow_terminal_is_no_lost_one(terms: Terms) -> None:
    """An answer within its deadline is an answer."""
    wrong("slow", "account", seconds=0.1)

    async def act(session: Session) -> object:
        return await session.poll(POLL)

    assert live(Session(terms), act).at == NOW


@pytest.mark.parametrize(
    ("kind", "verbs", "more"),
    [
        ("fails", ("account",), {"code": -10001}),
        ("hangs_up", (), {}),
        ("unreachable", (), {"times": 0}),
        ("restart", (), {"seconds": 0.1}),
        ("short", ("history_deals",), {}),
    ],
)
def test_a_terminal_out_of_reach_is_a_loss_and_no_crash(
    terms: Terms, kind: str, verbs: tuple[str, ...], more: dict[str, Any]
) -> None:
    """A broken pipe, a dead connection, a broker out of reach, a restart, no history: our worker is not to blame."""

    async def act(session: Session) -> object:
        wrong(kind, *verbs, **more)
        session.terms = terms
        return await lost(session.poll(POLL) if kind != "unreachable" else _again(session))

    loss = live(Session(terms), act)

    assert isinstance(loss, LinkLostError)
    assert (False, False) == (loss.crashed, loss.fatal)


async def _again(session: Session) -> object:
    """Start anew: `connected` is asked for only now and then."""
    await session.stop()
    return await session.start()


def test_a_terminal_that_restarts_is_connected_again(terms: Terms) -> None:
    """While it is away every start fails as out of reach; then one works."""

    async def act(session: Session) -> tuple[object, object]:
        wrong("restart", seconds=60.0)
        await lost(session.poll(POLL))
        away = await lost(session.start())
        control.mend()
        return away, await session.start()

    away, connected = live(Session(terms), act)

    assert isinstance(away, LinkLostError)
    assert not away.crashed
    assert isinstance(connected, Connected)


@pytest.mark.parametrize("how", ["switched", "stray"])
def test_another_accounts_frame_is_not_believed(terms: Terms, how: str) -> None:
    """Whether somebody switched the account or a frame strayed: the wrong terminal, and no worker is left."""

    async def act(session: Session) -> object:
        if how == "switched":
            assert control.happen("switched", login=8, terminal=DAEMONS)
        else:
            wrong("stray", "account", account=8)
        return await lost(session.poll(POLL))

    loss = live(Session(terms), act)

    assert isinstance(loss, WrongTerminalError)
    assert "8 on Lookalike-Demo" in loss.found


@pytest.mark.parametrize("starting", [True, False])
def test_the_money_of_another_account_is_not_believed(terms: Terms, starting: bool) -> None:  # noqa: FBT001 - a case
    """One frame strays where balance and equity are read, and whoever is asked next is ours again."""

    async def act(session: Session) -> object:
        wrong("stray", "account", account=8, skip=int(starting))
        return await lost(session.start() if starting else session.look(0, 0, ()))

    loss = live(Session(terms), act)

    assert isinstance(loss, WrongTerminalError)
    assert "8 on Lookalike-Demo" in loss.found


def test_no_order_leaves_for_an_account_that_was_switched(terms: Terms) -> None:
    """The worker reads the login in the same breath: the order is not sent to anybody."""

    async def act(session: Session) -> object:
        assert control.happen("switched", login=8, terminal=DAEMONS)
        return await session.send(entry(), NOW)

    answer = live(Session(terms), act)
    totals = [truth(), m.login(8) and truth()]

    assert isinstance(answer, InDoubt)
    assert [0, 0] == totals
