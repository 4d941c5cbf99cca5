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


class End(msgspec.Struct, frozen=True, kw_only=True):
    """What a flatten has made of one position."""

    position: int
    ticket: int
    strategy: str
    symbol: str
    side: int
    lots: float
    state: str
    """asked, queued, refused; closed, gone (no deal told how), dropped (by a person), left (the flatten was ended)"""
    until: int = 0
    """Queued: when its market opens, server time as UTC milliseconds; 0: nobody knows."""
    why: str = ""
    price: float = 0.0
    deal: int = 0
    foreign: bool = False
    """It is not ours: a person has asked for it too."""


def ends_of(seen: dict[str, Any]) -> tuple[End, ...]:
    """Return what a status says of a flatten's positions."""
    return tuple(msgspec.convert(one, End) for one in seen.get("flatten", ())[:MOST])


def waits(seen: dict[str, Any]) -> bool:
    """Say whether a flatten has nothing to do now but wait for markets to open."""
    states = [one["state"] for one in seen.get("flatten", ())]
    return "queued" in states and not {"asked", "refused"} & {*states} and not (seen["resting"] or seen["in_doubt"])


def within(seen: dict[str, Any], scope: str) -> dict[str, Any]:
    """Return a status as it is for one scope: its level, what is left of it, and how many strategies are in it."""
    if not scope:
        return seen
    strategies = {name for name, scopes in seen["scopes"].items() if concerns(scope, scopes)}
    left = [one for one in seen["left"] if one["strategy"] in strategies]
    ends = [one for one in seen.get("flatten", ()) if one["strategy"] in strategies or scope == _of_foreign(one)]
    kinds = [one["kind"] for one in left]
    counts = {
        "resting": kinds.count("entry"), "in_doubt": kinds.count("in doubt"), "positions": kinds.count("position"),
    }  # fmt: skip
    return (
        seen
        | counts
        | {"left": left, "flatten": ends, "level": seen["scoped"].get(scope, "run"), "concerned": len(strategies)}
    )


def _of_foreign(end: dict[str, Any]) -> str:
    """Return the scope in which a foreign position is, which has no strategy; nobody's for one of ours."""
    return f"symbol:{end['symbol']}" if end.get("foreign") else "of a strategy"


def left_of(seen: dict[str, Any]) -> tuple[Left, ...]:
    """Return what a status lists."""
    return tuple(msgspec.convert(one, Left) for one in seen.get("left", ())[:MOST])
