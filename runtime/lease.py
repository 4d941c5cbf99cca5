"""The lease of an account's worker: renewed by a frame every second, for as long as the daemon's event loop goes round.

The worker counts by its own clock for how long the daemon was silent since it was told of the market last. A daemon
whose loop stands still between a decision and its order has let its lease go by then, and the gateway refuses what
takes risk. What the daemon waits for (a model, a disk) keeps nobody from renewing.
"""

import asyncio
import contextlib

from collections.abc import AsyncIterator

from brokers.mt5.session import Session

RENEW_S = 1.0


@contextlib.asynccontextmanager
async def renewed(session: Session, every_s: float = RENEW_S) -> AsyncIterator[None]:
    """Renew the lease while something runs."""
    task = asyncio.create_task(_renew(session, every_s), name="lease")
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _renew(session: Session, every_s: float) -> None:
    while True:
        await asyncio.sleep(every_s)
        await session.renew()
