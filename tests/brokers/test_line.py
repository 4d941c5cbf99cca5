"""The line to a worker: whole frames however they come, a stranger turned away, and a death noticed at once."""

import asyncio
import sys

from collections.abc import Callable

import pytest

from brokers.mt5.frames import LENGTH
from brokers.mt5.line import Frames, dialled_back

DIAL = """
import os, socket, sys
line = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
line.sendall(os.read(0, 64))
"""
TOKEN = b"t" * 64


def connected(lost: Callable[[], None] = lambda: None) -> tuple[Frames, asyncio.Future[Frames]]:
    """Return a connection that nobody has greeted yet, and the future that its arrival fulfils."""
    arrived: asyncio.Future[Frames] = asyncio.get_running_loop().create_future()
    return Frames(TOKEN, arrived, lost), arrived


def feed(frames: Frames, data: bytes) -> None:
    """Let bytes arrive."""
    frames.get_buffer(-1)[: len(data)] = data
    frames.buffer_updated(len(data))


def awaiting(frames: Frames) -> asyncio.Future[bytes]:
    """Have somebody wait for a frame."""
    frames.answer = asyncio.get_running_loop().create_future()
    return frames.answer


@pytest.mark.parametrize("pieces", [1, 2, 3, 100])
def test_a_frame_is_handed_over_when_all_of_it_is_there(pieces: int) -> None:
    """The token, a frame and its length may be torn anywhere."""

    async def life() -> bytes:
        frames, _ = connected()
        answer = awaiting(frames)
        raw = TOKEN + LENGTH.pack(5) + b"frame"
        size = -(-len(raw) // pieces)
        for start in range(0, len(raw), size):
            feed(frames, raw[start : start + size])
        return await asyncio.wait_for(answer, 5.0)

    assert b"frame" == asyncio.run(life())


def test_whoever_shows_another_token_is_not_let_in() -> None:
    """A stranger on the port is no worker."""

    async def life() -> tuple[bool, bool]:
        frames, arrived = connected()
        feed(frames, b"s" * 64)
        return frames.known, arrived.done()

    assert (False, False) == asyncio.run(life())


def test_a_frame_that_is_none_of_ours_is_refused() -> None:
    """A length no frame has is a broken line, and not a reason to wait for it."""

    async def life() -> None:
        frames, _ = connected()
        answer = awaiting(frames)
        feed(frames, TOKEN + LENGTH.pack(2**31))
        await asyncio.wait_for(answer, 5.0)

    with pytest.raises(ConnectionError, match="none of ours"):
        asyncio.run(life())


def test_a_worker_that_dies_is_noticed_at_once() -> None:
    """Nobody need ask it first."""

    async def life() -> bool:
        lost = asyncio.Event()
        line = await dialled_back([sys.executable, "-c", DIAL], 10.0, lost=lost.set)
        try:
            return await asyncio.wait_for(lost.wait(), 10.0)
        finally:
            await line.close()

    assert asyncio.run(life())


def test_a_worker_that_we_end_is_not_told_as_lost() -> None:
    """Closing a line is no loss of it."""

    async def life() -> bool:
        lost = asyncio.Event()
        line = await dialled_back([sys.executable, "-c", DIAL + "os.read(0, 1)"], 10.0, lost=lost.set)
        await line.close()
        await asyncio.sleep(0.05)
        return lost.is_set()

    assert not asyncio.run(life())
