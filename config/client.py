"""What an account's client is told each month, and what he owes for it: `[client]` of an account's TOML."""

import datetime

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from brokers.mt5.zone import FORMS, is_zone

Part = Annotated[float, msgspec.Meta(ge=0, le=1)]
Crystallise = Literal["month", "quarter", "year"]

_BEGINS: dict[Crystallise, tuple[int, ...]] = {"month": tuple(range(1, 13)), "quarter": (1, 4, 7, 10), "year": (1,)}
"""Months with which a period begins."""


class TermsChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Other terms from a day on; what is left out stays as it was."""

    since: datetime.date
    """The first day of a period of the old terms, and of the new ones: by its midnight what was gained before is
    reckoned by the old."""
    fee: Part | None = None
    hurdle: Part | None = None
    crystallise: Crystallise | None = None


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
    crystallise: Crystallise = "quarter"
    """When a fee is owed for good: at the end of each of these."""
    changes: tuple[TermsChange, ...] = ()
    """Of the three, since the account was seen first: an edit of them would reckon anew what was long owed."""


def client_problems(client: ClientSection | None) -> Iterator[str]:
    """Yield what is wrong with the terms of a client."""
    if client is None:
        return
    if client.zone and not is_zone(client.zone):
        yield f'client.zone: expected {FORMS}, got "{client.zone}"'
    period, before = client.crystallise, datetime.date.min
    for place, change in enumerate(client.changes):
        where, day = f"client.changes[{place}].since", change.since
        after = change.crystallise or period
        if day <= before:
            yield f"{where}: expected a day after {before}, got {day}: write changes in the order of their days"
        if day.day != 1 or day.month not in {*_BEGINS[period]} & {*_BEGINS[after]}:
            both = period if after == period else f"{period} and of a {after}"
            yield f"{where}: expected the first day of a {both}, got {day}: a period has one fee"
        period, before = after, day
