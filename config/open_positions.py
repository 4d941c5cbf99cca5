"""The sections about positions that are open: what becomes of what hands do to them, and how a flatten closes them."""

from typing import Annotated, Literal

import msgspec


class FlattenSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a flatten closes positions whose market was closed when it was asked for."""

    max_spread: Annotated[float, msgspec.Meta(gt=0)] | None = None
    """Points between bid and ask at which one is closed at most; left out, three times `limits.max_spread`."""


class HandsSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of what people do by hand with positions of ours."""

    stop: Literal["restore", "accept"] = "restore"
    """A stop that was removed or widened is set again, or left where the hand has put it; it is told in any case."""
    unguarded_s: Annotated[float, msgspec.Meta(ge=0)] = 300.0
    """Seconds for which a position of ours may have no stop, because it cannot be set again, before it is closed; looks
    at the venue are a minute apart. 0: it is never closed for that. With `accept` it is not either."""
