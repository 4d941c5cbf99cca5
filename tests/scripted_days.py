"""A strategy that wants on each day what stands in its script: what was recorded with it is told day by day."""

import datetime

from typing import Any, ClassVar, Literal

from msgspec import Struct, field

from market.types import OrderKind
from strategies.exits import ExitPlan
from strategies.protocol import Entry, Exit, FeatureRef, View, Want


class Wish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is wanted when a day has closed; distances in price, from its close on."""

    side: Literal[-1, 0, 1]
    """0: to leave."""
    stop: float = 0.0
    target: float = 0.0
    bars: int = 0
    kind: OrderKind = "market"
    away: float = 0.0
    """How far below its close a limit rests."""
    expiry: int = 1


class ScriptedDays(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Wants what its script has for the day of the bar, and nothing on any other."""

    name: ClassVar[str] = "scripted days"
    version: ClassVar[int] = 1
    script: dict[datetime.date, Wish] = field(default_factory=dict)

    def features(self) -> dict[str, FeatureRef]:
        """Return the range it is told with; it decides nothing by it."""
        return {"atr": ("atr", (14.0,))}

    def init(self) -> dict[str, Any]:
        """Remember nothing."""
        return {}

    def decide(self, state: dict[str, Any], view: View) -> tuple[Want, float]:  # noqa: ARG002 - one signature for all
        """Look the day up."""
        wish = self.script.get(datetime.datetime.fromtimestamp(view.bar.time / 1000, datetime.UTC).date())
        if wish is None:
            return None, 0.0
        if not wish.side:
            return (Exit() if view.position else None), 0.0
        if view.position:
            return None, float(wish.side)
        plan = ExitPlan(stop=wish.stop, target=wish.target, bars=wish.bars)
        price = round(view.bar.close - wish.away, 2) if wish.kind != "market" else 0.0
        return Entry(side=wish.side, plan=plan, kind=wish.kind, price=price, expiry=wish.expiry), float(wish.side)
