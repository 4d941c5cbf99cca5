"""The days of a month, what each made, and how far the account fell from a high: flows left out."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import msgspec

from market.money import cents
from runtime.clients.returns import Flow, Worth, growth


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """What one day made, account money."""

    began: int
    worth: float
    """At its end."""
    flows: float
    made: float
    """Beyond what was paid in and out."""
    share: float | None
    """The same by its own return."""


class Fall(msgspec.Struct, frozen=True):
    """The deepest fall from a high, flows left out."""

    high: int
    low: int
    share: float
    """Of what the account was worth at the high, >= 0."""
    money: float
    """What was lost between the two, >= 0."""


def days_of(points: Sequence[Worth], flows: Sequence[Flow]) -> list[Day]:
    """Return each day between two points that follow each other; a day is known by the point it begins with."""
    found = []
    for began, ended in pairwise(points):
        within = [flow for flow in flows if began.at <= flow.at < ended.at]
        paid = cents(sum(flow.money for flow in within))
        made = cents(ended.money - began.money - paid)
        share = growth(began, within, ended).share
        found.append(Day(began=began.at, worth=ended.money, flows=paid, made=made, share=share))
    return found


def worst(days: Iterable[Day]) -> Day | None:
    """Return the day that lost most; None where none lost."""
    found = min(days, key=lambda day: day.made, default=None)
    return found if found is not None and found.made < 0.0 else None


def deepest_fall(points: Sequence[Worth], flows: Sequence[Flow]) -> Fall | None:
    """Return the deepest fall, as a share, between any of the points; None where it never fell.

    Between two points what was paid in or out counts as if it had been so at the second.
    """
    index = high = 1.0
    made = made_high = 0.0
    deepest: Fall | None = None
    peak = points[0].at if points else 0
    waiting = [flow for flow in flows if points and flow.at >= points[0].at]
    for began, ended in pairwise(points):
        within = [flow for flow in waiting if flow.at < ended.at]
        waiting = waiting[len(within) :]
        gain = cents(ended.money - began.money - sum(flow.money for flow in within))
        index *= 1.0 + gain / began.money if began.money > 0.0 else 1.0
        made = cents(made + gain)
        if index >= high:
            high, made_high, peak = index, made, ended.at
        elif deepest is None or 1.0 - index / high > deepest.share:
            deepest = Fall(peak, ended.at, 1.0 - index / high, cents(made_high - made))
        if index <= 0.0:
            break  # all was lost, and more: what is made of money paid in later is another account's
    return deepest
