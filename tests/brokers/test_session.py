"""A session over a real worker and a real trade server: deadlines, deaths and doubts, and who is believed."""

import asyncio
import os
import signal
import subprocess
import sys
import time

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import brokers.mt5.lookalike as m

from brokers.facts import Accepted, Answer, DealMade, InDoubt, Rejected
from brokers.mt5.frames import Connected, Poll
from brokers.mt5.line import Deadlines, Spawned, Terms, dialled_back
from brokers.mt5.session import LinkLostError, Session, WrongTerminalError
from tests.latches import latched
from tests.orders import LIMITS, NOW, entry
from tests.sessions import SHORT_S, gone, hurried, live, lost
from tests.trade_server import serving, set_up

POLL = Poll(feeds=(), last_deal=0, last_deal_at=0, watch=())
ROOT = Path(__file__).parents[2]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Have a trade server running in this test's folder."""
    with serving(set_up(tmp_path / "terminal")) as process:
        yield process
        process.send_signal(signal.SIGCONT)


@pytest.fixture
def terms(tmp_path: Path) -> Terms:
    """Return the terms of login 7 there, with a latch at run."""
    return Terms(
        kind="lookalike", path=str(tmp_path / "terminal"), login=7, password="open", server="Lookalike-Demo",
        zone="UTC", symbols={"GOLD": "GOLD"}, limits=LIMITS, latch=str(latched(tmp_path / "state", "run")),
        deadlines=Deadlines(connect=30.0, poll=10.0, past=10.0, look=10.0, send=10.0),
    )  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="the package may be installed there")
def test_a_package_that_is_not_there_is_named(terms: Terms) -> None:
    """Without the package nothing is tried again and again: it is told at once what is missing and where to name it."""
    session = Session(msgspec.structs.replace(terms, kind="metatrader5"))

    error = asyncio.run(lost(session.start()))

    assert isinstance(error, LinkLostError)
    assert error.fatal
    assert "No module named 'MetaTrader5'" in str(error)
    assert "terminal.python" in str(error)


# --- a life -----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("server")
def test_a_session_lives_and_leaves_nothing(terms: Terms) -> None:
    """Connected, polled, an order sent and looked for; stopped, its worker is gone."""

    async def act(session: Session) -> Any:  # noqa: ANN401 - several values
        answer: Any = await session.send(entry(), NOW)
        found = await session.look(0, 0, ())
        history = await session.past("GOLD", "H1", 3)
        news = await session.news(answer.deal - 1, NOW, ())
        return session.pid, answer, found, history.bars, news

    pid, answer, found, history, news = live(Session(terms), act)

    assert isinstance(answer, Accepted)
    assert ([answer.order], 3) == ([p.ticket for p in found.positions], len(history))
    assert [answer.deal] == [n.deal.ticket for n in news.news if isinstance(n, DealMade)]
    assert gone(pid)


# --- hanging and dying ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["worker", "server"])
def test_an_order_that_gets_no_answer_in_time_is_in_doubt(
    server: subprocess.Popen[bytes], terms: Terms, who: str
) -> None:
    """Whichever of the two hangs, the worker is killed and the order is in doubt; the next call is told why."""

    async def act(session: Session) -> tuple[Answer, LinkLostError | WrongTerminalError, int]:
        pid = session.pid
        os.kill(pid if who == "worker" else server.pid, signal.SIGSTOP)
        hurried(session)
        return await session.send(entry(), NOW), await lost(session.poll(POLL)), pid

    answer, loss, pid = live(Session(terms), act)

    assert isinstance(answer, InDoubt)
    assert "Send got no answer in time" in answer.reason == str(loss)
    assert isinstance(loss, LinkLostError)
    assert loss.crashed
    assert gone(pid)


def test_a_hung_terminal_does_not_delay_the_loop(server: subprocess.Popen[bytes], terms: Terms) -> None:
    """While a call hangs, is given up and its worker killed, all else goes on: the loop is never away for long."""
    gaps: list[float] = []

    async def ticks() -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.002)
            gaps.append(time.perf_counter() - began)

    async def act(session: Session) -> None:
        server.send_signal(signal.SIGSTOP)
        hurried(session)
        beside = asyncio.create_task(ticks())
        await lost(session.poll(POLL))
        beside.cancel()

    live(Session(terms), act)

    assert len(gaps) > 20
    assert sorted(gaps)[int(len(gaps) * 0.9)] < SHORT_S / 4


@pytest.mark.usefixtures("server")
def test_a_worker_that_dies_in_a_call_is_a_crash(terms: Terms) -> None:
    """The order it had is in doubt; afterwards there is nobody to send by, and that is no doubt but a refusal."""

    async def act(session: Session) -> tuple[Answer, Answer]:
        os.kill(session.pid, signal.SIGSTOP)
        call = asyncio.get_running_loop().create_task(session.send(entry(1), NOW))
        await asyncio.sleep(0.05)
        os.kill(session.pid, signal.SIGKILL)
        return await call, await session.send(entry(2), NOW)

    doubt, refused = live(Session(terms), act)

    assert isinstance(doubt, InDoubt)
    assert "the worker died" in doubt.reason
    assert isinstance(refused, Rejected)


