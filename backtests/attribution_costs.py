"""What executions cost beside the price decided at, entries and exits apart, in basis points of the price."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from sqlalchemy import and_, select

from backtests.attribution_columns import coded
from backtests.attribution_groups import Costs, Side
from runtime.journal.schema import tables

POINTS = 10_000.0
SPENT = ("entry", "price", "delay", "spread", "execution", "group")
"""What is read of a deal."""
SIDES: tuple[Side, ...] = ("entry", "exit")


def measured(key: Any) -> Any:  # noqa: ANN401 - a column, and a select
    """Return the select of live deals whose cost is known, each with the key of its trade's group.

    A trade that was left whole and went on has outcomes of one decision: a deal is of that in whose time it was made.
    """
    o, d = tables.tables["outcomes"].c, tables.tables["deals"].c
    within = and_(o.decision == d.decision, o.decision != "", o.book == "live", d.at >= o.opened, d.at <= o.closed)
    both = d.ticket.table.join(o.id.table, within)
    query = select(d.entry, d.price, d.delay, d.spread, d.execution, key.label("key"))
    return query.select_from(both).where(d.delay.is_not(None), d.price > 0.0)


def costs_of(spent: Sequence[Sequence[Any]]) -> dict[str, dict[Side, Costs]]:
    """Return the mean costs of each group, given the columns of SPENT."""
    entry, price, *parts, group = spent
    numbers, groups = coded(group)
    places = 2 * numbers + np.array([one != "in" for one in entry], dtype=np.int64)
    deals = np.bincount(places, minlength=2 * len(groups))
    each = np.array(price, dtype=np.float64)
    sums = [np.bincount(places, POINTS * np.array(part) / each, 2 * len(groups)) for part in parts]
    with np.errstate(invalid="ignore"):
        delay, spread, execution = ((one / deals).tolist() for one in sums)
    found: defaultdict[str, dict[Side, Costs]] = defaultdict(dict)
    for place in np.flatnonzero(deals).tolist():
        cost = Costs(deals=int(deals[place]), delay=delay[place], spread=spread[place], execution=execution[place])
        found[groups[place // 2]][SIDES[place % 2]] = cost
    return found
