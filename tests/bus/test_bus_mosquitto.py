"""Commands over a real Mosquitto: obeyed once through kills and freezes, kept out by rules, never in anybody's way."""

import asyncio
import contextlib
import gc
import socket
import threading
import time

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from backtests.benchmarks.mosquitto import certified, free_port
from brokers.latch import Level
from runtime.bus.caller import RefusedError, called, change_remote
from runtime.bus.listener import State
from runtime.bus.mqtt import MqttLine
from runtime.bus.onlooker import overhear
from runtime.bus.port import BusError, Message, Terms, Topics
from runtime.bus.telemetry import KINDS
from runtime.bus.teller import Teller
from runtime.clock import Clock
from runtime.core.facts import BusHeard, BusSilent
from runtime.operator import latch
from runtime.operator.client import AbsentError, UnreachableError
from runtime.operator.signing import Role, Signed
from tests.listeners import ACCOUNT, House
from tests.mosquittos import Mosquitto, guarded
from tests.stand_ins import until


def heard(house: House, stack: ExitStack, broker: Mosquitto, silent_s: float = 2.0) -> None:
    """Have the account listen, and wait until it does."""
    listener = house.listener(broker.port, silent_s)
    stack.callback(listener.close)
    listener.begin()
    until(lambda: listener.loop is not None and listener.beaten and not listener.why)


def test_a_halt_and_a_resume_are_proven_by_signed_answers(house: House, broker: Mosquitto, stack: ExitStack) -> None:
    """The path is told; a phone may halt and not resume."""
    heard(house, stack, broker)
    halted = change_remote(house.remote("phone", broker.port), "halt", "smoke")
    with pytest.raises(RefusedError, match="a phone may not loosen"):
        change_remote(house.remote("phone", broker.port), "run", "no smoke")
    resumed = change_remote(house.remote("operator", broker.port), "run", "no smoke")

    assert ("halt", 2, "mqtt", True) == (halted.level, halted.generation, halted.path, halted.confirmed)
    assert ("run", 3) == (resumed.level, resumed.generation)
    assert ["smoke", "no smoke"] == [entry.command.why for entry in latch.logged(house.state, 1)]


def test_commands_are_obeyed_once_through_kills_and_a_freeze_of_the_broker(
    house: House, broker: Mosquitto, stack: ExitStack
) -> None:
    """Each is sent until it is answered, and the broker repeats what was not acknowledged: no effect comes twice."""
    heard(house, stack, broker, 60.0)
    reports = []

    def shake(n: int) -> None:
        if n == 1:
            broker.freeze()
            threading.Timer(0.5, broker.thaw).start()
        else:
            broker.kill()
            broker.start()

    for n in range(3):
        trouble = threading.Timer(0.02, shake, (n,))
        trouble.start()
        reports.append(sent(house, broker, n))
        trouble.join()

    assert [2, 3, 4] == reports
    assert [f"command {n}" for n in range(3)] == [entry.command.why for entry in latch.logged(house.state, 1)]


def sent(house: House, broker: Mosquitto, n: int) -> int:
    """Send one command whatever happens to the line, as a person would: the same one, until it is answered."""
    told = None
    deadline = time.monotonic() + 15.0
    while time.monotonic() < deadline:
        try:
            with called(house.remote("phone", broker.port)) as caller:
                told = told or caller.told("halt", f"command {n}", -1, 60_000)
                return caller.ask(told, 5.0).generation
        except UnreachableError:
            time.sleep(0.05)
    raise AssertionError("no answer")


def test_a_command_that_waited_for_the_daemon_is_obeyed_when_it_comes(
    house: House, broker: Mosquitto, stack: ExitStack
) -> None:
    """The broker keeps it for the daemon's session, also over its own restart; nobody has an answer yet."""
    first = house.listener(broker.port)
    first.begin()
    until(lambda: first.beaten)
    first.close()
    with called(house.remote("risk", broker.port)) as caller:
        told = caller.told("close-only", "while away", -1, 60_000)
        with pytest.raises(UnreachableError, match="has not answered"):
            caller.ask(told, 0.3)
    broker.end()
    broker.start()
    heard(house, stack, broker)
    until(lambda: house.level == ("close-only", 2) and house.judged)

    assert ["while away"] == [fact.why for fact in house.judged]


