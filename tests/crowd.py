"""A world with other people in it: they trade beside us and in our positions, and ask for things to be taken over."""

from typing import Any

from msgspec.structs import replace

from brokers.facts import SymbolSeen
from brokers.requests import EntryRequest, StopRequest
from market.types import Side, TradeMode
from runtime.core.facts import AdoptionAsked, SpecAcknowledged
from runtime.core.instructions import Asker
from tests.chaos_world import Chaos
from tests.venues import GOLD

OLD = 77
"""Magic number of somebody else's bot."""


class Crowd(Chaos):
    """Chaos, and people."""

    asked = 0

    def open_by_hand(self, side: Side, lots: int, magic: int = 0) -> None:
        """Open a position that is not ours, or, on a netting account, trade in the one that is there."""
        bid = self.venue.quote("XAUUSD")[0]
        self.by_others(
            EntryRequest(
                id=0, symbol="XAUUSD", side=side, kind="market", volume=lots / 100, price=0.0, decided_at=0,
                magic=magic, stop=round(bid - side * 5.0, 2),
            ),
            "expert" if magic else "mobile",
        )  # fmt: skip

    def target_by_hand(self, which: int, cents: int) -> None:
        """Move the target of a position behind the core's back; 0 removes it."""
        positions = self.venue.positions()
        if positions:
            p = positions[which % len(positions)]
            target = round(p.price + p.side * cents / 100, 2) if cents else 0.0
            about = {"symbol": p.symbol, "position": p.ticket, "stop": p.stop, "target": target}
            self.venue.send(StopRequest(id=0, decided_at=0, **about))  # type: ignore[arg-type]

    def specify(self, **changes: Any) -> None:  # noqa: ANN401 - of any field
        """Tell another contract; what the venue reckons with stays as it was."""
        self.tell(SymbolSeen(at=self.venue.at, symbol=replace(GOLD, **changes)))

    def mode(self, to: TradeMode) -> None:
        """Let the broker allow other directions."""
        self.specify(trade_mode=to)

    def ack(self) -> None:
        """Take the contract as it was told."""
        self.tell(SpecAcknowledged(at=self.venue.at, asker=self._asker(), symbol="XAUUSD"))

    def adopt(self, lane: int, magic: int, cents: int) -> None:
        """Ask for an old bot's position to be taken over, with a stop so far from the price."""
        mine = [p for p in self.venue.positions() if p.magic == magic]
        stop = round(self.venue.quote("XAUUSD")[0] - mine[0].side * cents / 100, 2) if mine and cents else 0.0
        self.look()
        self.tell(
            AdoptionAsked(
                at=self.venue.at, asker=self._asker(), magic=magic, strategy=f"lane{lane}", stop=stop, quiet_ms=0,
                position=mine[0].ticket if mine else 0,
            )
        )  # fmt: skip

    def _asker(self) -> Asker:
        self.asked += 1
        return Asker(id=f"ann-{self.asked}", who="ann", why="a test", wall=0)
