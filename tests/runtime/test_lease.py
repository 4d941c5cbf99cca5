"""The lease: a daemon whose loop goes round keeps it, one that stood still between decision and order has lost it."""

import asyncio
import time

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from brokers.facts import Accepted, Answer, Refused
from brokers.limits import GATES
from brokers.mt5.frames import FeedCursor, Poll
from brokers.mt5.session import Session
from runtime.lease import renewed
from tests.daemons import terms_of
from tests.latches import latched
from tests.orders import LIMITS, NOW, close, entry
from tests.sessions import live
from tests.trade_server import serving, set_up

LEASE_S, EVERY_S, HUNG_S = 0.12, 0.02, 0.19
POLL = Poll(feeds=(FeedCursor("XAUUSD", "H1", NOW),), last_deal=0, last_deal_at=0, watch=())
BUSY = 50
"""A machine that is busy with other tests may hold even a loop that has nothing to do: then it is tried again."""


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """Have a session whose gateway holds a short lease."""
    terms = terms_of(tmp_path / "server", latched(tmp_path / "state", "run"))
    with serving(set_up(tmp_path / "server")):
        yield Session(msgspec.structs.replace(terms, limits=msgspec.structs.replace(LIMITS, lease_s=LEASE_S)))


async def held(seconds: float) -> None:
    """Hold the event loop, as a strategy does that computes for too long."""
    time.sleep(seconds)  # noqa: ASYNC251 - that is what is tested


async def told(session: Session) -> None:
    """Be told of the market."""
    await session.poll(POLL)


def test_what_was_decided_before_a_hang_is_refused_though_the_lease_is_renewed_after_it(session: Session) -> None:
    """Until the market is told anew; what closes is let through at all times."""

    async def act(session: Session) -> list[Answer]:
        async with renewed(session, EVERY_S):
            await told(session)
            await held(HUNG_S)
            await asyncio.sleep(3 * EVERY_S)
            answers = [await session.send(entry(1, symbol="XAUUSD"), NOW)]
            answers.append(await session.send(close(2, symbol="XAUUSD"), NOW))
            for number in range(3, BUSY):
                await told(session)
                answers.append(await session.send(entry(number, symbol="XAUUSD"), NOW))
                if isinstance(answers[-1], Accepted):
                    break
        return answers

    hung, closed, *after = live(session, act)

    assert isinstance(hung, Refused)
    assert 1 + GATES.index("lease") == hung.code
    assert not isinstance(closed, Refused)
    assert isinstance(after[-1], Accepted)


@pytest.mark.parametrize("renews", [True, False])
def test_what_a_daemon_waits_for_keeps_its_lease_only_while_it_is_renewed(session: Session, renews: bool) -> None:  # noqa: FBT001 - a case
    """A model that takes its time, or a slow disk: the loop goes round meanwhile."""

    async def once(session: Session, number: int) -> Answer:
        await told(session)
        await asyncio.sleep(2 * LEASE_S)
        return await session.send(entry(number, symbol="XAUUSD"), NOW)

    async def act(session: Session) -> list[Answer]:
        answers = []
        for number in range(1, BUSY):
            if renews:
                async with renewed(session, EVERY_S):
                    answers.append(await once(session, number))
            else:
                answers.append(await once(session, number))
            if isinstance(answers[-1], Accepted) or not renews:
                break
        return answers

    answers = live(session, act)

    assert (Accepted if renews else Refused) is type(answers[-1])


def test_a_worker_that_is_gone_is_told_to_who_asks_next(session: Session) -> None:
    """The lease is renewed beside the daemon: what it meets there must not be lost, nor end the daemon."""

    async def act(session: Session) -> tuple[str, str]:
        assert session.line is not None
        await session.line.close()
        await session.renew()
        answer = await session.send(entry(1), NOW)
        return type(answer).__name__, str(session.loss)

    answer, loss = live(session, act)

    assert "Rejected" == answer
    assert "the worker died" in loss
