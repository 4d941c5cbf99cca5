"""Waiting for what other threads have for a daemon: nothing is lost, and an end is an end."""

import asyncio

from runtime.inbox import next_of


def test_who_is_cancelled_as_something_comes_in_ends_all_the_same() -> None:
    """It went on with what came: a daemon that was to end stood for ever, and no other could begin."""

    async def at_once() -> tuple[bool, int]:
        inbox: asyncio.Queue[str | None] = asyncio.Queue()
        waits = asyncio.create_task(next_of(inbox, 60.0))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        inbox.put_nowait("halt")
        waits.cancel()
        await asyncio.wait({waits})
        return waits.cancelled(), inbox.qsize()

    assert (True, 1) == asyncio.run(at_once())


def test_what_comes_too_late_is_there_the_next_time() -> None:
    """A pause that is over loses nothing."""

    async def late() -> tuple[str | None, str | None]:
        inbox: asyncio.Queue[str | None] = asyncio.Queue()
        first = await next_of(inbox, 0.0)
        inbox.put_nowait("halt")
        return first, await next_of(inbox, 0.0)

    assert (None, "halt") == asyncio.run(late())
