"""What a daemon tells of itself over its second line: signed, kept, bounded, and never in the way of a command."""

import asyncio
import contextlib
import socket
import threading
import time

from contextlib import ExitStack
from typing import Any

import msgspec
import pytest

from runtime.bus.caller import change_remote
from runtime.bus.hooks import Hooks
from runtime.bus.mqtt import Mqtt, MqttLine
from runtime.bus.onlooker import overhear
from runtime.bus.port import Broker, BusError, Terms
from runtime.bus.telemetry import KINDS, LONGEST, MOST, Telling, said_of, signed, telling_of
from runtime.bus.teller import Teller
from runtime.clock import Clock
from runtime.operator.client import AbsentError
from runtime.operator.keyfiles import read_signer
from runtime.operator.signing import Refusal
from tests.listeners import ACCOUNT, House
from tests.mosquittos import Mosquitto
from tests.stand_ins import until

BAR = {"XAUUSD H1": {"time": 1, "open": 1.0, "high": 2.0, "low": 1.0, "close": 2.0}}


def teller(house: House, port: int, **hooks: Any) -> Teller:  # noqa: ANN401 - of the hooks
    """Return who tells of an account at a broker."""
    daemon: Hooks = msgspec.structs.replace(house.hooks, bars=lambda: BAR, **hooks)
    bus = Mqtt(Broker(host="127.0.0.1", port=port, tls=False))
    return Teller(bus, ACCOUNT, read_signer(house.key("daemon")), daemon, Clock())


def told(house: House, port: int, seconds: float = 0.6) -> list[Telling]:
    """Return what somebody hears who looks on."""
    found: list[Telling] = []
    overhear(house.remote("viewer", port), seconds, found.append)
    return found


def test_who_looks_on_hears_at_once_how_the_account_stands(house: House, broker: Mosquitto, stack: ExitStack) -> None:
    """The broker keeps each kind; all are signed by the account's daemon."""
    telling = teller(house, broker.port)
    stack.callback(telling.close)
    telling.begin()
    until(lambda: telling.sequence >= len(KINDS) + 1)
    found = {one.kind: one.told for one in told(house, broker.port)}

    assert {*KINDS} == {*found}
    assert {"alive": True} == found["line"]
    assert ("run", 1, 0) == (found["status"]["level"], found["status"]["generation"], found["status"]["resting"])
    assert BAR == found["bars"]


def test_what_changes_ever_so_often_is_told_once_in_a_while(house: House, broker: Mosquitto, stack: ExitStack) -> None:
    """And what does not change is not told again."""
    looks = iter(range(1_000_000))
    telling = teller(house, broker.port, status=lambda: house.status() | {"balance": float(next(looks))})
    telling.every_s = 0.2
    stack.callback(telling.close)
    telling.begin()
    until(lambda: telling.sequence >= len(KINDS) + 1)
    found = [one.kind for one in told(house, broker.port, 1.1)]

    assert 1 < found.count("money") <= 7
    assert (1, 1) == (found.count("status"), found.count("bars"))


def test_that_a_daemon_ends_or_is_lost_is_told(house: House, broker: Mosquitto) -> None:
    """By itself where it ends, by its last will where its line is cut; the rest stays with the broker."""
    telling = teller(house, broker.port)
    telling.begin()
    until(lambda: telling.sequence >= len(KINDS) + 1)
    telling.close()
    ended = [one.told for one in told(house, broker.port) if one.kind == "line"]
    will = telling._alive(alive=False)

    async def cut() -> None:
        with contextlib.suppress(BusError):
            async with telling.bus.connect(Terms(client="lost", listen=(), will=will)) as line:
                assert isinstance(line, MqttLine)
                await line.publish(telling._alive(alive=True))
                line.client._client.socket().shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr] # it is connected
                await anext(line.arriving())

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(cut())
    lost = [one for one in told(house, broker.port) if one.kind == "line"]

    assert [{"alive": False}] == ended
    assert [{"alive": False}] == [one.told for one in lost]
    broker.kill()


def test_telemetry_that_is_stuck_delays_no_command(house: House, broker: Mosquitto, stack: ExitStack) -> None:
    """Its broker stands still, what it asks the daemon for takes for ever: a halt falls, and the end is not waited for.

    Two brokers, since one that stands still carries no command either.
    """
    stands_still = Mosquitto(broker.folder.parent / "other")
    stack.callback(stands_still.kill)
    listener = house.listener(broker.port)
    stack.callback(listener.close)
    listener.begin()
    gate = threading.Event()
    stack.callback(gate.set)

    def slow() -> dict[str, Any]:
        gate.wait(30.0)
        return house.status()

    telling = teller(house, stands_still.port, status=slow)
    telling.begin()
    until(lambda: telling.sequence > 1 and listener.beaten and not listener.why)
    stands_still.freeze()
    began = time.monotonic()
    report = change_remote(house.remote("phone", broker.port), "halt", "smoke")
    took = time.monotonic() - began
    began = time.monotonic()
    telling.close()
    ended = time.monotonic() - began
    gate.set()
    stands_still.thaw()

    assert ("halt", True) == (report.level, report.confirmed)
    assert took < 2.0
    assert ended < 2.5


def test_a_broker_that_is_not_there_is_said(house: House, broker: Mosquitto) -> None:
    """Whoever looks on is told; the daemon goes on trying."""
    broker.kill()
    telling = teller(house, broker.port)
    telling.begin()
    until(lambda: telling.why)
    with pytest.raises(AbsentError, match=r"mqtt at 127\.0\.0\.1"):
        told(house, broker.port)
    telling.close()

    assert "refused" in telling.why


def test_a_person_s_word_is_no_daemon_s(house: House) -> None:
    """Nor another account's, nor an answer."""
    telling = Telling(account=ACCOUNT, kind="line", sequence=1, issued=0, told={})
    operator, daemon = read_signer(house.key("operator")), read_signer(house.key("daemon"))
    other = msgspec.structs.replace(telling, account="another")
    found = [
        telling_of(raw, house.known, ACCOUNT, 0)
        for raw in (signed(telling, operator), signed(other, daemon), daemon.sign(b"{}"), b"x.y.z")
    ]

    assert ["role", "account", "form", "form"] == [one.fault for one in found if isinstance(one, Refusal)]
    assert telling == telling_of(signed(telling, daemon), house.known, ACCOUNT, 0)


def test_no_telling_is_longer_than_the_broker_takes(house: House) -> None:
    """Lists are cut; what is too long for all that is told without them, and says so."""
    status = house.status() | {"left": [{"ticket": n, "state": "x" * 100} for n in range(500)], "positions": 500}
    said = said_of(status, {str(n): {} for n in range(500)})
    huge = Telling(
        account=ACCOUNT, kind="positions", sequence=1, issued=0, told={"left": ["x" * 20_000], "positions": 1}
    )
    raw = signed(huge, read_signer(house.key("daemon")))
    found = telling_of(raw, house.known, ACCOUNT, 0)

    assert (MOST, MOST, 500) == (len(said["positions"]["left"]), len(said["bars"]), said["positions"]["positions"])
    assert len(raw) <= LONGEST
    assert isinstance(found, Telling)
    assert ({"positions": 1}, False) == (found.told, found.whole)