def test_the_last_halt_is_kept_for_a_daemon_that_never_heard_it(
    house: House, broker: Mosquitto, stack: ExitStack
) -> None:
    """Its copy stays with the broker until somebody resumes: what another machine has of this account obeys it."""
    listener = house.listener(broker.port)
    listener.begin()
    until(lambda: listener.beaten and not listener.why)
    change_remote(house.remote("risk", broker.port), "halt", "smoke")
    listener.close()
    broker.end()
    broker.start()
    latch.loosen(house.state, msgspec.structs.replace(latch.logged(house.state, 1)[0].command, id="x", level="run"))
    (house.state / "latch.log").unlink()
    heard(house, stack, broker)
    until(lambda: house.level[0] == "halt")
    resumed = change_remote(house.remote("risk", broker.port), "run", "over")

    assert "run" == resumed.level


def test_silence_is_told_and_so_is_its_end(house: House, broker: Mosquitto, stack: ExitStack) -> None:
    """A broker that stands still keeps its line open: only the heartbeat that does not come back tells of it."""
    heard(house, stack, broker, 1.0)
    broker.freeze()
    until(lambda: any(isinstance(fact, BusSilent) for fact in house.facts))
    broker.thaw()
    until(lambda: any(isinstance(fact, BusHeard) for fact in house.facts))

    assert [BusSilent, BusHeard] == [type(fact) for fact in house.facts]


def test_a_broker_that_is_not_there_is_silent_and_ends_nothing(house: House) -> None:
    """Why is told; who listens ends at once when it is asked to."""
    listener = house.listener(free_port(), 1.0)
    listener.begin()
    until(lambda: house.facts)
    began = time.monotonic()
    listener.close()

    (silent,) = house.facts
    assert "refused" in silent.problem
    assert time.monotonic() - began < 1.9
    with pytest.raises(AbsentError, match=r"mqtt at 127\.0\.0\.1"):
        change_remote(house.remote("risk", free_port()), "halt", "smoke")


def test_a_flood_takes_no_more_than_its_share_of_the_processor(
    house: House, broker: Mosquitto, stack: ExitStack
) -> None:
    """And a halt that comes behind it falls."""
    listener = house.listener(broker.port)
    stack.callback(listener.close)
    listener.begin()
    until(lambda: listener.beaten and not listener.why)
    topics = Topics(ACCOUNT)
    with called(house.remote("risk", broker.port)) as caller:
        began = time.monotonic()

        async def flood() -> None:
            for _ in range(1000):
                await caller.line.publish(Message(topics.command, b"junk", qos=0))

        caller.runner.run(flood())
        report = caller.change("halt", "flooded")
        took = time.monotonic() - began
    spent = listener.rest.used

    assert (True, "halt") == (report.ok, report.level)
    assert spent < 0.2 * took + 0.3
    assert "form: no signed text" == house.judged[0].refused


def state_of(house: House, broker: Mosquitto) -> tuple[str, State]:
    """Return what the broker keeps of an account's state, and whose role has signed it."""
    bus, topics = house.listener(broker.port).bus, Topics(ACCOUNT)

    async def kept() -> bytes:
        async with bus.connect(Terms(client="look", listen=(topics.state,))) as line:
            return (await anext(line.arriving())).payload

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        found = house.known.open(runner.run(kept()), 0)
    assert isinstance(found, Signed)
    return found.key.role, msgspec.json.decode(found.payload, type=State)


def test_a_daemon_says_what_it_is_and_that_it_ends(house: House, broker: Mosquitto) -> None:
    """Signed and kept by the broker: who looks later knows, too."""
    listener = house.listener(broker.port)
    listener.begin()
    until(lambda: listener.beaten and not listener.why)
    change_remote(house.remote("risk", broker.port), "halt", "smoke")
    beats = listener.beats
    until(lambda: listener.beats > beats)
    running = state_of(house, broker)
    listener.close()
    ended = state_of(house, broker)

    assert ("daemon", True, "halt", 2) == (running[0], running[1].alive, running[1].level, running[1].generation)
    assert ("daemon", False, "halt", 2) == (ended[0], ended[1].alive, ended[1].level, ended[1].generation)


def test_a_lost_daemon_is_told_by_its_last_will(house: House, broker: Mosquitto) -> None:
    """It was signed when the line was opened; the broker tells it when that is cut."""
    listener = house.listener(broker.port)
    terms = Terms(client="lost", listen=(), will=listener._state(alive=False))

    async def cut() -> None:
        with contextlib.suppress(BusError):
            async with listener.bus.connect(terms) as line:
                assert isinstance(line, MqttLine)
                line.client._client.socket().shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr] # it is connected
                await anext(line.arriving())

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(cut())
    role, state = state_of(house, broker)

    assert ("daemon", ACCOUNT, False, "run") == (role, state.account, state.alive, state.level)


