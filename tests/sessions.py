"""Sessions to test with: started, acted with and left; and what a loss or a death looks like from outside."""

import asyncio
import time

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec

from brokers.mt5.line import Deadlines
from brokers.mt5.session import LinkLostError, Session, WrongTerminalError

SHORT_S = 0.4
HURRIED = Deadlines(connect=SHORT_S, poll=SHORT_S, past=SHORT_S, look=SHORT_S, send=SHORT_S)


def live(session: Session, act: Callable[[Session], Coroutine[Any, Any, Any]]) -> Any:  # noqa: ANN401 - what the act returns
    """Start a session, act with it, and leave no worker behind."""

    async def life() -> Any:  # noqa: ANN401 - what the act returns
        try:
            await session.start()
            return await act(session)
        finally:
            await session.stop()

    return asyncio.run(life())


def hurried(session: Session) -> None:
    """Have the session's calls time out soon from now on."""
    session.terms = msgspec.structs.replace(session.terms, deadlines=HURRIED)


async def lost(call: Coroutine[Any, Any, Any]) -> LinkLostError | WrongTerminalError:
    """Return the loss a call must come to."""
    try:
        await call
    except (LinkLostError, WrongTerminalError) as error:
        return error
    raise AssertionError("it came to an answer")


def gone(pid: int) -> bool:
    """Tell whether a process has ended, waiting a little."""
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.01)
    return not Path(f"/proc/{pid}").exists()
