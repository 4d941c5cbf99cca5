"""By which key an account's journal is sealed: `[checkpoints]` of its TOML, or the keys it has for the bus."""

import msgspec

from config.bounds import Text
from config.bus import BusSection

FILE = "checkpoints.jws"
"""Beside the latch in the state folder: a checkpoint a line."""


class CheckpointSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys that sign where a journal stood; without this section those of `[bus]` do, if there are any."""

    key: Text
    """File of the daemon's private key, as `tidegate keys new --role daemon` makes it."""
    ring: Text
    """File of the public keys that are trusted, the daemon's among them."""


def sealing(section: CheckpointSection | None, bus: BusSection | None) -> CheckpointSection | None:
    """Return the keys an account's journal is sealed by; None where it has none."""
    if section is not None or bus is None:
        return section
    return CheckpointSection(key=bus.key, ring=bus.operators)