def test_a_server_that_is_gone_is_out_of_reach_and_nothing_was_sent(
    server: subprocess.Popen[bytes], terms: Terms
) -> None:
    """The worker says that its terminal is lost: that is no crash, and an order it was given did not leave."""

    async def act(session: Session) -> tuple[Answer, LinkLostError | WrongTerminalError]:
        server.kill()
        server.wait()
        return await session.send(entry(), NOW), await lost(session.poll(POLL))

    answer, loss = live(Session(terms), act)

    assert isinstance(answer, Rejected)
    assert "nothing was sent" in answer.reason
    assert isinstance(loss, LinkLostError)
    assert (False, False) == (loss.crashed, loss.fatal)


def test_without_a_worker_nothing_is_sent(terms: Terms) -> None:
    """A session that was never started refuses clearly."""
    answer = asyncio.run(Session(terms).send(entry(), NOW))

    assert Rejected(at=NOW, id=1, code=-10004, reason="no terminal: nothing was sent") == answer


# --- starting ---------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("changes", [{"password": "wrong"}, {"symbols": {"GOLD": "GOLD", "EUR": "EURUSD"}}])
def test_a_start_that_cannot_be_mended_is_fatal(terms: Terms, changes: dict[str, Any]) -> None:
    """A wrong password and a missing symbol are told as such, and no worker is left."""
    session = Session(msgspec.structs.replace(terms, **changes))
    loss = asyncio.run(lost(session.start()))

    assert isinstance(loss, LinkLostError)
    assert (True, False, 0) == (loss.fatal, loss.crashed, session.pid)


@pytest.mark.parametrize("python", ["/bin/false", "/nowhere/python"])
def test_a_worker_that_cannot_begin_is_a_crash_at_once(terms: Terms, python: str) -> None:
    """Nobody waits out the whole time for a process that has ended, or never was."""
    session = Session(msgspec.structs.replace(terms, python=python))
    began = time.monotonic()
    loss = asyncio.run(lost(session.start()))

    assert isinstance(loss, LinkLostError)
    assert (True, 0) == (loss.crashed, session.pid)
    assert time.monotonic() - began < terms.deadlines.connect / 2


DIALS = """
import os, socket, sys
token = os.read(0, 64)
def dial(word):
    line = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
    line.settimeout(10)
    line.sendall(word)
    return line
with dial(b"0" * 64) as stranger:
    assert stranger.recv(1) == b""
with dial(token) as ours:
    ours.recv(4096)
    ours.sendall(bytes.fromhex(sys.argv[1]))
    len(sys.argv[1]) and ours.recv(1)
"""


@pytest.mark.parametrize(
    "reply", [b"", b"\1\0\0\0\xc1", b"\xff\xff\xff\xff" + b"x" * 99], ids=["eof", "rubbish", "long"]
)
def test_a_stranger_is_sent_away_and_rubbish_is_a_crash(terms: Terms, reply: bytes) -> None:
    """Who dials in without the token is hung up on; the one with it is heard, and believed only if it makes sense."""
    program = [sys.executable, "-c", DIALS, reply.hex()]
    patient = msgspec.structs.replace(terms, deadlines=Deadlines(connect=2.0))
    session = Session(patient, lambda _: dialled_back(program, patient.deadlines.connect))
    loss = asyncio.run(lost(session.start()))

    assert isinstance(loss, LinkLostError)
    assert loss.crashed
    assert 0 == session.pid


# --- whom to believe --------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("server")
def test_another_account_is_not_believed(terms: Terms) -> None:
    """Somebody logs in as another: the order is in doubt, the worker killed, and the next call says who was found."""

    async def act(session: Session) -> tuple[int, Answer, LinkLostError | WrongTerminalError]:
        m.initialize(terms.path, login=8, password="sesame")
        m.shutdown()
        return session.pid, await session.send(entry(), NOW), await lost(session.poll(POLL))

    pid, answer, loss = live(Session(terms), act)

    assert isinstance(answer, InDoubt)
    assert isinstance(loss, WrongTerminalError)
    assert loss.found.startswith("8 on Lookalike-Demo")
    assert gone(pid)


@pytest.mark.usefixtures("server")
def test_a_session_can_be_started_again(terms: Terms) -> None:
    """What was lost is forgotten when a new worker is there."""

    async def again(session: Session) -> Connected:
        os.kill(session.pid, signal.SIGKILL)
        await lost(session.poll(POLL))
        told = await session.start()
        await session.poll(POLL)
        return told

    assert NOW == live(Session(terms), again).at


# --- parents ----------------------------------------------------------------------------------------------------------

PARENT = """
import asyncio, sys
import msgspec
from brokers.mt5.line import Terms
from brokers.mt5.session import Session
async def main():
    session = Session(msgspec.json.decode(sys.argv[1], type=Terms))
    await session.start()
    print(session.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


@pytest.mark.usefixtures("server")
def test_a_worker_dies_with_its_parent(terms: Terms) -> None:
    """The daemon is killed with -9: its worker does not trade on."""
    words = [sys.executable, "-c", PARENT, msgspec.json.encode(terms).decode()]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        alive = Path(f"/proc/{worker}").exists()
        parent.kill()

    assert alive
    assert gone(worker)


@pytest.mark.usefixtures("server")
def test_a_worker_ends_when_its_standard_input_does(terms: Terms) -> None:
    """Where the system does not tell of a parent's death, the end of the pipe does."""

    async def act(session: Session) -> int:
        line = session.line
        assert isinstance(line, Spawned)
        assert line.process.stdin is not None
        line.process.stdin.close()
        return await asyncio.to_thread(line.process.wait, 10)

    assert 0 == live(Session(terms), act)
