"""The doctor's look at the bus: keys and their files, the broker, its certificate and rules, and the way there.

It says nothing that anybody could take for a command or a state of the daemon, and keeps nothing at the broker.
"""

import asyncio
import os
import secrets
import ssl
import stat
import statistics
import sys

from pathlib import Path

from config.bus import BusSection
from runtime.bus.assembly import broker_of
from runtime.bus.mqtt import Mqtt, MqttLine
from runtime.bus.port import BusError, Message, Terms, Topics, unheard
from runtime.clock import Clock
from runtime.operator.keyfiles import read_ring, read_signer

TRIPS = 5
PATIENCE_S = 2.0
"""How long one message may take there and back."""
SLOW_MS = 30.0
"""A broker on the other side of the world may be as slow; one nearby that is waits for the kernel."""
DAYS = 14
"""A certificate that ends sooner is to be renewed now."""
_DAY_S = 86_400
_UNPROVEN = "a subscription to its commands is taken (whether the rules let them through shows with the first one)"


def keys_of(section: BusSection, account: str) -> str:
    """Return who may command; ConfigError or ValueError where a key file is unfit, or nobody can command."""
    signer, ring = read_signer(Path(section.key)), read_ring(Path(section.operators))
    _not_written_by_others(Path(section.operators))
    if signer.kid not in ring.daemons(account):
        make = f"tidegate keys new {account} --role daemon"
        raise ValueError(f"bus.key is not the daemon's own in {section.operators}: expected the key that {make} writes")
    now = Clock().wall_ms()
    if problem := next((key.problem(now) for key in ring.keys if key.kid == signer.kid), ""):
        raise ValueError(f"{problem}: nobody believes what it signs; give bus.key its present one")
    people = [f"{key.who} ({key.role})" for key in ring.keys if key.role != "daemon" and not key.problem(now)]
    if not people:
        raise ValueError(f"nobody can command: {section.operators} has no person's key: tidegate keys new makes one")
    return f"key {signer.kid[:8]}, in a file of its own; heard are {', '.join(people)}"


def _not_written_by_others(ring: Path) -> None:
    """Refuse a ring that others may write: they could put a key of theirs in."""
    mode = stat.S_IMODE(ring.stat().st_mode)
    if sys.platform != "win32" and mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise ValueError(f"{ring} may be written by others (mode {mode:04o}), who could command then: chmod 644 {ring}")


def bus_of(section: BusSection, account: str) -> str:
    """Return how the broker is reached and what it lets us do; BusError, ConfigError and ValueError say what not."""
    line = Mqtt(broker_of(section))
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.get_loop().set_exception_handler(unheard)
        try:
            return runner.run(_looked(line, section, account))
        except BusError as error:
            raise BusError(f"mqtt at {section.host}:{section.port}: {error}") from None


async def _looked(broker: Mqtt, section: BusSection, account: str) -> str:
    topics = Topics(account)
    listen = (topics.command, topics.desired, topics.state)
    async with broker.connect(Terms(client=f"{topics.root}/doctor/{os.getpid()}", listen=listen)) as line:
        trust = _trusted(line)
        await _may_write(line, topics, section)
        took = statistics.median([await _trip(line, topics.state) for _ in range(TRIPS)])
    user = f"as {section.user}" if section.user else "without a user: everybody may"
    return f"{section.host}:{section.port} {user}, {trust}; {_UNPROVEN}; there and back {took:.1f} ms{_hint(took)}"


def _trusted(line: MqttLine) -> str:
    """Return for how long the broker's certificate is good; ValueError where it is not much longer."""
    ends = line.certificate().get("notAfter")
    if ends is None:
        return "in the clear"
    days = int((ssl.cert_time_to_seconds(ends) - Clock().wall_ms() / 1000) // _DAY_S)
    if days < DAYS:
        raise ValueError(f"its certificate is good for {days} days only, until {ends}: renew it, or nobody gets there")
    return f"its certificate is good for {days} days"


async def _may_write(line: MqttLine, topics: Topics, section: BusSection) -> None:
    """Write to every topic that the daemon writes to, what nobody reads; ValueError where a rule forbids it."""
    written = [topics.state, topics.answer("doctor")]
    written += [topics.told("doctor")] if section.telemetry else []
    for topic in written:
        if not await line.admitted(Message(topic, b"", expires_s=1)):
            raise ValueError(
                f"the broker's rules forbid {section.user or 'everybody'} to write {topic}: {_rule(topic)}"
            )


def _rule(topic: str) -> str:
    """Return the rule of Mosquitto that lets a topic be written."""
    return (
        f"its acl needs `topic {'readwrite' if topic.endswith('/state') else 'write'} {topic.replace('doctor', '#')}`"
    )


async def _trip(line: MqttLine, topic: str) -> float:
    """Return how long a message took there and back, in milliseconds; ValueError where none comes back."""
    token, clock = f"doctor {secrets.token_hex(8)}".encode(), Clock()
    began = clock.elapsed()
    await line.publish(Message(topic, token, expires_s=1))
    try:
        async with asyncio.timeout(PATIENCE_S):
            async for arrived in line.arriving():
                line.acknowledge(arrived)
                if arrived.payload == token:
                    break
    except TimeoutError:
        raise ValueError(
            f"nothing that is written to {topic} comes back, and the daemon would hold entries (BUS_SILENT): its acl "
            f"needs `topic readwrite {topic}`"
        ) from None
    return (clock.elapsed() - began) * 1000


def _hint(took: float) -> str:
    if took < SLOW_MS:
        return ""
    return ", which is slow for a broker nearby: mosquitto.conf needs `set_tcp_nodelay true`"
