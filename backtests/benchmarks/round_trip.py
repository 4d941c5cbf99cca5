"""What it costs to ask a worker: the line alone, with a worker that answers at once, and a poll of a look-alike.

The line is the daemon's own `Session.call`, frames and identity check included, to a process that serves as a worker
does and touches no terminal; floor is the same bytes between two blocking sockets. A poll adds the worker's calls of
the terminal, each a round trip to the trade server; a real terminal answers over a named pipe instead.
"""

import argparse
import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

from backtests.benchmarks.accounts import FIRST_LOGIN, PASSWORD, SERVER, Fleet
from backtests.benchmarks.timing import tail, tail_head
from brokers.limits import Limits
from brokers.mt5.frames import AnyAsk, AnyTell, Connect, Connected, FeedCursor, Identity, Poll, Polled
from brokers.mt5.line import Dial, Line, Terms, dialled_back
from brokers.mt5.lookalike.launch import launch, stop
from brokers.mt5.process import serve
from brokers.mt5.session import Session
from market.types import Account

SHARES = (0.9, 0.99)
AIM_US = 60.0
US = 1e6
FRAME = 96
"""Bytes of about a poll's frame."""


class Echo:
    """A worker that answers at once."""

    def __init__(self) -> None:
        """Answer as the account of the first frame."""
        self.who = Identity(0, "", "")

    def answer(self, ask: AnyAsk) -> AnyTell:
        """Answer without a terminal."""
        if isinstance(ask, Connect):
            self.who = Identity(ask.login, ask.server, ask.path)
            account = Account(
                login=ask.login, server=ask.server, currency="USD", leverage=100, hedging=True, demo=True,
                trade_allowed=True, balance=1.0, equity=1.0,
            )  # fmt: skip
            return Connected(who=self.who, at=1, account=account, symbols=(), lockstep=False)
        return Polled(who=self.who, at=1, news=(), bars=(), ended=False)


def echo(port: int) -> None:
    """Dial back, and serve as a worker does."""
    token = os.read(0, 64)
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.sendall(token)
        serve(line, cast("Any", Echo()))  # it answers, and that is all that serving asks of a worker


def floor(port: int) -> None:
    """Dial back, and return every frame as it came."""
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while body := line.recv(FRAME):
            line.sendall(body)


async def echoing(_terms: Terms) -> Line:
    """Begin the process of this module that answers at once."""
    return await dialled_back([sys.executable, "-m", "backtests.benchmarks.round_trip", "--echo"], 20.0)


def floor_us(count: int) -> list[float]:
    """Return microseconds of bytes that go to another process and back, between blocking sockets."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        command = [sys.executable, "-m", "backtests.benchmarks.round_trip", "--floor", str(port)]
        with subprocess.Popen(command) as process, listener.accept()[0] as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            found = []
            for _ in range(count):
                began = time.perf_counter()
                line.sendall(bytes(FRAME))
                line.recv(FRAME, socket.MSG_WAITALL)
                found.append((time.perf_counter() - began) * US)
            process.kill()
    return found


def terms_of(path: Path) -> Terms:
    """Return the terms of the first account of a fleet."""
    limits = Limits(
        max_volume=1.0, max_value=1e6, max_positions=4, max_risk=0.02, max_daily_loss=0.5, max_spread=100.0,
        max_orders_per_minute=60, collar=0.02, max_margin=0.9, max_age_s=30.0,
    )  # fmt: skip
    return Terms(
        kind="lookalike", path=str(path), login=FIRST_LOGIN, password=PASSWORD, server=SERVER, zone="UTC",
        symbols={"EURUSD": "EURUSD"}, limits=limits, latch="",
    )  # fmt: skip


async def timed(session: Session, what: Callable[[Session], Awaitable[object]], count: int) -> list[float]:
    """Return microseconds of each of many calls, one after the other, after a few that are not counted."""
    await session.start()
    try:
        for _ in range(200):
            await what(session)
        found = []
        for _ in range(count):
            began = time.perf_counter()
            await what(session)
            found.append((time.perf_counter() - began) * US)
    finally:
        await session.stop()
    return found


def poll(feeds: tuple[FeedCursor, ...]) -> Callable[[Session], Awaitable[object]]:
    """Return the call that a daemon makes in every round."""
    ask = Poll(feeds=feeds, last_deal=0, last_deal_at=0, watch=())
    return lambda session: session.poll(ask)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--echo", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--floor", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.echo:
        echo(args.echo)
    elif args.floor:
        floor(args.floor)
    else:
        table(args.count)


def table(count: int) -> None:
    """Print the table."""
    rows = {"floor: the same bytes between two blocking sockets": floor_us(count)}
    with tempfile.TemporaryDirectory() as name:
        fleet = Fleet(Path(name), 1)
        fleet.write(bars=1000, history=100, speed=1.0)
        server = launch(fleet.home)
        works: dict[str, tuple[Dial | None, tuple[FeedCursor, ...]]] = {
            f"the line: session and worker, no terminal (aim: {AIM_US:g} us)": (echoing, ()),
            "a poll without feeds: look-alike asked for identity, clock and tick": (None, ()),
            "a poll of one feed: its bars, too": (None, (FeedCursor("EURUSD", "M1", 0),)),
        }
        try:
            for what, (dial, feeds) in works.items():
                terms = terms_of(fleet.home / "terminals" / fleet.names[0])
                session = Session(terms, dial) if dial else Session(terms)
                rows[what] = asyncio.run(timed(session, poll(feeds), count))
        finally:
            stop(server)
    print(tail_head(SHARES))
    for what, found in rows.items():
        print(tail(what, found, "us", SHARES, 0))


if __name__ == "__main__":
    main()
