"""The flattener: closes an account's positions without its daemon, through a terminal of its own, and reports each.

It latches flatten, sees that neither daemon nor worker of the account is left, holds the daemon's lock so that none
begins, and then does what the daemon would: our resting orders first, then our positions, one close each, through the
same worker and its order gateway. A close is sent once; then it only looks. What nobody can swear to is left, and said.
"""

import asyncio

from collections.abc import Callable
from pathlib import Path

import msgspec

from brokers.facts import Answer, InDoubt, Refused, Rejected
from brokers.mt5.frames import Looked
from brokers.mt5.session import Session
from brokers.requests import AnyRequest, CancelRequest, CloseRequest
from market.types import Order, Position
from runtime import flat_book
from runtime.clock import Clock

LOOK_S = 0.2
_NO_DEAL = 2**62
"""Deals are not what is looked for."""


class End(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one position or resting order."""

    what: str
    """position or order."""
    ticket: int
    symbol: str
    side: int
    lots: float
    outcome: str
    """closed, cancelled; left: it stands; in doubt: likewise, but what was sent may be worked yet; foreign."""
    why: str = ""


class Flattener:
    """Flattens one account."""

    def __init__(
        self, folder: Path, session: Session, ours: Callable[[Position | Order], bool], settle_s: float, *, force: bool
    ) -> None:
        """Close what is `ours`; `settle_s`: so long a close may take to show. force: send beside what is in doubt."""
        self.folder, self.session, self.ours, self.settle_s, self.force = folder, session, ours, settle_s, force
        self.clock = Clock()
        self.book = flat_book.lines_of(folder)
        self.number = self.at = 0
        self.said: dict[int, Answer | None] = {}
        """By ticket, what came of what was sent; None: it was sent before, and nobody knows."""

    async def flatten(self) -> tuple[End, ...]:
        """Cancel, close, look; LinkLostError or WrongTerminalError where the terminal cannot be reached."""
        try:
            self.at = (await self.session.start()).at
            seen = await self._look()
            for order in filter(self.ours, seen.orders):
                await self._once(order.ticket, 0.0, self._cancel(order))
            before = await self._until_gone(lambda now: not any(map(self.ours, now.orders)))
            for position in filter(self.ours, before.positions):
                await self._once(position.ticket, position.volume, self._close(position))
            after = await self._until_gone(lambda now: not any(map(self.ours, now.positions)))
        finally:
            await self.session.stop()
        left = {order.ticket for order in after.orders} | {position.ticket for position in after.positions}
        return (
            *(self._end("order", one, left, "cancelled") for one in seen.orders),
            *(self._end("position", one, left, "closed") for one in before.positions),
        )

    def _end(self, what: str, one: Order | Position, left: set[int], done: str) -> End:
        """Return what became of one, by the last look: an answer alone proves nothing."""
        answer = self.said.get(one.ticket)
        outcome, why = done, ""
        if not self.ours(one):
            outcome = "foreign"
        elif one.ticket in left:
            sure = isinstance(answer, Refused | Rejected)
            outcome = "left" if sure else "in doubt"
            why = str(
                getattr(answer, "reason", "") or "" if sure else "it was sent, and stands still: --force sends anew"
            )
        return End(
            what=what, ticket=one.ticket, symbol=one.symbol, side=one.side, lots=one.volume, outcome=outcome, why=why
        )

    async def _look(self) -> Looked:
        found = await self.session.look(_NO_DEAL, self.at, ())
        self.at = found.at
        return found

    async def _until_gone(self, done: Callable[[Looked], bool]) -> Looked:
        """Look until something is so, and no longer than a settle window."""
        until = self.clock.elapsed() + self.settle_s
        seen = await self._look()
        for _ in range(int(self.settle_s / LOOK_S)):
            if done(seen) or self.clock.elapsed() >= until:
                break
            await asyncio.sleep(LOOK_S)
            seen = await self._look()
        return seen

    async def _once(self, ticket: int, volume: float, request: AnyRequest) -> None:
        """Send what ends something, written down before; never where that was sent before and may yet be worked."""
        if flat_book.under_way(self.book, ticket, volume) and not self.force:
            self.said[ticket] = None
            return
        line = flat_book.Line(wall=self.clock.wall_ms(), ticket=ticket, volume=volume)
        flat_book.write(self.folder, line)
        answer = self.said[ticket] = await self.session.send(request, self.at)
        told = msgspec.structs.replace(
            line, wall=self.clock.wall_ms(), answer=type(answer).__name__, why=getattr(answer, "reason", ""),
            refused=isinstance(answer, Refused | Rejected),
        )  # fmt: skip
        flat_book.write(self.folder, told)
        if isinstance(answer, InDoubt):  # its worker is gone
            await self.session.start()

    def _close(self, position: Position) -> CloseRequest:
        return CloseRequest(
            id=self._next(), symbol=position.symbol, position=position.ticket, side=position.side,
            volume=position.volume, price=0.0, magic=position.magic, comment="tg flatten", decided_at=self.at,
            operator=True,
        )  # fmt: skip

    def _cancel(self, order: Order) -> CancelRequest:
        return CancelRequest(id=self._next(), symbol=order.symbol, order=order.ticket, decided_at=self.at)

    def _next(self) -> int:
        self.number += 1
        return self.number
