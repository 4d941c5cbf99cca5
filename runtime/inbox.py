"""What other threads have for a daemon, and how it waits for that."""

import asyncio

from typing import TypeVar

T = TypeVar("T")


async def next_of(inbox: "asyncio.Queue[T]", seconds: float) -> T | None:
    """Return what comes in within so many seconds, None where nothing does; what comes later waits in the inbox.

    Whoever is cancelled ends, also where something comes at that moment: `asyncio.wait_for` of Python 3.11 goes on with
    what came, and forgets that it was to end.
    """
    try:
        async with asyncio.timeout(seconds):
            return await inbox.get()
    except TimeoutError:
        return None
