"""What a daemon tells of itself to whoever may look on: what each kind of it says, and who has surely said it."""

from typing import Any, Literal, get_args

import msgspec

from market.types import Bar
from runtime.core.core import Core
from runtime.operator.signing import Refusal, Ring, Signer

Kind = Literal["line", "status", "money", "positions", "bars"]
KINDS: tuple[Kind, ...] = get_args(Kind)

SAID: dict[Kind, tuple[str, ...]] = {
    "status": (
        "run", "mode", "link", "missing", "level", "generation", "holds", "scoped", "gates", "at", "resting",
        "in_doubt", "decisions",
    ),
    "money": ("balance", "equity", "room", "day_pnl", "open_risk", "realised"),
    "positions": ("positions", "left", "flatten"),
}  # fmt: skip
"""Which keys of a status each kind takes (`docs/json.md`)."""
MOST = 50
"""So many of a list are told; the counts count all."""
LONGEST = 12_288
"""Bytes of one telling, signed: the broker takes no more than 16,384 with its topic."""


class Telling(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One telling, as it is signed."""

    version: Literal[1] = 1
    account: str
    kind: Kind
    sequence: int
    """Rises by one with each telling of a line: a gap is what was dropped."""
    issued: int
    """Wall clock, UTC milliseconds."""
    told: dict[str, Any]
    whole: bool = True
    """False where it was too long, and its lists were left out."""


def said_of(status: dict[str, Any], bars: dict[str, Any]) -> dict[Kind, dict[str, Any]]:
    """Return what there is to tell of a daemon's status and of the last bars of its feeds."""
    said: dict[Kind, dict[str, Any]] = {kind: _part(status, keys) for kind, keys in SAID.items()}
    return said | {"bars": dict(sorted(bars.items())[:MOST])}


def _part(status: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    found = {key: status[key] for key in keys if key in status}
    return {key: value[:MOST] if isinstance(value, list) else value for key, value in found.items()}


def bars_of(core: Core) -> dict[str, Any]:
    """Return the last closed bar of each feed, by `SYMBOL TIMEFRAME`; safe from any thread."""
    last = {" ".join(key): feed.known[-1] for key, feed in [*core.feeds.items()] if feed.known}
    return {name: _bar(bar) for name, bar in last.items()}


def _bar(bar: Bar) -> dict[str, Any]:
    return {"time": bar.time, "open": bar.open, "high": bar.high, "low": bar.low, "close": bar.close}


def signed(telling: Telling, signer: Signer) -> bytes:
    """Sign a telling; without its lists and tables where it would be too long with them."""
    raw = signer.sign(msgspec.json.encode(telling))
    if len(raw) <= LONGEST:
        return raw
    short = {key: value for key, value in telling.told.items() if not isinstance(value, list | dict)}
    return signer.sign(msgspec.json.encode(msgspec.structs.replace(telling, told=short, whole=False)))


def telling_of(raw: bytes, ring: Ring, account: str, now: int) -> Telling | Refusal:
    """Return what the daemon of an account has told, or why nobody knows that it has."""
    return ring.told_by(raw, account, now, Telling, "telemetry", LONGEST)
