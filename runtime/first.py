"""A first run of a live account: its number must be above any the venue has seen, so its terminal is waited for."""

import asyncio
import concurrent.futures
import contextlib

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from brokers.facts import DealMade
from brokers.mt5.session import LinkLostError, Session, WrongTerminalError
from runtime.core.desk import run_of
from runtime.core.kinds import Alarm
from runtime.core.link import lasting
from runtime.daemon import Daemon
from runtime.linker import Linker, refused
from runtime.operator.control import Control
from runtime.signals import on_stop
from runtime.status import status_of

Pause = Callable[[float], Awaitable[object]]


async def first_run(session: Session) -> int:
    """Return a run number above any the venue has seen from us: a lost journal must not use a magic number twice."""
    told = await session.look(0, 0, ())
    magics = [p.magic for p in told.positions] + [o.magic for o in told.orders]
    magics += [*told.magics, *(n.deal.magic for n in told.news if isinstance(n, DealMade))]
    return 1 + max((run_of(magic) for magic in magics), default=0)


def unheard(_: str) -> None:
    """Tell nobody: the log has it."""


async def awaited_run(linker: Linker, pause: Pause, tell: Callable[[str], object] = unheard) -> int:
    """Return a first run's number, however long its terminal is away; TerminalRefused where waiting cannot help.

    A person is called as in any later life, by `tell`; no run is open in whose rows it could be told.
    """
    while True:
        try:
            await linker.connect()
            return await first_run(linker.session)
        except (LinkLostError, WrongTerminalError) as error:
            linker.drop(error)
            if linker.link.state == "given_up":
                raise refused(error) from error
            lasts = linker.lasting(str(error), 0)
            if lasts is not None:
                linker.log.warning("alert", severity="page", text=lasting(lasts))
                tell(lasting(lasts))
        finally:
            await linker.session.stop()
        await pause(max(0.0, linker.wait_s()))


async def awaited(daemon: Daemon) -> int | str:
    """Return the number of a first run, or why it was stopped before its terminal came.

    It answers at the control door meanwhile: what is missing, and that a level may be tightened, but not loosened yet.
    """
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[str] = loop.create_future()

    def stop(why: str) -> None:
        if not stopped.done():
            stopped.set_result(why)

    async def pause(seconds: float) -> None:
        daemon.pace.turn()
        await asyncio.sleep(seconds)

    def tell(text: str) -> None:
        if daemon.router is not None:
            daemon.router.look((), {"LINK": text})
            daemon.router.happened(Alarm("no_progress", "LINK", text))

    on_stop(loop, stop)
    if daemon.router is not None:
        daemon.router.begin()
    control = Control(daemon.folder, partial(status_of, daemon), _too_early, lambda: None, _too_early)
    work = loop.create_task(awaited_run(daemon.linker, pause, tell))
    try:
        either: list[asyncio.Future[Any]] = [work, stopped]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        return await work if work.done() else stopped.result()
    finally:
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({work})
        control.close()
        if daemon.router is not None:
            daemon.router.close()


def _too_early(_: object) -> "concurrent.futures.Future[dict[str, Any]]":
    """Answer whoever wants something of a daemon that has not begun."""
    answer: concurrent.futures.Future[dict[str, Any]] = concurrent.futures.Future()
    answer.set_result({"ok": False, "problem": "the first run waits for its terminal: ask again when it is there"})
    return answer
