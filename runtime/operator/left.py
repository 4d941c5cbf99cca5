"""What is left of ours, as a daemon says: positions, resting entries and doubts, of the account or of one scope."""

from typing import Any

import msgspec

from brokers.latch import concerns

MOST = 50
"""So many are listed; the counts count all."""


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """A position, a resting entry, or an order of which nobody knows."""

    kind: str
    """position, entry, in doubt"""
    ticket: int
    """The venue's; of an order in doubt 0 where it told none."""
    symbol: str
    side: int
    lots: float
    strategy: str
    state: str = ""
    """What keeps it: a close under way, refused, or waiting for its market to open."""


def within(seen: dict[str, Any], scope: str) -> dict[str, Any]:
    """Return a status as it is for one scope: its level, what is left of it, and how many strategies are in it."""
    if not scope:
        return seen
    strategies = {name for name, scopes in seen["scopes"].items() if concerns(scope, scopes)}
    left = [one for one in seen["left"] if one["strategy"] in strategies]
    kinds = [one["kind"] for one in left]
    counts = {
        "resting": kinds.count("entry"), "in_doubt": kinds.count("in doubt"), "positions": kinds.count("position"),
    }  # fmt: skip
    return seen | counts | {"left": left, "level": seen["scoped"].get(scope, "run"), "concerned": len(strategies)}


def left_of(seen: dict[str, Any]) -> tuple[Left, ...]:
    """Return what a status lists."""
    return tuple(msgspec.convert(one, Left) for one in seen.get("left", ())[:MOST])
