"""How a day that was played again is told: the causes first, then where it went apart, then the fills."""

from typing import TYPE_CHECKING, Any

import msgspec

from backtests.parity_causes import MEANING
from tidegate.output import say, table

if TYPE_CHECKING:
    from backtests.parity import Parity

MOST = 20
"""Differences that a screen shows."""
WIDEST = 40
"""Letters of a value that is shown."""
FILL = (
    *("symbol", "side", "entry", "at", "at_again", "price", "price_again", "points", "quote", "slippage", "latency_s"),
)


def tell(found: "Parity") -> None:
    """Print a comparison for people."""
    say(f"{found.day}: {found.decisions} decisions, {found.same} the same to the last bit (bars: {found.bars})")
    if found.causes:
        say("")
        table(
            [{"cause": c, "decisions": n, "meaning": MEANING[c]} for c, n in found.causes.items()],
            ("cause", "decisions", "meaning"),
        )
        say("")
        rows = [_cut(msgspec.structs.asdict(each)) for each in found.differences[:MOST]]
        table(rows, ("bar_time", "strategy", "symbol", "was", "would", "cause", "field", "lived", "again"))
        if len(found.differences) > MOST:
            say(f"and {len(found.differences) - MOST} more: --json has all")
    if found.fills:
        say("\nfills, points against us:")
        table([_when(msgspec.structs.asdict(each)) for each in found.fills], FILL)
    say(f"\nmoney of the day's deals: lived {found.money:+.2f}, again {found.money_again:+.2f}")


def _cut(row: dict[str, Any]) -> dict[str, Any]:
    return {k: f"{v[:WIDEST]}…" if isinstance(v, str) and len(v) > WIDEST else v for k, v in row.items()}


def _when(row: dict[str, Any]) -> dict[str, Any]:
    """Return a fill with what is not there as nothing."""
    times = {name: row[name] or None for name in ("at", "at_again")}
    return {k: None if isinstance(v, float) and v != v else v for k, v in (row | times).items()}
