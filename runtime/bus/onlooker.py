"""Whoever looks on: hears what a daemon tells over the bus, believes what it has signed, and can command nothing."""

import asyncio
import contextlib
import os

from collections.abc import Callable
from pathlib import Path

from config.remote import RemoteSection
from runtime.bus.assembly import broker_of
from runtime.bus.mqtt import Mqtt
from runtime.bus.port import BusError, Line, Terms, Topics, unheard
from runtime.bus.telemetry import Telling, telling_of
from runtime.clock import Clock
from runtime.operator.client import AbsentError
from runtime.operator.keyfiles import read_ring, read_signer
from runtime.operator.signing import Refusal, Ring


def overhear(remote: RemoteSection, seconds: float, take: Callable[[Telling], object]) -> int:
    """Take what an account's daemon tells, beginning with what the broker keeps, for so long; return how much it was.

    AbsentError where the broker is not to be reached or the line is lost, ConfigError where keys are not to be read.
    """
    signer, ring = read_signer(Path(remote.key)), read_ring(Path(remote.operators))
    topics = Topics(remote.account)
    terms = Terms(client=f"{topics.root}/{signer.kid[:8]}/look/{os.getpid()}", listen=(topics.telemetry,))
    told: list[Telling] = []

    def heard(telling: Telling) -> None:
        told.append(telling)
        take(telling)

    async def look() -> None:
        asyncio.get_running_loop().set_exception_handler(unheard)
        async with Mqtt(broker_of(remote)).connect(terms) as line:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(_hear(line, ring, remote.account, heard), seconds)

    try:
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(look())
    except BusError as error:
        raise AbsentError(f"mqtt at {remote.host}:{remote.port}: {error}") from None
    return len(told)


async def _hear(line: Line, ring: Ring, account: str, take: Callable[[Telling], object]) -> None:
    async for arrived in line.arriving():
        telling = telling_of(arrived.payload, ring, account, Clock().wall_ms())
        if not isinstance(telling, Refusal):
            take(telling)
        line.acknowledge(arrived)