# --- rules of the broker, and its certificate ----------------------------------------------------------------------


def test_rules_keep_a_stranger_s_command_from_the_daemon_and_the_answer_s_absence_says_so(
    house: House, tmp_path: Path, stack: ExitStack
) -> None:
    """The broker acknowledges what it throws away; only a signed answer is one."""
    broker = guarded(tmp_path / "guarded", stack)
    folder = broker.folder
    listener = house.listener(broker.port, user="demo", password=secret(folder / "demo.password"))
    stack.callback(listener.close)
    listener.begin()
    until(lambda: listener.beaten and not listener.why)
    halted = change_remote(house.remote("risk", broker.port, folder / "risk.password", user="risk"), "halt", "smoke")
    with called(house.remote("risk", broker.port, folder / "stranger.password", user="stranger")) as caller:
        told = caller.told("flatten", "forged", -1, 60_000)
        with pytest.raises(UnreachableError, match="may this user write there"):
            caller.ask(told, 0.4)
    with pytest.raises(AbsentError, match=r"uthori[sz]"):
        change_remote(house.remote("risk", broker.port), "halt", "nobody")

    assert ("halt", "halt") == (halted.level, house.level[0])
    assert ["halt"] == [fact.command for fact in house.judged]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # paho forgets the socket it gives up
def test_under_tls_and_the_shipped_rules_each_role_does_what_it_may(
    house: House, tmp_path: Path, stack: ExitStack
) -> None:
    """A viewer looks, a phone tightens, an operator loosens; only who may read telemetry hears it."""
    certificates = tmp_path / "tls"
    certificates.mkdir()
    broker = guarded(tmp_path / "guarded", stack, certified(certificates))
    trust: dict[str, Any] = {"tls": True, "ca": str(certificates / "ca.crt"), "host": "localhost"}
    password = secret(broker.folder / "demo.password")
    listener = house.listener(broker.port, user="demo", password=password, **trust)
    telling = Teller(listener.bus, ACCOUNT, house.signer("daemon"), house.hooks, Clock())
    for line in (listener, telling):
        stack.callback(line.close)
        line.begin()
    until(lambda: listener.beaten and not listener.why and telling.sequence > len(KINDS))

    def by(role: Role, level: Level) -> str:
        try:
            remote = house.remote(role, broker.port, broker.folder / "risk.password", user="risk", **trust)
            return change_remote(remote, level, "a role").level
        except RefusedError as error:
            return str(error).partition(": a ")[0]

    done = [by("viewer", "halt"), by("phone", "halt"), by("phone", "run"), by("operator", "run"), by("risk", "halt")]
    heard = [
        overhear(house.remote("phone", broker.port, broker.folder / f"{user}.password", user=user, **trust), 0.5, id)
        for user in ("risk", "stranger")
    ]
    gc.collect()

    assert ["refused: role", "halt", "refused: role", "run", "halt"] == done
    assert (True, 0) == (heard[0] >= len(KINDS), heard[1])


def secret(file: Path) -> object:
    """Return what a file keeps."""
    from config.secrets import SecretRef, read_secret  # noqa: PLC0415 - for one test

    return read_secret(SecretRef(file=str(file)))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # paho forgets the socket it gives up
def test_a_line_under_tls_trusts_its_own_authority_alone(house: House, tmp_path: Path, stack: ExitStack) -> None:
    """Commands travel as they do in the clear; a broker that nobody vouches for is no broker."""
    folder = tmp_path / "tls"
    folder.mkdir()
    broker = Mosquitto(folder, f"allow_anonymous true\n{certified(folder)}")
    stack.callback(broker.kill)
    trust: dict[str, Any] = {"tls": True, "ca": str(folder / "ca.crt"), "host": "localhost"}
    listener = house.listener(broker.port, **trust)
    stack.callback(listener.close)
    listener.begin()
    until(lambda: listener.beaten and not listener.why)
    halted = change_remote(house.remote("risk", broker.port, **trust), "halt", "smoke")
    with pytest.raises(AbsentError, match="certificate"):
        change_remote(house.remote("risk", broker.port, tls=True, host="localhost"), "halt", "smoke")
    gc.collect()

    assert ("halt", 2) == (halted.level, halted.generation)
