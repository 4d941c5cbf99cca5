"""What an account's client is told each month, and what he owes for it: `[client]` of an account's TOML."""

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from brokers.mt5.zone import FORMS, is_zone

Part = Annotated[float, msgspec.Meta(ge=0, le=1)]


class ClientSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The terms of one client; without it the report says that no fee was agreed."""

    name: str = ""
    """As he is addressed; empty: `account.user`."""
    zone: str = ""
    """The rule of the clock by which his months and days begin; empty: `account.zone`."""
    fee: Part = 0.0
    """Of each new high of the account, a share; 0.0: no fee was agreed."""
    hurdle: Part = 0.0
    """What a year has to bring before there is a fee, as a share of the high-water mark."""
    crystallise: Literal["month", "quarter", "year"] = "quarter"
    """When a fee is owed for good: at the end of each of these."""


def client_problems(client: ClientSection | None) -> Iterator[str]:
    """Yield what is wrong with the terms of a client."""
    if client is not None and client.zone and not is_zone(client.zone):
        yield f'client.zone: expected {FORMS}, got "{client.zone}"'
